"""Shortest, longest and all paths among positions, which stand in order, so that one walk over them is enough."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connc.compiler.analyze.positions import Positions

_HELD = 1 << 26  # lengths that are held at once
_VANISHING = 1e-30  # as a share of all paths
_SHORT = 1 << 14  # positions from which on lengths need more than two bytes
Lengths = list[int]  # one a position; below 0 where no path leads


def shortest(positions: Positions, starts: Collection[int]) -> Lengths:
    """How many connections lead at least from any of some positions to each."""
    found = [-1] * len(positions)
    for place, sources in enumerate(positions.read):
        if place in starts:
            found[place] = 0
        elif ways := [found[source] for source in sources if found[source] >= 0]:
            found[place] = min(ways) + positions.steps[place]
    return found


def longest(positions: Positions, starts: Collection[int]) -> Lengths:
    """How many there are on a path that takes as many as it can."""
    found = [-1] * len(positions)
    for place, sources in enumerate(positions.read):
        most = max((found[source] for source in sources), default=-1)
        found[place] = most + positions.steps[place] if most >= 0 else 0 if place in starts else -1
    return found


def back(positions: Positions, ends: Collection[int]) -> Lengths:
    """How many connections lead at least from each position to any of some."""
    found = [0 if place in ends else -1 for place in range(len(positions))]
    for place in reversed(range(len(positions))):
        if found[place] >= 0:
            length = found[place] + positions.steps[place]
            for source in positions.read[place]:
                if found[source] < 0 or found[source] > length:
                    found[source] = length
    return found


def witness(positions: Positions, found: Lengths, end: int) -> list[int]:
    """A path to a position that has the length that was found for it, bundles left out."""
    path = [end]
    while found[end] > 0 or not positions.steps[end]:
        left = found[end] - positions.steps[end]
        end = next(source for source in positions.read[end] if found[source] == left)
        path.append(end)
    return [place for place in reversed(path) if positions.steps[place]]


def count(positions: Positions, starts: Collection[int], ends: Collection[int]) -> tuple[int, Fraction]:
    """How many paths there are between some positions and some others, and their mean length."""
    ways, lengths = [0] * len(positions), [0] * len(positions)
    for place, sources in enumerate(positions.read):
        ways[place] = sum(ways[source] for source in sources)
        lengths[place] = sum(lengths[source] for source in sources) + positions.steps[place] * ways[place]
        ways[place] += place in starts
    paths = sum(ways[end] for end in ends)
    return paths, Fraction(sum(lengths[end] for end in ends), paths or 1)


class Mix(NamedTuple):
    """Of some paths the share that has each length, from `low` on, and to base 2 how many there are."""

    low: int
    shares: NDArray[np.float64]
    log: float


def distribution(positions: Positions, starts: Collection[int], ends: Collection[int]) -> Mix:
    """Of all paths from some positions to some others, however many there are; shares that vanish are left out."""
    last = {source: place for place, sources in enumerate(positions.read) for source in sources}
    found: dict[int, Mix] = {}
    for place, sources in enumerate(positions.read):
        mix = _mixed([found[source] for source in sources])
        mix = mix._replace(low=mix.low + positions.steps[place])
        found[place] = _mixed([mix, Mix(0, np.ones(1), 0.0)]) if place in starts else mix
        for source in {each for each in sources if last[each] == place and each not in ends}:
            del found[source]
    return _mixed([found[end] for end in ends])


def _mixed(mixes: Sequence[Mix]) -> Mix:
    """All of their paths together."""
    mixes = [mix for mix in mixes if mix.shares.size]
    if len(mixes) < 2:
        return mixes[0] if mixes else Mix(0, np.zeros(0), -np.inf)
    low, high = min(mix.low for mix in mixes), max(mix.low + mix.shares.size for mix in mixes)
    most = max(mix.log for mix in mixes)
    shares = np.zeros(high - low)
    for mix in mixes:
        shares[mix.low - low :][: mix.shares.size] += mix.shares * 2.0 ** (mix.log - most)
    total = float(shares.sum())
    some = np.flatnonzero(shares > _VANISHING * total)
    kept = shares[some[0] : some[-1] + 1] / total
    return Mix(low + int(some[0]), kept, most + float(np.log2(total)))


def between(positions: Positions) -> Iterator[tuple[int, NDArray[np.signedinteger]]]:
    """The shortest lengths between all pairs, a block of starts after the other.

    Of a block whose first start is `low`, row r and column c have the length from `low + c` to `low + r`; below 0
    where no path leads.
    """
    size = len(positions)
    wide = max(1, min(size, _HELD // max(1, size)))
    for low in range(0, size, wide):
        yield low, _block(positions, low, min(size, low + wide))


def _block(positions: Positions, low: int, high: int) -> NDArray[np.signedinteger]:
    size = len(positions)
    kind, none = (np.int16, _SHORT) if size < _SHORT else (np.int32, 1 << 30)
    found = np.full((size - low, high - low), none, dtype=kind)
    starts, all_sources, steps = positions.starts.tolist(), positions.sources, positions.steps
    for place in range(low, size):
        row, sources = found[place - low], all_sources[starts[place] : starts[place + 1]] - low
        if low:
            sources = sources[sources >= 0]
        before = min(place, high) - low
        if sources.size == 1:
            np.add(found[sources[0], :before], steps[place], out=row[:before])
        elif sources.size:
            np.minimum.reduce(found[sources, :before], axis=0, out=row[:before])
            row[:before] += steps[place]
        if place < high:
            row[place - low] = 0
    found[found >= none] = -1
    return found
