"""How far rounding may lead from what a network computes: how wrong a backend that is right can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from connc.backends.reference.numbers import Array, is_exact
from connc.backends.reference.run import Arrays, State, as_given, formula_of, walk
from connc.compiler.network import Network
from connc.compiler.ops.base import Op, Shape

STEPS = 4  # what an op rounds beside the terms that it adds up


@dataclass(frozen=True, slots=True)
class Measured:
    """Values, their magnitudes as `Formula` has them, and the rounded steps on the longest way to them."""

    value: Array
    size: Array
    terms: int

    def bound(self, unit: float) -> Array:
        """The error that numbers with a relative error of `unit` may lead to."""
        return np.asarray(4 * self.terms * unit * self.size.astype(np.float64))


@dataclass(slots=True)
class Judged:
    """All that a run gives, buffers included, measured."""

    found: dict[str, Measured]
    on_the_way: list[Array] = field(repr=False)

    @property
    def largest(self) -> float:
        """The greatest magnitude on the way, but for what has no bound."""
        found = (np.abs(array.astype(np.float64)) for array in self.on_the_way if array.size)
        return max((float(array.max(where=np.isfinite(array), initial=0)) for array in found), default=0.0)

    def fits(self, bits: int) -> bool:
        """Whether numbers of so many bits hold each value on the way, in any order of summation, exactly."""
        finest, largest = 1, Fraction(0)
        for array in self.on_the_way:
            if not is_exact(array):
                return False
            for value in array.ravel().tolist():
                finest, largest = max(finest, value.denominator), max(largest, abs(value))
                if value.denominator & (value.denominator - 1):
                    return False
        return bool(largest * finest <= 2**bits)


def judge(network: Network, weights: Arrays, inputs: Arrays, *, training: bool = False) -> Judged:
    """What `run` gives, and how exactly a backend is to agree with it."""
    state, given = as_given(network, weights, inputs, training)
    measure = _Measure(state)
    outputs = walk(network, [Measured(value, np.abs(value), 0) for value in given], measure)
    return Judged({**outputs, **measure.buffers}, measure.on_the_way)


class _Measure:
    """Values with all that is known of them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.on_the_way: list[Array] = []
        self.buffers: dict[str, Measured] = {}

    def __call__(self, op: Op, name: str, x: Sequence[Measured]) -> tuple[Measured, ...]:
        shapes, training = [self.shape(each) for each in x], self.state.training
        values, sizes = [each.value for each in x], [each.size for each in x]
        params, formula = self.state.params(op, name, shapes), formula_of(op)
        made, buffers = formula.values(op, values, params, training)
        magnitudes = formula.magnitudes(op, values, sizes, params, training)
        terms = max((each.terms for each in x), default=0) + formula.terms(op, *shapes) + STEPS
        self._keep(name, buffers, sizes, terms)
        self.on_the_way += [*made, *magnitudes]
        return tuple(Measured(value, size, terms) for value, size in zip(made, magnitudes, strict=True))

    def _keep(self, name: str, buffers: dict[str, Array], sizes: Sequence[Array], terms: int) -> None:
        """Means and variances are off by what the values are, and by its square, and no binary number holds their
        weight, 0.9; a counter is not off."""
        self.state.keep(name, buffers)
        self.on_the_way += [value.astype(np.float64) for value in buffers.values() if value.ndim]
        largest = max((size.max() for size in sizes if size.size), default=0)
        for key, value in buffers.items():
            size = np.abs(value) + (1 + largest) ** 2 if value.ndim else np.zeros(())
            self.buffers[self.state.name(name, key)] = Measured(value, np.asarray(size), terms)

    def shape(self, value: Measured) -> Shape:
        return value.value.shape[1:]
