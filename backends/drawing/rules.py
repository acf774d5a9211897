"""The `connect`s of a body: which of its nodes each of them feeds, and how a legend says them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from math import prod

import numpy as np

from connc.compiler.network import Connect, Network, Node, Ref
from connc.compiler.ops.structure import Bundle
from connc.compiler.relations.forms import Affine, Full
from connc.compiler.relations.relation import Relation

_SHOWN = 5  # operands, or offsets, that are said one by one
_COORDINATES = "ijklmnopqrstuvwxyz"
_INDEX = re.compile(r"\[[0-9,]*\]$")


class Fed:
    """By which `connect`, told by number, nodes and outputs are fed."""

    def __init__(self, body: Network) -> None:
        self.body = body
        self.nodes: dict[str, int] = {}
        self.outputs: dict[str, int] = {}
        self.bundles = {f"{connect.name}[": number for number, connect in enumerate(body.connects)}
        for number, connect in enumerate(body.connects):
            targets = np.flatnonzero(connect.relation.in_degrees()).tolist()
            refs = [connect.positions[place] for place in targets]
            self.nodes.update((ref.node, number) for ref in refs)
            for place, ref in zip(targets, refs, strict=True):
                if not ref.node:
                    self._output(number, connect, place)

    def _output(self, number: int, connect: Connect, place: int) -> None:
        """An output is what it reads, or what the node that makes it joins."""
        port = connect.positions[place].port
        sources = [connect.positions[i] for i in connect.relation.sources_of(place)[:2].tolist()]
        made = self.body.outputs.get(port)
        if sources == [made]:
            self.outputs[port] = number
        elif made is not None:
            self.nodes[made.node] = number

    def rule(self, node: Node) -> int | None:
        """What feeds a node; a bundle is called after its `connect`."""
        if isinstance(node.what, Bundle):
            return self.bundles.get(node.name.rpartition("[")[0] + "[")
        return self.nodes.get(node.name)

    def candidates(self, most: int) -> Iterator[tuple[int, Ref, Ref]]:
        """The pairs that a search may add; none of a `connect` that has more than `most`."""
        for number, rest in self.rest:
            positions = self.body.connects[number].positions
            if rest.count <= most:
                for source, target in zip(*(side.tolist() for side in rest.pairs()), strict=True):
                    yield number, positions[source], positions[target]

    def left_out(self, most: int) -> int:
        """How many `candidates` does not give."""
        return sum(rest.count for _, rest in self.rest if rest.count > most)

    @cached_property
    def rest(self) -> list[tuple[int, Relation]]:
        """What is within a bound and not there, by the number of the `connect`."""
        numbered = enumerate(self.body.connects)
        return [(number, each.bound - each.relation) for number, each in numbered if each.bound is not None]


def words_of(connect: Connect) -> str:
    """`connect in, step, out by i → i + 1, 2, 4 using concat`"""
    clauses = [f"{word} {text}" for word, text in (("using", connect.using), ("via", connect.via)) if text]
    return " ".join([f"connect {_operands(connect.positions)} by {relation_words(connect.relation)}", *clauses])


def relation_words(relation: Relation) -> str:
    """What is known of a relation, or how many pairs it has."""
    match relation.form:
        case Full():
            return "i → j"
        case Affine(1, offsets) if offsets and offsets[0] > 0 and len(relation.sources) == 1:
            return f"i → i + {_listed(list(map(str, offsets)))}"
    if 1 < len(relation.sources) <= len(_COORDINATES) and (steps := _steps(relation)):
        names = _COORDINATES[: len(relation.sources)]
        return f"({', '.join(names)}) → {_listed([_moved(names, step) for step in steps])}"
    return f"a rule with {relation.count:,} connection{'s' * (relation.count != 1)}"


def _steps(relation: Relation) -> list[list[int]]:
    """The few steps on a grid that all pairs are, should they be all the pairs that such steps give."""
    space = relation.sources
    if relation.targets != space or not relation.count:
        return []
    source, target = (np.stack(np.unravel_index(side, space), axis=1) for side in relation.pairs())
    found: list[list[int]] = np.unique(target - source, axis=0).tolist()
    inside = (prod(max(0, size - abs(by)) for size, by in zip(space, step, strict=True)) for step in found)
    return found if len(found) <= _SHOWN and sum(inside) == relation.count else []


def _moved(names: Sequence[str], step: Sequence[int]) -> str:
    """`(i + 1, j)`"""
    parts = (f"{name} {'+-'[by < 0]} {abs(by)}" if by else name for name, by in zip(names, step, strict=True))
    return f"({', '.join(parts)})"


def _operands(positions: Sequence[Ref]) -> str:
    names = [_INDEX.sub("", ref.node) or ref.port for ref in positions]
    return _listed([name for name, _ in groupby(names)])


def _listed(names: Sequence[str]) -> str:
    """Some of them, and the last."""
    return ", ".join(names if len(names) <= _SHOWN else [*names[: _SHOWN - 2], "…", names[-1]])
