"""Families with several coordinates: the depth and the lane at which each member stands in a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connc.backends.drawing.sketch import Link, Unit
from connc.compiler.network import Network


def places(body: Network, links: Sequence[Link], units: Sequence[Unit]) -> Iterator[tuple[int, str, tuple[int, int]]]:
    """Of the members of grids, by unit: the family, and the depth and lane of each."""
    names = {unit.first.name: at for at, unit in enumerate(units) if len(unit.nodes) == 1}
    for family in body.families:
        sizes = [count for _, count in family.axes]
        at = {names[name]: i for i, name in enumerate(family.members) if name in names} if len(sizes) > 1 else {}
        axis = _deepening(at, links, sizes) if len(at) > 1 else None
        if axis is not None:
            yield from ((unit, family.name, _depth_and_lane(i, sizes, axis)) for unit, i in at.items())


def _deepening(at: dict[int, int], links: Sequence[Link], sizes: list[int]) -> int | None:
    """The coordinate along which all that flows between members goes up: strictly if there is such a one."""
    pairs = [(at[link.source], at[link.target]) for link in links if link.source in at and link.target in at]
    for least in (1, 0):
        for axis in range(len(sizes)):
            steps = (_depth_and_lane(j, sizes, axis)[0] - _depth_and_lane(i, sizes, axis)[0] for i, j in pairs)
            if all(step >= least for step in steps):
                return axis
    return None


def _depth_and_lane(index: int, sizes: list[int], axis: int) -> tuple[int, int]:
    """Where a member stands when one coordinate is its depth and the others, row by row, are its lane."""
    depth = lane = 0
    behind = 1
    for at in reversed(range(len(sizes))):
        index, here = divmod(index, sizes[at])
        if at == axis:
            depth = here
        else:
            lane, behind = lane + here * behind, behind * sizes[at]
    return depth, lane
