"""Which layer of another implementation is which of ours: by order, by shape, by what names say.

Two layers can be the same where their tensors have the same names and shapes. Who is taken is who has no rival: what
every best alignment of the two orders agrees on, what alone has its shapes, what names tell apart. All else is
uncertain, and nothing is guessed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connc.backends.torch.evidence import alike, numbers, without_numbers
from connc.compiler.ops.base import Shape

COUNTS = "num_batches_tracked"  # which old checkpoints lack, and no output depends on
ORDER, ALONE, NAME = "order", "only one of its shape", "name"
_MOST = 25_000_000  # cells of a table of all pairs of layers

Shapes = Mapping[str, Shape]
Pairs = dict[int, int]


@dataclass(frozen=True, slots=True)
class Layer:
    """The tensors under one name by their own; of a layer of connections also `dense`, the shapes if it had all."""

    path: str
    shapes: Shapes
    dense: Shapes = field(default_factory=dict)


class Uncertain(NamedTuple):
    """A layer of ours, those of theirs that it could be, and why none was taken."""

    ours: str
    theirs: tuple[str, ...]
    why: str


class Matched(NamedTuple):
    """Pairs of layers, by their places, with what decided; and what nothing decided."""

    pairs: list[tuple[int, int, str]]
    uncertain: list[Uncertain]


def match(ours: Sequence[Layer], theirs: Sequence[Layer], ordered: bool) -> Matched:
    """Ours stand in the network's order; theirs as they are defined, or sorted by name and so not `ordered`."""
    found = _Matching(ours, theirs, ordered)
    if ordered:
        found.by_order()
        found.check_names()
    found.by_structure()
    found.check_names()
    return Matched([(i, j, found.how[i]) for i, j in sorted(found.pairs.items())], list(found.uncertain()))


