"""Layers that lay values out anew and compute nothing."""

from math import prod
from typing import Annotated

from connc.compiler import fields
from connc.compiler.fields import Axis, Index, OneOf, Pair, Real
from connc.compiler.ops.base import Op, Prims, Shape, ShapeError, T, op
from connc.compiler.ops.refuse import a_map, axis_of, fits, settled, show


@op("identity")
class Identity(Op):
    """Hands on what it gets."""

    leaves_places = True
    is_pointwise = True
    is_view = True

    def body(self, p: Prims[T], x: T) -> T:
        return x


@op("flatten")
class Flatten(Op):
    """Joins all axes from `start` on into one; without a parameter, everything into a vector.

    `start`: the first axis that is joined.
    """

    leaves_places = True
    is_view = True

    start: Axis = 0

    def shape(self, x: Shape) -> Shape:
        start = axis_of(self, self.start, x)
        return fits(self, (*x[:start], prod(x[start:])))

    def body(self, p: Prims[T], x: T) -> T:
        return p.reshape(x, self.shape(p.shape(x)))


@op("reshape")
class Reshape(Op):
    """Lays the values out in another shape of the same size, in the same order.

    `to`: the new shape.
    """

    leaves_places = True
    is_view = True

    to: fields.Shape

    def shape(self, x: Shape) -> Shape:
        new = settled(self, self.to)
        if prod(new) != prod(x):
            raise ShapeError(
                f"`reshape` makes {show(new)}, {prod(new)} values, of {show(x)}, {prod(x)} values",
                "both must have as many",
            )
        return new

    def body(self, p: Prims[T], x: T) -> T:
        return p.reshape(x, self.to)


@op("pad")
class Pad(Op):
    """Adds values in front of and behind each axis: `pad([0, 1, 1])` frames a map.

    `before`: how many in front, a number for each axis. `after`: how many behind; without it as many as in front.
    `value`: what is added.
    """

    is_pointwise = True

    before: tuple[Index, ...]
    after: tuple[Index, ...] | None = None
    value: Real = 0.0

    @property
    def behind(self) -> tuple[int, ...]:
        return self.before if self.after is None else self.after

    def shape(self, x: Shape) -> Shape:
        for sizes, field in ((self.before, "before"), (self.behind, "after")):
            if len(sizes) != len(x):
                raise ShapeError(
                    f"`{field}` of `pad` has {len(sizes)} numbers, {show(x)} has {len(x)} axes",
                    "give one number for each axis, 0 where nothing is added",
                )
        return fits(self, tuple(map(sum, zip(self.before, x, self.behind, strict=True))))

    def body(self, p: Prims[T], x: T) -> T:
        return p.pad(x, self.before, self.behind, float(self.value))


@op("permute")
class Permute(Op):
    """Reorders the axes: axis i of the result is axis `axes[i]` of what comes in.

    `axes`: each axis once.
    """

    is_view = True

    axes: tuple[Axis, ...]

    def order(self, x: Shape) -> tuple[int, ...]:
        return tuple(axis_of(self, axis, x) for axis in self.axes)

    def shape(self, x: Shape) -> Shape:
        order = self.order(x)
        if sorted(order) != list(range(len(x))):
            raise ShapeError(
                f"`permute` by {list(self.axes)} does not name each axis of {show(x)} once",
                f"it takes the axes 0 to {len(x) - 1} in any order",
            )
        return tuple(x[axis] for axis in order)

    def body(self, p: Prims[T], x: T) -> T:
        return p.permute(x, self.order(p.shape(x)))


@op("broadcast")
class Broadcast(Op):
    """Repeats values until they fill a shape, along axes of size 1 and along those that are missing at its end.

    `to`: the new shape; a vector of channels fills a map of as many channels.
    """

    is_view = True

    to: fields.Shape

    def shape(self, x: Shape) -> Shape:
        new = settled(self, self.to)
        if len(x) > len(new) or any(old not in (1, size) for old, size in zip(x, new, strict=False)):
            raise ShapeError(
                f"`broadcast` cannot fill {show(new)} with {show(x)}",
                "axes are matched from the first on; each must have the new size, or size 1, or be missing at the end",
            )
        return new

    def body(self, p: Prims[T], x: T) -> T:
        known = p.shape(x)
        missing = (1,) * (len(self.to) - len(known))
        return p.expand(p.reshape(x, known + missing), self.to)


@op("upsample")
class Upsample(Op):
    """Enlarges a map by whole factors.

    `scale`: the factors of height and width, one value for both. `mode`: "nearest" repeats points, "bilinear" blends
    them.
    """

    scale: Pair = (2, 2)
    mode: Annotated[str, OneOf(("nearest", "bilinear"))] = "nearest"

    def shape(self, x: Shape) -> Shape:
        channels, height, width = a_map(self, x)
        return fits(self, (channels, height * self.scale[0], width * self.scale[1]))

    def body(self, p: Prims[T], x: T) -> T:
        return p.upsample(x, self.scale, self.mode)
