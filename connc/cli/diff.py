"""`connc diff`: what distinguishes two nets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from connc.cli.options import complete_target, network_of, with_limits, with_settings
from connc.dsl.limits import Limits

if TYPE_CHECKING:
    from connc.compiler.network import Network


@click.command(short_help="Say what distinguishes two nets.")
@click.argument("before", metavar="A", shell_complete=complete_target)
@click.argument("after", metavar="B", shell_complete=complete_target)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="Print all that differs, each on a line of its own.")
@click.option("--set-b", "only_after", multiple=True, metavar="NAME=VALUE", help="Fill a parameter of B alone.")
@with_settings
@with_limits
def diff(
    before: str,
    after: str,
    format_: str,
    everything: bool,
    only_after: tuple[str, ...],
    settings: tuple[str, ...],
    seed: int,
    limits: Limits,
) -> None:
    """Say what distinguishes the net B from the net A: rules, layers, inputs and outputs, what is measured, and whether
    the weights of A fit B. What is only written in another way is no difference.

    Exits with 0 if both are the same network, with 1 if they are not, and with 2 if there is one of them only.

    \b
    connc diff std.sparsenet std.densenet
    connc diff old.conn new.conn:small --format json
    connc diff std.sparsenet std.sparsenet --set-b growth=48
    """
    from connc.api import diff as difference
    from connc.compiler.difference import lines, table

    if before == after == "-":
        raise click.UsageError("standard input is one net; name a file for the other")
    old = _network(before, settings, seed, limits)
    new = _network(after, (*settings, *only_after), seed, limits, "--set-b" if only_after else "--set")
    found = difference(old, new)
    if format_ == "json":
        click.echo(json.dumps(table(found, everything), indent=2, sort_keys=True))
    else:
        click.echo("\n".join(lines(found, everything)))
    raise click.exceptions.Exit(not found.same)


def _network(target: str, settings: tuple[str, ...], seed: int, limits: Limits, origin: str = "--set") -> Network:
    """As other verbs find it, but 1 is a difference here, and a net with mistakes is none."""
    try:
        return network_of(target, settings, seed, limits, origin=origin)
    except click.exceptions.Exit:
        raise click.exceptions.Exit(2) from None