class _Matching:
    """What is known so far. Layers are numbers; layers of one kind could be each other."""

    def __init__(self, ours: Sequence[Layer], theirs: Sequence[Layer], ordered: bool) -> None:
        self.ours, self.theirs, self.ordered = ours, theirs, ordered
        self.our_kinds, self.their_kinds = kinds(ours, theirs)
        self.our_orders = _orders([each.path for each in ours])
        self.alike = alike([each.path for each in ours], [each.path for each in theirs])
        self.pairs: Pairs = {}
        self.how: dict[int, str] = {}
        self.doubted: dict[int, list[int]] = {}

    def take(self, pairs: Pairs, how: str) -> None:
        self.pairs |= pairs
        self.how |= dict.fromkeys(pairs, how)

    def free(self) -> tuple[list[int], list[int]]:
        """Layers on both sides that are neither matched nor doubted."""
        used = {*self.pairs.values(), *(j for doubts in self.doubted.values() for j in doubts)}
        ours = [i for i in range(len(self.ours)) if i not in self.pairs and i not in self.doubted]
        return ours, [j for j in range(len(self.theirs)) if j not in used]

    # --- by order

    def by_order(self) -> None:
        """What all best alignments agree on, whichever way ours are put in order."""
        if len(self.ours) * len(self.theirs) > _MOST and len(self.ours) != len(self.theirs):
            return
        found = [self._aligned(order) for order in self.our_orders]
        most = max(total for total, _ in found)
        first, *others = [pairs for total, pairs in found if total == most]
        self.take({i: j for i, j in first.items() if all(each.get(i) == j for each in others)}, ORDER)

    def _aligned(self, order: Sequence[int]) -> tuple[int, Pairs]:
        """How good the best alignments are, and what each of them has."""
        ours, rows = [self.our_kinds[i] for i in order], len(order)
        if ours == self.their_kinds:
            return rows * self._worth, dict(zip(order, range(rows), strict=True))
        if rows * len(self.theirs) > _MOST:
            return 0, {}
        kind = np.array(self.their_kinds)
        same = np.array(ours)[:, None] == kind[None, :] if rows and len(kind) else np.zeros((rows, len(kind)), bool)
        worth = np.where(same, self._worth + np.array([self.alike.row(i) for i in order]).reshape(same.shape), 0)
        total, places = essential(worth, same)
        return total // self._worth * self._worth, {order[i]: j for i, j in places}

    @property
    def _worth(self) -> int:
        """Of a pair: more than all that names can say."""
        return 1 + self.alike.most * min(len(self.ours), len(self.theirs))

    # --- by structure

    def by_structure(self) -> None:
        """Groups that have no rival, then what is in them, then what is left beside them."""
        waiting = [self.free()]
        while waiting:
            ours, theirs = waiting.pop()
            groups = list(self._groups_of(ours, theirs))
            gone_ours, gone_theirs = set[int](), set[int]()
            for mine, others, how in groups:
                if len(mine) == 1:
                    self.take({mine[0]: others[0]}, how)
                else:
                    waiting.append((list(mine), list(others)))
                gone_ours.update(mine)
                gone_theirs.update(others)
            if groups and len(gone_ours) < len(ours):
                left = [i for i in ours if i not in gone_ours]
                waiting.append((left, [j for j in theirs if j not in gone_theirs]))

    def _groups_of(self, ours: list[int], theirs: list[int]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], str]]:
        """Groups that correspond for sure, the largest first; none is part of another."""
        counts = [Counter(kinds[i] for i in side) for kinds, side in self._sides(ours, theirs)]
        single = {kind for kind, count in counts[0].items() if count == counts[1][kind] == 1}
        nodes = [
            self._nodes(layers, side, kinds)
            for layers, (kinds, side) in zip((self.ours, self.theirs), self._sides(ours, theirs), strict=True)
        ]
        taken = set[int]()
        for key in sorted(nodes[0].keys() & nodes[1].keys(), key=lambda key: -len(key)):
            mine = [node for node in nodes[0][key] if taken.isdisjoint(node)]
            others = [node for node in nodes[1][key] if taken.isdisjoint(~j for j in node)]
            for one, other, how in self._decided(mine, others, bool(single.intersection(key))):
                taken.update(one, (~j for j in other))
                yield one, other, how

    def _sides(self, ours: list[int], theirs: list[int]) -> tuple[tuple[list[int], list[int]], ...]:
        return (self.our_kinds, ours), (self.their_kinds, theirs)

    def _nodes(
        self, layers: Sequence[Layer], side: list[int], kinds: list[int]
    ) -> dict[tuple[int, ...], list[tuple[int, ...]]]:
        """Layers, and where order says nothing all parts of a tree of names, by the kinds of layers in them."""
        inside = defaultdict[str, list[int]](list)
        for i in side:
            for prefix in prefixes(layers[i].path) if not self.ordered else [layers[i].path]:
                inside[prefix].append(i)
        found = defaultdict[tuple[int, ...], list[tuple[int, ...]]](list)
        for node in dict.fromkeys(map(tuple, inside.values())):
            if len(node) < len(side) or len(node) == 1:
                found[tuple(sorted(kinds[i] for i in node))].append(node)
        return found

    def _decided(
        self, ours: list[tuple[int, ...]], theirs: list[tuple[int, ...]], anchored: bool
    ) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], str]]:
        """Of groups that all could be each other."""
        if len(ours) == len(theirs) == 1 and (len(ours[0]) == 1 or anchored):
            yield ours[0], theirs[0], ALONE
        elif ours and len(ours) == len(theirs) > 1 and (count := self._counted(ours, theirs)):
            yield from ((one, other, ORDER) for one, other in count)
        elif ours and theirs and len(ours[0]) == 1:
            table = np.array([self.alike.row(i)[[j for (j,) in theirs]] for (i,) in ours])
            yield from ((ours[i], theirs[j], NAME) for i, j in _told_apart(table))

    def _counted(
        self, ours: list[tuple[int, ...]], theirs: list[tuple[int, ...]]
    ) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """In the order of their numbers, where they differ in nothing else and ours have one order."""
        names = [_common([self.theirs[j].path for j in node]) for node in theirs]
        places = [[order.index(min(node)) for node in ours] for order in self.our_orders]
        if self.ordered or len(set(map(without_numbers, names))) > 1 or any(each != sorted(each) for each in places):
            return []
        return list(zip(ours, [node for _, node in sorted(zip(map(numbers, names), theirs, strict=True))], strict=True))

    # --- doubts

    def check_names(self) -> None:
        """Where names say that two pairs should be the other way round, neither order nor names are believed."""
        groups = defaultdict[int, dict[tuple[int, int], list[int]]](dict)
        for i, j in self.pairs.items():
            if self.how[i] == ORDER:
                words = self.alike.our_words[i], self.alike.their_words[j]
                groups[self.our_kinds[i]].setdefault(words, []).append(i)
        for words in groups.values():
            for one, other in _crossed(list(words), self.alike.table):
                self._doubt(words[one], words[other])
        for i in self.doubted:
            self.pairs.pop(i, None)

    def _doubt(self, one: list[int], other: list[int]) -> None:
        found = {i: self.pairs[i] for i in (*one, *other) if i in self.pairs}
        for i in found:
            self.doubted[i] = sorted({*self.doubted.get(i, ()), *found.values()})

    def uncertain(self) -> Iterator[Uncertain]:
        """What could be several, for want of a reason or for two that disagree."""
        ours, theirs = self.free()
        rivals = defaultdict[int, list[int]](list)
        for j in theirs:
            rivals[self.their_kinds[j]].append(j)
        found = {i: (rivals[self.our_kinds[i]], "nothing tells them apart") for i in ours}
        found |= {i: (others, "order and names disagree") for i, others in self.doubted.items()}
        for i, (others, why) in sorted(found.items()):
            if others:
                yield Uncertain(self.ours[i].path, tuple(self.theirs[j].path for j in others), why)


# --- kinds of layers


