"""The receptive field: which points of an input map a value depends on.

Rows and columns are looked at apart: for each place of a map the first and the last place of the input that it sees,
and how its inputs would spread between them if all weights were equal. So borders, steps and repeated points are exact.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connc.compiler.analyze.base import Analysis, Number, analysis, table
from connc.compiler.analyze.subject import Subject
from connc.compiler.fields import Part
from connc.compiler.names import within
from connc.compiler.network import Network, Node, Ref
from connc.compiler.ops.base import Op
from connc.compiler.ops.form import Upsample
from connc.compiler.ops.structure import Bundle
from connc.compiler.ops.window import Window

_MAP = 3  # axes: channels, height, width
Values = NDArray[np.float64]
Sides = tuple[int, int]  # height and width


@dataclass(frozen=True)
class Axis:
    """By place: the first and the last place of the input that is seen, the mean of those seen, and of its square."""

    first: Values
    last: Values
    mean: Values
    square: Values

    @classmethod
    def of_input(cls, size: int) -> "Axis":
        places = np.arange(size, dtype=np.float64)
        return cls(places, places, places, places**2)

    @property
    def size(self) -> int:
        """The most places that any sees."""
        return int(np.nanmax(self.last - self.first, initial=-1)) + 1

    @property
    def effective(self) -> float:
        """The side of an even window that spreads as far as what the place in the middle sees."""
        middle = self.mean.size // 2
        variance = max(0.0, float(self.square[middle] - self.mean[middle] ** 2))
        return sqrt(12 * variance + 1)

    def taken(self, taps: NDArray[np.intp]) -> "Axis":
        """By place, what stands at several of these, a row each; a tap outside sees nothing."""
        outside = (taps < 0) | (taps >= self.first.size)
        inside = np.where(outside, 0, taps)
        first, last, mean, square = (
            np.where(outside, np.nan, values[inside]) for values in (self.first, self.last, self.mean, self.square)
        )
        return Axis(_least(first), -_least(-last), _mean(mean), _mean(square))


def _least(values: Values) -> Values:
    """Of each row, of what is seen at all."""
    found: Values = np.fmin.reduce(values, axis=1)
    return found


def _mean(values: Values) -> Values:
    seen = ~np.isnan(values)
    counts = seen.sum(axis=1)
    sums = np.where(seen, values, 0.0).sum(axis=1)
    means: Values = np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0)
    return means


class Field(NamedTuple):
    """Along height and width."""

    rows: Axis
    columns: Axis

    @property
    def sides(self) -> Sides:
        return self.rows.size, self.columns.size


Fields = dict[str, Field | None]


def fields(kernel: Network) -> Fields:
    """That of each layer that depends on an input map; none where it is not known what it sees, which is the whole."""
    found: Fields = {}
    for node in kernel.inputs:
        if len(node.shapes[0]) == _MAP:
            found[node.name] = Field(*map(Axis.of_input, node.shapes[0][1:]))
    for node in kernel:
        refs = [source.ref for source in kernel.sources(node.name)]
        if any(ref.node in found for ref in refs):
            found[node.name] = _made(node, kernel, [ref for ref in refs if ref.node in found], found)
    return found


def _made(node: Node, kernel: Network, refs: Sequence[Ref], found: Fields) -> Field | None:
    """What a layer makes of values that see some of the map."""
    known = [field for ref in refs if (field := found[ref.node]) is not None]
    op = node.what
    assert isinstance(op, Op)
    if len(known) < len(refs) or not known:
        return None
    if isinstance(op, Upsample):
        return _each(known[0], op.scale, _blended if op.mode == "bilinear" else _repeated)
    if (window := getattr(op, "window", None)) is not None:
        return _behind(known[0], window)
    if not op.is_pointwise or not _alike(node, known):
        return None
    return _together(known, [_channels(kernel, ref) for ref in refs])


def _alike(node: Node, known: Sequence[Field]) -> bool:
    """Whether points stay where they are: all maps have one size, and so has what comes out."""
    sizes = {(field.rows.mean.size, field.columns.mean.size) for field in known}
    return len(sizes) == 1 and all(len(shape) == _MAP and shape[1:] in sizes for shape in node.shapes)


def _channels(kernel: Network, ref: Ref) -> int:
    """How much of what a layer reads comes from there; a bundle is taken as one."""
    return 1 if isinstance(kernel[ref.node].what, Bundle) else next(iter(kernel.shape(ref)), 1)


def _together(known: Sequence[Field], channels: Sequence[int]) -> Field:
    """The widest at each place; means in which each counts by its channels."""
    weights = [each / sum(channels) for each in channels]

    def of(axes: Sequence[Axis]) -> Axis:
        mean = sum(weight * axis.mean for weight, axis in zip(weights, axes, strict=True))
        square = sum(weight * axis.square for weight, axis in zip(weights, axes, strict=True))
        first = np.fmin.reduce([axis.first for axis in axes])
        return Axis(first, np.fmax.reduce([axis.last for axis in axes]), np.asarray(mean), np.asarray(square))

    return (
        known[0] if len(known) == 1 else Field(of([each.rows for each in known]), of([each.columns for each in known]))
    )


def _behind(field: Field, window: Window) -> Field:
    """That of what a window makes."""
    counts = window.places(field.rows.mean.size, field.columns.mean.size)
    sides = zip(field, counts, window.kernel, window.stride, window.padding, window.dilation, strict=True)
    rows, columns = (
        axis.taken(np.arange(count)[:, None] * stride - padding + np.arange(points) * apart)
        for axis, count, points, stride, padding, apart in sides
    )
    return Field(rows, columns)


def _each(field: Field, scale: tuple[int, int], change: Callable[[Axis, int], Axis]) -> Field:
    return Field(change(field.rows, scale[0]), change(field.columns, scale[1]))


def _repeated(axis: Axis, times: int) -> Axis:
    return axis.taken(np.arange(axis.mean.size * times)[:, None] // times)


def _blended(axis: Axis, times: int) -> Axis:
    """Each point blends two neighbours, in the middle between which it lies or not; at the borders one."""
    at = np.floor((np.arange(axis.mean.size * times) + 0.5) / times - 0.5).astype(np.intp)
    return axis.taken(np.clip(np.stack([at, at + 1], axis=1), 0, axis.mean.size - 1))


@analysis("receptive_field")
class ReceptiveField(Analysis):
    """How many points of an input map, along its longer side, the values of a layer depend on; the most of a part.

    Of a whole net it is that of the layers that make maps, before something sees the whole.
    """

    of: Part | None = None

    def measure(self, subject: Subject) -> Number:
        found = _widest(subject, self.of)
        return None if found is None else max(found[1])

    def witness(self, subject: Subject) -> str:
        found = _widest(subject, self.of)
        return "" if found is None else f"that of {found[0]}"


@table("receptive_field")
def _receptive_field(subject: Subject) -> object:
    """`effective` is the side of an even window that spreads as far as inputs would, if all weights were equal."""
    found = _widest(subject, None)
    if found is None:
        return None
    name, (height, width) = found
    field = fields(subject.kernel)[name]
    assert field is not None
    effective = [round(min(axis.effective, side), 6) for axis, side in zip(field, (height, width), strict=True)]
    return {"height": height, "width": width, "effective": effective, "layer": name}


def _widest(subject: Subject, part: object) -> tuple[str, Sides] | None:
    """The first layer that sees most, and how much; if no part is said, of those of which it is known."""
    maps = {node.name: node.shapes[0][1:] for node in subject.kernel.inputs if len(node.shapes[0]) == _MAP}
    found: list[tuple[str, Sides]] = []
    for name, field in fields(subject.kernel).items():
        if within(name, part) and (part is not None or (field and name not in maps)):
            height, width = field.sides if field else max(maps.values())
            found.append((name, (height, width)))
    return max(found, key=lambda each: max(each[1]), default=None)
