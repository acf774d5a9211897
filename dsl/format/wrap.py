"""Breaks lines that are too long: the statement first, then its brackets from the outside in, until all lines fit.

Where a break goes depends on the tokens and on the breaks that are there, and it goes on until there is no more to
break. So a second run, which starts from all the breaks of the first, finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connc.dsl.format.lines import INDENT, indent, lines, width
from connc.dsl.format.pieces import CLOSING, OPENING, Statement
from connc.dsl.format.spacing import SIGN

COLUMNS = 100
_LOOPS = frozenset({"FOR", "WHERE"})
_CLAUSES = frozenset({"BY", "USING", "VIA", "EVOLVE", "ELSE"}) | _LOOPS
_PLAIN = frozenset({"NAME", "NUMBER", "STRING", "TRUE", "FALSE", "IN", "OUT", "AS", SIGN, "COMMA", "COMMENT"})


@dataclass(slots=True, eq=False)
class _Bracket:
    """A bracket with what it holds directly, by place in the statement; the outermost is the statement itself."""

    start: int
    around: _Bracket | None
    depth: int
    stop: int = 0
    width: int = 0
    plain: bool = True  # holds names and literals only, which are filled in instead of one a line
    commas: list[int] = field(default_factory=list)
    loops: list[int] = field(default_factory=list)
    tiers: list[list[int]] = field(default_factory=list)  # where to break: if the first does not do, the next


def wrap(statement: Statement, columns: int) -> None:
    """Break what is too long, and `indent` all."""
    indent(statement, columns)
    inside: list[_Bracket] = []
    while long := [span for span in _spans(statement) if width(statement[span.start : span.stop]) > COLUMNS]:
        inside = inside or _brackets(statement)
        chosen = {bracket: None for span in long for bracket in _next(inside, span)}
        if not chosen:
            return
        for bracket in chosen:
            _break(statement, bracket)
        indent(statement, columns)


def _spans(statement: Statement) -> Iterator[range]:
    start = 0
    for line in lines(statement):
        yield range(start, start + len(line))
        start += len(line)


# --- where to break


def _brackets(statement: Statement) -> list[_Bracket]:
    """For each piece the innermost bracket that it is in, which for a bracket's ends is the one around."""
    here = _Bracket(-1, None, 0)
    inside, column = [], 0
    arrows, clauses = [], []
    for i, piece in enumerate(statement):
        column += piece.width
        if piece.kind in CLOSING and here.around:
            here.stop, here.width = i, column - here.width
            here.tiers = _tiers(here)
            here = here.around
        inside.append(here)
        if piece.kind in OPENING:
            here.plain = False
            here = _Bracket(i, here, here.depth + 1, width=column)
        elif not here.depth:
            arrows += [i] * (piece.kind == "_ARROW")
            clauses += [i] * (piece.kind in _CLAUSES)
        else:
            here.plain &= piece.kind in _PLAIN
            here.commas += [i + 1] * (piece.kind == "COMMA")
            here.loops += [i] * (piece.kind in _LOOPS)
    here.tiers = [clauses, arrows] if statement[0].kind == "RULE" else [arrows, clauses]
    here.width = column + COLUMNS  # always worth it
    return inside


def _tiers(bracket: _Bracket) -> list[list[int]]:
    """A bracket around a single element is broken only at its loops."""
    commas = [i for i in bracket.commas if i != bracket.stop]
    tiers = [tier for tier in (commas, bracket.loops) if tier]
    return [[bracket.start + 1, *tier, bracket.stop] for tier in tiers]


def _next(inside: list[_Bracket], span: range) -> list[_Bracket]:
    """The outermost brackets of a line that are worth breaking: the wide ones or, without such, the less wide."""
    seen: dict[_Bracket, None] = {}
    for i in span:
        bracket: _Bracket | None = inside[i]
        while bracket and bracket not in seen:
            seen[bracket] = None
            bracket = bracket.around
    for least in (COLUMNS // 2, COLUMNS // 4):
        if found := [bracket for bracket in seen if bracket.tiers and bracket.width > least]:
            depth = min(bracket.depth for bracket in found)
            return [bracket for bracket in found if bracket.depth == depth]
    return []


# --- to break


def _break(statement: Statement, bracket: _Bracket) -> None:
    points = bracket.tiers.pop(0)
    if bracket.plain and bracket.depth:
        _break_before(statement, (points[0], points[-1]))
        _fill(statement, bracket)
    else:
        _break_before(statement, points)


def _break_before(statement: Statement, points: Iterable[int]) -> None:
    for i in points:
        if statement[i].kind != "COMMENT":  # which stays on its line; behind it there is a break anyway
            statement[i].ends = max(statement[i].ends, 1)


def _fill(statement: Statement, bracket: _Bracket) -> None:
    """Break before each element that the line has no room for."""
    margin = statement[bracket.start].indent + INDENT
    column, fresh = margin, True
    for i in range(bracket.start + 1, bracket.stop):
        piece = statement[i]
        if fresh and not piece.ends and column + _element_width(statement, i) > COLUMNS:
            _break_before(statement, [i])
        column = (margin if piece.ends else column) + piece.width
        fresh = piece.kind == "COMMA"


def _element_width(statement: Statement, start: int) -> int:
    """How wide an element is, with the comma behind it."""
    total = 0
    for i in range(start, len(statement)):
        piece = statement[i]
        if piece.kind in CLOSING or piece.kind == "COMMENT":
            break
        total += piece.width
        if piece.kind == "COMMA":
            break
    return total
