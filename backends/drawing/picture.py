"""The picture of a network: boxes in boxes and the arrows between them. Pure data; every format says the same one.

A box may be opened: then it has a scene of its own, whose inputs and outputs stand for what goes in and comes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connc.backends.drawing.matrix import Matrix
from connc.compiler.ops.base import Shape

INPUT, OUTPUT, LAYER, MODULE, JOIN, BUNDLE, REST = "input", "output", "layer", "module", "join", "bundle", "rest"


@dataclass(frozen=True, slots=True)
class Port:
    """An output of a box."""

    name: str
    shape: Shape

    @property
    def text(self) -> str:
        return by_size(self.shape)


@dataclass(frozen=True, slots=True)
class Box:
    """A layer, a module, an input or an output; with a `count` as many alike layers in a row or side by side.

    `title` is what it is called, unless `label`, what it is, says all. `join` is how several sources become its one
    input, `shared` the layer whose weights it uses, `place` depth and lane on the grid `family`.
    """

    id: str
    kind: str
    title: str = ""
    label: str = ""
    tip: str = ""
    tone: str = "plain"
    join: str = ""
    shared: str = ""
    ins: tuple[str, ...] = ("in",)
    outs: tuple[Port, ...] = ()
    family: str = ""
    place: tuple[int, int] | None = None
    count: int = 1
    inside: Scene | None = None


@dataclass(frozen=True, slots=True)
class Arrow:
    """What flows from an output of a box into an input of another, by number; `rule` is the number of its `connect`.

    A `candidate` is a connection that is not there and that a search may add.
    """

    source: str
    target: str
    port: int = 0
    slot: int = 0
    shape: Shape = ()
    via: str = ""
    rule: int | None = None
    candidate: bool = False
    count: int = 1

    @property
    def text(self) -> str:
        """Its shape; a bundle has none."""
        return by_size(self.shape) if self.shape else ""


@dataclass(frozen=True, slots=True)
class Scene:
    """The boxes of one body, each behind those that it reads."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A scene with all that is written around it. `matrix`: what to look at instead, where a rule is drawn."""

    title: str
    scene: Scene
    rules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    matrix: Matrix | None = None


def boxes_in(scene: Scene, inside: Box | None = None) -> Iterator[tuple[Box, Box | None]]:
    """All boxes, each with the one that it stands in, in front of those that stand in it."""
    for box in scene.boxes:
        yield box, inside
        if box.inside is not None:
            yield from boxes_in(box.inside, box)


def arrows_in(scene: Scene) -> Iterator[Arrow]:
    """All arrows."""
    yield from scene.arrows
    for box in scene.boxes:
        if box.inside is not None:
            yield from arrows_in(box.inside)


def has_grid(scene: Scene) -> bool:
    """Whether a grid is to be seen in it."""
    return any(box.place is not None or (box.inside is not None and has_grid(box.inside)) for box in scene.boxes)


def written(box: Box, scene: Scene, is_outermost: bool) -> list[str]:
    """What is written at the arrows that leave a box: the shape, where it is not among those that come in.

    What leaves an opened box is written outside of it; inputs and outputs of the whole say their shapes themselves.
    """
    if box.kind == INPUT and not is_outermost:
        return [box.title if sum(each.kind == INPUT for each in scene.boxes) > 1 else ""]
    if box.kind in (INPUT, OUTPUT):
        return [""] * len(box.outs)
    if len(box.outs) > 1:
        return [at_port(port.name, port.text) for port in box.outs]
    came = {arrow.text for arrow in scene.arrows if arrow.target == box.id} if box.inside is None else set()
    leads = {arrow.target for arrow in scene.arrows if arrow.source == box.id}
    ends = {each.id for each in scene.boxes if each.kind == OUTPUT}
    shown = bool(box.outs[0].shape) and box.outs[0].text not in came and (is_outermost or not leads <= ends)
    return [box.outs[0].text if shown else ""]


def at_port(name: str, shape: str) -> str:
    """What is written at one of several outputs of a box."""
    return f"{name}: {shape}"


def by_size(shape: Shape) -> str:
    """`32×56×56`"""
    return "×".join(map(str, shape)) or "1"
