"""Reads the text of a network. Any text gives a network that the verifier passes, or a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connc.compiler.network import KERNEL, WIRING, Network
from connc.compiler.relations.relation import Relation
from connc.compiler.text.block import Block
from connc.compiler.text.cursor import Cursor, refuse
from connc.compiler.text.relations import Lines, read_relation_block
from connc.compiler.verify import Invalid, WrongShape, verify
from connc.dsl import codes
from connc.dsl.diagnostic import Refusal
from connc.dsl.limits import Limits
from connc.dsl.source import Source, Span

_HEAD = re.compile(r"^(?:net|body|relation)\b", re.MULTILINE)
_LINE = re.compile(r"[^\n]*\S[^\n]*")


def parse_ir(text: str, name: str = "network", limits: Limits = Limits()) -> Network:
    """The network that prints as `text`; `name` is what messages call the text."""
    source = Source(name, text)
    if len(text) > limits.size:
        raise Refusal(limits.exceeded("size", Span(source, 0, 0), len(text)))
    return _Text(source, limits).read()


class _Text:
    """The bodies and relations so far, and how large each body is when it is laid out."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.source, self.limits = source, limits
        self.bodies: dict[str, Network] = {}
        self.relations: dict[str, Relation] = {}
        self.sizes: dict[int, tuple[int, int]] = {}  # levels and nodes

    def read(self) -> Network:
        *parts, last = self._blocks()
        for head, lines in parts:
            self._define(head, lines)
        head, lines = last
        head.expect("net")
        kind = head.need("name")
        head.expect(",")
        head.expect("level")
        level = next((level for level in (WIRING, KERNEL) if head.take(level)), None)
        if level is None:
            head.wrong(f"`{WIRING}`", f"`{KERNEL}`")
        net = self._network(head, lines, kind, level)
        self._verified(net, head.span)
        return net

    def _blocks(self) -> list[tuple[Cursor, Lines]]:
        """Each head with the lines below it."""
        text = self.source.text
        starts = [match.start() for match in _HEAD.finditer(text)]
        if not starts or text[: starts[0]].strip():
            Cursor(self.source, 0, len(text)).wrong("`net`", "`body`", "`relation`")
        bounds = zip(starts, [*starts[1:], len(text)], strict=True)
        return [self._block(*bound) for bound in bounds]

    def _block(self, start: int, stop: int) -> tuple[Cursor, Lines]:
        head, *lines = (match.span() for match in _LINE.finditer(self.source.text, start, stop))
        return Cursor(self.source, *head), lines

    def _define(self, head: Cursor, lines: Lines) -> None:
        if head.take("body"):
            kind = head.need("name")
            self._new(head, name := f"{kind}{_number(head)}", self.bodies)
            self.bodies[name] = self._network(head, lines, kind, WIRING)
        else:
            head.expect("relation")
            self._new(head, name := head.need("relation"), self.relations)
            self.relations[name] = read_relation_block(head, lines, self.limits)

    def _new(self, head: Cursor, name: str, known: Sequence[str] | dict[str, Network] | dict[str, Relation]) -> None:
        if name in known:
            refuse(codes.IR_TWICE, head.last, f"`{name}` stands above already")

    def _network(self, head: Cursor, lines: Lines, kind: str, level: str) -> Network:
        head.end()
        block = Block(self.source, self.bodies, self.relations, self.limits)
        for line in lines:
            block.statement(Cursor(self.source, *line))
        net = block.network(kind, level, head.span)
        self._count(net, head.span)
        return net

    def _count(self, net: Network, span: Span) -> None:
        """Refuses what is small here and countless when it is laid out."""
        inside = [self.sizes[id(body)] for body in _inside(net)]
        levels, nodes = 1 + max((n for n, _ in inside), default=0), len(net) + sum(n for _, n in inside)
        for what, found, limit in (("depth", levels, self.limits.depth), ("layers", nodes, self.limits.layers)):
            if found > limit:
                raise Refusal(self.limits.exceeded(what, span, found, known=True))
        self.sizes[id(net)] = levels, nodes

    def _verified(self, net: Network, span: Span) -> None:
        try:
            verify(net)
        except Invalid as wrong:
            code = codes.IR_SHAPE if isinstance(wrong, WrongShape) else codes.IR_LAW
            place = wrong.node.span if wrong.node and wrong.node.span else span
            refuse(code, place, wrong.message, wrong.help)


def _number(head: Cursor) -> str:
    """Which of the bodies of its kind: `(2)`."""
    head.expect("(")
    number = head.count()
    head.expect(")")
    return f"({number})"


def _inside(net: Network) -> Iterator[Network]:
    """The networks that stand in nodes and on edges, each as often as it does."""
    for node in net:
        vias = (source.via for source in net.sources(node.name))
        yield from (part for part in (node.what, node.join, *vias) if isinstance(part, Network))
