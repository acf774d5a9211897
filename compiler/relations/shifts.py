"""Cyclic shifts by which windows of sources are joined to windows of targets, so that paths spread as well.

In a row of `width` windows of targets each window of sources meets all shifts once. What a junction in front or behind
adds, if it is the same within the row, leaves them even, and all paths are as many. So a shift depends on the place
of a window in its row, on the row, and on the window of sources, on that by its own row alone, where there are enough.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from connc.compiler.draws import uniform

Shifts = NDArray[np.int64]


def shifts(fan_in: int, fan_out: int, width: int) -> Shifts:
    """One for each window of targets, a row, and each window of sources."""
    row, place = np.divmod(np.arange(fan_out), width)
    far = fan_in >= width * width
    group = np.arange(fan_in) // (width if far else 1)
    moved = np.where(row[:, None] > 0, _hashed(row, group) % np.uint64(width), np.uint64(0))
    return np.asarray((np.outer(place, _units(group, width)) + moved.astype(np.int64)) % width)


def _units(group: Shifts, width: int) -> Shifts:
    """Factors that have no divisor in common with the width, different ones for neighbours if there are some."""
    step = math.prod(_primes(width))
    return 1 + step * (group % (width // step))


def _hashed(one: Shifts, other: Shifts) -> NDArray[np.uint64]:
    """A word for each pair, always the same."""
    pairs = (one[:, None].astype(np.uint64) << np.uint64(32)) | other[None, :].astype(np.uint64)
    return uniform(0, "spread", "shifts", pairs.ravel()).reshape(pairs.shape)


def _primes(number: int) -> set[int]:
    """Those that divide it."""
    found, factor = set(), 2
    while factor * factor <= number:
        while number % factor == 0:
            found.add(factor)
            number //= factor
        factor += 1
    return found | ({number} if number > 1 else set())
