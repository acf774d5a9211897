"""Reads the lines of one network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connc.compiler.network import Circular, Network, Node, Ref, Source
from connc.compiler.ops.base import Op, Shape
from connc.compiler.relations.relation import Relation
from connc.compiler.text.cursor import Cursor, refuse
from connc.compiler.text.layers import input_of, read_op
from connc.compiler.text.written import Written
from connc.dsl import codes, source
from connc.dsl.limits import Limits
from connc.dsl.source import Span
from connc.dsl.words import did_you_mean


class Block:
    """What the lines so far have said. Names are looked up when all are read, as nodes may stand in any order."""

    def __init__(
        self, text: source.Source, bodies: Mapping[str, Network], relations: Mapping[str, Relation], limits: Limits
    ) -> None:
        self.text, self.bodies, self.relations, self.limits = text, bodies, relations, limits
        self.nodes: dict[str, Node] = {}
        self.sources: dict[str, list[Source]] = {}
        self.outputs: dict[str, Ref] = {}
        self.written = Written(relations, limits)
        self.read: list[tuple[Ref, int, int]] = []  # where in the text each output is read
        self.ops: dict[str, Op] = {}
        self.returned = False

    def statement(self, line: Cursor) -> None:
        if line.kind == "ref":
            self._node(line)
        elif line.take("family"):
            self.written.family(line)
        elif line.take("connect"):
            self.written.connect(line)
        elif line.take("return"):
            self._return(line)
        else:
            line.wrong("a node", "`family`", "`connect`", "`return`")
        line.end()

    def network(self, kind: str, level: str, head: Span) -> Network:
        """All of it, once every line is read."""
        if not self.returned:
            refuse(codes.IR_SYNTAX, head, "a network ends with `return`")
        for ref, start, stop in self.read:
            self._known(ref, Span(self.text, start, stop))
        try:
            nodes, written = self.nodes.values(), self.written
            families = tuple(written.families.values())
            return Network(kind, level, nodes, self.sources, self.outputs, families, written.connects)
        except Circular as circular:
            circle = self._circle(circular.names)
            few = circle if len(circle) < 9 else [*circle[:7], "…", circle[-1]]
            ways = " reads ".join(f"`%{name}`" for name in few)
            refuse(codes.IR_CIRCLE, self.nodes[circle[0]].span or head, f"{ways}: none of them can be computed first")

    # --- nodes

    def _node(self, line: Cursor) -> None:
        name, port = line.ref()
        if port != "out" or name.endswith("[*]"):
            refuse(codes.IR_SYNTAX, line.last, "a node is defined by its name alone")
        if name in self.nodes:
            refuse(codes.IR_TWICE, line.last, f"`%{name}` is defined twice")
        line.expect("=")
        if line.text == "input":
            self.nodes[name] = self._input(line, name)
            return
        what = self._what(line)
        join = self._what(line) if line.take("using") else None
        self.sources[name] = line.listed(lambda: self._source(line)) if line.kind == "ref" else []
        shapes = tuple(line.listed(line.shape)) if line.take(":") else ()
        if line.kind and not shapes:
            line.wrong("a node", "`:`")
        self.nodes[name] = Node(name, what, shapes, join, line.span)

    def _input(self, line: Cursor, name: str) -> Node:
        line.expect("input")
        line.expect(":")
        start = line.here
        shape: Shape = line.shape()
        return Node(name, input_of(shape, start.to(line.last)), (shape,), span=line.span)

    def _what(self, line: Cursor) -> Op | Network:
        name = line.need("name")
        if line.text == "(":
            return self._body(line, name)
        return self._op(line, name)

    def _op(self, line: Cursor, name: str) -> Op:
        """Ops of the same words are one, and read once."""
        words, stop = line.op_words()
        if words in self.ops:
            line.at = stop
        else:
            self.ops[words] = read_op(line, name, self.relations)
        return self.ops[words]

    def _body(self, line: Cursor, kind: str) -> Network:
        start = line.last
        line.expect("(")
        name = f"{kind}({line.count()})"
        line.expect(")")
        if name not in self.bodies:
            refuse(
                codes.IR_NAME, start.to(line.last), f"there is no body `{name}` above", did_you_mean(name, self.bodies)
            )
        return self.bodies[name]

    def _source(self, line: Cursor) -> Source:
        ref = self._ref(line)
        return Source(ref, self._body(line, line.need("name")) if line.take("via") else None)

    def _ref(self, line: Cursor) -> Ref:
        ref = line.ref()
        self.read.append((ref, *line.tokens[line.at - 1].span()))
        return ref

    def _known(self, ref: Ref, span: Span) -> None:
        node = self.nodes.get(ref.node)
        if node is None:
            help_ = did_you_mean(ref.node, self.nodes)
            refuse(codes.IR_NAME, span, f"there is no node `%{ref.node}`", help_)
        if ref.port not in node.ports:
            ports = ", ".join(f"`{port}`" for port in node.ports)
            refuse(codes.IR_NAME, span, f"`%{ref.node}` has no output `{ref.port}`, only {ports or 'none'}")

    def _circle(self, names: Iterable[str]) -> list[str]:
        """The nodes of one circle, the first again at the end; `names` are nodes that wait for each other."""
        waiting, name = set(names), min(names)
        way: dict[str, int] = {}
        while name not in way:
            way[name] = len(way)
            name = next(each.ref.node for each in self.sources[name] if each.ref.node in waiting)
        return [*list(way)[way[name] :], name]

    # --- outputs

    def _return(self, line: Cursor) -> None:
        if self.returned:
            refuse(codes.IR_TWICE, line.last, "a network has one `return`")
        self.returned = True
        for port, ref in line.listed(lambda: self._output(line)):
            if port in self.outputs:
                refuse(codes.IR_TWICE, line.last, f"two outputs are called `{port}`")
            self.outputs[port] = ref

    def _output(self, line: Cursor) -> tuple[str, Ref]:
        port = "out"
        if line.kind == "name":
            port = line.need("name")
            line.expect("=")
        return port, self._ref(line)
