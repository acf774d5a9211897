"""The first values of parameters and buffers: keyed draws, the same for one seed and one name."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from connc.compiler.draws import uniform
from connc.compiler.start import Between, Constant, FanIn, Signs, Start

Floats = NDArray[np.float64]
_FRACTION = 53  # the bits of a number from 0 to 1


def initial(start: Start, shape: tuple[int, ...], seed: int, name: str) -> Floats:
    """The first values of the tensor of that name."""
    match start:
        case Constant(value):
            return np.full(shape, value, dtype=np.float64)
        case Between(least, most):
            return np.asarray(least + drawn(shape, seed, name) * (most - least))
        case Signs(share):
            return np.where(drawn(shape, seed, name) < share, 1.0, -1.0)
        case FanIn():
            found = drawn(shape, seed, name)
            found *= 2
            found -= 1
            found *= bounds(start).reshape(-1, *(1,) * (len(shape) - 1))
            return found


def drawn(shape: tuple[int, ...], seed: int, name: str) -> Floats:
    """Numbers from 0 up to 1."""
    counters = np.arange(math.prod(shape), dtype=np.uint64)
    words = uniform(seed, name, "initial", counters) >> np.uint64(64 - _FRACTION)
    return np.ldexp(words.astype(np.float64), -_FRACTION).reshape(shape)


def bounds(start: FanIn) -> Floats:
    """How far from 0 the values may be, along their first axis; a neuron that reads nothing gives nothing."""
    if start.rule is None:
        return np.asarray([start.weights**-0.5])
    degrees = start.rule.in_degrees()
    found = np.where(degrees, 1 / np.sqrt(np.maximum(degrees, 1) * start.weights), 0.0)
    return np.repeat(found, degrees) if start.paired else found
