"""The body of a module or a net, statement by statement; each is right whatever stands before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from connc.compiler.make import make_op
from connc.compiler.ops.base import Shape
from connc.testing.layers import Bounded, Layer, layer, shapes_of
from connc.testing.values import Draw, pick

HINTS = 3  # outputs beside `out`, at most


Kind = Callable[["Body"], None]  # adds a statement, where one fits


@dataclass(frozen=True, slots=True)
class Tensor:
    """Something that flows, as statements call it."""

    name: str
    shape: Shape

    @property
    def source(self) -> str:
        """What it is a piece or an output of."""
        return re.split(r"[.\[]", self.name)[0]


@dataclass(frozen=True, slots=True)
class Statement:
    """A line of a body: the name that it makes, and the names that it needs."""

    name: str
    text: str
    needs: tuple[str, ...]


@dataclass(slots=True)
class File:
    """The modules that have been written so far, how many names were given, and how many layers may still come."""

    left: int
    modules: dict[str, str] = field(default_factory=dict)
    names: int = 0

    def fresh(self, what: str) -> str:
        self.names += 1
        return f"{what}{self.names}"

    def module(self, name: str, head: str, lines: Sequence[str]) -> str:
        """Write a module, unless it is there."""
        self.modules.setdefault(name, _declared(f"module {name}{head}", lines))
        return name

    def text(self, head: str, lines: Sequence[str]) -> str:
        """The whole file, with those modules that the last declaration uses, directly or not."""
        found = [_declared(head, lines)]
        for name, module in reversed(self.modules.items()):
            if any(re.search(rf"\b{name}\b", text) for text in found):
                found.append(module)
        return "\n".join(reversed(found))


def _declared(head: str, lines: Sequence[str]) -> str:
    return f"{head} {{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


def _complex(join: str) -> tuple[bool, str]:
    """`concat` changes the shape, so all others are simpler."""
    return join == "concat", join


class Body:
    """Statements, and the tensors that they make. `depth` is how far modules may still nest, `kinds` what may come."""

    def __init__(
        self, draw: Draw, bounded: Bounded, file: File, depth: int, inputs: Sequence[Tensor], kinds: Sequence[Kind]
    ) -> None:
        self.draw, self.bounded, self.file, self.depth, self.kinds = draw, bounded, file, depth, kinds
        self.inputs, self.tensors = inputs, [*inputs]
        self.statements: list[Statement] = []
        self.read: set[str] = set()

    def fill(self) -> None:
        """Statements until no more layers may come."""
        for _ in range(1 + self.draw(st.integers(0, self.file.left))):
            if self.file.left > 0:
                pick(self.draw, self.kinds)(self)

    def outputs(self, most: int) -> dict[str, Tensor]:
        """What nothing has read flows out: the last as `out`, others as hints."""
        *others, last = self.tensors
        left = [tensor for tensor in others if tensor.name not in self.read]
        return {"out": last} | {f"hint{k}": tensor for k, tensor in enumerate(left[:most])}

    def lines(self, outputs: Mapping[str, Tensor]) -> list[str]:
        """The statements that lead to some outputs; forgets what leads to none."""
        needed = {tensor.source for tensor in outputs.values()}
        kept: list[str] = []
        for statement in reversed(self.statements):
            if statement.name in needed:
                needed.update(statement.needs)
                kept.append(statement.text)
        ports = [f"out {port}" for port in outputs if port != "out"]
        self.inputs = [tensor for tensor in self.inputs if tensor.name in needed]
        return [*ports, *reversed(kept), *(f"{tensor.name} -> {port}" for port, tensor in outputs.items())]

    # --- what statements are made of

    def one(self) -> Tensor:
        """A tensor to read: of those that nothing has read, or any."""
        late = self.tensors[::-1]
        unread = [tensor for tensor in late if tensor.name not in self.read]
        return self.draw(st.sampled_from([*unread, *late]))

    def like(self, shape: Shape) -> Tensor:
        """A tensor of some shape that there is."""
        return self.draw(st.sampled_from([each for each in self.tensors if each.shape == shape]))

    def layer(self, *x: Shape, keeps: bool = False, cuts: bool = False) -> Layer | None:
        self.file.left -= 1
        return layer(self.draw, self.bounded, *x, keeps=keeps, cuts=cuts)

    def join_name(self) -> str:
        return self.draw(st.sampled_from(sorted(self.bounded.joins, key=_complex)))

    def say(self, value: str, shape: Shape, *sources: Tensor, needs: str = "") -> None:
        """`x1 = value`"""
        name = self.file.fresh("x")
        self.state(name, f"{name} = {value}", *sources, needs=needs)
        self.tensors.append(Tensor(name, shape))

    def state(self, name: str, text: str, *sources: Tensor, needs: str = "") -> None:
        self.read.update(tensor.name for tensor in sources)
        self.statements.append(Statement(name, text, (*(tensor.source for tensor in sources), needs)))

    def unit(self, shape: Shape) -> tuple[str, Shape] | None:
        """A layer, or a module that is written for it, and the shape that it makes."""
        if self.depth and self.draw(st.booleans()):
            name, outputs = self.module(shape, 0)
            return name, outputs["out"].shape
        found = self.layer(shape)
        return None if found is None else (found.text, found.shapes[0])

    def module(self, shape: Shape, hints: int) -> tuple[str, dict[str, Tensor]]:
        """A module for tensors of some shape."""
        inside = Body(self.draw, self.bounded, self.file, self.depth - 1, [Tensor("in", shape)], self.kinds)
        inside.fill()
        outputs = inside.outputs(hints)
        return self.file.module(self.file.fresh("part"), "", inside.lines(outputs)), outputs


# --- statements


def chain(body: Body) -> None:
    """Some layers behind each other."""
    start = body.one()
    text, shape = "", start.shape
    for _ in range(body.draw(st.integers(1, 3))):
        found = body.layer(shape)
        if found is None:
            break
        text, shape = f"{text} -> {found.text}", found.shapes[0]
    if text:
        body.say(start.name + text, shape, start)


def join(body: Body) -> None:
    """Several tensors as one, by a layer or by arithmetic."""
    first, name = body.one(), body.join_name()
    like = [other for other in body.tensors if shapes_of(make_op(name, {}), (first.shape, other.shape))]
    others = body.draw(st.lists(st.sampled_from(like), min_size=1, max_size=3)) if like else []
    shapes = shapes_of(make_op(name, {}), [each.shape for each in (first, *others)])
    if others and shapes:
        body.say(_joined(body, name, [each.name for each in (first, *others)]), shapes[0], first, *others)


def _joined(body: Body, join: str, names: Sequence[str]) -> str:
    if join not in ("sum", "mul") or not body.draw(st.booleans()):
        return f"({', '.join(names)}) -> {join}"
    if join == "mul" or "gain" not in body.bounded.ops:
        return (" * " if join == "mul" else " + ").join(names)
    signs = st.sampled_from([" + ", " - ", " + 2 * ", " - 0.5 * "])
    first, *rest = names
    return first + "".join(body.draw(signs) + name for name in rest)


def pieces(body: Body) -> None:
    """A layer that cuts, of which some pieces are used."""
    start = body.one()
    found = body.layer(start.shape, cuts=True)
    if found is not None:
        name = body.file.fresh("x")
        body.state(name, f"{name} = {start.name} -> {found.text}", start)
        body.tensors += [Tensor(f"{name}[{at}]", shape) for at, shape in enumerate(found.shapes)]


def part(body: Body) -> None:
    """A module with one output or several."""
    start = body.one()
    if body.depth:
        text, outputs = body.module(start.shape, HINTS)
        body.say(f"{start.name} -> {text}", outputs.pop("out").shape, start)
        whole = body.tensors[-1]
        body.tensors += [Tensor(f"{whole.name}.{port}", tensor.shape) for port, tensor in outputs.items()]


def shared(body: Body) -> None:
    """A layer or a module with a label, used twice."""
    start = body.one()
    if made := body.unit(start.shape):
        label = body.file.fresh("tower")
        body.state(label, f"{label}: {made[0]}")
        for tensor in (start, body.like(start.shape)):
            body.say(f"{tensor.name} -> {label}", made[1], tensor, needs=label)


SINGLE = (chain, part, shared, pieces)
