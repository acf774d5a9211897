"""Which layer of another implementation is which of ours: by order, by shape, by what names say.

Two layers can be the same where their tensors have the same names and shapes. Who is taken is who has no rival: what
every best alignment of the two orders agrees on, what alone has its shapes, what names tell apart. All else is
uncertain, and nothing is guessed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connc.backends.pretrained.alignment import Layer, essential, kinds, orders, prefixes
from connc.backends.pretrained.evidence import alike, numbers, without_numbers, words

ORDER, ALONE, NAME = "order", "only one of its shape", "name"
_MOST = 9_000_000  # cells of a table of all pairs of layers
_SHOWN = 4  # of those that a layer could be

Pairs = dict[int, int]
Group = tuple[int, ...]


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
        self.our_orders = orders([each.path for each in ours])
        self.ranks = [{i: rank for rank, i in enumerate(order)} for order in self.our_orders]
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

    def _groups_of(self, ours: list[int], theirs: list[int]) -> Iterator[tuple[Group, Group, str]]:
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

    def _nodes(self, layers: Sequence[Layer], side: list[int], kinds: list[int]) -> dict[Group, list[Group]]:
        """Layers, and where order says nothing all parts of a tree of names, by the kinds of layers in them."""
        inside = defaultdict[str, list[int]](list)
        for i in side:
            for prefix in prefixes(layers[i].path) if not self.ordered else [layers[i].path]:
                inside[prefix].append(i)
        found = defaultdict[Group, list[Group]](list)
        for node in dict.fromkeys(map(tuple, inside.values())):
            if len(node) < len(side) or len(node) == 1:
                found[tuple(sorted(kinds[i] for i in node))].append(node)
        return found

    def _decided(self, ours: list[Group], theirs: list[Group], anchored: bool) -> Iterator[tuple[Group, Group, str]]:
        """Of groups that all could be each other."""
        if len(ours) == len(theirs) == 1 and (len(ours[0]) == 1 or anchored):
            yield ours[0], theirs[0], ALONE
        elif len(ours) == len(theirs) == 1 and self._called_alike(ours[0], theirs[0]):
            yield ours[0], theirs[0], NAME
        elif ours and len(ours) == len(theirs) > 1 and (count := self._counted(ours, theirs)):
            yield from ((one, other, ORDER) for one, other in count)
        elif ours and theirs and len(ours[0]) == 1:
            table = np.array([self.alike.row(i)[[j for (j,) in theirs]] for (i,) in ours])
            yield from ((ours[i], theirs[j], NAME) for i, j in _told_apart(table))

    def _called_alike(self, ours: Group, theirs: Group) -> bool:
        """Whether both groups have one last word."""
        sides = [self.ours[i].path for i in ours], [self.theirs[j].path for j in theirs]
        mine, other = (words(_common(paths))[-1:] for paths in sides)
        return mine == other != ()

    def _counted(self, ours: list[Group], theirs: list[Group]) -> list[tuple[Group, Group]]:
        """In the order of their numbers, where they differ in nothing else and ours have one order."""
        names = [_common([self.theirs[j].path for j in node]) for node in theirs]
        ranks = [[rank[node[0]] for node in ours] for rank in self.ranks]
        if self.ordered or len(set(map(without_numbers, names))) > 1 or any(each != sorted(each) for each in ranks):
            return []
        return list(zip(ours, [node for _, node in sorted(zip(map(numbers, names), theirs, strict=True))], strict=True))

    # --- doubts

    def check_names(self) -> None:
        """Where names say that two pairs should be the other way round, neither order nor names are believed."""
        groups = defaultdict[int, dict[tuple[int, int], list[int]]](dict)
        for i, j in self.pairs.items():
            if self.how[i] == ORDER:
                called = self.alike.our_words[i], self.alike.their_words[j]
                groups[self.our_kinds[i]].setdefault(called, []).append(i)
        for by_words in groups.values():
            crossed = [i for each in _crossed(list(by_words), self.alike.table) for i in by_words[each]]
            rivals = [self.pairs[i] for i in crossed]
            self.doubted |= {i: self._nearest(i, rivals, self.pairs[i]) for i in crossed}
        for i in self.doubted:
            self.pairs.pop(i, None)

    def _nearest(self, ours: int, theirs: list[int], place: int) -> list[int]:
        """By name, then by how far they stand from where one of ours does."""
        row = self.alike.row(ours)
        return sorted(theirs, key=lambda j: (-row[j], abs(j - place)))[:_SHOWN]

    def uncertain(self) -> Iterator[Uncertain]:
        """What could be several, for want of a reason or for two that disagree."""
        ours, theirs = self.free()
        rivals = defaultdict[int, list[int]](list)
        for j in theirs:
            rivals[self.their_kinds[j]].append(j)
        why = "nothing tells them apart"
        found = {i: (self._nearest(i, rivals[self.our_kinds[i]], i), why) for i in ours}
        found |= {i: (others, "order and names disagree") for i, others in self.doubted.items()}
        for i, (others, why) in sorted(found.items()):
            if others:
                yield Uncertain(self.ours[i].path, tuple(self.theirs[j].path for j in others), why)


def _common(paths: Sequence[str]) -> str:
    """What several begin with."""
    columns = zip(*(path.split(".") for path in paths), strict=False)
    return ".".join(column[0] for column in takewhile(lambda column: len({*column}) == 1, columns))


# --- names


def _told_apart(table: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Rows and columns that are each other's best, and no other's as much; either all of the fewer or none."""
    found = [(i, int(row.argmax())) for i, row in enumerate(table) if (row == row.max()).sum() == 1 and row.max() > 0]
    found = [(i, j) for i, j in found if (table[:, j] == table[i, j]).sum() == 1 and table[i, j] == table[:, j].max()]
    return found if len(found) == min(table.shape) else []


def _crossed(called: list[tuple[int, int]], table: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs of names, ours and theirs, of which two would be more alike the other way round."""
    mine, others = np.array(called).T
    cross = table[np.ix_(mine, others)]
    own = cross.diagonal()
    return [called[i] for i in np.nonzero((cross + cross.T > own[:, None] + own[None, :]).any(1))[0].tolist()]
