"""What is laid out: boxes as lengths along the flow and across it, whichever way it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from connc.backends.drawing.lines import LABEL, PAD, SMALL, STRIP, TITLE, Line, is_round, line, strip_of, text_size
from connc.backends.drawing.picture import INPUT, OUTPUT, Arrow, Box, at_port

FRAME, HEAD = 12.0, 24.0  # around what is in an opened box, and above it
LETTER, ASIDE = 13.0, 6.0  # the height of what is written at an arrow, and how far beside it that starts


class Spot(NamedTuple):
    """A point: along the flow, and across it."""

    along: float
    across: float


START = Spot(0.0, 0.0)
Step = tuple[str, tuple[Spot, ...]]  # a letter of an SVG path, and its points


@dataclass(frozen=True, slots=True)
class Way:
    """Down, or from left to right."""

    down: bool

    def turned(self, width: float, height: float) -> tuple[float, float]:
        """Along and across."""
        return (height, width) if self.down else (width, height)

    def point(self, spot: Spot) -> tuple[float, float]:
        """x and y."""
        return (spot.across, spot.along) if self.down else (spot.along, spot.across)


@dataclass(slots=True)
class Item:
    """A box to be placed. It reaches `before` and `after` the line across which it stands; behind it is room, `tail`.

    `ins` and `outs` are where arrows come in and leave, across. `origin` is where its inner scene starts.
    """

    box: Box
    length: float = 0.0
    before: float = 0.0
    after: float = 0.0
    low: float = 0.0  # how far what is drawn reaches, without what is written beside it
    high: float = 0.0
    tail: float = 0.0
    strip: float = 0.0
    ins: list[float] = field(default_factory=lambda: [0.0])
    outs: list[float] = field(default_factory=lambda: [0.0])
    labels: list[str] = field(default_factory=list)
    said: str = ""  # the shape, where it stands in the box
    inner: Laid | None = None
    origin: Spot = START


@dataclass(slots=True)
class Laid:
    """A scene with all in its place."""

    items: dict[str, Item]
    spots: dict[str, Spot]  # where each starts, and the line across which it stands
    routes: list[tuple[Arrow, tuple[Step, ...]]]
    length: float
    before: float
    after: float


def item_of(box: Box, labels: Sequence[str], way: Way, is_outermost: bool, forks: bool) -> Item:
    """A box that is not opened. What leaves it in several ways to the right has its shape written in the box."""
    if box.kind in (INPUT, OUTPUT) and not is_outermost:
        return _point(box, labels, way)
    inside = not way.down and len(labels) == 1 and not is_round(box) and (forks or box.place is not None)
    said, labels = (labels[0], [""]) if inside else ("", labels)
    width, height = text_size(box, said)
    strip = strip_of(box)
    if strip and way.down:
        width, height = max(width, strip.width + 2 * PAD), height + STRIP
    elif strip:
        width += strip.width + PAD
    if not is_round(box):
        width, height = _with_room(box, labels, way, width, height)
    length, across = way.turned(width, height)
    item = Item(box, length, *(across / 2,) * 4, labels=list(labels), said=said)
    item.strip = 0.0 if strip is None else STRIP if way.down else strip.width + PAD
    item.ins, item.outs = _spread(len(box.ins), across), _spread(len(box.outs), across)
    make_room(item, way)
    return item


def _with_room(box: Box, labels: Sequence[str], way: Way, width: float, height: float) -> tuple[float, float]:
    """Ports side by side have room for what is written at them."""
    if way.down and len(box.outs) > 1:
        width = max(width, len(box.outs) * (max(map(label_width, labels)) + 2 * ASIDE))
    if not way.down:
        height = max(height, (LETTER + 3) * len(box.outs), 10 * len(box.ins))
    return width, height


def _point(box: Box, labels: Sequence[str], way: Way) -> Item:
    """Where something comes into an opened box, or leaves it."""
    item = Item(box, 0.0, 4.0, 4.0, labels=list(labels))
    make_room(item, way)
    return item


def _spread(count: int, across: float) -> list[float]:
    return [((i + 0.5) / max(count, 1) - 0.5) * across for i in range(max(count, 1))]


def make_room(item: Item, way: Way) -> None:
    """For what is written at the arrows that leave: beside them where they go down, above them else."""
    if not any(item.labels):
        return
    widths = [*map(label_width, item.labels)]
    if way.down:
        item.tail = LETTER + 3
        item.after = max(item.after, *(out + ASIDE + width for out, width in zip(item.outs, widths, strict=False)))
    else:
        item.tail = max(widths) + 2 * ASIDE + (6 if item.box.count > 1 else 0)
        item.before = max(item.before, LETTER + 2)


def part_outputs(items: Sequence[Item], way: Way) -> None:
    """What is written below an opened box, beside each of its several outputs, has room between them."""
    ends = [item for item in items if item.box.kind == OUTPUT and not item.length]
    if way.down and len(ends) > 1:
        for end in ends:
            end.after = max(end.after, ASIDE + label_width(at_port(end.box.title, end.box.label)))


def label_width(label: str) -> float:
    """Of what is written at an arrow, which is shortened where it is long."""
    return line(label, SMALL).width


def opened(box: Box, inner: Laid, labels: Sequence[str], way: Way) -> Item:
    """A box around a scene."""
    strip = strip_of(box)
    item = Item(box, inner=inner, labels=list(labels))
    ends = [[inner.spots[b.id].across for b in _ports(inner, kind)] or [0.0] for kind in (INPUT, OUTPUT)]
    item.ins, item.outs = ends
    item.before, item.after = inner.before + FRAME, inner.after + FRAME
    title = sum(each.width + SMALL for each in title_lines(box)) + FRAME
    if way.down:
        item.strip = STRIP if strip else 0.0
        item.origin = Spot(item.strip + HEAD, 0.0)
        item.length = item.origin.along + inner.length + FRAME
        missing = max(0.0, title - item.before - item.after) / 2
        item.before, item.after = item.before + missing, item.after + missing
    else:
        item.strip = strip.width + PAD if strip else 0.0
        item.origin = Spot(item.strip + FRAME, 0.0)
        item.length = max(item.origin.along + inner.length + FRAME, title + item.strip)
        item.before += HEAD - FRAME / 2
    item.low, item.high = item.before, item.after
    make_room(item, way)
    return item


def _ports(inner: Laid, kind: str) -> list[Box]:
    return [item.box for item in inner.items.values() if item.box.kind == kind]


def title_lines(box: Box) -> list[Line]:
    """What stands above an opened box, side by side."""
    times = f" × {box.count:,}" if box.count > 1 else ""
    found = [line(box.title, TITLE, True)] if box.title else []
    if box.shared:
        return [*found, line(f"weights of {box.shared}", SMALL, False, "accent")]
    return [*found, line(box.label + times, LABEL, False, "soft")]
