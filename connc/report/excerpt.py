"""Lines of a spec with marks under them. A long line is cut to a window around the place.

Every mark has a row of its own with its words behind it, so that marks may overlap and still be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from connc.dsl.diagnostic import Label
from connc.dsl.source import Source
from connc.report.places import Place, place_of
from connc.report.visible import columns, flat, visible

WIDTH = 120  # columns of a line that are shown


class Row(NamedTuple):
    """A row of an excerpt; `gutter` is a line's number, empty under a line."""

    gutter: str
    body: str = ""
    primary: bool = False


class Mark(NamedTuple):
    """A label on its first line: the characters from `start` up to `stop` of it."""

    place: Place
    line: str
    start: int
    stop: int
    text: str
    primary: bool = False
    goes_on: bool = False

    @property
    def number(self) -> int:
        return self.place.line


def mark_of(label: Label, *, primary: bool) -> Mark:
    """A label that goes on behind its line is marked to the line's end and says where it ends."""
    place, text = place_of(label.span), flat(label.text)
    line = label.span.source.line(place.line)
    start = min(place.column - 1, len(line))
    last = place.end_line - (place.end_column == 1)  # just behind a line's end is no line yet
    if last > place.line:
        text = f"to line {last}: {text}" if text else f"to line {last}"
        return Mark(place, line, start, max(start, len(line.rstrip(" \t"))), text, primary, goes_on=True)
    stop = len(line) if place.end_line > place.line else min(place.end_column - 1, len(line))
    return Mark(place, line, start, stop, text, primary)


class Window(NamedTuple):
    """The part of a line that is shown: its characters from `start` up to `stop`."""

    number: int
    line: str
    start: int
    stop: int

    @property
    def shown(self) -> str:
        before, behind = "…" * (self.start > 0), "…" * (self.stop < len(self.line))
        return (before + visible(self.line[self.start : self.stop]) + behind).rstrip()

    def shows(self, mark: Mark) -> bool:
        inside = self.start <= mark.start < self.stop or mark.start == self.stop == len(self.line)
        return inside and mark.number == self.number

    def column(self, index: int) -> int:
        """How many columns stand in front of a character."""
        return (self.start > 0) + columns(visible(self.line[self.start : index]))

    def under(self, mark: Mark) -> str:
        """The row that marks a place."""
        first, end = self.column(mark.start), self.column(min(mark.stop, self.stop))
        sign = "^" if mark.primary else "-"
        more = "…" * (mark.goes_on or mark.stop > self.stop)
        return f"{' ' * first}{sign * max(1, end - first)}{more} {mark.text}".rstrip()


def window(number: int, line: str, start: int) -> Window:
    """Three quarters of the room are for what follows the start of the place; what it leaves is for the text before."""
    behind = _fitting(line[start : start + WIDTH], WIDTH * 3 // 4)
    room = WIDTH - columns(visible(line[start : start + behind]))
    first = start - _fitting(line[max(0, start - WIDTH) : start][::-1], room)
    room = WIDTH - columns(visible(line[first:start]))
    return Window(number, line, first, start + _fitting(line[start : start + WIDTH], room))


def _fitting(text: str, room: int) -> int:
    """How many characters fit."""
    for index, character in enumerate(text):
        room -= columns(visible(character))
        if room < 0:
            return index
    return len(text)


def rows(source: Source, marks: Iterable[Mark]) -> Iterator[Row]:
    """The marked lines of a file and what stands under them."""
    shown: Window | None = None
    for mark in sorted(marks, key=lambda mark: (mark.number, mark.start, not mark.primary)):
        if shown is None or not shown.shows(mark):
            yield from _between(source, shown.number if shown else mark.number, mark.number)
            shown = window(mark.number, mark.line, mark.start)
            yield Row(str(mark.number), shown.shown)
        yield Row("", shown.under(mark), mark.primary)


def _between(source: Source, above: int, below: int) -> Iterator[Row]:
    """Dots for the lines between two, but a single one is shown itself."""
    if below - above == 2:
        yield Row(str(above + 1), window(above + 1, source.line(above + 1), 0).shown)
    elif below - above > 2:
        yield Row("...")
