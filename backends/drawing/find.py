"""What a path in a network means: a module, a layer, a family, a prefix of names, a `connect`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from connc.compiler.make import make_op
from connc.compiler.network import Network, Node, Ref, Source
from connc.compiler.relations.relation import Relation
from connc.dsl.words import did_you_mean

_MOST_NAMES = 100_000  # that are looked through for what was meant


class NoSuchPart(ValueError):
    """A path that leads nowhere; says what may have been meant."""


@dataclass(frozen=True, slots=True)
class Junction:
    """A relation between layers or neurons, and the body that shows where it stands."""

    relation: Relation
    body: Network
    bound: Relation | None = None
    names: tuple[str, ...] = ()


def find(network: Network, path: str) -> Network | Junction:
    """What is called so; without a path the whole."""
    found = _found(network, path) if path else network
    if found is None:
        hint = did_you_mean(path, islice(_names(network, ""), _MOST_NAMES)) or "`connc expand` prints its names"
        raise NoSuchPart(f"{network.kind} has nothing called {path}; {hint}")
    return found


def _found(network: Network, path: str) -> Network | Junction | None:
    if path in network:
        return _node(network, network[path])
    for connect in network.connects:
        if connect.name == path:
            names = tuple(ref.node or ref.port for ref in connect.positions)
            return Junction(connect.relation, network, connect.bound, names)
    for at in (i for i in range(len(path) - 1, 0, -1) if path[i] == "."):
        inner = network[path[:at]].what if path[:at] in network else None
        if isinstance(inner, Network) and (found := _found(inner, path[at + 1 :])):
            return found
    return _some(network, path)


def _node(network: Network, node: Node) -> Network | Junction:
    if isinstance(node.what, Network):
        return node.what
    alone = excerpt(network, [node])
    return alone if node.what.rule is None else Junction(node.what.rule, alone)


def _some(network: Network, path: str) -> Network | None:
    """A family, or all whose names start so."""
    starts = f"{path}[", f"{path}.", f"{path}@"
    nodes = [node for node in network if node.name.startswith(starts)]
    return excerpt(network, nodes) if nodes else None


def _names(network: Network, prefix: str) -> Iterator[str]:
    """Of nodes, families and `connect`s, those of modules behind them."""
    yield from (prefix + family.name for family in network.families)
    yield from (prefix + connect.name for connect in network.connects)
    yield from (prefix + node.name for node in network)
    for node in network:
        if isinstance(node.what, Network):
            yield from _names(node.what, f"{prefix}{node.name}.")


def excerpt(network: Network, nodes: list[Node]) -> Network:
    """Some nodes; what they read is what goes in, and what others read of them comes out."""
    inside = {node.name for node in nodes}
    read = {name: [_outer(s, inside) for s in network.sources(name)] for name in inside}
    outer = {s.ref: s for name in inside for s in network.sources(name) if s.ref.node not in inside}
    order = {node.name: at for at, node in enumerate(network)}
    inputs = [_input(network, ref) for ref in sorted(outer, key=lambda ref: (order[ref.node], ref.port))]
    left = [*_read_outside(network, inside)]
    outputs = {"out": left[0]} if len(left) == 1 else {str(ref): ref for ref in left}
    return Network(network.kind, network.level, [*inputs, *nodes], read, outputs, network.families, network.connects)


def _outer(source: Source, inside: set[str]) -> Source:
    return source if source.ref.node in inside else Source(Ref(str(source.ref)), source.via)


def _input(network: Network, ref: Ref) -> Node:
    node = network[ref.node]
    shape = network.shape(ref) if node.shapes else (1,)
    return Node(str(ref), make_op("input", {"size": shape}), (shape,))


def _read_outside(network: Network, inside: set[str]) -> Iterator[Ref]:
    """Outputs of the nodes inside, each once."""
    readers = (source.ref for node in network if node.name not in inside for source in network.sources(node.name))
    yield from dict.fromkeys(ref for ref in (*readers, *network.outputs.values()) if ref.node in inside)
