"""`connc data`: data that is made, as a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from connc.cli.options import Command, plural
from connc.files import replace_file, replaceable


def _lengths(name: str, what: str) -> Callable[[Command], Command]:
    return click.option(f"--{name}", type=int, nargs=2, metavar="LEAST MOST", help=f"How many cells {what}.")


@click.command("data", short_help="Write data that is made, as Morse code is.")
@click.argument("name", type=click.Choice(["morse"]))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FILE.npz")
@click.option("--difficult", is_flag=True, help="Noise of 4, leading silence and dashes from 3 cells on.")
@click.option("--per-class", type=int, nargs=3, metavar="TRAIN VALIDATION TEST", help="Samples of each symbol.")
@click.option("--style", type=click.Choice(["grey", "bw"]), help="Levels, or 0 and 1.")
@click.option("--noise", type=float, help="The deviation of noise on all cells, where the highest level is 16.")
@click.option("--noise-mean", type=float, help="The mean of that noise.")
@click.option("--leading/--no-leading", default=None, help="Whether silence is drawn in front.")
@_lengths("dot", "a dot takes")
@_lengths("dash", "a dash takes")
@_lengths("gap", "the silence between two of them takes")
@click.option("--dilation", type=int, help="What all lengths are multiplied by.")
@click.option("--flips", type=int, help="How many cells of style bw are turned around at most.")
@click.option("--seed", type=click.IntRange(0), default=0, help="What all draws depend on.")
def data(name: str, output: Path, difficult: bool, seed: int, **options: Any) -> None:
    """Make Morse code as the authors of the data do, and write it for `numpy.load`.

    The file holds `train_inputs`, `train_labels`, the same of `validation` and `test`, and the codebook, `symbols` and
    `codes`. Without options it is what `connc train --data morse` learns from, with samples for tests besides.

    \b
    connc data morse -o morse.npz
    connc data morse -o difficult.npz --difficult --per-class 500 100 100
    """
    if output.suffix != ".npz":
        raise click.UsageError(f"{output} should end in .npz")
    replaceable(output)
    from connc.backends.data import DataError
    from connc.backends.data.morse import SETTINGS, morse, save_morse

    given = {key: value for key, value in options.items() if value is not None}
    try:
        splits = morse(seed=seed, **{**SETTINGS["difficult" if difficult else "baseline"], **given})
    except DataError as error:
        raise click.UsageError(str(error)) from None
    held = io.BytesIO()
    save_morse(held, splits)
    replace_file(output, held.getvalue())
    click.echo(f"{output}: {plural(sum(len(part.labels) for part in splits), 'sample')} of {name}", err=True)
