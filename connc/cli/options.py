"""Options that several verbs have, and how verbs report."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from connc import report
from connc.dsl.diagnostic import Diagnostic
from connc.dsl.limits import Limits
from connc.specs import parse_settings
from connc.target import every_std
from connc.target import target as target_of

if TYPE_CHECKING:
    from connc.compiler.network import Network

Command = Callable[..., Any]
# Deeper nesting than this Python's own stack does not bear.
_MOST = {"nesting": 100, "depth": 40}


def with_limits(command: Command) -> Command:
    """Give a verb `--max-nesting` and its like, and the argument `limits`."""

    @functools.wraps(command)
    def wrapped(**options: Any) -> Any:
        chosen = {each.name: options.pop(f"max_{each.name}") for each in fields(Limits)}
        return command(limits=Limits(**chosen), **options)

    for each in reversed(fields(Limits)):
        kind = click.IntRange(1, _MOST.get(each.name))
        help_ = f"Refuse more than this many {Limits.words(each.name)}."
        flag = click.option(f"--max-{each.name}", type=kind, default=each.default, show_default=True, help=help_)
        wrapped = flag(wrapped)
    return wrapped


def with_settings(command: Command) -> Command:
    """Give a verb `--set` and `--seed`: all that decides, besides its text, which network a net is."""
    help_ = "Fill a parameter of the target net."
    command = click.option("--seed", type=click.IntRange(0), default=0, help="What all draws depend on.")(command)
    return click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help=help_)(command)


def network_of(
    text: str,
    settings: Sequence[str],
    seed: int,
    limits: Limits,
    budgets: Sequence[str] = (),
    origin: str = "--set",
) -> Network:
    """The network that a verb works on; reports and ends where there is none, or where it misses a budget."""
    from connc.api import load_network
    from connc.budgets import parse_budgets

    values, found = parse_settings(settings, limits, origin)
    required, misread = parse_budgets(budgets, limits)
    found += misread
    network = None
    if not found:
        network, found = load_network(target_of(text), values, limits, seed, required)
    tell(found)
    if network is None:
        raise click.exceptions.Exit(1)
    return network


def complete_target(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """For the shell: modules of the standard library, and files."""
    names = [CompletionItem(each.name) for each in every_std() if each.name.startswith(incomplete)]
    return names or [CompletionItem(incomplete, type="file")]


quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")


def tell(diagnostics: Sequence[Diagnostic], format_: str = "text") -> None:
    """Messages go to standard error; what programs read goes to standard output."""
    if format_ == "text":
        click.echo(report.render(diagnostics, color="NO_COLOR" not in os.environ), err=True, nl=False)
    else:
        click.echo(report.render(diagnostics, format_), nl=False)


def finish(diagnostics: Sequence[Diagnostic]) -> None:
    """End with 1 if there are mistakes."""
    if any(diagnostic.is_error for diagnostic in diagnostics):
        raise click.exceptions.Exit(1)


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`"""
    return f"{count} {noun}{'s' * (count != 1)}"
