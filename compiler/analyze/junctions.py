"""Junctions: the layers in which each connection between two neurons has a weight of its own, and their chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

from connc.compiler.expand import expand
from connc.compiler.names import above
from connc.compiler.network import Network, Node
from connc.compiler.relations.forms import Space
from connc.compiler.relations.relation import Relation


@dataclass(frozen=True)
class Junction:
    """`left` and `right` are the shapes that its neurons are laid out in; without a relation all are connected."""

    name: str
    left: Space
    right: Space
    relation: Relation | None

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

    @cached_property
    def transposed(self) -> Junction:
        """The same, read from right to left."""
        turned = None if self.relation is None else self.relation.transposed()
        return Junction(self.name, self.right, self.left, turned)


def chains(network: Network, part: object = None) -> list[list[Junction]]:
    """The junctions of a network or of a part, in runs in which each reads what the one before gives.

    What lies between two of a run leaves each value at its place. Where several read the same, the first of them goes
    on with its run. A shared layer is one junction, where it is used first.
    """
    kernel = expand(network)
    readers: dict[str, list[Node]] = {node.name: [] for node in kernel}
    for node in kernel:
        for name in {source.ref.node for source in kernel.sources(node.name)}:
            readers[name].append(node)
    runs: list[list[Junction]] = []
    ends: dict[str, list[Junction]] = {}  # runs by the name of their last junction
    seen: set[str] = set()
    for node in kernel:
        if _joins(node) and node.owner not in seen and _within(node.name, part):
            seen.add(node.owner)
            before, left = _source(kernel, node)
            junction = Junction(node.name, left, _laid_out(node, readers[node.name]), _relation(node))
            run = ends.pop(before, [])
            if not run or run[-1].sizes[1] != junction.sizes[0]:
                run = []
                runs.append(run)
            run.append(junction)
            ends[node.name] = run
    return runs


def _joins(node: Node) -> bool:
    return not isinstance(node.what, Network) and node.what.signature.relates == "neurons"


def _within(name: str, part: object) -> bool:
    assert part is None or isinstance(part, tuple)
    return part is None or not above(name).isdisjoint(part)


def _relation(node: Node) -> Relation | None:
    assert not isinstance(node.what, Network)
    return node.what.rule


def _source(kernel: Network, node: Node) -> tuple[str, Space]:
    """Where what a junction reads comes from, and the shape in which it came."""
    (ref,) = (source.ref for source in kernel.sources(node.name))
    size = kernel.shape(ref)[-1]
    shape = kernel.shape(ref)[-1:]
    while not _joins(kernel[ref.node]) and _leaves_places(kernel[ref.node]):
        (ref,) = (source.ref for source in kernel.sources(ref.node))
        if prod(kernel.shape(ref)) == size and len(kernel.shape(ref)) > len(shape):
            shape = kernel.shape(ref)
    return ref.node, shape


def _laid_out(node: Node, readers: Sequence[Node]) -> Space:
    """The shape that the neurons on the right take next, if one layer reads them and says one."""
    right = node.shapes[0][-1:]
    if len(readers) == 1 and _leaves_places(readers[0]) and prod(readers[0].shapes[0]) == prod(right):
        return readers[0].shapes[0]
    return right


def _leaves_places(node: Node) -> bool:
    return not isinstance(node.what, Network) and node.what.leaves_places
