"""`connc analyze`: what a net is measured by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from connc.cli.options import complete_target, network_of, with_limits, with_settings
from connc.dsl.limits import Limits

if TYPE_CHECKING:
    from connc.compiler.analyze.costs import Cost
    from connc.compiler.network import Network

COLUMNS = ("params", "macs", "flops")


@click.command(short_help="Count parameters and arithmetic.")
@click.argument("target", shell_complete=complete_target)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@with_settings
@with_limits
def analyze(target: str, format_: str, settings: tuple[str, ...], seed: int, limits: Limits) -> None:
    """Count learned parameters, multiply-accumulates and floating-point operations of a net, layer by layer.

    The counts are for one sample. Floating-point operations are two a multiply-accumulate and two a normalised value;
    activations, pools and joins are free. As JSON it says the density and the scatter of junctions too.

    \b
    connc analyze std.sparsenet
    connc analyze std.sparsenet --format json
    """
    from connc.api import analyze as measures

    network = network_of(target, settings, seed, limits)
    if format_ == "json":
        found = {"format_version": 1, "net": network.kind} | measures(network)
        click.echo(json.dumps(found, indent=2, sort_keys=True))
    else:
        _print(network)


def _print(network: Network) -> None:
    """One line a layer that costs anything, and the sum."""
    from connc.compiler.analyze.costs import Cost, costs

    table = costs(network)
    rows = [(name, *_cells(cost)) for name, cost in table.items() if cost != Cost()]
    rows = [("", *COLUMNS), *rows, (network.kind, *_cells(sum(table.values(), Cost())))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for name, *cells in rows:
        counts = "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True))
        click.echo(f"{name:<{widths[0]}}{counts}")


def _cells(cost: Cost) -> list[str]:
    return [f"{getattr(cost, column):,}" for column in COLUMNS]
