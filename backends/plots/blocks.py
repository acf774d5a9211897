"""What each block of a net takes of the whole, at the level at which there are few enough of them to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

MOST = 12  # rows of a figure
_OTHERS = "others"


class Share(NamedTuple):
    """A block, with its parameters, multiply-accumulates and bytes."""

    name: str
    amounts: tuple[int, int, int]


def shares(costs: Mapping[str, Mapping[str, Any]], most: int = MOST) -> list[Share]:
    """Blocks that make up the net together, in the order of computation; the least of too many as one."""
    rows = [Share(name, _amounts(costs[name])) for name in opened(costs, most)]
    totals = [sum(row.amounts[at] for row in rows) or 1 for at in range(3)]
    rank = sorted(rows, key=lambda row: -max(amount / total for amount, total in zip(row.amounts, totals, strict=True)))
    weighty = [row for row in rank if row.amounts[:2] != (0, 0)]
    kept = set(weighty[: most if len(weighty) <= most else most - 1])
    rest = [row for row in rows if row not in kept]
    return [row for row in rows if row in kept] + ([_together(rest)] if any(any(row.amounts) for row in rest) else [])


def _together(rest: Sequence[Share]) -> Share:
    first, second, third = (sum(row.amounts[at] for row in rest) for at in range(3))
    return Share(f"{len(rest)} {_OTHERS}" if len(rest) > 1 else rest[0].name, (first, second, third))


def opened(costs: Mapping[str, Mapping[str, Any]], most: int) -> list[str]:
    """The blocks of the deepest level of which there are not too many that take anything."""
    inner = children(costs)
    rows = inner[""]
    while True:
        deeper = [name for row in rows for name in (inner.get(row, []) if _is_all(costs, row, inner) else [row])]
        if deeper == rows or sum(any(_amounts(costs[name])[:2]) for name in deeper) > most:
            return rows
        rows = deeper


def _is_all(costs: Mapping[str, Mapping[str, Any]], row: str, inner: Mapping[str, Sequence[str]]) -> bool:
    """Whether what is in a block is all that it takes; a layer takes more than its join and its adapters."""
    parts = [_amounts(costs[name]) for name in inner.get(row, [])]
    return bool(parts) and tuple(map(sum, zip(*parts, strict=True))) == _amounts(costs[row])


def children(costs: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """What stands directly in each block, and under no name what stands in none."""
    found: dict[str, list[str]] = {"": []}
    for name in costs:
        above = next((each for each in _above(name) if each in costs), "")
        found.setdefault(above, []).append(name)
    return found


def _above(name: str) -> Iterator[str]:
    """The names of what it may stand in, the nearest first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _amounts(cost: Mapping[str, Any]) -> tuple[int, int, int]:
    return cost["params"], cost["macs"], cost["memory"]
