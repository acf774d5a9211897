"""`connc analyze`: what a net is measured by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connc.cli.options import complete_target, network_of, tell, with_limits, with_settings
from connc.dsl.limits import Limits
from connc.files import replace_file
from connc.specs import parse_settings
from connc.target import target as target_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from connc.compiler.network import Network
    from connc.sweep import Sweep

FORMATS = ("text", "json", "md", "html", "csv")


@click.command(short_help="Measure a net, without running it.")
@click.argument("target", shell_complete=complete_target)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="What to write; without it what the output's name says, else text.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write, instead of standard output.")
@click.option("--budget", "budgets", multiple=True, metavar="CONDITION", help="Refuse a net that misses this.")
@click.option("--sweep", "swept", metavar="NAME=LOW..HIGH", help="Say how the net grows with one of its parameters.")
@with_settings
@with_limits
def analyze(
    target: str,
    format_: str | None,
    output: Path | None,
    budgets: tuple[str, ...],
    swept: str | None,
    settings: tuple[str, ...],
    seed: int,
    limits: Limits,
) -> None:
    """Measure a net: parameters, arithmetic and memory, density, scatter, path lengths, fan-in, what sees how much.

    All counts are for one sample. A budget is a condition as `require` has it, over anything that a net is measured by;
    a net that misses one is refused with status 1.

    \b
    connc analyze std.sparsenet
    connc analyze std.sparsenet -o report.html
    connc analyze std.sparsenet --budget 'params <= 4.6M' --budget 'path(in, out) <= 24'
    connc analyze std.sparsenet:sparsenet_cifar --sweep depth=10..1000
    """
    chosen = format_ or (_format_of(output) if output else "text")
    if swept is not None:
        written = _swept(target, swept, chosen, settings, seed, limits, budgets)
    else:
        from connc.api import analyze as measures

        network = network_of(target, settings, seed, limits, budgets)
        tables = measures(network)
        written = _json(network.kind, tables) if chosen == "json" else _report(chosen)(network, tables)
    if output is None:
        click.echo(written, nl=False)
    else:
        replace_file(output, written.encode())


def _format_of(output: Path) -> str:
    """What a name says."""
    from connc.backends.report.formats import SUFFIXES

    if (found := SUFFIXES.get(output.suffix.lower())) is None:
        raise click.UsageError(f"{output} does not say a format; use --format, or a name in {', '.join(SUFFIXES)}")
    return found


def _report(format_: str) -> Callable[[Network, dict[str, Any]], str]:
    """What writes it; a drawing takes long to import, and text does without."""
    if format_ == "text":
        from connc.backends.report.text import text

        return text
    from connc.backends.report.formats import REPORTS

    return REPORTS[format_]


def _json(net: str, found: dict[str, object]) -> str:
    return json.dumps({"format_version": 1, "net": net} | found, indent=2, sort_keys=True) + "\n"


def _swept(
    target: str,
    swept: str,
    format_: str,
    settings: tuple[str, ...],
    seed: int,
    limits: Limits,
    budgets: tuple[str, ...],
) -> str:
    """What is told of a sweep; ends where the net takes too few of the sizes."""
    from connc.sweep import parse_span, sweep

    if (span := parse_span(swept)) is None:
        raise click.UsageError(
            f"--sweep takes a parameter and whole numbers, the lesser first, such as depth=10..1000, not {swept}"
        )
    if format_ not in ("text", "json") or budgets:
        raise click.UsageError("--sweep is written as text or json, and takes no --budget")
    values, found = parse_settings(settings, limits)
    if not found:
        made, found = sweep(target_of(target), span, values, limits, seed)
    if found:
        tell(found)
        raise click.exceptions.Exit(1)
    return _json(target, {"sweep": made.table()}) if format_ == "json" else _table(made)


def _table(made: Sweep) -> str:
    """A column a measure, and below how each grows."""
    names = list(made.values)
    rows = [(str(size), *(_cell(made.values[name][at]) for name in names)) for at, size in enumerate(made.sizes)]
    grows = [f"O({found.name}) ±{found.off:.0%}" if found else "?" for found in made.growths.values()]
    rows = [(made.parameter, *names), *rows, ("grows", *grows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "".join(
        "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) + "\n" for row in rows
    )


def _cell(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
