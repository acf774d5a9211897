"""Prints a network: one line a node, bodies and relations once, each before its first use.

The parts of a network are described by protocols, as the classes themselves print by what stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from operator import eq
from typing import Protocol

from connc.compiler.names import is_lawful
from connc.compiler.ops.base import Op, Shape
from connc.compiler.ops.structure import Input
from connc.compiler.places import Connect, Family, Ref
from connc.compiler.relations.relation import Relation
from connc.compiler.text.rules import relation_lines
from connc.compiler.text.values import fields, show


class Edge(Protocol):
    @property
    def ref(self) -> Ref: ...
    @property
    def via(self) -> Net | None: ...


class Layer(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def what(self) -> Op | Net: ...
    @property
    def shapes(self) -> tuple[Shape, ...]: ...
    @property
    def join(self) -> Op | Net | None: ...


class Net(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def outputs(self) -> Mapping[str, Ref]: ...
    @property
    def families(self) -> Sequence[Family]: ...
    @property
    def connects(self) -> Sequence[Connect]: ...
    def __iter__(self) -> Iterator[Layer]: ...
    def sources(self, name: str) -> Sequence[Edge]: ...


BodyName = Callable[["Net"], str]
RelationName = Callable[[Relation], str]


def printed(net: Net) -> str:
    text = _Text()
    lines = text.lines(net)
    whole = "\n".join((f"net {net.kind}, level {net.level}", *lines))
    return "\n\n".join((*text.blocks, whole)) + "\n"


class _Text:
    """The blocks so far, and the names of the bodies and relations in them."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.bodies: dict[str, str] = {}
        self.relations: dict[Relation, str] = {}
        self.counts: dict[str, int] = {}

    def body(self, net: Net) -> str:
        name = self.bodies.get(net.digest)
        if name is None:
            lines = self.lines(net)
            self.counts[net.kind] = self.counts.get(net.kind, 0) + 1
            name = self.bodies[net.digest] = f"{net.kind}({self.counts[net.kind]})"
            self.blocks.append("\n".join((f"body {name}", *lines)))
        return name

    def lines(self, net: Net) -> list[str]:
        return list(statements(net, self.body, self.relation))

    def relation(self, relation: Relation) -> str:
        if relation not in self.relations:
            self.relations[relation] = f"#{len(self.relations) + 1}"
            self.blocks.append("\n".join(relation_lines(self.relations[relation], relation)))
        return self.relations[relation]


def statements(net: Net, body: BodyName, relation: RelationName) -> Iterator[str]:
    """The lines of a network, in which others and relations stand by the names that are given for them."""
    say = _Sayer(body, relation)
    for node in net:
        yield f"  {say.node(node, net.sources(node.name))}"
    yield from (f"  family {family.name}[{', '.join(map(_axis, family.axes))}]" for family in net.families)
    say.families = {family.members[0]: family for family in net.families} if net.connects else {}
    yield from (f"  {say.connect(connect)}" for connect in net.connects)
    outputs = (f"%{ref}" if port == "out" else f"{port} = %{ref}" for port, ref in net.outputs.items())
    yield f"  return {', '.join(outputs)}"


class _Sayer:
    """Says the parts of a network; an op that many nodes share is put into words once."""

    def __init__(self, body: BodyName, relation: RelationName) -> None:
        self.body, self.relation = body, relation
        self.said: dict[int, str] = {}
        self.families: dict[str, Family] = {}  # by their first members

    def node(self, node: Layer, sources: Sequence[Edge]) -> str:
        what = "input" if isinstance(node.what, Input) else self.what(node.what)
        join = "" if node.join is None else f" using {self.what(node.join)}"
        read = ", ".join(map(self.source, sources))
        shapes = ", ".join(str(list(shape)) for shape in node.shapes)
        return f"%{node.name} = {what}{join}{' ' if read else ''}{read}{f' : {shapes}' if shapes else ''}"

    def what(self, what: Op | Net) -> str:
        found = self.said.get(id(what))
        if found is None:
            found = self.said[id(what)] = self._op(what) if isinstance(what, Op) else self.body(what)
        return found

    def _op(self, op: Op) -> str:
        return op.name + fields(op) + ("" if op.rule is None else f" by {self.relation(op.rule)}")

    def source(self, source: Edge) -> str:
        return f"%{source.ref}" if source.via is None else f"%{source.ref} via {self.what(source.via)}"

    def connect(self, connect: Connect) -> str:
        where = "" if connect.space == (len(connect.positions),) else f" over {list(connect.space)}"
        by = f"by {self.relation(connect.relation)}"
        bound = "" if connect.bound is None else f" within {self.relation(connect.bound)}"
        clauses = f"{by}{bound}{_clause('using', connect.using)}{_clause('via', connect.via)}"
        return f"connect {connect.name}{where}: {', '.join(self.positions(connect.positions))} {clauses}"

    def positions(self, positions: Sequence[Ref]) -> Iterator[str]:
        """`%layer[*]` stands for all members of a family, `return` for an output."""
        at = 0
        while at < len(positions):
            family = self.families.get(positions[at].node)
            if family and _stands_at(at, positions, family):
                yield f"%{family.name}[*]"
                at += family.size
            else:
                yield _position(positions[at])
                at += 1


def _stands_at(at: int, positions: Sequence[Ref], family: Family) -> bool:
    here = islice(positions, at, at + family.size)
    return at + family.size <= len(positions) and all(map(eq, here, map(Ref, family.members)))


def _position(ref: Ref) -> str:
    return f"%{ref}" if ref.node else "return" if ref.port == "out" else f"return:{ref.port}"


def _axis(axis: tuple[str, int]) -> str:
    name, count = axis
    return f"{name}: {count}" if name else str(count)


def _clause(word: str, text: str) -> str:
    return f" {word} {text if is_lawful(text) else show(text)}" if text else ""
