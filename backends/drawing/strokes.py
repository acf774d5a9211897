"""Arrows as SVG: their paths, their tips, and the signs of adapters on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from connc.backends.drawing.marks import attributes, escaped, number
from connc.backends.drawing.picture import Arrow
from connc.backends.drawing.theme import COLORS, RULES

BEFORE = 18.0  # an arrow's tip
Stroke = tuple[str, list[tuple[float, float]]]  # a letter of an SVG path, and its points


def arrow_marks(arrow: Arrow, steps: Sequence[Stroke], has_tip: bool, is_thin: bool) -> Iterator[str]:
    """An arrow along a path; one that only leads to the border of an opened box has no tip."""
    color = color_of(arrow)
    style: dict[str, object] = {"stroke": color, "stroke_width": 0.8 if is_thin else 1.3, "fill": "none"}
    if arrow.candidate:
        style |= {"stroke_dasharray": "3 4", "opacity": "0.55", "stroke_width": 1.0}
    if has_tip:
        style["marker_end"] = f"url(#tip{0 if arrow.rule is None else 1 + arrow.rule % len(RULES)})"
    yield f'<path d="{path_of(steps)}" {attributes(**style)}><title>{escaped(_told(arrow))}</title></path>'
    if arrow.via:
        yield _diamond(steps, color)


def color_of(arrow: Arrow) -> str:
    return COLORS["line"] if arrow.rule is None else RULES[arrow.rule % len(RULES)]


def path_of(steps: Sequence[Stroke]) -> str:
    """Without steps that lead nowhere: an arrow's tip would not know where to point."""
    said: list[str] = []
    here = ""
    for letter, points in steps:
        spots = [f"{number(x)} {number(y)}" for x, y in points]
        if letter != "L" or spots[-1] != here:
            said.append(letter + " ".join(spots))
        here = spots[-1]
    return "".join(said)


def _told(arrow: Arrow) -> str:
    via = f", via {arrow.via}" if arrow.via else ""
    count = f", {arrow.count:,} connections" if arrow.count > 1 else ""
    maybe = ", may be added" if arrow.candidate else ""
    return f"{arrow.source} → {arrow.target}{f', {arrow.text}' if arrow.shape else ''}{via}{count}{maybe}"


def _diamond(steps: Sequence[Stroke], color: str) -> str:
    """The sign of an adapter, in front of what it adapts to: where there is no room for it, on the curve before."""
    path = [steps[0], *(step for before, step in pairwise(steps) if step[1][-1] != before[1][-1])]
    curved = [at for at, (letter, _) in enumerate(path) if letter == "C"]
    (a, b), (c, d) = path[-2][1][-1], path[-1][1][-1]
    length = abs(a - c) + abs(b - d)
    if curved and (curved[-1] == len(path) - 1 or length < 2 * BEFORE):
        x, y = _on_curve([path[curved[-1] - 1][1][-1], *path[curved[-1]][1]], 0.75)
    else:
        share = min(0.5, BEFORE / max(length, 1e-6))
        x, y = c + (a - c) * share, d + (b - d) * share
    return f'<path d="M{number(x - 4)} {number(y)}l4-4 4 4-4 4z" fill="#ffffff" stroke="{color}" stroke-width="1.3"/>'


def _on_curve(points: Sequence[tuple[float, float]], t: float) -> tuple[float, float]:
    weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
    x, y = (sum(w * point[axis] for w, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y
