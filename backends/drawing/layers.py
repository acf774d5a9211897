"""The ranks of a scene from side to side: arrows over several ranks pass each of them at a point of its own.

Arrows that leave the same output share these points, so that they go together as far as they can. The order within a
rank is found by moving everything to the middle of its neighbours, some times over; the best order is kept.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from connc.backends.drawing.picture import Arrow, Scene

Key = tuple[str, int, int]  # a box and -1; or an output of a box, candidates apart, and the rank that is passed
_SWEEPS = 12


def box_key(name: str) -> Key:
    return name, -1, -1


class Layers:
    """The keys on each rank, in order, and between which there are lines. `lanes` are those of grids, which stay."""

    def __init__(self, scene: Scene, rank: Mapping[str, int], lanes: Mapping[str, float]) -> None:
        self.rank = rank
        self.rows: list[list[Key]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
        self.fixed = {box_key(name): lane for name, lane in lanes.items()}
        for box in scene.boxes:
            self.rows[rank[box.id]].append(box_key(box.id))
        self.lines: dict[tuple[Key, Key], None] = {}
        self.adapted: set[int] = set()  # ranks in front of which there are signs of adapters
        for arrow in scene.arrows:
            self._add(list(self.passed(arrow)))
            self.adapted |= {rank[arrow.target]} if arrow.via else set()
        self.above, self.below = _neighbours(self.lines, 1), _neighbours(self.lines, 0)
        self.place: dict[Key, float] = {}
        self._order()

    def passed(self, arrow: Arrow) -> Iterator[Key]:
        """All that an arrow touches, from rank to rank."""
        yield box_key(arrow.source)
        output = 2 * arrow.port + arrow.candidate
        for rank in range(self.rank[arrow.source] + 1, self.rank[arrow.target]):
            yield arrow.source, output, rank
        yield box_key(arrow.target)

    def _add(self, keys: list[Key]) -> None:
        for a, b in pairwise(keys):
            if b[1] >= 0 and b not in self.rows[b[2]]:
                self.rows[b[2]].append(b)
            if a != b and self.rank_of(a) < self.rank_of(b):
                self.lines[a, b] = None

    def rank_of(self, key: Key) -> int:
        return key[2] if key[1] >= 0 else self.rank[key[0]]

    # --- the order

    def _order(self) -> None:
        for row in self.rows:
            self._number(row)
        best, fewest = [list(row) for row in self.rows], self.crossings()
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            rows = self.rows if down else self.rows[::-1]
            for row in rows:
                self._sort(row, self.above if down else self.below)
            if (count := self.crossings()) < fewest:
                best, fewest = [list(row) for row in self.rows], count
        self.rows = best

    def _sort(self, row: list[Key], beside: Mapping[Key, Sequence[Key]]) -> None:
        """By the middle of the neighbours on one side; what has none stays."""
        for key in row:
            others = beside.get(key)
            if others and key not in self.fixed:
                self.place[key] = sum(self.place[other] for other in others) / len(others)
        row.sort(key=lambda key: (self.place[key], self._outward(key)))
        self._number(row)

    def _outward(self, key: Key) -> float:
        """What passes a member of a grid in its own lane does so on the side away from the middle."""
        return 0.0 if key in self.fixed else 1.0 if self.place[key] > 0 else -1.0

    def _number(self, row: list[Key]) -> None:
        """Places from the middle on; beside members of grids they stay what they are."""
        held = any(key in self.fixed for key in row)
        for at, key in enumerate(row):
            if key in self.fixed:
                self.place[key] = self.fixed[key]
            elif not held or key not in self.place:
                self.place[key] = at - (len(row) - 1) / 2

    def crossings(self) -> int:
        """How many lines between neighbouring ranks cross."""
        at = {key: i for row in self.rows for i, key in enumerate(row)}
        between: dict[int, list[tuple[int, int]]] = {}
        for a, b in self.lines:
            between.setdefault(self.rank_of(a), []).append((at[a], at[b]))
        return sum(_inversions(sorted(pairs)) for pairs in between.values())


def _neighbours(lines: Mapping[tuple[Key, Key], None], side: int) -> dict[Key, list[Key]]:
    found: dict[Key, list[Key]] = {}
    for line in lines:
        found.setdefault(line[side], []).append(line[1 - side])
    return found


def _inversions(pairs: list[tuple[int, int]]) -> int:
    count = 0
    seen: list[int] = []
    for _, b in pairs:
        count += len(seen) - bisect_right(seen, b)
        insort(seen, b)
    return count
