"""Layers that make one value of as many as come. Each may stand behind `using`.

All but `concat` share their names with functions of numbers or are signs of arithmetic, so they take no parameters.
"""

from functools import reduce

from connc.compiler.fields import Axis
from connc.compiler.ops.base import Op, Prims, Shape, ShapeError, T, op
from connc.compiler.ops.refuse import axis_of, fits, show


def some(op: Op, x: tuple[Shape, ...]) -> Shape:
    """The first of those that are joined."""
    if not x:
        raise ShapeError(f"`{op.name}` has nothing to join", "it needs at least one source")
    return x[0]


def alike(op: Op, x: tuple[Shape, ...]) -> Shape:
    """The one shape of all that are joined."""
    first = some(op, x)
    for at, other in enumerate(x):
        if other != first:
            raise ShapeError(
                f"`{op.name}` needs sources of one shape, not {show(first)} and {show(other)}",
                "bring them to one shape first, as `conv`, `avgpool` and `broadcast` do",
                (0, at),
            )
    return first


@op("concat", inputs=None)
class Concat(Op):
    """Puts its sources behind each other along an axis; all other axes must agree.

    `axis`: along which, 0 being the channels.
    """

    is_pointwise = True

    axis: Axis = 0

    def shape(self, *x: Shape) -> Shape:
        first = some(self, x)
        axis = axis_of(self, self.axis, first)
        for at, other in enumerate(x):
            if len(other) != len(first) or _without(axis, other) != _without(axis, first):
                raise ShapeError(
                    f"`concat` needs sources that differ along axis {axis} only, not {show(first)} and {show(other)}",
                    "bring the other axes to one size first, as `conv` and `avgpool` do",
                    (0, at),
                )
        return fits(self, (*first[:axis], sum(other[axis] for other in x), *first[axis + 1 :]))

    def body(self, p: Prims[T], *x: T) -> T:
        return p.concat(x, axis_of(self, self.axis, p.shape(x[0])))


def _without(axis: int, shape: Shape) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


@op("sum", inputs=None)
class Sum(Op):
    """Adds its sources, which have one shape; `a + b` in a spec."""

    is_pointwise = True

    def shape(self, *x: Shape) -> Shape:
        return alike(self, x)

    def body(self, p: Prims[T], *x: T) -> T:
        return reduce(p.add, x)


@op("mean", inputs=None)
class Mean(Op):
    """Takes the mean of its sources, which have one shape."""

    is_pointwise = True

    def shape(self, *x: Shape) -> Shape:
        return alike(self, x)

    def body(self, p: Prims[T], *x: T) -> T:
        return p.div(reduce(p.add, x), float(len(x)))


@op("max", inputs=None)
class Max(Op):
    """Takes the greatest of its sources, which have one shape, at each point."""

    is_pointwise = True

    def shape(self, *x: Shape) -> Shape:
        return alike(self, x)

    def body(self, p: Prims[T], *x: T) -> T:
        return reduce(p.maximum, x)


@op("mul", inputs=None)
class Mul(Op):
    """Multiplies its sources, which have one shape, point by point; `a * b` in a spec."""

    is_pointwise = True

    def shape(self, *x: Shape) -> Shape:
        return alike(self, x)

    def body(self, p: Prims[T], *x: T) -> T:
        return reduce(p.mul, x)
