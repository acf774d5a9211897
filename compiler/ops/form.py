"""Layers that lay values out anew and compute nothing."""

from typing import Annotated

from connc.compiler.fields import Axis, Count, Index, Offset, OneOf, Pair, Real, Shape
from connc.compiler.ops.base import Op, op


@op("identity")
class Identity(Op):
    """Hands on what it gets."""


@op("flatten")
class Flatten(Op):
    """Joins all axes from `start` on into one; without a parameter, everything into a vector.

    `start`: the first axis that is joined.
    """

    start: Axis = 0


@op("reshape")
class Reshape(Op):
    """Lays the values out in another shape of the same size, in the same order.

    `shape`: the new shape.
    """

    shape: Shape


@op("pad")
class Pad(Op):
    """Adds values in front of and behind each axis: `pad([0, 1, 1])` frames a map.

    `before`: how many in front, a number for each axis. `after`: how many behind; without it as many as in front.
    `value`: what is added.
    """

    before: tuple[Index, ...]
    after: tuple[Index, ...] | None = None
    value: Real = 0.0


@op("slice")
class Slice(Op):
    """Takes `size` positions of an axis, from `start` on.

    `start`: the first position, a negative one counted from the end. `size`: how many; without it all that follow.
    `axis`: of which axis, 0 being the channels.
    """

    start: Offset
    size: Count | None = None
    axis: Axis = 0


@op("split", outputs=("first", "rest"))
class Split(Op):
    """Cuts an axis in two: `y.first` has `size` positions, `y.rest` what is left.

    `size`: where it is cut; without it in the middle. `axis`: which axis, 0 being the channels.
    """

    size: Count | None = None
    axis: Axis = 0


@op("permute")
class Permute(Op):
    """Reorders the axes: axis i of the result is axis `axes[i]` of what comes in.

    `axes`: each axis once.
    """

    axes: tuple[Axis, ...]


@op("broadcast")
class Broadcast(Op):
    """Repeats values until they fill a shape, along axes of size 1 and along those that are missing at its end.

    `shape`: the new shape; a vector of channels fills a map of as many channels.
    """

    shape: Shape


@op("upsample")
class Upsample(Op):
    """Enlarges a map by whole factors.

    `scale`: the factors of height and width, one value for both. `mode`: "nearest" repeats points, "bilinear" blends
    them.
    """

    scale: Pair = (2, 2)
    mode: Annotated[str, OneOf(("nearest", "bilinear"))] = "nearest"
