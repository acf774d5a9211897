"""From wiring to kernel: bodies are laid out flat, joins and adapters become nodes of their own.

A body's nodes are called `<instance>.<node>`; `naming.py` says what joins and adapters are called. The mark `@2` of a
shared instance stays, so that each node's owner says where its parameters live.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connc.compiler.naming import Naming
from connc.compiler.network import ALL, KERNEL, Network, Node, Ref, Source
from connc.compiler.ops.base import Op, Shape
from connc.compiler.ops.structure import Input
from connc.compiler.verify.shapes import Inference, Shapes
from connc.dsl.source import Span

Ports = dict[str, Ref]


@dataclass(frozen=True, slots=True)
class Frame:
    """A body where it is laid out: all in it is called as in the flat network.

    `name` is that of the instance, none at the top. `items`, in order: nodes by their names, and bodies in this one.
    """

    name: str
    network: Network
    inputs: tuple[Ref, ...]
    items: list[str | Frame] = field(default_factory=list)
    outputs: Ports = field(default_factory=dict)


def expand(network: Network) -> Network:
    """The same network at the kernel level, without what leads to no output; its inputs stay."""
    return network if network.level == KERNEL else laid_out(network)[0]


def laid_out(network: Network) -> tuple[Network, Frame]:
    """The network at the kernel level, and what of it belongs to which body."""
    inputs = tuple(Ref(node.name) for node in network.inputs)
    if network.level == KERNEL:
        items = [node.name for node in network if not isinstance(node.what, Input)]
        return network, Frame("", network, inputs, [*items], network.outputs)
    flat = _Flat(network)
    frame = flat.body(network, "", inputs)
    nodes = flat.live(frame.outputs)
    sources = {node.name: flat.sources[node.name] for node in nodes}
    return Network(network.kind, KERNEL, nodes, sources, frame.outputs, doc=network.doc), frame


class _Flat:
    """The nodes so far. Recurses over the nesting of modules alone."""

    def __init__(self, network: Network) -> None:
        self.nodes = list(network.inputs)
        self.sources: dict[str, list[Source]] = {node.name: [] for node in self.nodes}
        self.naming = Naming(network)
        self.inference = Inference()
        self.arguments: dict[int, Mapping[str, tuple[Shape, ...]]] = {}
        self.frame = Frame("", network, ())  # of the body that is being laid out

    def body(self, network: Network, name: str, inputs: Sequence[Ref]) -> Frame:
        """Lays a network out."""
        above, self.frame = self.frame, Frame(name, network, tuple(inputs))
        prefix = f"{name}." if name else ""
        outside: dict[Ref, Ref] = dict(zip((Ref(node.name) for node in network.inputs), inputs, strict=True))
        for node in network:
            if not isinstance(node.what, Input):
                given = self._given(network, node, prefix, outside)
                ports = self._place(prefix + node.name, node.what, given, node.shapes, node.span)
                outside.update((Ref(node.name, port), ref) for port, ref in ports.items())
        made, self.frame = self.frame, above
        made.outputs.update((port, outside[ref]) for port, ref in network.outputs.items())
        return made

    def live(self, outputs: Ports) -> list[Node]:
        """The nodes that lead to an output, and the inputs."""
        live = {ref.node for ref in outputs.values()}
        for node in reversed(self.nodes):
            if node.name in live:
                live.update(source.ref.node for source in self.sources[node.name])
        return [node for node in self.nodes if node.name in live or isinstance(node.what, Input)]

    def _given(self, network: Network, node: Node, prefix: str, outside: Mapping[Ref, Ref]) -> list[Ref]:
        """What flows into a node: its sources adapted and joined."""
        sources = network.sources(node.name)
        given = [self._adapted(source, prefix, node, outside[source.ref]) for source in sources]
        (shape, *_) = self._arguments(network)[node.name] if node.join is not None else ((),)
        if node.join is None or (len(sources) == 1 and given[0].port != ALL):
            return given
        name = self.naming.join(prefix, node.name, node.join)
        return list(self._place(name, node.join, given, (shape,), node.span).values())

    def _adapted(self, source: Source, prefix: str, target: Node, ref: Ref) -> Ref:
        if source.via is None:
            return ref
        name = self.naming.adapter(prefix, target.name, source.ref, source.via)
        (found,) = self._place(name, source.via, [ref], (), target.span).values()
        return found

    def _place(
        self, name: str, what: Op | Network, given: list[Ref], shapes: tuple[Shape, ...], span: Span | None
    ) -> Ports:
        """Puts an op or a body down; where its outputs are."""
        if isinstance(what, Network):
            frame = self.body(what, name, given)
            self.frame.items.append(frame)
            return frame.outputs
        node = Node(name, what, shapes, span=span)
        self.nodes.append(node)
        self.frame.items.append(name)
        self.sources[name] = list(map(Source, given))
        return {port: Ref(name, port) for port in node.ports}

    def _arguments(self, network: Network) -> Mapping[str, tuple[Shape, ...]]:
        if id(network) not in self.arguments:
            shapes = Shapes(network, self.inference)
            shapes.verify()
            self.arguments[id(network)] = shapes.arguments
        return self.arguments[id(network)]
