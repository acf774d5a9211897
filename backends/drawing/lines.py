"""The lines of text in a box, and how large a box is for them."""

from __future__ import annotations

from dataclasses import dataclass

from connc.backends.drawing.picture import INPUT, JOIN, OUTPUT, REST, Box
from connc.backends.drawing.widths import shortened, text_width

TITLE, LABEL, SMALL = 12.0, 11.5, 10.0
LINE, PAD, LOW, WIDEST = 15.5, 11.0, 26.0, 230.0
STRIP = 15.0  # of a join, at the side where its sources come in


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; `shade` is the name of its colour."""

    text: str
    size: float
    bold: bool = False
    shade: str = "ink"

    @property
    def width(self) -> float:
        return text_width(self.text, self.size, self.bold)


def line(text: str, size: float, bold: bool = False, shade: str = "ink", most: float = WIDEST) -> Line:
    """A line that is not wider than it may be."""
    return Line(shortened(text, size, most, bold), size, bold, shade)


def lines_of(box: Box, shape: str = "") -> list[Line]:
    """What is written in a box, perhaps with the shape that it makes."""
    times = f" × {box.count:,}" if box.count > 1 and box.label and box.kind != REST else ""
    if box.kind in (INPUT, OUTPUT):
        said = [line(box.title or "in", TITLE, True, "paper"), line(box.label, SMALL, False, "pale")]
        return said if box.label else said[:1]
    found = [line(box.title, TITLE, True)] if box.title else []
    label = line(box.label, LABEL, False, "soft" if box.title else "ink", WIDEST - text_width(times, LABEL))
    found.append(Line(label.text + times, LABEL, label.bold, label.shade))
    if box.shared:
        found.append(line(f"weights of {box.shared}", SMALL, False, "accent"))
    return [*found, *([line(shape, SMALL, False, "soft")] if shape else [])]


def is_round(box: Box) -> bool:
    """Whether it is a sign in a circle."""
    return box.kind == JOIN and len(box.label) == 1 and not box.title


def text_size(box: Box, shape: str = "") -> tuple[float, float]:
    """The width and the height of a box that is not opened, without the strip of its join."""
    if is_round(box):
        return 24.0, 24.0
    lines = lines_of(box, shape)
    return max(each.width for each in lines) + 2 * PAD, max(LOW, LINE * len(lines) + 11.0)


def strip_of(box: Box) -> Line | None:
    """The join in front of a box."""
    return line(box.join, SMALL, False, "ink", WIDEST / 2) if box.join else None
