"""The Network: layers, and which output of which is whose how-manieth input.

One class for every scale. A node is an op or another network, the body of a module; at the wiring level a node also
says how its sources join and edges how they adapt, and the families and rules that made the edges are known. At the
kernel level all is flat and each join is a node. A run of many sources is one node, a bundle, which hands them on side
by side. Networks are never changed; nodes stand in an order that depends on their names and edges alone.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from connc.compiler.late import nx
from connc.compiler.names import natural, owner
from connc.compiler.ops.base import Op, Shape
from connc.compiler.ops.structure import Bundle, Input
from connc.compiler.places import ALL, Connect, Family, Ref
from connc.compiler.relations.relation import Relation
from connc.compiler.text.printer import printed, statements
from connc.dsl.source import Span

__all__ = [
    "ALL",
    "KERNEL",
    "WIRING",
    "Circular",
    "Connect",
    "Family",
    "Network",
    "Node",
    "Ref",
    "Source",
    "owner",
]

WIRING, KERNEL = "wiring", "kernel"

VIEWS: dict[str, Callable[[Network], str]] = {}
"""How a network shows itself in a notebook, `svg` and `html`; who can draw one enters here."""


class Source(NamedTuple):
    """What flows into a node: an output of another, and the adapter that makes it fit."""

    ref: Ref
    via: Network | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A layer or a module's instance. `shapes`: one an output. `join`: how several sources become its one input.

    A bundle has no shapes of its own: what it holds are its sources.
    """

    name: str
    what: Op | Network
    shapes: tuple[Shape, ...]
    join: Op | Network | None = None
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def ports(self) -> tuple[str, ...]:
        """The names of its outputs."""
        if isinstance(self.what, Network):
            return tuple(self.what.outputs)
        if isinstance(self.what, Bundle):
            return (ALL,)
        named = self.what.signature.outputs
        return named if named is not None else tuple(map(str, range(len(self.shapes))))

    @property
    def owner(self) -> str:
        """Where its parameters live: the second use of a shared layer is called `tower@2`."""
        return owner(self.name)


class Network:
    """Nodes and edges, inputs in order, and outputs by name. `doc` is what a spec says of it, and no part of it."""

    def __init__(
        self,
        kind: str,
        level: str,
        nodes: Iterable[Node],
        sources: Mapping[str, Sequence[Source]],
        outputs: Mapping[str, Ref],
        families: Sequence[Family] = (),
        connects: Sequence[Connect] = (),
        doc: str = "",
    ) -> None:
        self.kind, self.level, self.doc = kind, level, doc
        self.outputs = dict(outputs)
        self.families, self.connects = tuple(families), tuple(connects)
        named = _named(nodes)
        if unknown := _unknown(named, sources):
            raise ValueError(f"there is no node {', '.join(unknown[:8])}")
        self._nodes = {name: named[name] for name in _in_order(named, sources)}
        if len(self._nodes) < len(named):
            raise Circular(sorted(named.keys() - self._nodes.keys()))
        self._sources = {name: tuple(found) for name, found in sources.items()}

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        """Nodes and edges for the algorithms of networkx; an edge's key is its position among the inputs."""
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        graph.add_nodes_from((name, {"node": node}) for name, node in self._nodes.items())
        edges: Iterator[Any] = (
            (source.ref.node, name, position, _edge(source))
            for name, found in self._sources.items()
            for position, source in enumerate(found)
        )
        graph.add_edges_from(edges)
        return graph

    # --- reading

    def __iter__(self) -> Iterator[Node]:
        """The nodes, each behind those that it reads."""
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def __getitem__(self, name: str) -> Node:
        return self._nodes[name]

    def sources(self, name: str) -> Sequence[Source]:
        """What flows into a node, in order."""
        return self._sources.get(name, ())

    @cached_property
    def inputs(self) -> tuple[Node, ...]:
        return tuple(node for node in self if isinstance(node.what, Input))

    def shape(self, ref: Ref) -> Shape:
        """The shape of an output of a node."""
        node = self[ref.node]
        return node.shapes[node.ports.index(ref.port)]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of its outputs."""
        return tuple(self.shape(ref) for ref in self.outputs.values())

    # --- identity

    @cached_property
    def digest(self) -> str:
        """A fingerprint of all that it says: of its text, in which bodies and relations stand as theirs."""
        text = "\n".join((self.kind, self.level, *statements(self, lambda body: body.digest, Relation.digest)))
        return hashlib.sha256(text.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return self is other or self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    # --- in print

    def _repr_svg_(self) -> str | None:
        return VIEWS["svg"](self) if "svg" in VIEWS else None

    def _repr_html_(self) -> str | None:
        return VIEWS["html"](self) if "html" in VIEWS else None

    def __str__(self) -> str:
        return printed(self)

    def __repr__(self) -> str:
        return f"<{self.level} network {self.kind}: {len(self)} nodes>"


class Circular(ValueError):
    """Nodes that read one another in a circle; `names` are all that cannot be ordered."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"nodes in a circle: {', '.join(names[:8])}")
        self.names = names


def _named(nodes: Iterable[Node]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for node in nodes:
        if node.name in found:
            raise ValueError(f"two nodes are called {node.name}")
        found[node.name] = node
    return found


def _unknown(nodes: Mapping[str, Node], sources: Mapping[str, Sequence[Source]]) -> list[str]:
    """Names among the edges that no node has."""
    read = {source.ref.node for found in sources.values() for source in found}
    return sorted((read | sources.keys()) - nodes.keys())


def _edge(source: Source) -> dict[str, object]:
    data: dict[str, object] = {}
    if source.ref.port != "out":
        data["port"] = source.ref.port
    if source.via is not None:
        data["via"] = source.via
    return data


def _in_order(nodes: Mapping[str, Node], sources: Mapping[str, Sequence[Source]]) -> Iterator[str]:
    """Each behind those that it reads; of those that may come next, the first by name. Inputs keep their order."""
    inputs = {name: i for i, name in enumerate(n for n in nodes if isinstance(nodes[n].what, Input))}
    rank = sorted(nodes, key=lambda name: (inputs.get(name, len(inputs)), natural(name)))
    place = {name: i for i, name in enumerate(rank)}
    waits = {name: len({source.ref.node for source in sources.get(name, ())}) for name in nodes}
    readers: dict[str, list[str]] = {name: [] for name in nodes}
    for name, found in sources.items():
        for source in {each.ref.node: None for each in found}:
            readers[source].append(name)
    ready = sorted(place[name] for name, count in waits.items() if not count)
    while ready:
        name = rank[heapq.heappop(ready)]
        yield name
        for reader in readers[name]:
            waits[reader] -= 1
            if not waits[reader]:
                heapq.heappush(ready, place[reader])
