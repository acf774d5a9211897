"""What training learns from: inputs with their labels, one part to learn from and one to check with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Inputs: TypeAlias = NDArray[np.float32]
Labels: TypeAlias = NDArray[np.int64]


class DataError(Exception):
    """Data that is not there or not right: one sentence that says what was found and what was expected."""


@dataclass(frozen=True, eq=False)  # arrays have no one truth of being equal
class Part:
    """Inputs `[n, *shape]`, and a label from 0 to classes - 1 for each."""

    inputs: Inputs
    labels: Labels

    def flat(self) -> Part:
        return replace(self, inputs=self.inputs.reshape(len(self.inputs), -1))

    def first(self, count: int) -> Part:
        return replace(self, inputs=self.inputs[:count], labels=self.labels[:count])


@dataclass(frozen=True, eq=False)
class Data:
    """`train` is learned from, `validation` checked with."""

    name: str
    train: Part
    validation: Part
    classes: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input."""
        return self.train.inputs.shape[1:]

    def flat(self) -> Data:
        """The same, each input as a row of numbers."""
        return replace(self, train=self.train.flat(), validation=self.validation.flat())

    def first(self, count: int | None) -> Data:
        """So many samples of each part, or all that there are."""
        if count is None:
            return self
        return replace(self, train=self.train.first(count), validation=self.validation.first(count))

    @property
    def digest(self) -> str:
        """The same for the same numbers."""
        found = sha256()
        for part in (self.train, self.validation):
            for array in (part.inputs, part.labels):
                found.update(repr(array.shape).encode())
                found.update(np.ascontiguousarray(array).data)
        return found.hexdigest()
