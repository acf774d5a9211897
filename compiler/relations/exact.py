"""Columns of exact numbers: 64 bits wide where nothing can overflow, Python's own numbers where something could.

The same formulas serve both, because arrays of objects calculate with Python's ints. Whatever the language refuses (a
division by zero, a number that is too large) is `Odd`, and left to the evaluator of single values, which says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connc.compiler.relations.arrays import Bools
from connc.dsl.evaluate import LARGEST_BITS, normal

Numbers = NDArray[Any]  # int64, or Python's ints as objects
_LIMIT = 2**63
_CUBE = 64  # exponents up to which a bound is computed


class Odd(Exception):
    """Something that arrays cannot do, in the given row if it is only one."""

    def __init__(self, row: int | None = None) -> None:
        super().__init__()
        self.row = row


@dataclass(frozen=True, slots=True)
class Column:
    """A number in each row, `num / den` in lowest terms; without `den` all are whole. One row stands for any number."""

    num: Numbers
    den: Numbers | None = None

    @classmethod
    def of(cls, values: Sequence[int | Fraction]) -> Column:
        """From Python's numbers."""
        den = [value.denominator for value in values]
        return _column(_objects([value.numerator for value in values]), _objects(den))

    @property
    def rows(self) -> int:
        return self.num.size

    @property
    def big(self) -> bool:
        """Whether its numbers are Python's, which are slow."""
        return self.num.dtype == np.object_

    def take(self, rows: NDArray[Any]) -> Column:
        if self.rows == 1:
            return self
        return Column(self.num[rows], None if self.den is None else self.den[rows])

    def item(self, row: int) -> int | Fraction:
        """The number in a row, as Python has it."""
        at = 0 if self.rows == 1 else row
        return normal(Fraction(int(self.num[at]), 1 if self.den is None else int(self.den[at])))

    def whole(self) -> Numbers:
        """All numbers, which must be whole."""
        if self.den is not None:
            raise Odd(int(np.argmax(self.den != 1)))
        return self.num

    def _parts(self) -> tuple[Numbers, Numbers]:
        return self.num, _ONE if self.den is None else self.den


_ONE = np.ones(1, dtype=np.int64)


def _objects(values: Sequence[int]) -> Numbers:
    array = np.empty(len(values), dtype=np.object_)
    array[:] = values
    return array


def _most(array: Numbers) -> int:
    """The largest size of a number."""
    return max(-int(array.min()), int(array.max())) if array.size else 0


def _roomy(bound: int, arrays: Sequence[Numbers]) -> Sequence[Numbers]:
    """The arrays, as objects if a result may be as large as `bound`, or if one of them is."""
    if bound < _LIMIT and all(array.dtype != np.object_ for array in arrays):
        return arrays
    return [array.astype(np.object_) for array in arrays]


def _tight(array: Numbers) -> Numbers:
    """Objects as 64 bits where they fit."""
    if array.dtype != np.object_:
        return array
    most = _most(array)
    if most.bit_length() > LARGEST_BITS:
        raise Odd(int(np.argmax(np.abs(array))))
    return array.astype(np.int64) if most < _LIMIT else array


def _column(num: Numbers, den: Numbers | None = None) -> Column:
    """A column in lowest terms."""
    if den is None or bool((den == 1).all()):
        return Column(_tight(num))
    num, den = np.broadcast_arrays(*_roomy(0, (num, den)))
    common = np.gcd(num, den)
    num, den = num // common, den // common
    return Column(_tight(num), None if bool((den == 1).all()) else _tight(den))


def add(a: Column, b: Column) -> Column:
    (an, ad), (bn, bd) = a._parts(), b._parts()
    bound = _most(an) * _most(bd) + _most(bn) * _most(ad)
    an, ad, bn, bd = _roomy(max(bound, _most(ad) * _most(bd)), (an, ad, bn, bd))
    if a.den is None and b.den is None:
        return _column(an + bn)
    return _column(an * bd + bn * ad, ad * bd)


def subtract(a: Column, b: Column) -> Column:
    return add(a, negative(b))


def negative(a: Column) -> Column:
    return Column(-a.num, a.den)


def multiply(a: Column, b: Column) -> Column:
    (an, ad), (bn, bd) = a._parts(), b._parts()
    an, ad, bn, bd = _roomy(max(_most(an) * _most(bn), _most(ad) * _most(bd)), (an, ad, bn, bd))
    if a.den is None and b.den is None:
        return _column(an * bn)
    return _column(an * bn, ad * bd)


