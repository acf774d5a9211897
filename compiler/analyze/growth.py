"""How a number grows with another: the class of functions that comes nearest to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

LEAST = 6  # sizes below which nothing can be said
_WIDE = 8  # how many times the least size the greatest is at least, for that
_NEAR = 0.1  # as far from a class as values may lie that are said to grow so
_CONSTANT = 0.01  # the greatest difference, as a share of the most, that counts as none
CLASSES: Mapping[str, Callable[[Values], Values]] = {
    "1": lambda n: -1 / n,  # what comes nearer and nearer to a number
    "log n": np.log2,
    "n": lambda n: n,
    "n log n": lambda n: n * np.log2(n),
    "n^2": lambda n: n**2,
    "n^2 log n": lambda n: n**2 * np.log2(n),
    "n^3": lambda n: n**3,
}


class Growth(NamedTuple):
    """`off` is how far the values lie from a + b f(n), by the root of the mean square, as a share of the greatest."""

    name: str
    off: float


def growth(sizes: Sequence[int], values: Sequence[float]) -> Growth | None:
    """The class of values at sizes from 1 on; none where they are too few or too near, or no class is."""
    if len(sizes) < LEAST or sizes[-1] < _WIDE * sizes[0]:
        return None
    y = np.array(values, dtype=float)
    if y.max() - y.min() <= _CONSTANT * abs(y).max():
        return Growth("1", float((y.max() - y.min()) / (abs(y).max() or 1)))
    n = np.array(sizes, dtype=float)
    found = [Growth(name, _off(f(n), y, falls=name == "1")) for name, f in CLASSES.items()]
    best = min(found, key=lambda each: each.off)
    return best if best.off < _NEAR else None


def _off(x: Values, y: Values, falls: bool) -> float:
    """How far the values are from the nearest line over these, which has to rise unless it may fall."""
    matrix = np.stack([np.ones_like(x), x / np.abs(x).max()], axis=1)
    (low, slope), *_ = np.linalg.lstsq(matrix, y, rcond=None)
    if slope <= 0 and not falls:
        return float("inf")
    return float(np.sqrt(np.mean((matrix @ [low, slope] - y) ** 2)) / np.abs(y).max())
