"""What a window sees of a map: batch, channels, height, width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from connc.backends.reference.numbers import Array

Sizes = tuple[int, int]  # height and width


class Steps(NamedTuple):
    """How a window goes over a map."""

    kernel: Sizes
    stride: Sizes
    padding: Sizes
    dilation: Sizes = (1, 1)


def padding_of(given: Sizes | None, kernel: Sizes, dilation: Sizes = (1, 1)) -> Sizes:
    """What is added on each side: as given, or else floor(dilation * (kernel - 1) / 2)."""
    if given is not None:
        return given
    return dilation[0] * (kernel[0] - 1) // 2, dilation[1] * (kernel[1] - 1) // 2


def framed(x: Array, before: Sequence[int], behind: Sequence[int], value: object) -> Array:
    """Some more positions of one value in front of and behind each axis, of the batch none."""
    sizes = [a + size + b for a, size, b in zip(before, x.shape[1:], behind, strict=True)]
    result = np.full((len(x), *sizes), value, dtype=x.dtype)
    inner = [slice(a, a + size) for a, size in zip(before, x.shape[1:], strict=True)]
    result[(slice(None), *inner)] = x
    return result


def seen(x: Array, steps: Steps, outside: object = 0) -> Iterator[tuple[int, int, Array]]:
    """Each point of the kernel, by row and column, and what it lies on at all places of the window."""
    (height, width), margin = steps.kernel, (0, *steps.padding)
    room = framed(x, margin, margin, outside)
    for row in range(height):
        for column in range(width):
            rows = _along(room.shape[2], row, 0, steps)
            yield row, column, room[:, :, rows, _along(room.shape[3], column, 1, steps)]


def _along(size: int, point: int, axis: int, steps: Steps) -> slice:
    """Where a point of the kernel lies while the window goes along an axis; a last one that does not fit is dropped."""
    stride, dilation = steps.stride[axis], steps.dilation[axis]
    first, places = point * dilation, (size - dilation * (steps.kernel[axis] - 1) - 1) // stride + 1
    return slice(first, first + (places - 1) * stride + 1, stride)
