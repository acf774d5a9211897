"""`connc plot`: figures for papers."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connc.backends.plots import FIGURES, SUFFIXES, WEIGHED
from connc.cli.computing import computing, module_of
from connc.cli.options import complete_target, network_of, with_limits, with_settings
from connc.dsl.limits import Limits
from connc.files import replace_file, replaceable

if TYPE_CHECKING:
    from connc.backends.plots.panels import Panels
    from connc.compiler.network import Network

_PARTED = "matrix", *WEIGHED  # which can show a part


@click.command(short_help="Draw figures of a net for a paper.")
@click.argument("target", shell_complete=complete_target)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FILE.png|svg|pdf")
@click.option("--figure", type=click.Choice(FIGURES), help="What to draw; without it a sheet of all that there is.")
@click.option(
    "--module", default="", metavar="PATH", help="Draw one part: a layer or connect, of weights a module too."
)
@click.option("--weights", type=click.Path(path_type=Path), metavar="FOLDER", help="Weights that `connc.save` kept.")
@with_settings
@with_limits
def plot(
    target: str,
    output: Path,
    figure: str | None,
    module: str,
    weights: Path | None,
    settings: tuple[str, ...],
    seed: int,
    limits: Limits,
) -> None:
    """Draw what a net is measured by, what is connected in it, and with --weights how strongly.

    Of a net there are paths, fan_in, cost, density, scatter, and matrix, which is what rules connect. Of weights there
    are strengths, by which layers use what they read, and norms, of each pair of channels or neurons.

    \b
    connc plot std.sparsenet -o sparsenet.png
    connc plot std.sdmn --figure matrix --module 'cell[0,0].connect' -o cells.pdf
    connc plot net.conn --weights runs/first -o weights.png
    """
    format_ = SUFFIXES.get(output.suffix.lower())
    if format_ is None:
        raise click.UsageError(
            f"{output} does not say a format; name it {' or '.join(f'FILE{each}' for each in SUFFIXES)}"
        )
    _check_options(figure, module, weights)
    replaceable(output)
    _check_matplotlib()
    from connc.backends.drawing.find import NoSuchPart
    from connc.backends.plots.panels import NoFigure
    from connc.backends.plots.sheet import picture

    network = network_of(target, settings, seed, limits)
    try:
        panels, notes = _panels(network, figure or "", module, weights, seed)
    except (NoFigure, NoSuchPart) as error:
        raise click.UsageError(str(error)) from None
    replace_file(output, picture(panels, format_, network.kind))
    for note in notes:
        click.echo(note, err=True)


def _check_options(figure: str | None, module: str, weights: Path | None) -> None:
    """What does not go together is told before anything is computed."""
    if figure in WEIGHED and weights is None:
        raise click.UsageError(f"the figure {figure} needs --weights FOLDER, which `connc train -o FOLDER` writes")
    if figure and figure not in WEIGHED and weights is not None:
        raise click.UsageError(
            f"the figure {figure} shows no weights; leave out --weights, or draw {' or '.join(WEIGHED)}"
        )
    if figure and figure not in _PARTED and module:
        raise click.UsageError(f"the figure {figure} is of a whole net; --module goes with {', '.join(_PARTED)}")


def _check_matplotlib() -> None:
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # where it keeps its fonts is no news for who plots
    try:
        import connc.backends.plots.sheet  # noqa: F401
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"figures need {error.name}, which is not installed; pip install 'connc[plot]'"
        ) from None


def _panels(network: Network, figure: str, module: str, weights: Path | None, seed: int) -> Panels:
    from connc.api import analyze
    from connc.backends.plots.panels import matrix, measured, weighed

    if weights is not None:
        with computing("cpu", None):
            from connc.backends.torch.strengths import weights_of

            return weighed(network, weights_of(module_of(network, seed, weights)), figure, module)
    if module or figure == "matrix":
        return matrix(network, module)
    return measured(network, analyze(network), figure)
