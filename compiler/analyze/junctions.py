"""Junctions: the layers in which each connection between two neurons has a weight of its own, and their chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

import numpy as np

from connc.compiler.names import within
from connc.compiler.network import Network, Node
from connc.compiler.relations.arrays import Indices, Ints
from connc.compiler.relations.forms import Space
from connc.compiler.relations.relation import Relation


@dataclass(frozen=True)
class Junction:
    """`left` and `right` are the shapes that its neurons are laid out in; without a relation all are connected.

    One that is `turned` is read from right to left. What is on the left of one that is not `alone` is
    read elsewhere too.
    """

    name: str
    left: Space
    right: Space
    relation: Relation | None
    turned: bool = False
    alone: bool = True

    @property
    def sizes(self) -> tuple[int, int]:
        return prod(self.left), prod(self.right)

    @property
    def possible(self) -> int:
        return prod(self.sizes)

    @property
    def count(self) -> int:
        return self.possible if self.relation is None else self.relation.count

    @property
    def density(self) -> Fraction:
        return Fraction(self.count, self.possible)

    def pairs(self) -> tuple[Indices, Indices]:
        """On the left and on the right, in any order."""
        assert self.relation is not None
        source, target = self.relation.pairs()
        return (target, source) if self.turned else (source, target)

    @cached_property
    def rows(self) -> Relation:
        """The relation from left to right, which is sorted by what stands on the right."""
        assert self.relation is not None
        return self.relation.transposed() if self.turned else self.relation

    def in_degrees(self) -> Ints:
        """How many connections lead to each neuron on the right."""
        if self.relation is None:
            return np.full(self.sizes[1], self.sizes[0])
        return self.relation.out_degrees() if self.turned else self.relation.in_degrees()

    def out_degrees(self) -> Ints:
        """How many lead away from each on the left."""
        return self.transposed.in_degrees()

    @cached_property
    def transposed(self) -> Junction:
        """The same, read from right to left."""
        return Junction(self.name, self.right, self.left, self.relation, not self.turned, self.alone)


def chains(kernel: Network, part: object = None) -> list[list[Junction]]:
    """The junctions of a network at the kernel level, or of a part, in runs: each reads what the one before gives.

    What lies between two of a run leaves each value at its place. Where several read the same, the first of them goes
    on with its run. A shared layer is one junction, where it is used first.
    """
    readers: dict[str, list[Node]] = {node.name: [] for node in kernel}
    for node in kernel:
        for name in {source.ref.node for source in kernel.sources(node.name)}:
            readers[name].append(node)
    outputs = {ref.node for ref in kernel.outputs.values()}
    runs: list[list[Junction]] = []
    ends: dict[str, list[Junction]] = {}  # runs by the name of their last junction
    seen: set[str] = set()
    for node in kernel:
        if _joins(node) and node.owner not in seen and within(node.name, part):
            seen.add(node.owner)
            between, left = _source(kernel, node)
            before = between[-1]
            alone = all(len(readers[name]) == 1 and name not in outputs for name in between)
            right = _laid_out(node, readers[node.name])
            junction = Junction(node.name, left, right, _relation(node), alone=alone)
            run = ends.pop(before, [])
            if not run or run[-1].sizes[1] != junction.sizes[0]:
                run = []
                runs.append(run)
            run.append(junction)
            ends[node.name] = run
    return runs


def ruled(kernel: Network, part: object = None) -> list[Junction]:
    """The layers whose rule is not between neurons; their weights are shared by many places."""
    found: dict[str, Junction] = {}
    for node in kernel:
        relation = None if isinstance(node.what, Network) else node.what.rule
        if relation is not None and not _joins(node) and within(node.name, part):
            found.setdefault(node.owner, Junction(node.name, relation.sources, relation.targets, relation))
    return list(found.values())


def _joins(node: Node) -> bool:
    return not isinstance(node.what, Network) and node.what.signature.relates == "neurons"


def _relation(node: Node) -> Relation | None:
    assert not isinstance(node.what, Network)
    return node.what.rule


def _source(kernel: Network, node: Node) -> tuple[list[str], Space]:
    """From where a junction reads, back to what made it, and the shape in which that came."""
    (ref,) = (source.ref for source in kernel.sources(node.name))
    size, shape = kernel.shape(ref)[-1], kernel.shape(ref)[-1:]
    found = [ref.node]
    while not _joins(kernel[ref.node]) and _leaves_places(kernel[ref.node]):
        (ref,) = (source.ref for source in kernel.sources(ref.node))
        found.append(ref.node)
        if prod(kernel.shape(ref)) == size and len(kernel.shape(ref)) > len(shape):
            shape = kernel.shape(ref)
    return found, shape


def _laid_out(node: Node, readers: Sequence[Node]) -> Space:
    """The shape that the neurons on the right take next, if one layer reads them and says one."""
    right = node.shapes[0][-1:]
    if len(readers) == 1 and _leaves_places(readers[0]) and prod(readers[0].shapes[0]) == prod(right):
        return readers[0].shapes[0]
    return right


def _leaves_places(node: Node) -> bool:
    return not isinstance(node.what, Network) and node.what.leaves_places