def divide(a: Column, b: Column) -> Column:
    num, den = b._parts()
    _refuse(num == 0)
    num, den = np.broadcast_arrays(num, den)
    return multiply(a, Column(np.where(num < 0, -den, den), np.abs(num)))


def modulo(a: Column, b: Column) -> Column:
    """The remainder, with the sign of `b`."""
    _refuse(b.num == 0)
    (an, ad), (bn, bd) = a._parts(), b._parts()
    bound = max(_most(an) * _most(bd), _most(bn) * _most(ad), _most(ad) * _most(bd))
    an, ad, bn, bd = _roomy(bound, (an, ad, bn, bd))
    if a.den is None and b.den is None:
        return _column(np.mod(an, bn))
    return _column(np.mod(an * bd, bn * ad), ad * bd)


def power(a: Column, b: Column) -> Column:
    exponent = b.whole()
    if a.den is None and not b.big and int(exponent.min(initial=0)) >= 0:
        size, most = _most(a.num), _most(exponent)
        if size <= 1 or (most <= _CUBE and size**most < _LIMIT and not a.big):
            return _column(np.power(a.num, exponent))
    rows = max(a.rows, b.rows)
    return Column.of([_power(a.item(row), int(b.item(row)), row) for row in range(rows)])


def _power(base: int | Fraction, exponent: int, row: int) -> int | Fraction:
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if (not base and exponent < 0) or (base not in (0, 1, -1) and (bits - 1) * abs(exponent) > LARGEST_BITS):
        raise Odd(row)
    result = Fraction(base) ** exponent
    return normal(Fraction(result))


def floor(a: Column) -> Column:
    return a if a.den is None else _column(a.num // a.den)


def ceil(a: Column) -> Column:
    return negative(floor(negative(a)))


def nearest(a: Column) -> Column:
    """Halves go up."""
    return a if a.den is None else floor(add(a, Column(_ONE, 2 * _ONE)))


def absolute(a: Column) -> Column:
    return Column(np.abs(a.num), a.den)


def least(*columns: Column) -> Column:
    return _fold(lambda a, b: choose(compare("<=", a, b), a, b), columns)


def greatest(*columns: Column) -> Column:
    return _fold(lambda a, b: choose(compare(">=", a, b), a, b), columns)


def total(*columns: Column) -> Column:
    return _fold(add, columns)


def mean(*columns: Column) -> Column:
    return divide(total(*columns), Column(len(columns) * _ONE))


def _fold(function: Callable[[Column, Column], Column], columns: Sequence[Column]) -> Column:
    result, *others = columns
    for other in others:
        result = function(result, other)
    return result


def choose(first: Bools, a: Column, b: Column) -> Column:
    """`a` where `first` holds, else `b`."""
    (an, ad), (bn, bd) = a._parts(), b._parts()
    return _column(np.where(first, an, bn), np.where(first, ad, bd))


def scattered(count: int, places: Sequence[NDArray[Any]], columns: Sequence[Column]) -> Column:
    """The numbers of columns in the rows that are the place of each."""
    nums, dens = zip(*(column._parts() for column in columns), strict=True)
    return _column(_spread(count, places, nums), _spread(count, places, dens))


def _spread(count: int, places: Sequence[NDArray[Any]], arrays: Sequence[Numbers]) -> Numbers:
    result: Numbers = np.empty(count, dtype=np.result_type(*arrays))
    for rows, array in zip(places, arrays, strict=True):
        result[rows] = array
    return result


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def compare(operator: str, a: Column, b: Column) -> Bools:
    (an, ad), (bn, bd) = a._parts(), b._parts()
    if a.den is not None or b.den is not None:
        an, ad, bn, bd = _roomy(max(_most(an) * _most(bd), _most(bn) * _most(ad)), (an, ad, bn, bd))
        an, bn = an * bd, bn * ad
    an, bn = _roomy(0, (an, bn))
    return _COMPARISONS[operator](an, bn).astype(np.bool_)  # type: ignore[no-any-return]


def _refuse(bad: Any) -> None:
    """`Odd` with the first bad row."""
    if bool(np.any(bad)):
        raise Odd(int(np.argmax(bad)))


ARITHMETIC: dict[str, Callable[[Column, Column], Column]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "^": power,
}
FUNCTIONS: dict[str, Callable[..., Column]] = {
    "abs": absolute,
    "ceil": ceil,
    "floor": floor,
    "max": greatest,
    "mean": mean,
    "min": least,
    "mod": modulo,
    "round": nearest,
    "sum": total,
}
