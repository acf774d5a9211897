"""`connc init`: a commented spec to start from."""

from __future__ import annotations

from pathlib import Path

import click

from connc.dsl.words import is_name

STARTER = """\
## A small convolutional network whose layers see few of those before them.

use std.blocks (basic, classifier)
use std.rules (dense, exponential)

# A rule says who feeds whom. Try others: connc check {file} --set reach=dense
rule skipping = i -> i + s for s in [1, 3]

## `n` layers, joined by a rule.
module trunk(n: int, growth: int, reach: rule) {{
    # A family: n layers with weights of their own, counted from 0.
    layer[n]: basic(growth)

    # `in` is position 0, then come the layers, and `out` reads what one more layer would read.
    connect in, layer, out by reach using concat
}}

net {name}(depth = 8, growth = 12, classes = 10, reach: rule = exponential(2)) {{
    in: [3, 32, 32]  # channels, height and width; the batch is left out
    in -> stem: conv(2 * growth, 3) -> trunk(depth, growth, reach) -> classifier(classes) -> out

    # Contracts are verified, and shown with their reason where they do not hold.
    require depth >= 2 else "with one layer there is nothing to connect"
    require params <= 100K else "it is to stay small"
}}
"""


@click.command(short_help="Write a commented starter spec.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default="example.conn")
def init(file: Path) -> None:
    """Write a commented starter spec to FILE (example.conn); the net in it is named like the file.

    \b
    connc init mynet.conn
    """
    if file.suffix != ".conn":
        raise click.UsageError(f"{file} should end in .conn")
    name = file.stem if is_name(file.stem) else "example"
    try:
        with file.open("x", encoding="utf-8", newline="\n") as out:
            out.write(STARTER.format(file=file, name=name))
    except FileExistsError:
        raise click.UsageError(f"{file} exists already; it is left as it is") from None
    click.echo(f"wrote {file}; next: connc check {file}", err=True)
