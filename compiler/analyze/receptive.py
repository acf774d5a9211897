"""The receptive field: how far apart the points of an input map lie that a value depends on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, sqrt

from connc.compiler.analyze.base import Analysis, Number, analysis, table
from connc.compiler.analyze.subject import Subject
from connc.compiler.fields import Part
from connc.compiler.names import within
from connc.compiler.network import Network, Node, Ref
from connc.compiler.ops.base import Op
from connc.compiler.ops.form import Upsample
from connc.compiler.ops.structure import Bundle
from connc.compiler.ops.window import Window

MAP = 3  # axes: channels, height, width
Sides = tuple[Fraction, Fraction]  # height and width


@dataclass(frozen=True)
class Field:
    """`size`: what a value may depend on; `step`: how far neighbours of a map lie apart in the input.

    `spread` is the variance of where its inputs lie, if all weights were equal. `whole`: it sees all there is.
    """

    size: Sides = (Fraction(1), Fraction(1))
    step: Sides = (Fraction(1), Fraction(1))
    spread: Sides = (Fraction(0), Fraction(0))
    whole: bool = False

    def behind(self, window: Window) -> "Field":
        """That of a value which such a window makes of values like this one."""
        wide = [points - 1 for points in window.kernel]
        apart = _times(self.step, window.dilation)
        even = [Fraction(points**2 - 1, 12) for points in window.kernel]
        return Field(
            size=_plus(self.size, _times(apart, wide)),
            step=_times(self.step, window.stride),
            spread=_plus(self.spread, _times(_times(apart, apart), even)),
        )

    def finer(self, op: Upsample) -> "Field":
        """That of a map in which values stand several times, or of which two neighbours are blended."""
        blended = Window((2, 2), (1, 1), (0, 0))
        field = self.behind(blended) if op.mode == "bilinear" else self
        return replace(field, step=_times(field.step, [Fraction(1, times) for times in op.scale]))


def _plus(one: Sides, other: Sides) -> Sides:
    return one[0] + other[0], one[1] + other[1]


def _times(one: Sides, other: Sequence[Fraction | int]) -> Sides:
    return one[0] * other[0], one[1] * other[1]


WHOLE = Field(whole=True)


def fields(kernel: Network) -> dict[str, Field]:
    """That of each layer that depends on an input map; a layer of which no bound is known sees the whole map."""
    found = {node.name: Field() for node in kernel.inputs if len(node.shapes[0]) == MAP}
    for node in kernel:
        refs = [source.ref for source in kernel.sources(node.name)]
        if known := [(found[ref.node], _channels(kernel, ref)) for ref in refs if ref.node in found]:
            found[node.name] = _made(node, _together(known))
    return found


def _made(node: Node, field: Field) -> Field:
    """What a layer makes of values that have a field."""
    op = node.what
    assert isinstance(op, Op)
    if field.whole or op.is_pointwise:
        return field
    if isinstance(op, Upsample):
        return field.finer(op)
    window = getattr(op, "window", None)
    return WHOLE if window is None else field.behind(window)


def _channels(kernel: Network, ref: Ref) -> int:
    """How much of what a layer reads comes from there; a bundle is taken as one."""
    return 1 if isinstance(kernel[ref.node].what, Bundle) else next(iter(kernel.shape(ref)), 1)


def _together(known: list[tuple[Field, int]]) -> Field:
    """The greatest; their spreads as a mean, in which each counts by its channels."""
    if any(field.whole for field, _ in known):
        return WHOLE
    total = sum(channels for _, channels in known)
    return Field(
        size=_each(max, [field.size for field, _ in known]),
        step=_each(max, [field.step for field, _ in known]),
        spread=_each(sum, [_times(field.spread, [Fraction(channels, total)] * 2) for field, channels in known]),
    )


def _each(reduced: Callable[[Iterable[Fraction]], Fraction | int], sides: list[Sides]) -> Sides:
    height, width = (Fraction(reduced(axis)) for axis in zip(*sides, strict=True))
    return height, width


@analysis("receptive_field")
class ReceptiveField(Analysis):
    """How many points of an input map, along its longer side, the values of a layer depend on; the most of a part.

    Of a whole net it is that of the layers that make maps, before something sees the whole.
    """

    of: Part | None = None

    def measure(self, subject: Subject) -> Number:
        found = _greatest(subject, self.of)
        return None if found is None else max(_within_map(subject, found[1]))

    def witness(self, subject: Subject) -> str:
        found = _greatest(subject, self.of)
        return "" if found is None else f"that of {found[0]}"


@table("receptive_field")
def _receptive_field(subject: Subject) -> object:
    """`effective` is the side of an even window that spreads as far as inputs would, if all weights were equal."""
    found = _greatest(subject, None)
    if found is None:
        return None
    height, width = _within_map(subject, found[1])
    sides = (sqrt(12 * float(variance) + 1) for variance in found[1].spread)
    effective = [min(side, most) for side, most in zip(sides, (height, width), strict=True)]
    return {"height": height, "width": width, "effective": effective, "layer": found[0]}


def _greatest(subject: Subject, part: object) -> tuple[str, Field] | None:
    """The layer with the greatest field, and the field; if no part is said, of those that do not see the whole."""
    found = [(name, field) for name, field in fields(subject.kernel).items() if within(name, part)]
    if part is None:
        found = [(name, field) for name, field in found if not field.whole and name not in _inputs(subject)]
    return max(found, key=lambda each: (each[1].whole, each[1].size), default=None)


def _inputs(subject: Subject) -> set[str]:
    return {node.name for node in subject.kernel.inputs}


def _within_map(subject: Subject, field: Field) -> tuple[int, int]:
    """Its sides, no longer than those of an input map."""
    maps = [node.shapes[0] for node in subject.kernel.inputs if len(node.shapes[0]) == MAP]
    height, width = max(shape[1] for shape in maps), max(shape[2] for shape in maps)
    return (height, width) if field.whole else (min(height, ceil(field.size[0])), min(width, ceil(field.size[1])))
