"""Degrees that are exact on both sides: which fit, and what to write where one does not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from connc.compiler.relations.base import At, Unfit
from connc.dsl import codes


def regular(at: At, *, fan_in: int | None = None, fan_out: int | None = None) -> tuple[int, int]:
    """Fan-in and fan-out where one of them is given; sources times fan-out equals targets times fan-in."""
    sources, targets = at.sizes
    if fan_in is not None:
        return fan_in, _other("fan_in", fan_in, sources, targets)
    assert fan_out is not None
    return _other("fan_out", fan_out, targets, sources), fan_out


def _other(name: str, degree: int, most: int, positions: int) -> int:
    """The degree on the other side, which has `most` positions; there are `positions` on this one."""
    here, there = ("targets", "sources") if name == "fan_in" else ("sources", "targets")
    if degree > most:
        message = f"`{name} = {degree}` is more than the {most} {there} that there are"
        raise Unfit(codes.DEGREES, message, f"`{name} = {most}` is the most possible, and connects all with all")
    if positions * degree % most:
        other = {"fan_in": "fan-out", "fan_out": "fan-in"}[name]
        message = (
            f"`{name} = {degree}` makes {positions * degree} connections at {positions} {here}, and {most} {there} "
            f"cannot share them evenly: the {other} would be {positions * degree} / {most}"
        )
        step = most // math.gcd(most, positions)
        fitting = (step * (degree // step), step * (degree // step + 1))
        raise Unfit(codes.DEGREES, message, nearest(name, [each for each in fitting if 0 < each <= most]))
    return positions * degree // most


def nearest(name: str, values: Sequence[int]) -> str:
    """The values that would do, as the help of a message."""
    written = [f"`{name} = {value}`" for value in values]
    return f"the nearest that {'fits is' if len(written) == 1 else 'fit are'} {' and '.join(written)}"


def around(value: int, fitting: Iterable[int]) -> list[int]:
    """The largest below a value and the smallest above it."""
    below = [each for each in fitting if each < value]
    above = [each for each in fitting if each > value]
    return [*([max(below)] if below else []), *([min(above)] if above else [])]


def divisors(number: int) -> list[int]:
    low = [each for each in range(1, math.isqrt(number) + 1) if number % each == 0]
    return sorted({*low, *(number // each for each in low)})


def one_space(at: At, name: str) -> int:
    """The size of the space that a rule leads from and to."""
    if at.sizes[0] != at.sizes[1]:
        message = f"`{name}` leads from a space to itself, and here are {at.words}"
        raise Unfit(codes.SPACES, message, "give both sides the same size")
    return at.sizes[0]


def cut(name: str, parts: int, size: int, what: str, common: int = 0) -> int:
    """The size of each of so many equal parts; `common` is what the number of parts has to divide, if not the size."""
    if size % parts:
        message = f"`{name} = {parts}` does not divide {what}"
        raise Unfit(codes.SPACES, message, nearest(name, around(parts, divisors(common or size))))
    return size // parts
