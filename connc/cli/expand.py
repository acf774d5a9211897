"""`connc expand`: a net put together, as text."""

from __future__ import annotations

import click

from connc.cli.options import complete_target, network_of, with_limits, with_settings
from connc.dsl.limits import Limits


@click.command("expand", short_help="Print the network that a net is.")
@click.argument("target", shell_complete=complete_target)
@click.option("--level", type=click.Choice(["kernel", "wiring"]), default="kernel", show_default=True)
@with_settings
@with_limits
def expand_(target: str, level: str, settings: tuple[str, ...], seed: int, limits: Limits) -> None:
    """Print the network that a net is: at the level `kernel` flat, every layer and join on its line; at the level
    `wiring` as it was written, with modules, families and rules.

    \b
    connc expand std.sparsenet
    connc expand net.conn:small --level wiring --set growth=8
    """
    from connc.compiler.expand import expand

    network = network_of(target, settings, seed, limits)
    click.echo(str(expand(network) if level == "kernel" else network), nl=False)
