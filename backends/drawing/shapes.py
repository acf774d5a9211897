"""Boxes as SVG: frames of what is opened, boxes with their lines of text, circles, pills, stacks of alike layers."""

from __future__ import annotations

from collections.abc import Iterator

from connc.backends.drawing.items import FRAME, Item, Spot, Way, title_lines
from connc.backends.drawing.lines import LINE, SMALL, Line, is_round, lines_of, strip_of
from connc.backends.drawing.marks import attributes, escaped, text
from connc.backends.drawing.picture import INPUT, JOIN, OUTPUT, Box
from connc.backends.drawing.theme import FILLS, style_of

CARD = 3.0  # between the cards of a stack
Area = tuple[float, float, float, float]  # x, y, width, height


def box_marks(item: Item, spot: Spot, way: Way) -> Iterator[str]:
    """What is drawn of a box that starts at a spot."""
    box = item.box
    if not item.length:
        return
    x, y = way.point(Spot(spot.along, spot.across - item.low))
    width, height = way.point(Spot(item.length, item.low + item.high))
    yield f"<g><title>{escaped(box.tip)}</title>"
    yield from _frame(item, (x, y, width, height), way) if item.inner else _leaf(item, (x, y, width, height), way)
    yield "</g>"


def _leaf(item: Item, area: Area, way: Way) -> Iterator[str]:
    box = item.box
    x, y, width, height = area
    fill, edge = FILLS[style_of(box)]
    if is_round(box):
        yield f"<circle {attributes(cx=x + width / 2, cy=y + height / 2, r=width / 2, fill=fill, stroke=edge)}/>"
        yield text(x + width / 2, y + height / 2 + 5.5, Line(box.label, 16), "middle")
        return
    yield from _cards(box, area)
    yield _rectangle(area, _radius(box, height), fill, edge)
    if (strip := strip_of(box)) is not None:
        yield from _strip(strip, item.strip, area, way)
        x, y, width, height = _inside(area, item.strip, way)
    lines = lines_of(box, item.said)
    top = y + height / 2 - LINE * len(lines) / 2 + 11.5
    for at, each in enumerate(lines):
        yield text(x + width / 2, top + at * LINE, each, "middle")


def _radius(box: Box, height: float) -> float:
    return {INPUT: 13.0, OUTPUT: 13.0, JOIN: height / 2}.get(box.kind, 5.0)


def _cards(box: Box, area: Area) -> Iterator[str]:
    """Those behind the first of several alike."""
    x, y, width, height = area
    for behind in (2, 1) if box.count > 1 else ():
        moved = x + behind * CARD, y - behind * CARD, width, height
        yield _rectangle(moved, 5.0, *FILLS[style_of(box)])


def _rectangle(area: Area, radius: float, fill: str, edge: str) -> str:
    x, y, width, height = area
    return f"<rect {attributes(x=x, y=y, width=width, height=height, rx=radius, fill=fill, stroke=edge)}/>"


def _strip(strip: Line, size: float, area: Area, way: Way) -> Iterator[str]:
    """The join, on the side where the sources come in."""
    x, y, width, height = area
    fill, edge = FILLS["join"]
    wide, high = (width, size) if way.down else (size, height)
    yield _rectangle((x, y, wide, high), 5.0, fill, edge)
    yield text(x + wide / 2, y + high / 2 + 3.6, strip, "middle")


def _inside(area: Area, strip: float, way: Way) -> Area:
    x, y, width, height = area
    return (x, y + strip, width, height - strip) if way.down else (x + strip, y, width - strip, height)


def _frame(item: Item, area: Area, way: Way) -> Iterator[str]:
    """Around what is opened."""
    box = item.box
    yield from _cards(box, area)
    yield _rectangle(area, 7.0, *FILLS["frame"])
    if (strip := strip_of(box)) is not None:
        yield from _strip(strip, item.strip, area, way)
    x, y, *_ = area
    left, top = (x, y + item.strip) if way.down else (x + item.strip, y)
    left += FRAME
    for each in title_lines(box):
        yield text(left, top + 15, each)
        left += each.width + SMALL
