"""What a backend is held to: the reference, exactly where numbers allow, else within what rounding explains.

A backend is a function of a network, its weights and its inputs; it gives its outputs, and after training the buffers
that have changed, by their names. What it is given are arrays of the precision that it is to compute in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connc.backends.reference.bounds import Judged, Measured, judge
from connc.backends.reference.formula import Undecided
from connc.backends.reference.numbers import Inexact
from connc.compiler.network import Network
from connc.testing.arrays import (
    BITS,
    POWERS,
    Array,
    Arrays,
    in_precision,
    inputs_of,
    one_hot,
    positive,
    real,
    signs,
    small,
    weights_of,
)

Backend = Callable[[Network, Arrays, Arrays], Mapping[str, Any]]
MOST_HOT = 256  # numbers of the inputs that are probed one by one


def assert_agrees(
    network: Network, backend: Backend, *, seed: int = 0, precision: str = "float32", training: bool = False
) -> None:
    """Hold a backend to the reference by all that the network admits: whole numbers, one-hot inputs, rounding."""
    held = 0
    for oracle in (assert_exact, assert_wired, assert_within):
        with suppress(Inexact, Undecided):
            oracle(network, backend, seed=seed, precision=precision, training=training)
            held += 1
    if not held:
        raise Undecided("no oracle can tell what is right here")


def assert_within(
    network: Network, backend: Backend, *, seed: int = 0, precision: str = "float32", training: bool = False
) -> None:
    """Of any numbers a backend makes what the reference makes, but for what rounding explains.

    The error of each value is bounded by 4 * n * u * s: n are the rounded steps on the way to it, u is half the
    distance from 1 to the next number, s its magnitude, which for sums of products is the sum of |w| |x|.
    """
    _hold(network, backend, weights_of(network, real, seed), inputs_of(network, real, seed), precision, training)


def assert_exact(
    network: Network, backend: Backend, *, seed: int = 0, precision: str = "float32", training: bool = False
) -> None:
    """Of small whole numbers a backend makes exactly what the reference makes.

    Raises `Inexact` where the network has a layer of whose values no fraction tells, or too many to add up exactly.
    """
    for make in (small, signs):
        weights, inputs = weights_of(network, make, seed), inputs_of(network, make, seed)
        judged = judge(network, weights, inputs, training=training)
        if judged.fits(BITS[precision]):
            _compare(network, backend, weights, inputs, judged, precision, exact=True)
            return
    raise Inexact(f"{precision} does not hold the sums of whole numbers in this network")


def assert_wired(
    network: Network, backend: Backend, *, seed: int = 0, precision: str = "float32", training: bool = False
) -> None:
    """Each number of the inputs, alone, reaches the outputs that it reaches in the reference, with the same weight."""
    weights, inputs = weights_of(network, positive, seed), _some(one_hot(network), seed)
    _hold(network, backend, weights, inputs, precision, training)


def _some(inputs: Arrays, seed: int) -> Arrays:
    """All samples, or as many as are probed; the first, in which all is 0, always."""
    count = max(map(len, inputs.values()))
    chosen = np.random.default_rng(seed).permutation(np.arange(1, count))[: MOST_HOT - 1]
    return {name: value[[0, *sorted(chosen)]] for name, value in inputs.items()}


def connections(network: Network, backend: Backend, *, seed: int = 0) -> NDArray[np.bool_]:
    """Which number of the inputs (row) a backend lets reach which number of the outputs (column), probed one by one.

    Weights are positive, so that nothing cancels; what a layer like `relu` or `max` holds back does not reach.
    """
    weights, inputs = weights_of(network, positive, seed), one_hot(network)
    given = [{name: in_precision(value, "float64") for name, value in each.items()} for each in (weights, inputs)]
    found = [np.asarray(value) for value in backend(network, *given).values()]
    flat = np.concatenate([value.reshape(len(value), -1) for value in found], axis=1)
    return np.asarray(flat[1:] != flat[:1])


# --- comparing


def _hold(network: Network, backend: Backend, weights: Arrays, inputs: Arrays, precision: str, training: bool) -> None:
    """Compare of the numbers as the precision holds them."""
    weights, inputs = _rounded(weights, precision), _rounded(inputs, precision)
    judged = judge(network, weights, inputs, training=training)
    _compare(network, backend, weights, inputs, judged, precision, exact=False)


def _rounded(arrays: Arrays, precision: str) -> Arrays:
    return {name: in_precision(value, precision).astype(np.float64) for name, value in arrays.items()}


def _compare(
    network: Network, backend: Backend, weights: Arrays, inputs: Arrays, judged: Judged, precision: str, *, exact: bool
) -> None:
    if not judged.largest < 2.0 ** POWERS[precision]:
        raise Undecided(f"{precision} does not hold the numbers on the way")
    if not sum(want.value.size for want in judged.found.values()):
        raise Undecided("no output holds a number, so nothing is compared")
    found = backend(network, _given(weights, precision), _given(inputs, precision))
    if not isinstance(found, Mapping):
        raise AssertionError(f"a backend gives its outputs by name, {{'out': …}}, not {type(found).__name__}")
    if missing := sorted(judged.found.keys() ^ found.keys()):
        raise AssertionError(f"{', '.join(missing)}: either not given or not asked for")
    unit = 0.0 if exact else 2.0 ** -BITS[precision]
    tiny = 0.0 if exact else 2.0 ** (1 - POWERS[precision])  # below the smallest normal number a machine may give zero
    for name, want in judged.found.items():
        assert_close(found[name], want.value, want.bound(unit) + tiny, name)
    if not any(_tells(want, unit) for want in judged.found.values()):
        raise Undecided(f"in {precision} rounding may be as large as all that comes out")


def _tells(want: Measured, unit: float) -> bool:
    """Whether what comes out differs from nothing by more than rounding."""
    size = np.abs(want.value.astype(np.float64))
    return want.value.size > 0 and bool((size.max() == 0) or (want.bound(unit) < size).any())


def _given(arrays: Arrays, precision: str) -> Arrays:
    """What a backend gets; counters are whole numbers in any precision."""
    return {
        name: value.astype(np.int64) if name.endswith(".num_batches_tracked") else in_precision(value, precision)
        for name, value in arrays.items()
    }


def assert_close(found: Any, want: Array, bound: Array, name: str = "out") -> None:
    """Shapes agree, what is no number stands where it should, and no difference is above its bound."""
    got = np.asarray(found)
    if got.dtype.kind not in "fiu":
        raise AssertionError(f"{name} holds {got.dtype}, and numbers are due")
    if got.shape != want.shape:
        raise AssertionError(f"{name} has the shape {list(got.shape)}, and {list(want.shape)} is right")
    got, right = got.astype(np.float64), want.astype(np.float64)
    odd, judged = ~np.isfinite(right), np.isfinite(bound)
    if want.size and not (odd | judged).any():
        raise Undecided(f"{name}: rounding alone decides each of its values")
    alike = (got == right) | (np.isnan(got) & np.isnan(right))
    with np.errstate(invalid="ignore"):
        wrong = ~alike & (odd | (judged & ~(np.abs(got - right) <= bound)))
    if wrong.any():
        at = tuple(int(place) for place in np.argwhere(wrong)[0])
        raise AssertionError(
            f"{name}{list(at)} is {got[at]}, and {right[at]} is right, give or take {bound[at]:.3g}; "
            f"{wrong.sum()} of {wrong.size} are wrong"
        )
