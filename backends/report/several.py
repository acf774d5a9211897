"""What several members of a family are called together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

_INDEX = re.compile(r"\[([0-9,.]+)\]$")
_FEW = 3  # names that are all told


def stem(name: str) -> str:
    """`step` of `step[3]`."""
    return _INDEX.sub("", name)


def joined(names: Sequence[str]) -> str:
    """`cell[0,0..2].step[0..11]` where these are all; what is no row is told one by one, if it is little."""
    steps = [name.split(".") for name in names]
    if len({len(each) for each in steps}) == 1:
        columns = [list(dict.fromkeys(column)) for column in zip(*steps, strict=True)]
        rows = [_row(column) for column in columns]
        if prod(map(len, columns)) == len(names) and all("," not in stem(row) and " " not in row for row in rows):
            return ".".join(rows)
    return _row(names)


def _row(names: Sequence[str]) -> str:
    places = [_place(name) for name in names]
    first, last = places[0], places[-1]
    if len(names) > 1 and all(places) and len({stem(name) for name in names}) == 1 and _is_row(places):
        ahead = "".join(f"{at}," for at in first[:-1])
        return f"{stem(names[0])}[{ahead}{first[-1]}..{last[-1]}]"
    return ", ".join(names) if len(names) <= _FEW else f"{names[0]} … {names[-1]}"


def _place(name: str) -> tuple[int, ...]:
    found = _INDEX.search(name)
    return tuple(int(each) for each in found[1].split(",")) if found and "." not in found[1] else ()


def _is_row(places: Sequence[tuple[int, ...]]) -> bool:
    """Whether the last coordinate alone goes up by one."""
    first = places[0]
    return all(place == (*first[:-1], first[-1] + at) for at, place in enumerate(places))
