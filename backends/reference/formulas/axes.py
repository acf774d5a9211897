"""Axes as a spec counts them, without the batch."""

from connc.backends.reference.numbers import Array


def axis_of(axis: int, x: Array) -> int:
    """The axis of an array with a batch; a negative one is counted from the end."""
    return axis % (x.ndim - 1) + 1
