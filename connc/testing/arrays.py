"""Numbers for a network: inputs, and weights, each of which depends on its name and a seed alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from hashlib import sha256
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connc.compiler.network import Network
from connc.compiler.ops.base import Shape
from connc.compiler.parameters import parameters

Array = NDArray[Any]
Arrays = dict[str, Array]
Make = Callable[[np.random.Generator, Shape], Array]


def small(chance: np.random.Generator, shape: Shape) -> Array:
    """Whole numbers around 0, which is none of them: what is multiplied by it goes unseen."""
    return np.asarray(chance.integers(1, 4, shape) * signs(chance, shape))


def positive(chance: np.random.Generator, shape: Shape) -> Array:
    return chance.integers(1, 4, shape)


def signs(chance: np.random.Generator, shape: Shape) -> Array:
    return chance.choice(np.array([-1, 1]), shape)


def zeros(chance: np.random.Generator, shape: Shape) -> Array:
    return np.zeros(shape, dtype=np.int64)


def halves(chance: np.random.Generator, shape: Shape) -> Array:
    """0 and 1/2, exactly."""
    return np.asarray(chance.integers(0, 2, shape).astype(np.object_) * Fraction(1, 2))


def real(chance: np.random.Generator, shape: Shape) -> Array:
    return chance.standard_normal(shape)


# What some tensors hold by their nature, by what their layers call them; all others hold any number.
KINDS: Mapping[str, Make] = {
    "running_var": positive,
    "num_batches_tracked": zeros,
    "signs": signs,
    "threshold": halves,
    "neuron_threshold": halves,
}


def weights_of(network: Network, make: Make = small, seed: int = 0) -> Arrays:
    """Each parameter and each buffer of a network, by its name."""
    return {each.name: _made(KINDS.get(each.key, make), each.name, each.shape, seed) for each in parameters(network)}


def inputs_of(network: Network, make: Make = small, seed: int = 0, batch: int = 3) -> Arrays:
    """A batch for each input, by its name."""
    return {node.name: _made(make, node.name, (batch, *node.shapes[0]), seed) for node in network.inputs}


def _made(make: Make, name: str, shape: Shape, seed: int) -> Array:
    found = sha256(f"{seed} {name}".encode()).digest()
    return make(np.random.default_rng(int.from_bytes(found[:8], "little")), shape)


def one_hot(network: Network) -> Arrays:
    """A batch in which each number of the inputs is 1 once, and all others 0; in the first sample all are 0."""
    sizes = [prod(node.shapes[0]) for node in network.inputs]
    rows = np.eye(sum(sizes) + 1, sum(sizes), -1, dtype=np.int64)
    parts = np.split(rows, np.cumsum(sizes)[:-1], axis=1)
    return {n.name: part.reshape(-1, *n.shapes[0]) for n, part in zip(network.inputs, parts, strict=True)}


# --- numbers of limited length

BITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}  # of their fraction, with the leading one
POWERS = {"float64": 1023, "float32": 127, "float16": 15, "bfloat16": 127}  # of 2, the largest that they hold


def in_precision(values: Array, precision: str) -> Array:
    """Values as numbers of a precision hold them; NumPy has no bfloat16, so those stand in float32."""
    bits = BITS[precision]
    if values.dtype == np.object_ or values.dtype.kind in "biu":
        values = values.astype(np.float64)
    fraction, exponent = np.frexp(values)
    rounded = np.ldexp(np.round(np.ldexp(fraction, bits)), exponent - bits)
    return np.asarray(rounded.astype("float32" if precision == "bfloat16" else precision))
