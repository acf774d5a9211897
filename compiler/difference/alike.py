"""Names that differ in their coordinates alone, as one: `part[0..3].block`.

Where some coordinates between are left out it is `part[*].step[*] (58)`: what a star stands for is not said, but how
many names there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count
from math import prod

_COORDINATE = re.compile(r"(?<=[\[,])[0-9]+(?=[\],])")
_FEW = 2  # names that are said one by one rather than with a star


def frame(name: str) -> str:
    """A name without its coordinates: those that can be said together have the same."""
    return _COORDINATE.sub("#", name)


def coordinates(name: str) -> tuple[int, ...]:
    return tuple(map(int, _COORDINATE.findall(name)))


def together(names: Sequence[str]) -> str:
    """Some names with one frame, each of which stands there once."""
    places = [coordinates(name) for name in names]
    axes = [sorted(set(axis)) for axis in zip(*places, strict=True)]
    whole = prod(map(len, axes)) == len(names) and all(axis[-1] - axis[0] + 1 == len(axis) for axis in axes)
    if not whole and len(names) <= _FEW:
        return ", ".join(names)
    words = [_words(axis, whole) for axis in axes]
    place = count()
    said = _COORDINATE.sub(lambda _: words[next(place)], names[0])
    return said if whole else f"{said} ({len(names)})"


def _words(axis: Sequence[int], whole: bool) -> str:
    if len(axis) == 1:
        return str(axis[0])
    return f"{axis[0]}..{axis[-1]}" if whole else "*"
