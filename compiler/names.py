"""What nodes may be called: `part[2].step[0,1].conv`, `tower@2`, `layer[0].connect[0..63]`."""

from __future__ import annotations

import re

_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_INDEX = r"[0-9]+(?:\.\.[0-9]+)?"
_PART = rf"{_WORD}(?:\[{_INDEX}(?:,{_INDEX})*\]|@[0-9]+)*"
NAME = rf"{_PART}(?:\.{_PART})*"

_NAME = re.compile(NAME)
_FIRST = re.compile(_WORD)
_USE = re.compile(r"@[0-9]+")
_NUMBERS = re.compile(r"([0-9]+)")


def is_lawful(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def first_word(name: str) -> str:
    """`part` of `part[2].step`."""
    found = _FIRST.match(name)
    return found[0] if found else ""


def owner(name: str) -> str:
    """The layer whose parameters a use of it has: `tower` of `tower@2`."""
    return _USE.sub("", name)


def output_name(node: str, port: str) -> str:
    """An output as a part of a name, without marks of sharing: `split.out0`, `tower.use2`."""
    behind = "" if port == "out" else f".out{port}" if port.isdigit() else f".{port}"
    return _USE.sub(lambda mark: f".use{mark[0][1:]}", node) + behind


def above(name: str) -> set[str]:
    """A name and those of all that it stands in, without marks of sharing: of `a.conv@2` also `a.conv` and `a`."""
    parts = owner(name).split(".")
    return {name, *(".".join(parts[: i + 1]) for i in range(len(parts)))}


def natural(name: str) -> list[tuple[int, str]]:
    """A key by which `layer[10]` stands behind `layer[9]`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _NUMBERS.split(name) if part]


def within(name: str, part: object) -> bool:
    """Whether a layer belongs to a part, the names of some and of their outputs, `split:0`; none is the whole."""
    assert part is None or isinstance(part, tuple)
    return part is None or not above(name).isdisjoint(each.partition(":")[0] for each in part)
