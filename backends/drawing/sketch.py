"""One body, put together for drawing: which of its nodes are one box, and what flows between the boxes.

Alike layers in a row, or side by side between the same others, are one box. Of a body with more boxes or arrows than
anyone would look at, families are one box each, and if that is not enough, so is all between its ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from connc.backends.drawing.alike import alike
from connc.backends.drawing.labels import kind_of
from connc.backends.drawing.picture import INPUT
from connc.backends.drawing.rules import Fed
from connc.compiler.network import Network, Node, Ref, Source
from connc.compiler.ops.base import Shape

BOXES, LINKS, ENDS, FEW, CANDIDATES = 150, 1500, 20, 12, 600


@dataclass(frozen=True, slots=True)
class Unit:
    """The nodes of one box; `alike` when one says what all are."""

    nodes: Sequence[Node]
    alike: bool = True

    @property
    def first(self) -> Node:
        return self.nodes[0]


@dataclass(frozen=True, slots=True)
class Link:
    """What flows from a unit to another, both by number; a target of -1 is the output `slot` of the body."""

    source: int
    port: int
    target: int
    slot: int
    shape: Shape = ()
    via: str = ""
    rule: int | None = None
    candidate: bool = False
    count: int = 1


@dataclass(frozen=True, slots=True)
class Sketch:
    """`left_out` says how many candidates there are that are not among the links."""

    body: Network
    units: Sequence[Unit]
    links: Sequence[Link]
    left_out: int = 0

    @property
    def shapes(self) -> int:
        return len(self.units) + len(self.links)


def sketch(body: Network) -> Sketch:
    """What there is to draw of a body."""
    units = [Unit(nodes) for nodes in alike(body)]
    edges = sum(len(body.sources(node.name)) for node in body)
    if len(units) <= BOXES and edges <= LINKS:
        return _Linked(body, units, merges=False).sketch()
    units = _by_families(body, units)
    found = _Linked(body, units, merges=True).sketch() if len(units) <= BOXES else None
    if found is None or len(found.links) > LINKS:
        return _Linked(body, _without_middle(units), merges=True).sketch()
    return found


def _by_families(body: Network, units: list[Unit]) -> list[Unit]:
    """Families of more than a few, each with all that stands between its members in the order of the body."""
    place = {node.name: at for at, unit in enumerate(units) for node in unit.nodes}
    spans = []
    for family in body.families:
        places = [place[name] for name in family.members if name in place] if family.size > FEW else []
        if len({*places}) > FEW:
            spans.append((min(places), max(places)))
    return _merged(units, spans)


def _merged(units: list[Unit], spans: list[tuple[int, int]]) -> list[Unit]:
    """Units from a first to a last as one; spans that meet are one span. As units stand in order, no circle arises."""
    found: list[Unit] = []
    done = -1
    for first, last in sorted(spans):
        if first <= done:
            last = max(last, done)
            found[-1] = _one([found[-1], *units[done + 1 : last + 1]])
        else:
            found += [*units[done + 1 : first], _one(units[first : last + 1])]
        done = last
    return found + units[done + 1 :]


def _one(units: Sequence[Unit]) -> Unit:
    return Unit(list(chain.from_iterable(unit.nodes for unit in units)), alike=False)


def _without_middle(units: list[Unit]) -> list[Unit]:
    first = max(ENDS, sum(kind_of(unit.first) == INPUT for unit in units))
    return _merged(units, [(first, len(units) - ENDS - 1)]) if first < len(units) - ENDS else units


class _Linked:
    """The links between units, those between the same two as one where one of them is several, or if all `merges`."""

    def __init__(self, body: Network, units: Sequence[Unit], merges: bool) -> None:
        self.body, self.units, self.merges, self.fed = body, units, merges, Fed(body)
        self.unit = {node.name: at for at, unit in enumerate(units) for node in unit.nodes}
        self.ports: dict[Ref, int] = {}
        self.merged: dict[tuple[int, int, int, int, str], Link] = {}
        self.links: list[Link] = []

    def sketch(self) -> Sketch:
        for node in self.body:
            for slot, source in enumerate(self.body.sources(node.name)):
                if self.unit[source.ref.node] != self.unit[node.name]:  # arrows inside of a box are not seen
                    self._edge(node, slot, source)
        for slot, (port, ref) in enumerate(self.body.outputs.items()):
            rule = self.fed.outputs.get(port)
            self._add(Link(self.unit[ref.node], self._port(ref), -1, slot, self._shape(ref), rule=rule))
        self._candidates()
        left_out = self.fed.left_out(CANDIDATES)
        return Sketch(self.body, self.units, [*self.links, *self.merged.values()], left_out)

    def _edge(self, node: Node, slot: int, source: Source) -> None:
        ref = source.ref
        slot = slot if node.join is None and not _takes_many(node) else 0
        via = source.via.kind if source.via else ""
        rule = self.fed.rule(node)
        self._add(Link(self.unit[ref.node], self._port(ref), self.unit[node.name], slot, self._shape(ref), via, rule))

    def _add(self, link: Link) -> None:
        """One by one, unless it is from or to several nodes."""
        ends = [self.units[at] for at in (link.source, link.target) if at >= 0]
        if not self.merges and all(len(unit.nodes) == 1 for unit in ends):
            self.links.append(link)
            return
        port = link.port if ends[0].alike else 0
        slot = link.slot if link.target < 0 or ends[1].alike else 0
        key = link.source, port, link.target, slot, link.via
        before = self.merged.get(key)
        self.merged[key] = replace(link, port=port, slot=slot, count=before.count + 1 if before else 1)

    def _candidates(self) -> None:
        """What a search may add, between boxes that are one node each."""
        for rule, source, target in self.fed.candidates(CANDIDATES):
            if self._is_single(source) and self._is_single(target):
                at = self.unit[target.node] if target.node else -1
                slot = 0 if target.node else list(self.body.outputs).index(target.port)
                self.links.append(Link(self.unit[source.node], self._port(source), at, slot, (), "", rule, True))

    def _is_single(self, ref: Ref) -> bool:
        if not ref.node:
            return ref.port in self.body.outputs
        return ref.node in self.unit and len(self.units[self.unit[ref.node]].nodes) == 1

    def _port(self, ref: Ref) -> int:
        if ref not in self.ports:
            ports = self.body[ref.node].ports
            self.ports.update((Ref(ref.node, port), at) for at, port in enumerate(ports))
        return self.ports[ref]

    def _shape(self, ref: Ref) -> Shape:
        shapes = self.body[ref.node].shapes
        return shapes[self._port(ref)] if shapes else ()


def _takes_many(node: Node) -> bool:
    return not isinstance(node.what, Network) and node.what.signature.inputs is None
