"""What each block costs, with alike blocks as one row: the same rows for every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from connc.backends.report.sections import Tables
from connc.backends.report.several import joined, stem


@dataclass(frozen=True, slots=True)
class Block:
    """A module or a layer, `inside` of another, and what is in it."""

    name: str
    inside: str
    kind: str
    params: int
    macs: int
    flops: int
    memory: int
    inner: list[Block] = field(default_factory=list)

    @property
    def is_free(self) -> bool:
        return not (self.params or self.macs or self.flops)


@dataclass(frozen=True, slots=True)
class Row:
    """Blocks of a kind that stand in a row, or one; the numbers are those of all of them together."""

    blocks: Sequence[Block]
    level: int

    @property
    def name(self) -> str:
        """`part[0].step[0..11]`"""
        return joined([each.name for each in self.blocks])

    @property
    def local(self) -> str:
        """`step[0..11]`, without what it stands in."""
        inside = (each.name.removeprefix(f"{each.inside}.") if each.inside else each.name for each in self.blocks)
        return joined(list(dict.fromkeys(inside)))

    @property
    def kind(self) -> str:
        return self.blocks[0].kind

    @property
    def count(self) -> int:
        return len(self.blocks)

    def sum(self, column: str) -> int:
        return sum(getattr(each, column) for each in self.blocks)


def rows(tables: Tables, most: int, levels: int = 2) -> list[Row]:
    """At most so many rows if that can be: levels are opened, from outside in, as long as there is room.

    What costs nothing is left out. On the outermost level neighbours of a kind are one row where they cost the same;
    if there are too many, members of a family are, as on all other levels.
    """
    top = [block for block in blocks(tables["costs"]) if not block.is_free]
    found = [Row(group, 0) for group in _neighbours(top)]
    if len(found) > most:
        found = [Row(group, 0) for group in _families([top])]
    for level in range(1, levels):
        opened = [*_opened(found, level)]
        if len(opened) > most or len(opened) == len(found):
            break
        found = opened
    return found


def blocks(costs: Tables) -> list[Block]:
    """Those that stand in no other; the costs are told from outside in."""
    known: dict[str, Block] = {}
    top: list[Block] = []
    for name, cost in costs.items():
        above = _above(name, known)
        known[name] = block = _block(name, above, cost)
        (known[above].inner if above else top).append(block)
    return top


def _block(name: str, inside: str, cost: Any) -> Block:
    return Block(name, inside, cost["kind"], cost["params"], cost["macs"], cost["flops"], cost["memory"])


def _above(name: str, known: dict[str, Block]) -> str:
    """The innermost block that a name stands in."""
    while name:
        name = name.rpartition(".")[0]
        if name in known:
            break
    return name


def _neighbours(found: Sequence[Block]) -> list[list[Block]]:
    """Members of a family that stand in a row and cost the same."""
    groups: list[list[Block]] = []
    for block in found:
        if groups and "[" in block.name and _cost(groups[-1][-1]) == _cost(block):
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _cost(block: Block) -> object:
    return stem(block.name), block.kind, block.params, block.macs, block.flops


def _families(bodies: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """Members of a family, of all of some bodies that are alike."""
    groups: dict[object, list[Block]] = {}
    for block in (each for body in bodies for each in body if not each.is_free):
        groups.setdefault((stem(block.name.rpartition(".")[2]), block.kind), []).append(block)
    return [*groups.values()]


def _opened(found: Sequence[Row], level: int) -> Iterator[Row]:
    """Each row of the level above, and behind it those of what is in it."""
    for row in found:
        yield row
        if row.level == level - 1:
            yield from (Row(group, level) for group in _families([each.inner for each in row.blocks]))
