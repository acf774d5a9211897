"""Runs of many sources as one: a bundle hands on all positions of a run, and extends the bundle of a shorter one.

So a target that reads all before it costs one edge, and all of them together one a position.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connc.compiler.elaborate.draft import Draft
from connc.compiler.elaborate.joining import Joint
from connc.compiler.elaborate.values import Tensor
from connc.compiler.network import ALL, Ref, Source
from connc.compiler.ops.base import Shape

LONG = 64  # positions in a run from which on it is bundled


@dataclass(frozen=True, slots=True)
class Held:
    """A bundle, and the shape of what the join would make of all that it holds."""

    source: Source
    shape: Shape


class Bundles:
    """The bundles of one `connect`, by the first and the last position that they hold."""

    def __init__(self, draft: Draft, name: str, joint: Joint, tensors: Sequence[Tensor | None]) -> None:
        self.draft, self.name, self.joint, self.tensors = draft, name, joint, tensors
        self._lasts: dict[int, list[int]] = {}
        self._held: dict[tuple[int, int], Held] = {}

    def pay(self, places: NDArray[np.integer]) -> bool:
        """Whether there may be a run among these that is long enough."""
        return len(places) >= LONG and self.joint.folds

    def sources(self, places: NDArray[np.integer]) -> tuple[list[Source], list[Shape]]:
        """The sources at some positions, long runs of them as one; and the shapes that meet in the join."""
        found = []
        ends = np.flatnonzero(np.diff(places) != 1)
        starts = [0, *(ends + 1).tolist()]
        for start, stop in zip(starts, [*starts[1:], len(places)], strict=True):
            first, last = int(places[start]), int(places[stop - 1])
            found += [self._bundle(first, last)] if stop - start >= LONG else self._singles(first, last)
        return [each.source for each in found], [each.shape for each in found]

    def _singles(self, first: int, last: int) -> list[Held]:
        tensors = [tensor for tensor in self.tensors[first : last + 1] if tensor]
        return [Held(Source(tensor.ref), tensor.shape) for tensor in tensors]

    def _bundle(self, first: int, last: int) -> Held:
        if (first, last) not in self._held:
            lasts = self._lasts.setdefault(first, [])
            at = bisect_right(lasts, last)
            shorter = [self._held[first, lasts[at - 1]]] if at else []
            held = shorter + self._singles(lasts[at - 1] + 1 if at else first, last)
            lasts.insert(at, last)
            self._held[first, last] = self._made(f"{self.name}[{first}..{last}]", held)
        return self._held[first, last]

    def _made(self, name: str, held: Sequence[Held]) -> Held:
        joined = self.joint.joined(name, [each.source for each in held], [each.shape for each in held])
        self.draft.bundle(name, joined.sources)
        return Held(Source(Ref(name, ALL)), joined.shape)
