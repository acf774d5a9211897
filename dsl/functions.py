"""The functions of the language: what they take, and their exact results."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Rational = int | Fraction


@dataclass(frozen=True, slots=True)
class Function:
    """A function of numbers; with `listed` its one argument may be a list of them, with `whole` it gives an int."""

    name: str
    doc: str
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


FUNCTIONS = {
    function.name: function
    for function in (
        Function("abs", "The size of a number, without its sign.", abs),
        Function("ceil", "The least whole number that is not below a number.", math.ceil, whole=True),
        Function("floor", "The greatest whole number that is not above a number.", math.floor, whole=True),
        Function("len", "How many values a list holds.", len, whole=True),
        Function("max", "The greatest of some numbers, or of a list.", lambda *xs: max(xs), most=None, listed=True),
        Function("mean", "The exact mean of some numbers, or of a list.", _mean, most=None, listed=True),
        Function("min", "The least of some numbers, or of a list.", lambda *xs: min(xs), most=None, listed=True),
        Function(
            "mod", "What dividing a by b leaves, with the sign of b: `mod(7, 3)` is 1.", operator.mod, least=2, most=2
        ),
        Function("round", "The nearest whole number; halves go up.", _nearest, whole=True),
        Function("sum", "The sum of some numbers, or of a list.", lambda *xs: sum(xs), most=None, listed=True),
    )
}
