"""What an op computes, as its entry in the manual says; no op's `body` is asked.

Arrays have a batch in front of the axes that a spec counts. A new op needs a formula here before it can be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from connc.backends.reference.numbers import Array
from connc.compiler.ops.base import Op

Params = Mapping[str, Array]
Value = Callable[..., Any]  # of an op, its tensors and, by name, its parameters: a tensor, or a tuple of them
Trained = Callable[..., tuple[Array, dict[str, Array]]]  # the same in training, and the buffers as they are then
Magnitude = Callable[[Any, Sequence[Array], Sequence[Array], Params, bool], Array]


class Undecided(Exception):
    """Nothing but chance decides what comes out."""


class Formula:
    """The formula of one op, and how far rounding may lead from it.

    A magnitude bounds what a relative error of the inputs does to a result: with relative errors of `u` in each number,
    a value is wrong by at most about `u` times its magnitude. Of what is linear it is the formula of the magnitudes and
    of the parameters without their signs; other ops say their own. `terms(op, *shapes)` is how many rounded steps one
    value takes.
    """

    def __init__(self, value: Value, terms: Callable[..., int]) -> None:
        self.value, self.terms = value, terms
        self._trained: Trained | None = None
        self._magnitude: Magnitude | None = None

    # --- said in addition

    def training(self, trained: Trained) -> Trained:
        """What the op computes in training, where that is something else."""
        self._trained = trained
        return trained

    def magnitude(self, magnitude: Magnitude) -> Magnitude:
        """Of an op that is not linear: from its tensors, their magnitudes, its parameters, and whether in training."""
        self._magnitude = magnitude
        return magnitude

    # --- asked

    def values(
        self, op: Op, x: Sequence[Array], params: Params, training: bool
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        """One tensor an output, and the buffers that have changed."""
        with np.errstate(all="ignore"):  # infinities and what is no number are results like others
            if training and self._trained is not None:
                made, buffers = self._trained(op, *x, **params)
                return (made,), buffers
            made = self.value(op, *x, **params)
        return made if isinstance(made, tuple) else (made,), {}

    def magnitudes(
        self, op: Op, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool
    ) -> tuple[Array, ...]:
        """One an output."""
        if self._magnitude is not None:
            with np.errstate(all="ignore"):
                return (self._magnitude(op, x, sizes, params, training),)
        made, _ = self.values(op, sizes, {name: np.abs(value) for name, value in params.items()}, training=False)
        return tuple(map(np.abs, made))


FORMULAS: dict[str, Formula] = {}


def formula(name: str, *, terms: Callable[..., int] = lambda op, *x: 1) -> Callable[[Value], Formula]:
    """Make a function the formula of the op `name`."""

    def define(value: Value) -> Formula:
        FORMULAS[name] = Formula(value, terms)
        return FORMULAS[name]

    return define
