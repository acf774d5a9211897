"""A picture as SVG: one file that needs nothing else, the same bytes for the same network."""

from __future__ import annotations

from collections.abc import Iterator

from connc.backends.drawing.items import ASIDE, Item, Laid, Spot, Way
from connc.backends.drawing.layout import laid_out
from connc.backends.drawing.legend import legend
from connc.backends.drawing.lines import SMALL, line
from connc.backends.drawing.marks import attributes, escaped, number, text
from connc.backends.drawing.picture import INPUT, OUTPUT, Picture, arrows_in
from connc.backends.drawing.plot import plot
from connc.backends.drawing.shapes import CARD, box_marks
from connc.backends.drawing.strokes import arrow_marks, color_of, path_of
from connc.backends.drawing.theme import COLORS, RULES

MARGIN, HEADING = 18.0, 26.0
MANY = 120  # arrows of a scene from which on they are thin


def svg(picture: Picture) -> str:
    body, width, height = _matrix(picture) if picture.matrix else _scene(picture)
    heading = line(picture.title, 13, True, most=600)
    width = max(width, heading.width) + 2 * MARGIN
    head = _head(picture, width, height + 2 * MARGIN + HEADING)
    place = f'<g transform="translate({number(MARGIN)} {number(MARGIN + HEADING)})">'
    return "\n".join([*head, text(MARGIN, MARGIN + 10, heading), place, *body, "</g>", "</svg>", ""])


def _head(picture: Picture, width: float, height: float) -> Iterator[str]:
    size = attributes(width=width, height=height, viewBox=f"0 0 {number(width)} {number(height)}")
    style = 'role="img" style="max-width:100%;height:auto"'
    fonts = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style} font-family="{fonts}">'
    yield f"<title>{escaped(picture.title)}</title>"
    yield f'<rect {attributes(width=width, height=height)} rx="6" fill="#ffffff"/>'
    yield "<defs>"
    for at, color in enumerate([COLORS["line"], *RULES]):
        yield (
            f'<marker id="tip{at}" viewBox="0 0 8 8" refX="7.2" refY="4" markerWidth="7" markerHeight="7" '
            f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 .8 7.6 4 0 7.2 1.6 4z" fill="{color}"/></marker>'
        )
    yield "</defs>"


def _matrix(picture: Picture) -> tuple[list[str], float, float]:
    assert picture.matrix is not None
    marks, width, height = plot(picture.matrix)
    return list(marks), width, height


def _scene(picture: Picture) -> tuple[list[str], float, float]:
    laid, way = laid_out(picture.scene)
    width, height = way.turned(laid.length, laid.before + laid.after)
    drawn = [*_lines(laid, way, Spot(0.0, laid.before)), *_boxes(laid, way, Spot(0.0, laid.before))]
    entries, wide, high = legend(picture, [*arrows_in(picture.scene)], height + 14)
    return [*drawn, *entries], max(width, wide), height + high


def _lines(laid: Laid, way: Way, origin: Spot) -> Iterator[str]:
    """Frames first, then what flows in them, inner scenes above."""
    for name, item in laid.items.items():
        if item.inner is not None:
            yield from box_marks(item, _moved(laid.spots[name], origin), way)
    quiet_first = sorted(laid.routes, key=lambda route: (not route[0].candidate, route[0].rule is not None))
    for arrow, path in quiet_first:
        steps = [(letter, [way.point(_moved(spot, origin)) for spot in spots]) for letter, spots in path]
        is_thin = len(laid.routes) >= MANY
        yield from arrow_marks(arrow, steps, has_tip=laid.items[arrow.target].length > 0, is_thin=is_thin)
    for name, item in laid.items.items():
        if item.inner is not None:
            yield from _outlets(laid.spots[name], item, way, origin)
            inner = _moved(item.origin, _moved(laid.spots[name], origin))
            yield from _lines(item.inner, way, inner)


def _outlets(spot: Spot, item: Item, way: Way, origin: Spot) -> Iterator[str]:
    """In an opened box a dot where what comes in forks, and a line from each output to the border."""
    assert item.inner is not None
    start, routes = _moved(spot, origin), item.inner.routes
    for name, inner in item.inner.items.items():
        here = _moved(item.inner.spots[name], _moved(item.origin, start))
        if inner.box.kind == INPUT and (len(item.ins) > 1 or sum(arrow.source == name for arrow, _ in routes) > 1):
            x, y = way.point(here)
            yield f"<circle {attributes(cx=x, cy=y, r=2.5, fill=COLORS['line'])}/>"
        if inner.box.kind == OUTPUT:
            color = next(color_of(arrow) for arrow, _ in routes if arrow.target == name and not arrow.candidate)
            border = Spot(start.along + item.length, here.across)
            drawn = path_of([("M", [way.point(here)]), ("L", [way.point(border)])])
            yield f'<path d="{drawn}" {attributes(stroke=color, stroke_width=1.3)}/>'


def _boxes(laid: Laid, way: Way, origin: Spot) -> Iterator[str]:
    """Boxes and what is written at them lie above all lines."""
    for name, item in laid.items.items():
        spot = _moved(laid.spots[name], origin)
        if item.inner is None:
            yield from box_marks(item, spot, way)
        else:
            yield from _boxes(item.inner, way, _moved(item.origin, spot))
        yield from _labels(laid, name, spot, way)


def _labels(laid: Laid, name: str, spot: Spot, way: Way) -> Iterator[str]:
    item = laid.items[name]
    for label, out in zip(item.labels, item.outs, strict=False):
        if label:
            x, y = way.point(Spot(spot.along + item.length, spot.across + out))
            cards = 2 * CARD if item.box.count > 1 else 0.0
            x, y = (x + ASIDE, y + 12) if way.down else (x + ASIDE + cards, y - 5)
            yield text(x, y, line(label, SMALL, shade="soft"), halo=True)


def _moved(spot: Spot, by: Spot) -> Spot:
    return Spot(spot.along + by.along, spot.across + by.across)
