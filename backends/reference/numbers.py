"""Two kinds of numbers: float64, and exact ones, Python's whole numbers and fractions in arrays of objects."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Inexact(ArithmeticError):
    """What an op makes of exact numbers is no exact number."""


def is_exact(x: Array) -> bool:
    return x.dtype == np.object_


def as_numbers(x: Array, *, exact: bool) -> Array:
    """The same values as numbers of one kind."""
    return np.asarray(x).astype(np.object_ if exact else np.float64)


def number(value: object, like: Array) -> Any:
    """A number of a spec, of the kind that an array holds."""
    assert isinstance(value, int | float | Fraction)
    return Fraction(value) if is_exact(like) else float(value)


def divided(x: Array, by: Array | int | Fraction) -> Array:
    """x / by, without rounding where numbers are exact."""
    if not is_exact(x):
        return np.asarray(x / np.asarray(by, dtype=x.dtype))
    return np.asarray(x * _inverse(np.asarray(by, dtype=np.object_)))


def root(x: Array) -> Array:
    """The square root."""
    return np.asarray(_root(x)) if is_exact(x) else np.sqrt(x)


def rounded(function: Callable[[Array], Array], x: Array) -> Array:
    """A function whose values no fraction tells."""
    if is_exact(x):
        raise Inexact(f"`{function.__name__}` of exact numbers is not exact")
    return function(x)


def _exact_inverse(value: int | Fraction) -> Fraction:
    if not value:
        raise Inexact("what is divided by zero is not exact")
    return 1 / Fraction(value)


_inverse = np.frompyfunc(_exact_inverse, 1, 1)


def _exact_root(value: int | Fraction) -> Fraction:
    exact = Fraction(value)
    if exact < 0:
        raise Inexact(f"{exact} has no square root")
    found = Fraction(isqrt(exact.numerator), isqrt(exact.denominator))
    if found * found != exact:
        raise Inexact(f"the square root of {exact} is not exact")
    return found


_root = np.frompyfunc(_exact_root, 1, 1)
