"""From a statement to its lines.

One rule indents them all: what goes on stands four columns further right than the line where it began, be it the
statement, a bracket or an element of one; a closing bracket stands where the line of its opening one starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connc.dsl.format.pieces import CLOSING, OPENING, Statement

INDENT = 4


@dataclass(slots=True)
class _Frame:
    """An open bracket, or the statement: the indents of the line that it began in and of its current element's."""

    outside: int
    element: int


def written(statement: Statement) -> Iterator[str]:
    """The text of each line, blank ones included. `indent` must have been there."""
    for line in lines(statement):
        first, *rest = line
        if first.ends > 1 and first is not statement[0]:
            yield ""
        words = ("  " + piece.text if piece.kind == "COMMENT" else " " * piece.space + piece.text for piece in rest)
        yield " " * first.indent + first.text + "".join(words)


def lines(statement: Statement) -> Iterator[Statement]:
    """The pieces of each line."""
    start = 0
    for i in range(1, len(statement)):
        if statement[i].ends:
            yield statement[start:i]
            start = i
    yield statement[start:]


def width(line: Statement) -> int:
    """How many columns a line takes, but for the comment behind it, which nobody can break."""
    code = sum(piece.width for piece in line if piece.kind != "COMMENT")
    return line[0].indent + code - line[0].space


def tidy_ends(statement: Statement) -> None:
    """Leave blank lines only between the elements of a bracket, and close an empty bracket on its line."""
    depth, before = 0, ""
    for piece in statement:
        if piece.ends and piece is not statement[0]:
            if piece.kind in CLOSING:
                piece.ends = int(before not in OPENING)
            elif not depth or before in OPENING:
                piece.ends = 1
        before = piece.kind
        depth += (before in OPENING) - (before in CLOSING)


def indent(statement: Statement, columns: int) -> None:
    """Say for each piece how far the line that it is in is indented."""
    frames, here, fresh = [_Frame(columns, columns)], columns, False
    last_comments = _in_front_of_closing(statement)
    for i, piece in enumerate(statement):
        kind, frame = piece.kind, frames[-1]
        if piece.ends and i:
            here = _indent(frame, kind in CLOSING, fresh or i in last_comments)
        piece.indent = here
        if kind == "COMMENT":
            continue
        if fresh:
            frame.element = here
        if kind in CLOSING:
            frames.pop()
        elif kind in OPENING:
            frames.append(_Frame(here, here))
        fresh = kind in OPENING or (kind == "COMMA" and len(frames) > 1)


def _in_front_of_closing(statement: Statement) -> set[int]:
    """The comments that no element follows."""
    found, closes = set(), False
    for i in range(len(statement) - 1, 0, -1):
        if statement[i].kind != "COMMENT":
            closes = statement[i].kind in CLOSING
        elif closes:
            found.add(i)
    return found


def _indent(frame: _Frame, closes: bool, fresh: bool) -> int:
    if closes:
        return frame.outside
    return (frame.outside if fresh else frame.element) + INDENT
