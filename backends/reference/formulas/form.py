"""Layers that lay values out anew and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor, prod

import numpy as np

from connc.backends.reference.formula import Params, formula
from connc.backends.reference.formulas.axes import axis_of
from connc.backends.reference.formulas.windows import framed
from connc.backends.reference.numbers import Array, number
from connc.compiler.ops.form import Broadcast, Flatten, Identity, Pad, Permute, Reshape, Upsample


@formula("identity")
def identity(op: Identity, x: Array) -> Array:
    """y = x."""
    return x


@formula("flatten")
def flatten(op: Flatten, x: Array) -> Array:
    """The same values in the same order, all axes from `start` on in one."""
    start = axis_of(op.start, x)
    return x.reshape((*x.shape[:start], prod(x.shape[start:])))


@formula("reshape")
def reshape(op: Reshape, x: Array) -> Array:
    """The same values in the same order."""
    return x.reshape((len(x), *op.to))


@formula("pad")
def pad(op: Pad, x: Array) -> Array:
    """x with `value` around it."""
    return framed(x, op.before, op.before if op.after is None else op.after, number(op.value, x))


@formula("permute")
def permute(op: Permute, x: Array) -> Array:
    """Axis i of the result is axis `axes[i]` of x."""
    return x.transpose(0, *(axis_of(axis, x) for axis in op.axes))


@formula("broadcast")
def broadcast(op: Broadcast, x: Array) -> Array:
    """Axes of size 1 repeated, after as many are added at the end as are missing."""
    missing = len(op.to) - (x.ndim - 1)
    return np.broadcast_to(x.reshape(x.shape + (1,) * missing), (len(x), *op.to)).copy()


@formula("upsample", terms=lambda op, x: 4)
def upsample(op: Upsample, x: Array) -> Array:
    """Each point repeated, or between the middles of two points their blend, the nearer the more."""
    for axis, scale in enumerate(op.scale, start=2):
        x = np.repeat(x, scale, axis=axis) if op.mode == "nearest" else _blended(x, scale, axis)
    return x


@upsample.magnitude
def upsample_size(op: Upsample, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool) -> Array:
    """Of a blend the place is rounded too, and moves it towards any neighbour: by the largest, once a point."""
    if op.mode == "nearest":
        return np.asarray(upsample.value(op, sizes[0]))
    largest = sizes[0].max(axis=(2, 3), keepdims=True) + number(Fraction(1, op.scale[0] * op.scale[1]), sizes[0])
    return np.asarray(upsample.value(op, sizes[0]) + largest * (sizes[0].shape[2] + sizes[0].shape[3]))


def _blended(x: Array, scale: int, axis: int) -> Array:
    """The middle of point i of the result lies at (i + 1/2) / scale - 1/2; beyond the outermost points are those."""
    last = x.shape[axis] - 1
    middles = [Fraction(2 * i + 1, 2 * scale) - Fraction(1, 2) for i in range(x.shape[axis] * scale)]
    return np.stack([_between(x, min(max(at, Fraction(0)), Fraction(last)), axis) for at in middles], axis=axis)


def _between(x: Array, at: Fraction, axis: int) -> Array:
    """(1 - t) * the point before + t * the point behind; at a point that point alone."""
    before = floor(at)
    share, first = at - before, np.take(x, before, axis=axis)
    if not share:
        return np.asarray(first)
    return np.asarray(number(1 - share, x) * first + number(share, x) * np.take(x, before + 1, axis=axis))
