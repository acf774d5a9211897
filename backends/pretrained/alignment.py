"""Layers in kinds, layers in order, and the best ways to put two orders side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from connc.compiler.ops.base import Shape

COUNTS = "num_batches_tracked"  # which old checkpoints lack, and no output depends on

Shapes = Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Layer:
    """The tensors under one name by their own; of a layer of connections also `dense`, the shapes if it had all."""

    path: str
    shapes: Shapes
    dense: Shapes = field(default_factory=dict)


# --- kinds of layers


def kinds(ours: Sequence[Layer], theirs: Sequence[Layer]) -> tuple[list[int], list[int]]:
    """A number for each layer, the same for those that could be each other.

    Shapes may differ in axes of size 1, unless both sides have layers of each exact shape in the same number.
    """
    loose, known_exactly = ({form(each.shapes) for each in theirs} for form in (_loose, _exact))
    our_shapes = [
        each.dense
        if each.dense and _loose(each.dense) in loose and _exact(each.shapes) not in known_exactly
        else each.shapes
        for each in ours
    ]
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


def orders(paths: Sequence[str]) -> list[list[int]]:
    """As they compute, and as they stand in a tree of modules."""
    first = dict[str, int]()
    for i, path in enumerate(paths):
        for prefix in prefixes(path):
            first.setdefault(prefix, i)
    computed = list(range(len(paths)))
    planted = sorted(computed, key=lambda i: [first[prefix] for prefix in prefixes(paths[i])])
    return [computed, planted] if planted != computed else [computed]


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
