"""`connc graph`: a net as a drawing."""

from __future__ import annotations

from pathlib import Path

import click

from connc.cli.options import complete_target, network_of, with_limits, with_settings
from connc.dsl.limits import Limits
from connc.files import replace_file


@click.command(short_help="Draw a net.")
@click.argument("target", shell_complete=complete_target)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["svg", "dot", "mermaid", "json"]),
    help="What to write; without it what the output's name says, else svg.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write, instead of standard output.")
@click.option(
    "--depth", type=click.IntRange(1), help="How many levels of modules to open, 1 being the net's own layers."
)
@click.option("--module", default="", metavar="PATH", help="Draw one part: a module, layer, family or connect.")
@with_settings
@with_limits
def graph(
    target: str,
    format_: str | None,
    output: Path | None,
    depth: int | None,
    module: str,
    settings: tuple[str, ...],
    seed: int,
    limits: Limits,
) -> None:
    """Draw a net: layers as boxes, what a rule connects in one colour, what a search may add dashed. Alike layers in a
    row are one box. A layer with a rule, and a connect, are drawn as the matrix of what is connected.

    \b
    connc graph std.sparsenet -o sparsenet.svg
    connc graph std.sparsenet --module 'part[1].block' -o block.svg
    connc graph std.sdmn --format mermaid
    """
    from connc.backends.drawing import SUFFIXES, NoSuchPart, draw

    chosen = format_ or (SUFFIXES.get(output.suffix.lower()) if output else "svg")
    if chosen is None:
        raise click.UsageError(f"{output} does not say a format; use --format, or a name in {', '.join(SUFFIXES)}")
    network = network_of(target, settings, seed, limits)
    try:
        drawn = draw(network, chosen, depth=depth, module=module)
    except NoSuchPart as error:
        raise click.UsageError(str(error)) from None
    if output is None:
        click.echo(drawn, nl=False)
    else:
        replace_file(output, drawn.encode())
