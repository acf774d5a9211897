"""The functions of the language: what they take, and their exact results."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Rational = int | Fraction


@dataclass(frozen=True, slots=True)
class Function:
    """A function of numbers; with `listed` its one argument may be a list of them, with `whole` it gives an int."""

    name: str
    apply: Callable[..., Any]
    least: int = 1
    most: int | None = 1
    listed: bool = False
    whole: bool = False

    @property
    def takes(self) -> str:
        if self.name == "len":
            return "a list"
        numbers = {1: "one number", 2: "two numbers"}.get(self.least, "numbers")
        return "numbers or one list of them" if self.listed else numbers


def _nearest(x: Rational) -> int:
    """Halves go up, as people round."""
    return math.floor(x + Fraction(1, 2))


def _mean(*numbers: Rational) -> Rational:
    return Fraction(sum(numbers)) / len(numbers)


def _mod(a: Rational, b: Rational) -> Rational:
    return a % b


def _length(items: Sequence[object]) -> int:
    return len(items)


FUNCTIONS = {
    function.name: function
    for function in (
        Function("abs", abs),
        Function("ceil", math.ceil, whole=True),
        Function("floor", math.floor, whole=True),
        Function("len", _length, whole=True),
        Function("max", lambda *numbers: max(numbers), most=None, listed=True),
        Function("mean", _mean, most=None, listed=True),
        Function("min", lambda *numbers: min(numbers), most=None, listed=True),
        Function("mod", _mod, least=2, most=2),
        Function("round", _nearest, whole=True),
        Function("sum", lambda *numbers: sum(numbers), most=None, listed=True),
    )
}
