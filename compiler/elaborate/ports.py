"""The inputs and outputs of a body: what flows in, what is led out, and the shapes that both are declared with."""

from __future__ import annotations

from collections.abc import Sequence

from connc.compiler.elaborate.draft import Draft
from connc.compiler.elaborate.joining import Wanted, fits
from connc.compiler.elaborate.outline import Outline
from connc.compiler.elaborate.reader import Reader, body_of, settled
from connc.compiler.elaborate.values import Recipe, Several, check_one
from connc.compiler.elaborate.world import World
from connc.compiler.network import Ref
from connc.compiler.ops.base import Shape
from connc.compiler.ops.refuse import show
from connc.dsl import codes, tree
from connc.dsl.check import Declared
from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import Value
from connc.dsl.source import Span


class Ports:
    """`inputs`: what the names of inputs stand for; `outputs`: what each output is, as far as it was fed."""

    def __init__(self, text: Outline, draft: Draft, reader: Reader) -> None:
        self.text, self.draft, self.reader = text, draft, reader
        self.inputs: dict[str, Value] = {}
        self.outputs: dict[str, Ref] = {}

    def declare(self, shapes: Sequence[Shape]) -> None:
        """Let tensors of these shapes flow in."""
        declared = self.text.inputs
        if declared and declared[0].many:
            (many,) = declared
            name, declared = many.name.text, [many] * len(shapes)
            self.inputs[name] = Several(
                tuple(self.draft.input(f"{name}[{i}]", shape) for i, shape in enumerate(shapes))
            )
        else:
            names = [port.name.text for port in declared] or ["in"]
            for name, shape in zip(names, shapes, strict=True):
                self.inputs[name] = self.draft.input(name, shape)
        for port, shape in zip(declared, shapes, strict=False):
            self._check(port, shape)

    def is_output(self, name: str) -> bool:
        return name in self.text.outputs

    def feed(self, port: str, value: Value, span: Span) -> None:
        """Lead a tensor to an output."""
        check_one(value, span)
        self.outputs[port] = value.ref
        self._check(self.text.outputs[port], value.shape)

    def wanted(self, port: str) -> Wanted | None:
        """The shape that an output says it has."""
        return self._declared(self.text.outputs[port])

    def _declared(self, port: tree.Port | None) -> Wanted | None:
        wanted: Wanted | None = self.reader(port.shape) if port and port.shape else None
        return wanted

    def _check(self, port: tree.Port | None, shape: Shape) -> None:
        wanted = self._declared(port)
        if port and port.shape and wanted is not None and not fits(shape, wanted):
            message = f"`{port.name.text}` is declared as {show(wanted)}, and {show(shape)} arrives"
            help_ = "declare what arrives, `_` for any size; or let a layer in front make it fit"
            raise Refusal(codes.PORT_SHAPE.at(port.shape.span, message, help=help_))


def wanted_input(recipe: Recipe, world: World, span: Span) -> Wanted | None:
    """The shape that the one input of a module says it takes."""
    if not isinstance(recipe.maker, Declared):
        return None
    recipe, names = settled(world, recipe, span)
    ports = [s for s in body_of(recipe).statements if isinstance(s, tree.Port) and s.direction == "in"]
    if len(ports) != 1 or ports[0].shape is None or ports[0].many:
        return None
    wanted: Wanted = Reader(names, world)(ports[0].shape)
    return wanted
