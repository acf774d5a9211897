"""Layers that make one value of as many as come."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from connc.backends.reference.formula import Params, formula
from connc.backends.reference.formulas.axes import axis_of
from connc.backends.reference.numbers import Array, divided
from connc.compiler.ops.base import Shape
from connc.compiler.ops.joins import Concat, Max, Mean, Mul, Sum


def _count(op: object, *x: Shape) -> int:
    return len(x)


@formula("concat")
def concat(op: Concat, *x: Array) -> Array:
    """One behind the other."""
    return np.concatenate(x, axis=axis_of(op.axis, x[0]))


@formula("sum", terms=_count)
def total(op: Sum, *x: Array) -> Array:
    """x + y + …"""
    return reduce(np.add, x)


@formula("mean", terms=_count)
def mean(op: Mean, *x: Array) -> Array:
    """(x + y + …) / how many they are."""
    return divided(reduce(np.add, x), len(x))


@formula("max")
def greatest(op: Max, *x: Array) -> Array:
    """max(x, y, …)."""
    return reduce(np.maximum, x)


@formula("mul", terms=_count)
def product(op: Mul, *x: Array) -> Array:
    """x * y * …"""
    return reduce(np.multiply, x)


@product.magnitude
def product_size(op: Mul, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool) -> Array:
    """dx * y + x * dy, and so on: each that is off times all the others; and a little of all that are off together."""
    sides = [[size if i == j else np.abs(x[j]) for j, size in enumerate(sizes)] for i in range(len(x))]
    return reduce(np.add, [reduce(np.multiply, side) for side in sides]) + divided(reduce(np.multiply, sizes), 256)
