"""Shapes, inferred anew: once for each op and shapes of inputs, so that a deep network of few layers costs little."""

from __future__ import annotations

from collections.abc import Sequence

from connc.compiler.network import ALL, Network, Node, Ref, Source
from connc.compiler.ops.base import Op, Shape, ShapeError
from connc.compiler.ops.structure import Bundle
from connc.compiler.verify.invalid import Invalid, WrongShape
from connc.compiler.verify.ops import fault_of
from connc.dsl.vocabulary import LARGEST_SIZE

Wired = Sequence[tuple[Node, Sequence[Source]]]


def _made(network: Network) -> dict[Ref, Shape]:
    """All that can be read in a network; of a bundle all that it holds, which has no shape of its own."""
    made: dict[Ref, Shape] = {}
    for node in network:
        shapes = node.shapes or ((),) * isinstance(node.what, Bundle)
        made.update((Ref(node.name, port), shape) for port, shape in zip(node.ports, shapes, strict=False))
    return made


class Inference:
    """What is known of ops and bodies, for all networks of one run."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}  # of ops by identity, as their values take longer to hash
        self.ops: dict[Op, int] = {}
        self.known: dict[tuple[int, tuple[Shape, ...]], tuple[Shape, ...]] = {}

    def shapes(self, what: Op | Network, x: tuple[Shape, ...], node: Node) -> tuple[Shape, ...]:
        """What comes out when tensors of these shapes flow in."""
        if isinstance(what, Network):
            return _body(what, x, node)
        key = self._number(what, node), x
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = _op(what, x, node)
        return found

    def _number(self, op: Op, node: Node) -> int:
        number = self.numbers.get(id(op))
        if number is None:
            if fault := fault_of(op):
                raise Invalid(fault, node)
            number = self.numbers[id(op)] = self.ops.setdefault(op, len(self.ops))
        return number


def _body(body: Network, x: tuple[Shape, ...], node: Node) -> tuple[Shape, ...]:
    if x != (wanted := tuple(shape for each in body.inputs for shape in each.shapes)):
        raise WrongShape(f"`{body.kind}` takes {shown(wanted)}, not {shown(x)}", node)
    return body.shapes


def _op(op: Op, x: tuple[Shape, ...], node: Node) -> tuple[Shape, ...]:
    try:
        found = op.shapes(*x)
    except ShapeError as wrong:
        raise WrongShape(wrong.message, node, wrong.help) from wrong
    if any(not 1 <= size <= LARGEST_SIZE for shape in found for size in shape):
        raise WrongShape(f"it makes {shown(found)}, and sizes are 1 to {LARGEST_SIZE}", node)
    if op.rule is not None and (op.rule.sources, op.rule.targets) != (wanted := op.spaces(*x)):
        raise Invalid(
            f"its rule leads from {op.rule.sources} to {op.rule.targets}, not {wanted[0]} to {wanted[1]}", node
        )
    return found


def shown(shapes: Sequence[Shape]) -> str:
    return ", ".join(str(list(shape)) for shape in shapes[:8]) + ", …" * (len(shapes) > 8) or "nothing"


class Shapes:
    """The shapes in one network. `arguments`: those of what flows into each node's op or body."""

    def __init__(self, network: Network, inference: Inference) -> None:
        self.infer = inference.shapes
        self.made = _made(network)
        self.arguments: dict[str, tuple[Shape, ...]] = {}
        self.nodes = {node.name: (node, network.sources(node.name)) for node in network}
        self.joined: dict[tuple[Op, str], Shape] = {}  # what an op makes of a bundle

    def verify(self) -> None:
        """Those that the nodes tell are those that come out. A bundle has none of its own."""
        for node, sources in self.nodes.values():
            found: tuple[Shape, ...] = ()
            if not isinstance(node.what, Bundle):
                self.arguments[node.name] = x = self._arguments(node, sources)
                found = self.infer(node.what, x, node)
            if found != node.shapes:
                raise WrongShape(f"it makes {shown(found)}, and {shown(node.shapes)} stands there", node)

    def learns(self, node: Node) -> bool:
        """Whether it has anything that a second use would share."""
        if isinstance(node.what, Network):
            return True
        x = self.arguments.get(node.name)
        return x is not None and bool(node.what.params(*x) or node.what.buffers(*x))

    def _arguments(self, node: Node, sources: Sequence[Source]) -> tuple[Shape, ...]:
        """Of one source a join makes nothing else."""
        if node.join is None:
            return self._given(node.what, node, sources)
        given = self._given(node.join, node, sources)
        if len(sources) == 1 and not self._is_bundle(sources[0]):
            return given
        return self.infer(node.join, given, node)

    def _given(self, what: Op | Network, node: Node, sources: Sequence[Source]) -> tuple[Shape, ...]:
        """One shape a source; for a bundle that of what the op makes of it, as joins group as they like."""
        bundles = [source.ref.node for source in sources if self._is_bundle(source)]
        if not bundles or isinstance(what, Network):
            return tuple(self._adapted(source, node) for source in sources)
        self._join(what, bundles, node)
        return tuple(self._settled(what, source, node) for source in sources)

    def _join(self, op: Op, bundles: list[str], node: Node) -> None:
        """Inner bundles first, without recursion: each may stand in another."""
        waiting = bundles
        while waiting:
            _, sources = self.nodes[waiting[-1]]
            inner = [s.ref.node for s in sources if self._is_bundle(s) and (op, s.ref.node) not in self.joined]
            if inner:
                waiting += inner
            else:
                name = waiting.pop()
                parts = tuple(self._settled(op, source, node) for source in sources)
                self.joined[op, name] = self.infer(op, parts, node)[0]

    def _settled(self, op: Op, source: Source, node: Node) -> Shape:
        found = self.joined.get((op, source.ref.node)) if self._is_bundle(source) else None
        return self._adapted(source, node) if found is None else found

    def _is_bundle(self, source: Source) -> bool:
        return source.ref.port == ALL

    def _adapted(self, source: Source, node: Node) -> Shape:
        shape = self.made[source.ref]
        return shape if source.via is None else self.infer(source.via, (shape,), node)[0]
