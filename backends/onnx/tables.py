"""The pairs of a rule as tables of one row a target, for backends that sum along axes.

Targets of about as many sources share a table. Where rows are of unequal length, the free places name the pair behind
the last one, a stand-in that must change nothing.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connc.compiler.relations.relation import Relation

Numbers = NDArray[np.int32]
_SLACK = 1.25  # how many places for each pair one table may have before several are made


class Tables(NamedTuple):
    """Numbers of pairs, a row a target; `order` brings the rows of all tables into the targets' own order."""

    pairs: tuple[Numbers, ...]
    padded: bool
    order: Numbers | None

    @property
    def is_plain(self) -> bool:
        """Whether the pairs, in their order, are the one table."""
        return not self.padded and self.order is None


def tables_of(rule: Relation) -> Tables:
    """As few tables as have not many more places than there are pairs, or about twice as many."""
    degrees = rule.in_degrees()
    groups = _groups(degrees, rule.count)
    pairs = tuple(_table(rule, targets, int(degrees[targets].max())) for targets in groups)
    order = np.argsort(np.concatenate(groups)).astype(np.int32) if len(groups) > 1 else None
    return Tables(pairs, any(bool((table == rule.count).any()) for table in pairs), order)


def sources_of(rule: Relation, pairs: Numbers) -> Numbers:
    """The source of each pair in a table; that of the stand-in is the one behind the last."""
    return np.append(rule.indices, np.int32(prod(rule.sources)))[pairs]


def _groups(degrees: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    """The targets that share a table, in order: all, or those whose degrees have the same power of 2 above them."""
    if degrees.size * int(degrees.max()) <= _SLACK * count:
        return [np.arange(degrees.size)]
    powers = np.ceil(np.log2(np.maximum(degrees, 1))).astype(np.int64)
    return [np.flatnonzero(powers == power) for power in np.unique(powers)]


def _table(rule: Relation, targets: NDArray[np.int64], width: int) -> Numbers:
    places = np.arange(max(width, 1))
    found = rule.starts[targets, None] + places
    return np.where(found < rule.starts[targets + 1, None], found, rule.count).astype(np.int32)
