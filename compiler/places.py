"""Places in a network, and what was written about them: families, and the rules between positions that made edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import NamedTuple

from connc.compiler.relations.forms import Space
from connc.compiler.relations.relation import Relation
from connc.dsl.source import Span

ALL = "*"  # the port of a bundle: all that it holds


class Ref(NamedTuple):
    """An output of a node. Among the positions of a `connect`, no node means an output of the network."""

    node: str
    port: str = "out"

    def __str__(self) -> str:
        return self.node if self.port == "out" else f"{self.node}:{self.port}"


@dataclass(frozen=True, slots=True)
class Family:
    """A label with coordinates, each with its name, if it has one, and how many it counts."""

    name: str
    axes: tuple[tuple[str, int], ...]

    @property
    def size(self) -> int:
        return prod(count for _, count in self.axes)

    @property
    def members(self) -> list[str]:
        """Their names, row by row."""
        indices = product(*(map(str, range(count)) for _, count in self.axes))
        return [f"{self.name}[{','.join(index)}]" for index in indices]


@dataclass(frozen=True, slots=True)
class Connect:
    """A rule between positions, as it was written. `bound`: the pairs that a search may add or drop.

    `positions` are laid out in `space`; one whose layer was left out names a node that the network does not have.
    """

    name: str
    space: Space
    positions: tuple[Ref, ...]
    relation: Relation
    bound: Relation | None = None
    using: str = ""
    via: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)
