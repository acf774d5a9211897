"""A relation as a matrix of cells: a source is a column, a target a row. What is large is put together in bins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import prod

import numpy as np
from numpy.typing import NDArray

from connc.compiler.relations.arrays import CHUNK
from connc.compiler.relations.forms import Space
from connc.compiler.relations.relation import Relation

Cells = NDArray[np.int64]
WHOLE = 1 << 17  # cells that are shown one by one
BINS = 256  # on each side, where they are not


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """`cells` has a row for each target, or as many of them as a bin holds, and the number of pairs in each cell.

    `room` is how many pairs each cell could have. `names` are those of the positions, if they have any; `candidates`
    is where a search may add pairs.
    """

    sources: Space
    targets: Space
    count: int
    density: Fraction
    fan_in: int | None
    fan_out: int | None
    cells: Cells
    room: Cells
    candidates: Cells | None = None
    names: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether each cell is a pair."""
        return self.cells.shape == (prod(self.targets), prod(self.sources))

    @property
    def words(self) -> list[str]:
        """What is said below it."""
        size = " → ".join("×".join(f"{n:,}" for n in space) for space in (self.sources, self.targets))
        fans = [f"{word} {n:,}" for word, n in (("fan-in", self.fan_in), ("fan-out", self.fan_out)) if n is not None]
        found = [f"{size} · {self.count:,} connections, {percent(self.density)} of all", " · ".join(fans)]
        if not self.is_whole:
            found.append("the darker, the denser: a point is several pairs")
        if self.candidates is not None:
            found.append(f"grey: {int(self.candidates.sum()):,} more that a search may add")
        return [each for each in found if each]


def percent(share: Fraction) -> str:
    """`25%`, to three digits."""
    return f"{100 * float(share):.3g}%"


def matrix_of(relation: Relation, bound: Relation | None = None, names: Sequence[str] = ()) -> Matrix:
    """What there is to see of a relation, within a bound or without one."""
    size = bins(prod(relation.targets), prod(relation.sources))
    rest = None if bound is None else counted(bound - relation, size)
    degrees = relation.fan_in, relation.fan_out
    room = np.outer(*(np.bincount(bin_of(n, b), minlength=b) for n, b in zip(_sizes(relation), size, strict=True)))
    facts = relation.sources, relation.targets, relation.count, relation.density, *degrees
    return Matrix(*facts, counted(relation, size), room, rest, tuple(names))


def _sizes(relation: Relation) -> tuple[int, int]:
    return prod(relation.targets), prod(relation.sources)


def bins(high: int, wide: int) -> tuple[int, int]:
    """How many rows and columns are shown."""
    return (high, wide) if high * wide <= WHOLE else (min(high, BINS), min(wide, BINS))


def bin_of(size: int, count: int) -> NDArray[np.int64]:
    """The bin of each position."""
    return np.arange(size, dtype=np.int64) * count // max(size, 1)


def counted(relation: Relation, size: tuple[int, int]) -> Cells:
    """The number of pairs in each cell."""
    high, wide = size
    rows, columns = bin_of(prod(relation.targets), high), bin_of(prod(relation.sources), wide)
    cells = np.zeros(high * wide, dtype=np.int64)
    for first, last in _portions(relation):
        some = slice(int(relation.starts[first]), int(relation.starts[last]))
        row = np.repeat(rows[first:last], np.diff(relation.starts[first : last + 1]))
        cells += np.bincount(row * wide + columns[relation.indices[some]], minlength=cells.size)
    return cells.reshape(size)


def _portions(relation: Relation) -> Iterator[tuple[int, int]]:
    """Targets in a row that have some thousands of pairs together."""
    ends = np.searchsorted(relation.starts, np.arange(CHUNK, relation.count, CHUNK), "right").tolist()
    edges = sorted({0, *ends, relation.starts.size - 1})
    yield from pairwise(edges)
