"""A matrix as SVG: cells as shapes where there are few, else as an image of one point a cell."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from math import prod

import numpy as np
from numpy.typing import NDArray

from connc.backends.drawing.lines import SMALL, Line, line
from connc.backends.drawing.marks import attributes, number, text
from connc.backends.drawing.matrix import Cells, Matrix
from connc.backends.drawing.theme import COLORS, RULES
from connc.backends.drawing.widths import text_width
from connc.compiler.relations.forms import Space

Shades = NDArray[np.uint8]
SIDE, LEAST, CELL = 420.0, 130.0, 18.0
FEW_CELLS, FEW_NAMES = 4096, 40
CAPTION, NEAR, LONGEST = 16.0, 6.0, 140.0


def plot(matrix: Matrix) -> tuple[Iterator[str], float, float]:
    """The marks, and how wide and high they are."""
    names = matrix.names if len(matrix.names) <= FEW_NAMES else ()
    width, height = _size(matrix)
    room = max((min(text_width(name, SMALL), LONGEST) for name in names), default=34.0) + 26
    over = room if names else 34.0
    caption = _caption(matrix)
    wide = max(room + width + 4, *(each.width for each in caption))
    marks = _marks(matrix, names, caption, (room, over, width, height))
    return marks, wide, over + height + CAPTION * len(caption) + 16


def _size(matrix: Matrix) -> tuple[float, float]:
    """As wide and high as cells of one size are, unless that is too flat or too large."""
    high, wide = prod(matrix.targets), prod(matrix.sources)
    cell = min(CELL, SIDE / max(high, wide, 1))
    return max(cell * wide, min(LEAST, CELL * wide)), max(cell * high, min(LEAST, CELL * high))


def _marks(
    matrix: Matrix, names: tuple[str, ...], caption: list[Line], area: tuple[float, float, float, float]
) -> Iterator[str]:
    x, y, width, height = area
    yield f'<g transform="translate({number(x)} {number(y)})">'
    yield from _cells(matrix, width, height)
    yield from _grid(matrix.sources, matrix.targets, width, height)
    edge = attributes(width=width, height=height, fill="none", stroke=COLORS["line"])
    yield f"<rect {edge}/>"
    yield from _names(names, width, height) if names else _ends(matrix, width, height)
    yield "</g>"
    for at, each in enumerate(caption):
        yield text(0.0, y + height + CAPTION * (at + 1) + 8, each)


def _cells(matrix: Matrix, width: float, height: float) -> Iterator[str]:
    if matrix.cells.size > FEW_CELLS:
        yield _image(matrix, width, height)
        return
    scale = width / max(matrix.cells.shape[1], 1), height / max(matrix.cells.shape[0], 1)
    if matrix.candidates is not None:
        yield f'<path fill="#d6dbe1" d="{_runs(matrix.candidates, *scale)}"/>'
    yield f'<path fill="{RULES[0]}" d="{_runs(matrix.cells, *scale)}"/>'


def _runs(cells: Cells, wide: float, high: float) -> str:
    """Cells side by side as one rectangle."""
    return "".join(
        _rectangle(first * wide, row * high, (last - first) * wide, high) for row, first, last in runs(cells)
    )


def runs(cells: Cells) -> Iterator[tuple[int, int, int]]:
    """The row of each run of cells that are not empty, where it starts and where it ends."""
    for row, each in enumerate(cells > 0):
        ends = np.flatnonzero(np.diff(np.concatenate(([False], each, [False])).astype(np.int8))).tolist()
        yield from ((row, first, last) for first, last in zip(ends[::2], ends[1::2], strict=True))


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return f"M{_fine(x)} {_fine(y)}h{_fine(width)}v{_fine(height)}H{_fine(x)}z"


def _fine(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _grid(sources: Space, targets: Space, width: float, height: float) -> Iterator[str]:
    """Thin lines between cells that are large, and others between the rows of a space with coordinates."""
    size = prod(sources), prod(targets), width, height
    if fine := _ruled(1, 1, *size):
        yield f'<path d="{fine}" stroke="#ffffff" stroke-width="1"/>'
    if rows := _ruled(prod(sources[-1:]), prod(targets[-1:]), *size):
        yield f'<path d="{rows}" stroke="{COLORS["pale"]}" stroke-width="0.8"/>'


def _ruled(across: int, down: int, wide: int, high: int, width: float, height: float) -> str:
    """A line behind so many columns, and one behind so many rows, unless they would be too close."""
    upright = range(across, wide, across) if across * width > NEAR * wide else ()
    level = range(down, high, down) if down * height > NEAR * high else ()
    lines = [f"M{_fine(i * width / wide)} 0v{_fine(height)}" for i in upright]
    return "".join([*lines, *(f"M0 {_fine(i * height / high)}h{_fine(width)}" for i in level)])


def _names(names: tuple[str, ...], width: float, height: float) -> Iterator[str]:
    """At each row and column; of columns upright."""
    wide, high = width / len(names), height / len(names)
    for at, name in enumerate(names):
        said = line(name, SMALL, shade="soft", most=LONGEST)
        yield text(-8.0, (at + 0.5) * high + 3.5, said, "end")
        yield _upright((at + 0.5) * wide + 3.5, -8.0, text(0.0, 0.0, said))


def _upright(x: float, y: float, mark: str) -> str:
    return f'<g transform="translate({number(x)} {number(y)}) rotate(-90)">{mark}</g>'


def _ends(matrix: Matrix, width: float, height: float) -> Iterator[str]:
    """The first and the last source and target."""
    wide, high = prod(matrix.sources), prod(matrix.targets)
    zero = line("0", SMALL, shade="soft")
    yield text(0.0, -8.0, zero)
    yield text(width, -8.0, line(f"{wide - 1:,}", SMALL, shade="soft"), "end")
    yield text(width / 2, -22.0, line("sources", SMALL), "middle")
    yield text(-8.0, 9.0, zero, "end")
    yield text(-8.0, height, line(f"{high - 1:,}", SMALL, shade="soft"), "end")
    yield _upright(-46.0, height / 2, text(0.0, 0.0, line("targets", SMALL), "middle"))


def _caption(matrix: Matrix) -> list[Line]:
    return [line(each, 11, shade="soft", most=900) for each in matrix.words]


def _image(matrix: Matrix, width: float, height: float) -> str:
    data = base64.b64encode(png(_shades(matrix))).decode()
    size = attributes(width=width, height=height, preserveAspectRatio="none")
    return f'<image {size} style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>'


def _shades(matrix: Matrix) -> Shades:
    """0 where there is no pair, 255 where there are all; what is drawn at all is seen."""
    share_ = matrix.cells / np.maximum(matrix.room, 1)
    return np.where(matrix.cells > 0, np.clip(np.rint(share_ * 255), 24, 255), 0).astype(np.uint8)


def png(shades: Shades) -> bytes:
    """An image with a palette from white to the first colour of rules."""
    high, wide = shades.shape
    rows = np.concatenate((np.zeros((high, 1), dtype=np.uint8), shades), axis=1)
    color = np.array([int(RULES[0][i : i + 2], 16) for i in (1, 3, 5)])
    palette = np.rint(255 - np.outer(np.arange(256) / 255, 255 - color)).astype(np.uint8)
    head = struct.pack(">IIBBBBB", wide, high, 8, 3, 0, 0, 0)
    parts = {b"IHDR": head, b"PLTE": palette.tobytes(), b"IDAT": zlib.compress(rows.tobytes(), 9), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts.items())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
