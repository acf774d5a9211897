"""What no op takes, in words: the checks that several ops share. Each gives what it has checked."""

from __future__ import annotations

import math
from collections.abc import Iterable

from connc.compiler.ops.base import Op, Shape, ShapeError
from connc.compiler.ops.window import Window
from connc.dsl.vocabulary import LARGEST_SIZE


def show(shape: Iterable[object]) -> str:
    """A shape in a message: `3x32x32`; a vector and a single number as the language writes them, `[64]` and `[]`."""
    sizes = list(shape)
    return "x".join(map(str, sizes)) if len(sizes) > 1 else str(sizes)


def a_map(op: Op, x: Shape) -> Shape:
    if len(x) != 3:
        raise ShapeError(
            f"`{op.name}` takes channels, height and width, not {show(x)}",
            "`reshape` lays values out as a map",
        )
    return x


def features(op: Op, x: Shape) -> Shape:
    if not x:
        raise ShapeError(f"`{op.name}` needs at least one axis, not a single value", "`reshape([1])` gives it an axis")
    return x


def axis_of(op: Op, axis: int, x: Shape) -> int:
    """The axis counted from 0."""
    if -len(x) <= axis < len(x):
        return axis % len(x)
    known = f"its axes are {-len(x)} to {len(x) - 1}" if x else "a single value has no axis"
    raise ShapeError(f"`{op.name}` is to go along axis {axis}, but {show(x)} has {len(x)}", known)


def fits(op: Op, shape: Shape) -> Shape:
    """A result that is not larger than any array may be."""
    if shape and max(shape) > LARGEST_SIZE:
        raise ShapeError(f"`{op.name}` would make {show(shape)}", f"no size may be larger than {LARGEST_SIZE}")
    return shape


def settled(op: Op, shape: Shape) -> Shape:
    """A shape without `_`."""
    if not all(isinstance(size, int) for size in shape):
        raise ShapeError(f"`{op.name}` needs each size of its shape, not {show(shape)}", "write a number for each `_`")
    return shape


def windows(op: Op, window: Window, x: Shape) -> tuple[int, int]:
    """Height and width of what the windows give."""
    _, height, width = x
    rows, columns = room = window.room(height, width)
    if window.spans[0] > rows or window.spans[1] > columns:
        raise ShapeError(
            f"the window of `{op.name}` spans {_by(window.spans)}, the map {show(x)} with its padding only {_by(room)}",
            "make the kernel smaller or the padding larger",
        )
    return window.places(height, width)


def divides(op: Op, parts: int, what: str, *wholes: int) -> None:
    """`what` is how a spec writes the number of parts, as in "`heads`"."""
    whole = math.gcd(*wholes)
    if whole % parts:
        all_, near = " and ".join(map(str, wholes)), " or ".join(map(str, nearest_divisors(whole, parts)))
        raise ShapeError(f"{what} of `{op.name}` is {parts}, which does not divide {all_}", f"{near} would")


def nearest_divisors(whole: int, parts: int) -> list[int]:
    """The next divisor below and the next above a number that is none."""
    low = [d for d in range(1, math.isqrt(whole) + 1) if whole % d == 0]
    both = [*low, *(whole // d for d in low)]
    below = max(d for d in both if d < parts)
    return [below, *sorted(d for d in both if d > parts)[:1]]


def related(op: Op, *x: Shape) -> None:
    """The rule behind `by`, if there is one, is about this op's own positions, and relates some."""
    if op.rule is None:
        return
    ours, theirs = op.spaces(*x), (op.rule.sources, op.rule.targets)
    if ours != theirs:
        wanted, got = (" to ".join(map(show, spaces)) for spaces in (ours, theirs))
        raise ShapeError(
            f"a rule behind `{op.name}` leads from {wanted} here, not from {got}", "make it for this shape"
        )
    if not op.rule.count:
        raise ShapeError(
            f"the rule behind `{op.name}` relates nothing to anything", "a rule behind a layer needs at least one pair"
        )


def _by(sizes: tuple[int, int]) -> str:
    return f"{sizes[0]} x {sizes[1]}"
