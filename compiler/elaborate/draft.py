"""The network of a body while it grows: layers are put in one after the other, with what flows into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from connc.compiler.elaborate.fill import missing, of_language
from connc.compiler.elaborate.values import Recipe, Several, Tensor
from connc.compiler.elaborate.world import World
from connc.compiler.make import make_op
from connc.compiler.names import output_name, owner
from connc.compiler.network import Network, Node, Source
from connc.compiler.ops.base import Op, Shape, ShapeError
from connc.compiler.ops.refuse import show
from connc.compiler.relations.forms import Space
from connc.compiler.relations.relation import Relation
from connc.compiler.relations.rule import Rule
from connc.dsl import codes
from connc.dsl.check import Declared
from connc.dsl.diagnostic import Diagnostic, Label, Refusal
from connc.dsl.source import Span

Made = Tensor | Several


@dataclass(frozen=True, slots=True)
class Joined:
    """What flows into a target, the shape of it, and how several sources become one."""

    sources: list[Source]
    shape: Shape
    join: Op | Network | None = None


class Draft:
    """`path`: the full name of the body, by which the draws of its layers are keyed."""

    def __init__(self, path: str, world: World) -> None:
        self.path, self.world = path, world
        self.nodes: dict[str, Node] = {}
        self.sources: dict[str, list[Source]] = {}
        self._seen: dict[str, list[Shape]] = {}  # the shapes that flow into each layer

    def full(self, name: str) -> str:
        """The name from the net inwards."""
        return f"{self.path}.{name}" if self.path else name

    def input(self, name: str, shape: Shape) -> Tensor:
        made = self._tensor(Node(name, make_op("input", {"size": shape}), (shape,)), ())
        assert isinstance(made, Tensor)
        return made

    def put(self, name: str, recipe: Recipe, tensors: Sequence[Tensor], span: Span) -> Made:
        """Put in a layer that reads some tensors."""
        return self.add(name, recipe, [Source(each.ref) for each in tensors], [each.shape for each in tensors], span)

    def add(
        self,
        name: str,
        recipe: Recipe,
        sources: Sequence[Source],
        shapes: Sequence[Shape],
        span: Span,
        join: Op | Network | None = None,
    ) -> Made:
        """Put in a layer; `shapes` are those of its inputs, behind adapters and the join."""
        missing(recipe, span)
        self._check_shared(name, shapes, span)
        what = self.what(name, recipe, tuple(shapes), span)
        out = what.shapes if isinstance(what, Network) else self.shapes(what, shapes, span, sources)
        return self._tensor(Node(name, what, tuple(out), join, recipe.declared or span), sources)

    def bundle(self, name: str, sources: Sequence[Source]) -> None:
        """Put in what hands on many sources side by side."""
        self.nodes[name] = Node(name, make_op("bundle", {}), ())
        self.sources[name] = list(sources)

    def meet(self, port: str, joined: Joined, span: Span) -> Tensor:
        """What flows into an output: one source as it is, several by a layer of their own that joins them."""
        (first, via), join = joined.sources[0], joined.join
        if join is None and via is None:
            node = self.nodes[first.node]
            return Tensor(node.name, dict(zip(node.ports, node.shapes, strict=True)), first.port)
        name, what = (f"{port}.join", join) if join is not None else (f"{port}.via.{output_name(*first)}", via)
        assert what is not None
        made = self._tensor(Node(name, what, (joined.shape,), None, span), joined.sources if join else [Source(first)])
        assert isinstance(made, Tensor)
        return made

    def what(self, name: str, recipe: Recipe, shapes: tuple[Shape, ...], span: Span) -> Op | Network:
        """What a recipe makes of inputs of these shapes: an op, or the body of a module."""
        if isinstance(recipe.maker, Declared):
            self._check_inputs(recipe, len(shapes), span)
            network: Network = self.world.build(recipe, shapes, self.full(owner(name)), span)
            return network
        key = ("op", recipe.maker, recipe.given)
        op = self.world.once(key, partial(_op, recipe, span))
        if recipe.by is None:
            return op
        self.shapes(op, shapes, span)
        between = op.spaces(*shapes)
        return replace(op, rule=self.relate(recipe.by, between, owner(name), span))

    def _check_inputs(self, recipe: Recipe, count: int, span: Span) -> None:
        """A module gets as many tensors as it has inputs."""
        inputs = recipe.signature.inputs
        if inputs is not None and len(inputs) != count:
            takes = f"takes {len(inputs)} tensor{'s' * (len(inputs) != 1)}, and {count} flow in"
            raise Refusal(codes.PORTS.at(span, f"`{recipe.kind}` {takes}"))

    def one(self, name: str, recipe: Recipe, shapes: tuple[Shape, ...], span: Span) -> Op | Network:
        """What a recipe makes, where one tensor is due at its end."""
        what = self.what(name, recipe, shapes, span)
        if isinstance(what, Network) and list(what.outputs) != ["out"]:
            outputs = ", ".join(f"`{port}`" for port in what.outputs)
            raise Refusal(codes.PORTS.at(span, f"`{recipe.kind}` has the outputs {outputs}, and one `out` is due here"))
        return what

    def shapes(self, op: Op, shapes: Sequence[Shape], span: Span, sources: Sequence[Source] = ()) -> tuple[Shape, ...]:
        """The shapes of what comes out of an op."""
        try:
            if op.rule is not None:
                return op.shapes(*shapes)
            return self.world.once(("shapes", op, tuple(shapes)), lambda: op.shapes(*shapes))
        except ShapeError as error:
            several = op.signature.inputs is None
            code = codes.NO_SOURCE if not shapes else codes.JOIN_SHAPES if several else codes.SHAPE
            raise Refusal(code.at(span, error.message, "", *self._places(error, sources), help=error.help)) from None

    def _places(self, error: ShapeError, sources: Sequence[Source]) -> list[Label]:
        """Where the tensors that disagree were made."""
        found = []
        for place in error.inputs:
            node = self.nodes.get(sources[place].ref.node) if place < len(sources) else None
            if node is not None and node.span is not None:
                found.append(Label(node.span, f"`{node.name}` makes {show(node.shapes[0])}"))
        return found

    def relate(self, rule: Rule, between: tuple[Space, Space], name: str, span: Span) -> Relation:
        """The pairs of a rule that stands behind a layer or a `connect`."""
        try:
            return rule.relate(self.world.place(*between, self.full(name), rule.span))
        except Refusal as refusal:
            raise Refusal(_used_at(refusal.diagnostic, span)) from None

    def _check_shared(self, name: str, shapes: Sequence[Shape], span: Span) -> None:
        """All uses of a layer see the same shapes."""
        first = self.nodes.get(owner(name))
        seen = self._seen.setdefault(owner(name), list(shapes))
        if first is not None and seen != list(shapes):
            message = f"`{first.name}` shares its weights, and sees {_shown(seen)} here and {_shown(shapes)} there"
            labels = [Label(first.span, "first applied here")] if first.span else []
            raise Refusal(codes.SHARED_SHAPES.at(span, message, "", *labels, help="give each its own layer"))

    def _tensor(self, node: Node, sources: Sequence[Source]) -> Made:
        if self.nodes.setdefault(node.name, node) != node:  # the same again where its chain was put off
            raise AssertionError(f"two layers are called {node.name}")
        self.sources[node.name] = list(sources)
        return self._made(node)

    @staticmethod
    def _made(node: Node) -> Made:
        shapes: Mapping[str, Shape] = dict(zip(node.ports, node.shapes, strict=True))
        if isinstance(node.what, Op) and node.what.signature.outputs is None:
            return Several(tuple(Tensor(node.name, shapes, port) for port in node.ports))
        return Tensor(node.name, shapes)


def _used_at(found: Diagnostic, span: Span) -> Diagnostic:
    """What is wrong with a rule, and where it is used, if it is written elsewhere."""
    inside = found.span.source is span.source and span.start <= found.span.start <= found.span.stop <= span.stop
    return found if inside else replace(found, labels=(*found.labels, Label(span, "the rule is used here")))


def _op(recipe: Recipe, span: Span) -> Op:
    assert not isinstance(recipe.maker, Declared)
    return make_op(recipe.signature.name, of_language(recipe.signature, recipe.given, span))


def _shown(shapes: Sequence[Shape]) -> str:
    return " and ".join(map(show, shapes))
