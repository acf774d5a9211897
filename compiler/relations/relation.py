"""A relation between two spaces: for each target its sources, sorted, four bytes a pair and eight a target."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connc.compiler.relations import forms
from connc.compiler.relations.arrays import (
    CHUNK,
    Bools,
    Indices,
    Ints,
    among,
    distinct,
    pack,
    portions,
    starts_of,
)
from connc.compiler.relations.forms import Form, Full, Space
from connc.dsl.vocabulary import LARGEST_SIZE

VIEWS: dict[str, Callable[[Relation], str]] = {}
"""How a relation shows itself in a notebook, as `svg`; who can draw one enters here."""


class Relation:
    """A set of pairs that does not change. Two are equal when their spaces and pairs are, whatever is known of them.

    It is made of arrays that are in order: the sources of target `t` stand from `starts[t]` up to `starts[t + 1]`.
    """

    __slots__ = ("_digest", "form", "indices", "sources", "starts", "targets")

    def __init__(
        self, sources: Space, targets: Space, starts: Ints, indices: Indices, form: Form | None = None
    ) -> None:
        if max(math.prod(sources), math.prod(targets)) > LARGEST_SIZE:
            raise ValueError(f"a space has at most {LARGEST_SIZE} positions")
        starts.flags.writeable = indices.flags.writeable = False
        self.sources, self.targets = sources, targets
        self.starts, self.indices, self.form = starts, indices, form
        self._digest = ""

    # --- making one

    @classmethod
    def of_pairs(
        cls,
        sources: Space,
        targets: Space,
        source_indices: NDArray[Any],
        target_indices: NDArray[Any],
        form: Form | None = None,
    ) -> Relation:
        """From pairs in any order; one that is named twice counts once."""
        for indices, size in ((source_indices, math.prod(sources)), (target_indices, math.prod(targets))):
            if indices.size and not 0 <= int(indices.min()) <= int(indices.max()) < size:
                raise ValueError(f"an index lies outside of the {size} positions")
        return cls.of_keys(sources, targets, pack(target_indices, source_indices, low_bits(sources)), form)

    @classmethod
    def of_keys(cls, sources: Space, targets: Space, keys: Ints, form: Form | None = None) -> Relation:
        """From pairs in one number, as `keys` gives them, in any order. The array is used up."""
        bits, keys = low_bits(sources), distinct(keys)
        starts = starts_of(np.bincount(keys >> bits, minlength=math.prod(targets)))
        keys &= (1 << bits) - 1
        return cls(sources, targets, starts, keys.astype(np.int32), form)

    @classmethod
    def of_rows(cls, sources: Space, targets: Space, rows: NDArray[Any], form: Form | None = None) -> Relation:
        """From a matrix that has the sources of a target, sorted, in each row."""
        high, wide = rows.shape
        starts = np.arange(high + 1, dtype=np.int64) * wide
        return cls(sources, targets, starts, rows.astype(np.int32).ravel(), form)

    @classmethod
    def of_form(cls, form: Form, sources: Space, targets: Space) -> Relation:
        """All that a form says."""
        return cls.of_pairs(sources, targets, *form.pairs(sources, targets), form)

    @classmethod
    def full(cls, sources: Space, targets: Space) -> Relation:
        """All with all."""
        row = np.arange(math.prod(sources), dtype=np.int32)
        return cls.of_rows(sources, targets, np.broadcast_to(row, (math.prod(targets), row.size)), Full())

    # --- reading it

    @property
    def count(self) -> int:
        """How many pairs there are."""
        return self.indices.size

    @property
    def density(self) -> Fraction:
        """The share of all pairs."""
        return Fraction(self.count, math.prod(self.sources) * math.prod(self.targets) or 1)

    def pairs(self) -> tuple[Indices, Indices]:
        """Sources and targets of all pairs, by target, then by source."""
        return self.indices, np.repeat(np.arange(self.starts.size - 1, dtype=np.int32), self.in_degrees())

    def keys(self) -> Ints:
        """Each pair as one number, sorted; relations between the same spaces number alike."""
        source, target = self.pairs()
        return pack(target, source, low_bits(self.sources))

    def sources_of(self, target: int) -> Indices:
        return self.indices[self.starts[target] : self.starts[target + 1]]

    def in_degrees(self) -> Ints:
        """How many sources each target has."""
        return np.diff(self.starts)

    def out_degrees(self) -> Ints:
        """How many targets each source has."""
        return np.bincount(self.indices, minlength=math.prod(self.sources))

    @property
    def fan_in(self) -> int | None:
        """How many sources every target has, where all have as many."""
        return _common(self.in_degrees())

    @property
    def fan_out(self) -> int | None:
        """How many targets every source has, where all have as many."""
        return _common(self.out_degrees())

    def runs(self) -> tuple[Ints, Indices, Indices]:
        """The sources of each target as runs of neighbours: where those of a target start, their firsts and lasts."""
        breaks = np.ones(self.count + 1, dtype=np.bool_)
        np.not_equal(self.indices[1:], self.indices[:-1] + 1, out=breaks[1:-1])
        breaks[self.starts] = True
        at = np.flatnonzero(breaks)
        return np.searchsorted(at, self.starts), self.indices[at[:-1]], self.indices[at[1:] - 1]

    # --- algebra

    def __or__(self, other: Relation) -> Relation:
        form = forms.union(self.form, other.form)
        return self._with(np.concatenate((self.keys(), other.keys())), form)

    def __and__(self, other: Relation) -> Relation:
        keys = self.keys()
        return self._with(keys[among(keys, other.keys())], forms.intersection(self.form, other.form))

    def __sub__(self, other: Relation) -> Relation:
        if isinstance(self.form, Full):
            return other.complement()
        keys = self.keys()
        return self._with(keys[~among(keys, other.keys())], forms.difference(self.form, other.form))

    def __matmul__(self, other: Relation) -> Relation:
        """First by this one, then by the other: from each source to where it leads over some middle."""
        bits = low_bits(self.sources)
        found = [distinct(pack(target, source, bits)) for source, target in self._through(other)]
        keys = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
        return Relation.of_keys(self.sources, other.targets, keys)

    def paths(self, other: Relation) -> int:
        """How many ways `self @ other` looks at."""
        return int(self.in_degrees()[other.indices].sum())

    def _through(self, other: Relation) -> Iterator[tuple[Indices, Indices]]:
        """The source and the target of each way, some at a time."""
        middles, targets = other.pairs()
        for pair, place in portions(self.in_degrees()[middles]):
            yield self.indices[self.starts[middles[pair]] + place], targets[pair]

    def complement(self) -> Relation:
        """All pairs that are not in it."""
        wide, high = math.prod(self.sources), math.prod(self.targets)
        step = max(1, 16 * CHUNK // max(1, wide))
        rest = [self._missing(first, min(first + step, high), wide) for first in range(0, high, step)]
        indices = np.concatenate(rest) if rest else self.indices
        return Relation(self.sources, self.targets, starts_of(wide - self.in_degrees()), indices)

    def _missing(self, first: int, last: int, wide: int) -> Indices:
        """The sources that are not those of some targets, one target behind the other."""
        low, high = self.starts[first], self.starts[last]
        free = np.ones((last - first, wide), dtype=np.bool_)
        free[np.repeat(np.arange(last - first), self.in_degrees()[first:last]), self.indices[low:high]] = False
        return np.nonzero(free)[1].astype(np.int32)

    def transposed(self) -> Relation:
        """Each pair turned around."""
        form = self.form.transposed() if self.form else None
        return Relation.of_keys(self.targets, self.sources, pack(*self.pairs(), low_bits(self.targets)), form)

    def kron(self, other: Relation) -> Relation:
        """Each pair replaced by a copy of the other relation; positions are pairs of positions."""
        (a, b), (c, d) = self.pairs(), other.pairs()
        sources = np.add.outer(a.astype(np.int64) * math.prod(other.sources), c).ravel()
        targets = np.add.outer(b.astype(np.int64) * math.prod(other.targets), d).ravel()
        return Relation.of_pairs(self.sources + other.sources, self.targets + other.targets, sources, targets)

    def clipped(self, sources: Bools, targets: Bools) -> Relation:
        """Without the pairs that start or end where the masks are false. The spaces stay."""
        keep = sources[self.indices] & np.repeat(targets, self.in_degrees())
        if bool(keep.all()):
            return self
        return Relation(self.sources, self.targets, starts_of(keep)[self.starts], self.indices[keep])

    def reshaped(self, sources: Space, targets: Space) -> Relation:
        """The same between spaces of the same sizes with other coordinates."""
        flat = (math.prod(sources), math.prod(targets)) == (math.prod(self.sources), math.prod(self.targets))
        if not flat:
            raise ValueError(f"{sources} and {targets} have other sizes than {self.sources} and {self.targets}")
        return Relation(sources, targets, self.starts, self.indices, self.form)

    def _with(self, keys: Ints, form: Form | None) -> Relation:
        return Relation.of_keys(self.sources, self.targets, keys, form)

    # --- identity

    def digest(self) -> str:
        """A fingerprint of spaces and pairs, the same on every machine."""
        if not self._digest:
            found = hashlib.sha256(f"{self.sources} {self.targets} ".encode())
            found.update(self.starts.astype("<i8", copy=False).tobytes())
            found.update(self.indices.astype("<i4", copy=False).tobytes())
            self._digest = found.hexdigest()
        return self._digest

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Relation)
            and (self.sources, self.targets) == (other.sources, other.targets)
            and np.array_equal(self.starts, other.starts)
            and np.array_equal(self.indices, other.indices)
        )

    def __hash__(self) -> int:
        return hash(self.digest())

    def _repr_svg_(self) -> str | None:
        return VIEWS["svg"](self) if "svg" in VIEWS else None

    def __repr__(self) -> str:
        known = f", {type(self.form).__name__}" if self.form else ""
        return f"<Relation {self.sources} -> {self.targets}, {self.count} pairs{known}>"


def low_bits(sources: Space) -> int:
    """How many bits the number of a source takes."""
    return max(math.prod(sources) - 1, 0).bit_length()


def _common(degrees: Ints) -> int | None:
    return int(degrees[0]) if degrees.size and bool((degrees == degrees[0]).all()) else None
