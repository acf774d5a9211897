"""Reads what was written of the wiring: families, and rules between positions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connc.compiler.network import Connect, Family, Ref
from connc.compiler.relations.relation import Relation
from connc.compiler.text.cursor import Cursor, refuse
from connc.compiler.text.layers import read_relation
from connc.dsl import codes
from connc.dsl.limits import Limits

_LISTED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\[([0-9]{1,10}(?:,[0-9]{1,10})*)\]")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Written:
    """The families and the rules so far; of members and positions, there are no more than layers may be."""

    def __init__(self, relations: Mapping[str, Relation], limits: Limits) -> None:
        self.relations, self.limits = relations, limits
        self.families: dict[str, Family] = {}
        self.connects: list[Connect] = []
        self.places = 0

    # --- families

    def family(self, line: Cursor) -> None:
        family = self._family(line)
        if family.name in self.families:
            refuse(codes.IR_TWICE, line.last, f"two families are called `{family.name}`")
        if not family.size:
            refuse(codes.IR_SYNTAX, line.last, "a family has at least one member")
        self._spend(line, family.size)
        self.families[family.name] = family

    def _family(self, line: Cursor) -> Family:
        """A name and a count without a word stand in one token."""
        name = line.need("name")
        if listed := _LISTED.fullmatch(name):
            return Family(listed[1], tuple(("", int(count)) for count in listed[2].split(",")))
        if not _WORD.fullmatch(name):
            refuse(codes.IR_SYNTAX, line.last, f"`{name}` is no name of a family")
        line.expect("[")
        axes = tuple(line.listed(lambda: self._axis(line)))
        line.expect("]")
        return Family(name, axes)

    @staticmethod
    def _axis(line: Cursor) -> tuple[str, int]:
        if line.kind != "name":
            return "", line.count()
        name = line.need("name")
        line.expect(":")
        return name, line.count()

    # --- rules between positions

    def connect(self, line: Cursor) -> None:
        name = line.need("name")
        space = line.shape() if line.take("over") else None
        line.expect(":")
        positions = tuple(ref for refs in line.listed(lambda: self._positions(line)) for ref in refs)
        line.expect("by")
        relation = read_relation(line, self.relations)
        bound = read_relation(line, self.relations) if line.take("within") else None
        using, via = (self._clause(line) if line.take(word) else "" for word in ("using", "via"))
        over = (len(positions),) if space is None else space
        self.connects.append(Connect(name, over, positions, relation, bound, using, via, line.span))

    @staticmethod
    def _clause(line: Cursor) -> str:
        return line.string() if line.kind == "string" else line.need("name")

    def _positions(self, line: Cursor) -> list[Ref]:
        if line.take("return"):
            return [Ref("", line.need("name") if line.take(":") else "out")]
        ref = line.ref()
        if not ref.node.endswith("[*]"):
            return [ref]
        family = self.families.get(ref.node[:-3])
        if family is None or ref.port != "out":
            refuse(codes.IR_NAME, line.last, f"there is no family `{ref.node[:-3]}` above")
        self._spend(line, family.size)
        return list(map(Ref, family.members))

    def _spend(self, line: Cursor, places: int) -> None:
        self.places += places
        if self.places > 4 * self.limits.layers:
            refuse(codes.IR_SYNTAX, line.last, f"so many members and positions, {self.places}, cannot be told apart")
