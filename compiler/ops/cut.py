"""Layers that take positions out of an axis."""

from itertools import accumulate

from connc.compiler.fields import Axis, Count, Offset
from connc.compiler.ops.base import Op, Prims, Shape, ShapeError, T, op
from connc.compiler.ops.refuse import axis_of, divides, show


def resized(x: Shape, axis: int, size: int) -> Shape:
    return (*x[:axis], size, *x[axis + 1 :])


@op("slice")
class Slice(Op):
    """Takes `size` positions of an axis, from `start` on.

    `start`: the first position, a negative one counted from the end. `size`: how many; without it all that follow.
    `axis`: of which axis, 0 being the channels.
    """

    is_pointwise = True
    is_view = True

    start: Offset
    size: Count | None = None
    axis: Axis = 0

    def cut(self, x: Shape) -> tuple[int, int, int]:
        """The axis, the first position and how many, all counted from 0."""
        axis = axis_of(self, self.axis, x)
        there = x[axis]
        if not -there <= self.start < there:
            raise ShapeError(
                f"`slice` starts at {self.start}, but axis {axis} of {show(x)} has {there} positions",
                f"`start` is between {-there} and {there - 1}",
            )
        start = self.start % there
        size = there - start if self.size is None else self.size
        if start + size > there:
            raise ShapeError(
                f"`slice` takes {size} positions from {start} on, but axis {axis} of {show(x)} has {there}",
                f"from {start} on there are {there - start}",
            )
        return axis, start, size

    def shape(self, x: Shape) -> Shape:
        axis, _, size = self.cut(x)
        return resized(x, axis, size)

    def body(self, p: Prims[T], x: T) -> T:
        return p.slice(x, *self.cut(p.shape(x)))


@op("split", outputs=None, one_of=("count", "sizes"))
class Split(Op):
    """Cuts an axis into pieces that stand side by side, as many tensors.

    `count`: into how many of one size; it must divide the axis. `sizes`: the size of each instead; they must add up to
    the axis. `axis`: which axis, 0 being the channels.
    """

    is_pointwise = True
    is_view = True

    count: Count | None = None
    sizes: tuple[Count, ...] | None = None
    axis: Axis = 0

    def pieces(self, x: Shape) -> tuple[int, ...]:
        """The size of each piece."""
        whole = x[axis_of(self, self.axis, x)]
        if self.sizes is not None and self.count is None:
            return self._adding_up(self.sizes, whole)
        if self.count is None or self.sizes is not None:
            raise ShapeError("`split` takes either `count` or `sizes`", "leave out one of them and give the other")
        divides(self, self.count, "`count`", whole)
        return (whole // self.count,) * self.count

    def _adding_up(self, sizes: tuple[int, ...], whole: int) -> tuple[int, ...]:
        if sum(sizes) != whole:
            raise ShapeError(f"`sizes` of `split` add up to {sum(sizes)}, not to {whole}", nearest_sum(sizes, whole))
        return sizes

    def shapes(self, x: Shape) -> tuple[Shape, ...]:
        axis = axis_of(self, self.axis, x)
        return tuple(resized(x, axis, size) for size in self.pieces(x))

    def body(self, p: Prims[T], x: T) -> tuple[T, ...]:
        shape = p.shape(x)
        axis, pieces = axis_of(self, self.axis, shape), self.pieces(shape)
        starts = accumulate(pieces, initial=0)
        return tuple(p.slice(x, axis, start, size) for start, size in zip(starts, pieces, strict=False))


def nearest_sum(sizes: tuple[int, ...], whole: int) -> str:
    """What the last piece would have to be, or how little there is to share out."""
    *others, _ = sizes or (0,)
    left = whole - sum(others)
    return f"{[*others, left]} would" if left > 0 else f"each piece has at least 1 of {whole}"
