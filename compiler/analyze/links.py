"""Links: the pairs of a `connect`, among those that there could be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from connc.compiler.network import Connect, Network, Ref
from connc.compiler.relations.arrays import Bools

Pairs = tuple[NDArray[np.integer], NDArray[np.integer]]


@dataclass(frozen=True)
class Links:
    """`chosen`: the positions that count. What there could be are the pairs that a search may add or drop, where
    `evolve within` says so; else one for any two positions of which one gives and the other is fed here."""

    connect: Connect
    chosen: Bools

    @classmethod
    def of(cls, connect: Connect, part: object = None) -> Links:
        """Those among the positions of a part; of all, where it is left out."""
        assert part is None or isinstance(part, tuple)
        chosen = [part is None or _is_of(ref, part) for ref in connect.positions]
        return cls(connect, np.array(chosen, dtype=bool))

    @property
    def count(self) -> int:
        return self._kept(self.connect.relation.pairs())[0].size

    @property
    def possible(self) -> int:
        return sum(self._possible_by_distance.values())

    def distances(self) -> Iterator[tuple[int, int, int]]:
        """For each distance along the first coordinate, how many pairs there are and could be.

        Of positions in a row those at which there is one.
        """
        there = self._tally(*self._kept(self.connect.relation.pairs()))
        told = there.keys() if len(self.connect.space) == 1 else there.keys() | self._possible_by_distance.keys()
        for distance in sorted(told):
            yield distance, there.get(distance, 0), self._possible_by_distance.get(distance, 0)

    @cached_property
    def _possible_by_distance(self) -> dict[int, int]:
        connect = self.connect
        if connect.bound is not None:
            return self._tally(*self._kept(connect.bound.pairs()))
        gives = self.chosen & np.array([bool(ref.node) for ref in connect.positions], dtype=bool)
        takes = self.chosen & (connect.relation.in_degrees() > 0)
        return self._of_all(gives, takes)

    def _of_all(self, gives: Bools, takes: Bools) -> dict[int, int]:
        """Two positions can be joined one way alone, and those that can both ways are counted once."""
        deep = self.connect.space[0]
        give, take, both = (which.reshape(deep, -1).sum(axis=1) for which in (gives, takes, gives & takes))
        ways = np.correlate(take, give, "full") + np.correlate(give, take, "full") - np.correlate(both, both, "full")
        near = int((give * take - both - both * (both - 1) // 2).sum())
        found = {0: near} | {distance: int(count) for distance, count in enumerate(ways[deep:], start=1)}
        return {distance: count for distance, count in found.items() if count}

    def _kept(self, pairs: Pairs) -> Pairs:
        source, target = pairs
        kept = self.chosen[source] & self.chosen[target]
        return source[kept], target[kept]

    def _tally(self, source: NDArray[np.integer], target: NDArray[np.integer]) -> dict[int, int]:
        """How many pairs there are by their distance along the first coordinate."""
        wide = prod(self.connect.space[1:])
        times = np.bincount(np.abs(target // wide - source // wide))
        return {distance: int(count) for distance, count in enumerate(times) if count}


def linked(network: Network, part: object) -> bool:
    """Whether some of a part are positions of a `connect`."""
    assert isinstance(part, tuple)
    return any(_is_of(ref, part) for each in network.connects for ref in each.positions)


def _is_of(ref: Ref, part: tuple[str, ...]) -> bool:
    """Whether a position is named; an output of the network has no node."""
    return ref.port in part if not ref.node else ref.node in part or str(ref) in part


def among(network: Network, part: object) -> list[Links]:
    """The links among the positions of a part, of all `connect`s of a network that could join two of them."""
    found = [Links.of(each, part) for each in network.connects]
    return [each for each in found if each.possible]
