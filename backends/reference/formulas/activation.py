"""Functions of single values, and of the values along an axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from connc.backends.reference.formula import Params, formula
from connc.backends.reference.formulas.axes import axis_of
from connc.backends.reference.numbers import Array, divided, number, rounded
from connc.compiler.ops.activation import Gain, Relu, Sigmoid, Softmax, Tanh
from connc.compiler.ops.base import Shape


@formula("relu")
def relu(op: Relu, x: Array) -> Array:
    """max(x, 0)."""
    return np.maximum(x, 0)


@formula("gain")
def gain(op: Gain, x: Array) -> Array:
    """factor * x."""
    return np.asarray(x * number(op.factor, x))


@formula("sigmoid", terms=lambda op, x: 4)
def sigmoid(op: Sigmoid, x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + rounded(np.exp, -x)))


@sigmoid.magnitude
def sigmoid_size(op: Sigmoid, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool) -> Array:
    """It is nowhere steeper than 1/4."""
    return np.asarray(sizes[0] / 4 + sigmoid.value(op, x[0]))


@formula("tanh", terms=lambda op, x: 4)
def tanh(op: Tanh, x: Array) -> Array:
    """The hyperbolic tangent."""
    return rounded(np.tanh, x)


@tanh.magnitude
def tanh_size(op: Tanh, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool) -> Array:
    """It is nowhere steeper than 1."""
    return np.asarray(sizes[0] + np.abs(tanh.value(op, x[0])))


def along(x: Array, axis: int) -> Array:
    """exp(x) / sum of exp(x); the greatest x is taken off above and below, so that nothing overflows."""
    powers = rounded(np.exp, x - x.max(axis=axis, keepdims=True))
    return divided(powers, powers.sum(axis=axis, keepdims=True))


def moved(x: Array, size: Array, axis: int) -> Array:
    """By what part exp(x) is off: by dx, and by what rounds the difference to the greatest x, and exp."""
    return np.asarray(size + (x.max(axis=axis, keepdims=True) - x) + 1)


def _terms(op: Softmax, x: Shape) -> int:
    return x[op.axis] + 4


@formula("softmax", terms=_terms)
def softmax(op: Softmax, x: Array) -> Array:
    """exp(x) / sum of exp(x) along the axis."""
    return along(x, axis_of(op.axis, x))


@softmax.magnitude
def softmax_size(op: Softmax, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool) -> Array:
    """y (dx - sum of y dx)."""
    axis = axis_of(op.axis, x[0])
    value, off = along(x[0], axis), moved(x[0], sizes[0], axis)
    return np.asarray(value * (off + (value * off).sum(axis=axis, keepdims=True)))
