"""A difference as data. Names are those of the networks, and what is said stands as the text of a network says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from connc.compiler.ops.base import Shape
from connc.compiler.relations.forms import Space
from connc.compiler.relations.relation import Relation

ADDED, DROPPED, CHANGED, RENAMED = "added", "dropped", "changed", "renamed"
ALL, PART, NONE = "all", "part", "none"


@dataclass(frozen=True, slots=True)
class Value:
    """What is said in one way before and in another after; none where it is not said."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Related:
    """Pairs. `names` are those of positions between layers; neurons have no names but their coordinates."""

    relation: Relation
    names: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return self.relation.count

    def pairs(self, most: int | None = None) -> Iterator[tuple[str, str]]:
        """By their names, the first few or all."""
        both = (side[:most] for side in self.relation.pairs())
        spaces = self.relation.sources, self.relation.targets
        yield from zip(*(self._named(*each) for each in zip(both, spaces, strict=True)), strict=True)

    def _named(self, side: np.ndarray[tuple[int], np.dtype[np.int32]], space: Space) -> list[str]:
        if self.names:
            return [self.names[position] for position in side.tolist()]
        if len(space) < 2:
            return list(map(str, side.tolist()))
        rows = np.stack(np.unravel_index(side, space), axis=1).tolist()
        return [f"({', '.join(map(str, row))})" for row in rows]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule whose pairs or clauses differ: that of a `connect`, or the one behind a layer's `by`.

    `clause` is `by` or `within`. `before` and `after` are none where there is no such rule. `added` counts positions as
    `after` does, `dropped` as `before`: between neurons that are laid out in other ways there is nothing to compare.
    """

    name: str
    clause: str
    before: Related | None
    after: Related | None
    added: Related | None
    dropped: Related | None
    was: str = ""
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer, module, family or output of one; `was` is the name that it had, if it is `renamed`.

    `inside` counts the layers of a module that is added or dropped. `gained` and `lost` are the sources of which no
    changed rule tells.
    """

    name: str
    change: str
    what: str
    was: str = ""
    inside: int = 0
    values: tuple[Value, ...] = ()
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that networks are measured by; none where one of them has nothing of it, as of a layer that is new."""

    name: str
    before: int | float | None
    after: int | float | None
    total: bool = True

    @property
    def ratio(self) -> float | None:
        return None if self.before is None or self.after is None or not self.before else self.after / self.before


@dataclass(frozen=True, slots=True)
class Weights:
    """Which tensors of the network after get a value from one before, by their names.

    `fits` have one shape on both sides, `reshaped` two. `rewired` are those of layers whose connections are others: as
    many weights would fit, and say nothing. `renamed` would fit under the names that they had, which stand behind
    theirs. `new` have nothing to get; `gone` are left over.
    """

    fits: dict[str, Shape]
    new: dict[str, Shape]
    gone: dict[str, Shape]
    reshaped: dict[str, tuple[Shape, Shape]]
    rewired: dict[str, Shape]
    renamed: dict[str, str]
    wanted: int = 0  # numbers of all tensors of the network after

    @property
    def count(self) -> int:
        """The tensors of the network after."""
        return len(self.fits) + len(self.new) + len(self.reshaped) + len(self.rewired) + len(self.renamed)

    @property
    def share(self) -> float:
        """The numbers that get a value, as a share of all."""
        return sum(map(prod, self.fits.values())) / self.wanted if self.wanted else 1.0

    @property
    def verdict(self) -> str:
        return ALL if len(self.fits) == self.count else PART if self.fits else NONE


@dataclass(frozen=True, slots=True)
class Difference:
    """All that distinguishes two networks; of two that are the same, `same` alone is true and the rest is empty."""

    before: str
    after: str
    same: bool
    heads: tuple[Value, ...]
    ports: tuple[Value, ...]
    rules: tuple[Rule, ...]
    layers: tuple[Layer, ...]
    metrics: tuple[Metric, ...]
    weights: Weights
