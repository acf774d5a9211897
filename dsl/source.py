"""Source text and places in it.

A span carries its source, so that a place can be shown wherever it ends up: in a message, on a node of a network, in
a trace. Offsets count characters; lines and columns are computed when somebody looks.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple


@dataclass(frozen=True, eq=False)
class Source:
    """A text with the name that messages call it by, and the folder that its tables are looked up in."""

    name: str
    text: str
    folder: Path | None = None

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    @cached_property
    def _line_starts(self) -> list[int]:
        starts, text = [0], self.text
        at = text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = text.find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, without its end."""
        starts = self._line_starts
        stop = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : stop].rstrip("\r\n")


class Span(NamedTuple):
    """A place: the characters from `start` up to `stop` of a source."""

    source: Source
    start: int
    stop: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def end(self) -> tuple[int, int]:
        """Line and column just behind the place."""
        return self.source.position(self.stop)

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.stop]

    @property
    def shown(self) -> str:
        """The text of the place, fit for a message."""
        return shown_text(self.text)

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"

    def to(self, other: Span) -> Span:
        """The place from the start of this one to the end of the other."""
        return Span(self.source, self.start, other.stop)


def shown_text(text: str, width: int = 40) -> str:
    """A piece of a spec, on one line and no longer than a message can bear."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"