def kinds(ours: Sequence[Layer], theirs: Sequence[Layer]) -> tuple[list[int], list[int]]:
    """A number for each layer, the same for those that could be each other.

    Shapes may differ in axes of size 1, unless both sides have layers of each exact shape in the same number.
    """
    loose = {_loose(each.shapes) for each in theirs}
    our_shapes = [each.dense if _loose(each.dense) in loose and each.dense else each.shapes for each in ours]
    their_shapes = [each.shapes for each in theirs]
    exact = [Counter(map(_exact, side)) for side in (our_shapes, their_shapes)]
    differing = {_loose(dict(key)) for key in exact[0].keys() | exact[1].keys() if exact[0][key] != exact[1][key]}
    known = dict[Hashable, int]()

    def kind(shapes: Shapes) -> int:
        key = _loose(shapes)
        return known.setdefault(key if key in differing else _exact(shapes), len(known))

    return [kind(each) for each in our_shapes], [kind(each) for each in their_shapes]


def _exact(shapes: Shapes) -> tuple[tuple[str, Shape], ...]:
    return tuple(sorted((key, shape) for key, shape in shapes.items() if key != COUNTS))


def _loose(shapes: Shapes) -> frozenset[tuple[str, Shape]]:
    return frozenset((key, squeezed(shape)) for key, shape in shapes.items() if key != COUNTS)


def squeezed(shape: Shape) -> Shape:
    """Without axes of size 1."""
    return tuple(size for size in shape if size != 1)


# --- orders


def prefixes(path: str) -> list[str]:
    """`a`, `a.b` and `a.b.c` of the last of them."""
    words = path.split(".")
    return [".".join(words[: i + 1]) for i in range(len(words))]


def _orders(paths: Sequence[str]) -> list[list[int]]:
    """As they compute, and as they stand in a tree of modules."""
    first = dict[str, int]()
    for i, path in enumerate(paths):
        for prefix in prefixes(path):
            first.setdefault(prefix, i)
    computed = list(range(len(paths)))
    planted = sorted(computed, key=lambda i: [first[prefix] for prefix in prefixes(paths[i])])
    return [computed, planted] if planted != computed else [computed]


def _common(paths: Sequence[str]) -> str:
    """What several begin with."""
    return ".".join(words[0] for words in zip(*(path.split(".") for path in paths), strict=False) if len({*words}) == 1)


def essential(worth: NDArray[np.int64], same: NDArray[np.bool_]) -> tuple[int, list[tuple[int, int]]]:
    """What the best alignments are worth, and the pairs that all of them have.

    A pair of a best alignment takes a part of its worth, from what stands before it on; in each best alignment these
    parts cover the whole without gaps. So a pair whose part no other one touches is in all.
    """
    before, behind = _best(worth), _best(worth[::-1, ::-1])[::-1, ::-1]
    total = int(before[-1, -1])
    rows, columns = np.nonzero(same & (before[:-1, :-1] + worth + behind[1:, 1:] == total))
    starts = before[rows, columns]
    ends = starts + worth[rows, columns]
    by_start = np.argsort(starts, kind="stable")
    starts, ends, rows, columns = (each[by_start] for each in (starts, ends, rows, columns))
    lone = np.ones(len(starts), bool)
    lone[1:] &= np.maximum.accumulate(ends)[:-1] <= starts[1:]
    lone[:-1] &= starts[1:] >= ends[:-1]
    return total, list(zip(rows[lone].tolist(), columns[lone].tolist(), strict=True))


def _best(worth: NDArray[np.int64]) -> NDArray[np.int64]:
    """The worth of the best alignment of the first so many rows and columns."""
    found = np.zeros((worth.shape[0] + 1, worth.shape[1] + 1), np.int64)
    for i, row in enumerate(worth):
        found[i + 1, 1:] = np.maximum.accumulate(np.maximum(found[i, 1:], found[i, :-1] + row))
    return found


# --- names


def _told_apart(table: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Rows and columns that are each other's best, and no other's as much; either all of the fewer or none."""
    found = [(i, int(row.argmax())) for i, row in enumerate(table) if (row == row.max()).sum() == 1 and row.max() > 0]
    found = [(i, j) for i, j in found if (table[:, j] == table[i, j]).sum() == 1 and table[i, j] == table[:, j].max()]
    return found if len(found) == min(table.shape) else []


def _crossed(
    words: Collection[tuple[int, int]], table: NDArray[np.int64]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Pairs of names that would be more alike the other way round."""
    mine, others = (np.array([each[side] for each in words]) for side in (0, 1))
    cross = table[np.ix_(mine, others)]
    own = cross.diagonal()
    listed = list(words)
    for i, j in np.argwhere(np.triu(cross + cross.T > own[:, None] + own[None, :])).tolist():
        yield listed[i], listed[j]


__all__ = ["ALONE", "COUNTS", "NAME", "ORDER", "Layer", "Matched", "Uncertain", "match", "pairwise"]
