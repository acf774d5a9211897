"""Lines of Python as formatters lay them out: what is too long is broken behind its last opening bracket."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

WIDTH = 88
_OPEN, _CLOSE = "([{", ")]}"
_NUMBERS = set("0123456789-., ()")
_MOST_ROWS = 8  # of numbers, one in a line; more stand side by side


def laid_out(line: str, indent: int) -> list[str]:
    """A logical line as physical ones."""
    filled: list[str] = []
    lines = list(_broken(line, indent, "", filled))
    if filled:
        lines[-1] += "  # fmt: skip"
    return lines


def _broken(line: str, indent: int, last: str, filled: list[str]) -> Iterator[str]:
    """`last`: what belongs behind the line, a comma. `filled`: which lines no formatter would leave alone."""
    space = " " * indent
    if len(space + line + last) <= WIDTH:
        yield space + line + last
        return
    start, stop = _brackets(line, WIDTH - len(space))
    if start < 0:
        yield from _summed(line, indent, last)
        return
    inner = line[start + 1 : stop]
    yield space + line[: start + 1]
    items = list(split(inner))
    is_literal = len(items) > 1 and not (
        line[start - 1 : start].isalnum() or line[start - 1 : start] in ("_", ")", "]")
    )
    if len(space) + 4 + len(inner) <= WIDTH and not inner.endswith(",") and not (is_literal and not _clauses(inner)):
        yield f"{space}    {inner}"
    elif parts := _clauses(inner):
        for part in parts:
            yield from _broken(part, indent + 4, "", filled)
    elif len(items) > _MOST_ROWS and set(inner) <= _NUMBERS:
        filled.append(inner)
        yield from textwrap.wrap(inner, WIDTH, initial_indent=f"{space}    ", subsequent_indent=f"{space}    ")
    else:
        for item in items:
            yield from _broken(item, indent + 4, ",", filled)
    yield space + line[stop:] + last


def _summed(line: str, indent: int, last: str) -> Iterator[str]:
    """Arithmetic without brackets, in parentheses: on one line, or each term on its own."""
    space, (head, *terms) = " " * indent, re.split(r" (?=[-+*/] )", line)
    target = re.match(r"(?:\w+ = |return )", head)
    if not terms or not target:
        yield space + line + last
        return
    terms = [head[target.end() :], *terms]
    if indent + 4 + len(" ".join(terms)) <= WIDTH:
        terms = [" ".join(terms)]
    yield f"{space}{target[0]}("
    yield from (f"{space}    {term}" for term in terms)
    yield f"{space}){last}"


def _brackets(line: str, most: int) -> tuple[int, int]:
    """Where the last brackets of a line are that stand in no others, and open within `most` characters if any do."""
    depth, start, found, quoted = 0, -1, (-1, -1), False
    for i, char in enumerate(line):
        if char == '"' and (i == 0 or line[i - 1] != "\\"):
            quoted = not quoted
        elif quoted:
            continue
        elif char in _OPEN:
            if not depth:
                start = i
            depth += 1
        elif char in _CLOSE:
            depth -= 1
            if not depth and i > start + 1 and (start < most or found[0] < 0):
                found = start, i
    return found


def split(inner: str, sign: str = ",") -> Iterator[str]:
    """What stands between commas."""
    depth, start, quoted = 0, 0, False
    for i, char in enumerate(inner):
        if char == '"' and inner[i - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (char in _OPEN) - (char in _CLOSE)
            if char == sign and not depth:
                yield inner[start:i].strip()
                start = i + 1
    if inner[start:].strip():
        yield inner[start:].strip()


def _clauses(inner: str) -> list[str]:
    """A comprehension in its parts."""
    parts, depth, start = [], 0, 0
    for i, char in enumerate(inner):
        depth += (char in _OPEN) - (char in _CLOSE)
        if not depth and (inner[i:].startswith(" for ") or inner[i:].startswith(" if ")):
            parts.append(inner[start:i].strip())
            start = i + 1
    return [*parts, inner[start:].strip()] if parts else []
