"""Which pairs of a relation another one does not have, where positions may be more, fewer or in another order."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import prod

import numpy as np

from connc.compiler.difference.data import Related
from connc.compiler.relations.arrays import Ints, among, pack
from connc.compiler.relations.forms import Space
from connc.compiler.relations.relation import Relation

Numbers = tuple[Ints, Ints]  # what each source and each target is called, on both sides alike


def between_layers(before: Sequence[Hashable], after: Sequence[Hashable]) -> tuple[Numbers, Numbers]:
    """Numbers of positions that are known by what stands there."""
    known: dict[Hashable, int] = {}
    first, second = (
        np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64) for keys in (before, after)
    )
    return (first, first), (second, second)


def between_neurons(before: Relation, after: Relation) -> tuple[Numbers, Numbers] | None:
    """Numbers of neurons by their coordinates; none if these are more on one side."""
    sides = [(before.sources, after.sources), (before.targets, after.targets)]
    wide = [_common(*spaces) for spaces in sides]
    if None in wide:
        return None
    first, second = (
        tuple(_numbered(pair[which], space) for pair, space in zip(sides, wide, strict=True)) for which in (0, 1)
    )
    return (first[0], first[1]), (second[0], second[1])


def _common(before: Space, after: Space) -> Space | None:
    """A space that has room for both."""
    if len(before) != len(after):
        return None
    common = tuple(map(max, before, after))
    return common if prod(common) < 1 << 31 else None


def _numbered(space: Space, common: Space | None) -> Ints:
    """The number of each position of a space in one that has room for it."""
    assert common is not None
    places = np.unravel_index(np.arange(prod(space)), space)
    return np.ravel_multi_index(places, common).astype(np.int64) if space else np.zeros(1, dtype=np.int64)


def changes(
    before: Related, after: Related, numbers: tuple[Numbers, Numbers] | None
) -> tuple[Related | None, Related | None]:
    """The pairs that are added, among the positions after, and those that are dropped, among the positions before."""
    if numbers is None:
        return None, None
    old, new = _keys(before.relation, numbers[0]), _keys(after.relation, numbers[1])
    return _only(after, new, old), _only(before, old, new)


def _keys(relation: Relation, numbers: Numbers) -> Ints:
    source, target = relation.pairs()
    return pack(numbers[1][target], numbers[0][source], 31)


def _only(related: Related, keys: Ints, others: Ints) -> Related:
    """The pairs whose keys are not among the others."""
    relation = related.relation
    source, target = relation.pairs()
    left = ~among(keys, np.sort(others))
    found = Relation.of_pairs(relation.sources, relation.targets, source[left], target[left])
    return Related(found, related.names)
