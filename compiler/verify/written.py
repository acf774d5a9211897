"""What was written agrees with what there is: members of families, and the edges that a rule between positions made."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from connc.compiler.network import Connect, Network, Node, Ref, Source
from connc.compiler.ops.structure import Bundle
from connc.compiler.rows import EMPTY, Row, between, item, together
from connc.compiler.verify.invalid import Invalid
from connc.compiler.verify.ops import disorder
from connc.compiler.verify.shapes import Wired


class Written:
    """The rows of sources in a network, with bundles seen through."""

    def __init__(self, network: Network, wired: Wired) -> None:
        self.network = network
        self.numbers: dict[Ref, int] = {}
        self.bundles: dict[str, Row] = {}
        for node, sources in wired:
            if isinstance(node.what, Bundle):
                self.bundles[node.name] = self._row(sources)

    def verify(self) -> None:
        left_out = {ref.node for each in self.network.connects if each.bound is not None for ref in each.positions}
        for family in self.network.families:
            if missing := [name for name in family.members if name not in self.network and name not in left_out]:
                raise Invalid(f"the family `{family.name}` lacks `{missing[0]}`")
        for connect in self.network.connects:
            self._spaces(connect)
            self._edges(connect)

    def _spaces(self, connect: Connect) -> None:
        for relation in (connect.relation, connect.bound):
            if relation is None:
                continue
            if not relation.sources == relation.targets == connect.space or prod(connect.space) != len(
                connect.positions
            ):
                raise Invalid(f"the rule of `{connect.name}` is not about its positions")
            if fault := disorder(relation):
                raise Invalid(f"`{connect.name}`: {fault}")

    def _edges(self, connect: Connect) -> None:
        """What each target reads is what the rule says."""
        gone = [ref for ref in connect.positions if ref.node and ref.node not in self.network]
        if gone and connect.bound is None:
            raise Invalid(f"`{connect.name}` has the position `{gone[0]}`, which is not there")
        rows: _Rows | None = None
        for target in np.flatnonzero(connect.relation.in_degrees()).tolist():
            ref = connect.positions[target]
            if ref not in gone and not self._is_plain(connect, target, ref):
                rows = rows or _Rows(connect, self)
                if rows.wanted(target) not in self._read_by(ref):
                    name = ref.node or ref.port
                    raise Invalid(f"`{connect.name}` leads other sources to `{name}` than it reads", self._node(ref))

    def _is_plain(self, connect: Connect, target: int, ref: Ref) -> bool:
        """Whether a node reads just the positions that the rule says, with no bundle among them and none left out."""
        wanted = [connect.positions[place] for place in connect.relation.sources_of(target).tolist()]
        return bool(ref.node) and wanted == [source.ref for source in self.network.sources(ref.node)]

    def _read_by(self, ref: Ref) -> list[Row]:
        """What flows into a position; into an output that which it is, or what the node that makes it joins."""
        if ref.node:
            return [self._row(self.network.sources(ref.node))]
        made = self.network.outputs.get(ref.port)
        return [] if made is None else [item(self.number(made)), self._row(self.network.sources(made.node))]

    def _node(self, ref: Ref) -> Node | None:
        return self.network[ref.node] if ref.node else None

    def _row(self, sources: Sequence[Source]) -> Row:
        return together(self.bundles.get(each.ref.node) or item(self.number(each.ref)) for each in sources)

    def number(self, ref: Ref) -> int:
        return self.numbers.setdefault(ref, len(self.numbers) + 1)


class _Rows:
    """What the rule of a `connect` says, as fingerprints of rows."""

    def __init__(self, connect: Connect, written: Written) -> None:
        self.starts, self.firsts, self.lasts = (array.tolist() for array in connect.relation.runs())
        self.before = [EMPTY]  # the rows of the first positions, those of them that are there: none, one, two, …
        for ref in connect.positions:
            last = self.before[-1]
            there = not ref.node or ref.node in written.network
            self.before.append(together((last, item(written.number(ref)))) if there else last)

    def wanted(self, target: int) -> Row:
        runs = range(self.starts[target], self.starts[target + 1])
        return together(between(self.before, self.firsts[run], self.lasts[run] + 1) for run in runs)
