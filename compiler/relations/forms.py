"""What is known of a relation besides its pairs. A form says exactly the pairs of the relation that has it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connc.compiler.relations.arrays import CHUNK, Indices, Ints

Space = tuple[int, ...]  # the sizes along the coordinates; positions are numbered row by row
Pairs = tuple[Ints, Ints]  # sources and targets


class Form(ABC):
    """A structure that a kernel can use."""

    @abstractmethod
    def pairs(self, sources: Space, targets: Space) -> Pairs:
        """All pairs between two spaces, in any order."""

    def transposed(self) -> Form | None:
        """The form of the relation turned around, where it has one."""
        return None


@dataclass(frozen=True, slots=True)
class Full(Form):
    """All with all."""

    def pairs(self, sources: Space, targets: Space) -> Pairs:
        return _outer(np.arange(math.prod(sources)), np.arange(math.prod(targets)))

    def transposed(self) -> Form:
        return self


@dataclass(frozen=True, slots=True)
class Affine(Form):
    """From `i` to `scale * i + offset` for each offset, as far as it lies inside."""

    scale: int
    offsets: tuple[int, ...]

    def pairs(self, sources: Space, targets: Space) -> Pairs:
        i, offset = _outer(np.arange(math.prod(sources)), np.array(self.offsets, dtype=np.int64))
        j = self.scale * i + offset
        inside = (j >= 0) & (j < math.prod(targets))
        return i[inside], j[inside]

    def transposed(self) -> Form | None:
        """`j = i + o` is `i = j - o`, and `j = o - i` is `i = o - j`."""
        if abs(self.scale) != 1:
            return None
        return Affine(self.scale, tuple(sorted(-self.scale * offset for offset in self.offsets)))


@dataclass(frozen=True, slots=True)
class Blocks(Form):
    """Both sides cut into `count` equal parts, and each part of sources connected to its own of targets."""

    count: int

    def pairs(self, sources: Space, targets: Space) -> Pairs:
        return _within_blocks(self.count, np.arange(math.prod(sources)), np.arange(math.prod(targets)))

    def transposed(self) -> Form:
        return self


@dataclass(frozen=True, slots=True, eq=False)
class PermutedBlocks(Form):
    """Blocks of sources and of targets that are put in another order first: `source_order[0]` comes first."""

    count: int
    source_order: Indices
    target_order: Indices

    def pairs(self, sources: Space, targets: Space) -> Pairs:
        return _within_blocks(self.count, self.source_order, self.target_order)

    def transposed(self) -> Form:
        return PermutedBlocks(self.count, self.target_order, self.source_order)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PermutedBlocks) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[int, bytes, bytes]:
        return self.count, self.source_order.tobytes(), self.target_order.tobytes()


def _outer(sources: NDArray[Any], targets: NDArray[Any]) -> Pairs:
    return np.repeat(sources, targets.size), np.tile(targets, sources.size)


def _within_blocks(count: int, sources: NDArray[Any], targets: NDArray[Any]) -> Pairs:
    wide, high = sources.size // count, targets.size // count
    source = np.repeat(sources.reshape(count, wide), high, axis=1)
    target = np.tile(targets.reshape(count, high), (1, wide))
    return source.ravel().astype(np.int64), target.ravel().astype(np.int64)


_WIDEST = 1 << 26


def union(a: Form | None, b: Form | None) -> Form | None:
    """The form of `a | b`."""
    match a, b:
        case (Full(), _) | (_, Full()):
            return Full()
        case Affine(scale, x), Affine(other, y) if scale == other:
            return Affine(scale, tuple(sorted({*x, *y})))
    return a if a == b else None


def intersection(a: Form | None, b: Form | None) -> Form | None:
    """The form of `a & b`."""
    match a, b:
        case Full(), _:
            return b
        case _, Full():
            return a
        case Affine(scale, x), Affine(other, y) if scale == other:
            return Affine(scale, tuple(sorted({*x} & {*y})))
    return a if a == b else None


def difference(a: Form | None, b: Form | None) -> Form | None:
    """The form of `a - b`."""
    match a, b:
        case Affine(scale, x), Affine(other, y) if scale == other:
            return Affine(scale, tuple(sorted({*x} - {*y})))
    return None


def affine(sources: int, targets: int, i: NDArray[Any], j: NDArray[Any], most: int = 256) -> Affine | None:
    """The affine form of pairs, should they have one with at most so many offsets.

    Pairs that lie on such lines, and are as many as lie on them, are all that lie on them.
    """
    if not i.size:
        return None
    for scale in dict.fromkeys((1, _slope(i, j))):
        offsets = _offsets(i, j, scale, abs(scale) * sources, targets)
        if 0 < len(offsets) <= most and i.size == sum(_on_line(sources, targets, scale, o) for o in offsets):
            return Affine(scale, offsets)
    return None


def _offsets(i: NDArray[Any], j: NDArray[Any], scale: int, reach: int, targets: int) -> tuple[int, ...]:
    """All that occur, marked in an array; none where that would be far larger than the pairs."""
    if reach > _WIDEST:
        return ()
    seen = np.zeros(2 * reach + targets, dtype=np.bool_)
    for low in range(0, i.size, CHUNK):
        some = slice(low, low + CHUNK)
        seen[j[some] - scale * i[some].astype(np.int64) + reach] = True
    return tuple((np.flatnonzero(seen) - reach).tolist())


def _slope(i: NDArray[Any], j: NDArray[Any]) -> int:
    """How far the first target moves from source 0 to source 1."""
    first, second = j[i == 0], j[i == 1]
    return int(second.min()) - int(first.min()) if first.size and second.size else 1


def _on_line(sources: int, targets: int, scale: int, offset: int) -> int:
    """How many sources have a target inside."""
    if scale == 0:
        return sources if 0 <= offset < targets else 0
    ends = sorted((-offset, targets - 1 - offset)) if scale > 0 else sorted((offset, offset - targets + 1))
    size = abs(scale)
    first, last = max(0, -(-ends[0] // size)), min(sources - 1, ends[1] // size)
    return max(0, last - first + 1)
