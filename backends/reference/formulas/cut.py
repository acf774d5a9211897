"""Layers that take positions out of an axis."""

from __future__ import annotations

from itertools import accumulate

from connc.backends.reference.formula import formula
from connc.backends.reference.formulas.axes import axis_of
from connc.backends.reference.numbers import Array
from connc.compiler.ops.cut import Slice, Split


def _taken(x: Array, axis: int, start: int, size: int) -> Array:
    """`size` positions of an axis, from `start` on."""
    return x[(slice(None),) * axis + (slice(start, start + size),)]


@formula("slice")
def cut(op: Slice, x: Array) -> Array:
    """`size` positions from `start` on, or all; a negative start is counted from the end."""
    axis = axis_of(op.axis, x)
    there = x.shape[axis]
    start = op.start if op.start >= 0 else there + op.start
    return _taken(x, axis, start, there - start if op.size is None else op.size)


@formula("split")
def split(op: Split, x: Array) -> tuple[Array, ...]:
    """One piece of the axis behind the other."""
    axis = axis_of(op.axis, x)
    sizes = _sizes(op, x.shape[axis])
    starts = accumulate(sizes, initial=0)
    return tuple(_taken(x, axis, start, size) for start, size in zip(starts, sizes, strict=False))


def _sizes(op: Split, whole: int) -> tuple[int, ...]:
    if op.sizes is not None:
        return op.sizes
    assert op.count is not None
    return (whole // op.count,) * op.count
