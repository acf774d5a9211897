"""On which rank of a scene each box stands: behind all that it reads; members of a grid on that of their depth."""

from __future__ import annotations

from collections.abc import Mapping

from connc.backends.drawing.picture import INPUT, OUTPUT, Arrow, Box, Scene

_ROUNDS = 60


def ranks_of(scene: Scene) -> tuple[dict[str, int], dict[str, float]]:
    """The rank of each box; and the lanes of grids, counted from the middle one, if grids can be laid out as such."""
    grids = {box.id: box for box in scene.boxes if box.place is not None}
    found = _settled(scene, grids) if grids else None
    if found is None:
        grids, found = {}, _settled(scene, {}) or {}
    _to_the_ends(scene, found)
    return found, _lanes(list(grids.values()))


def _settled(scene: Scene, grids: Mapping[str, Box]) -> dict[str, int] | None:
    """Ranks that agree with all arrows, nothing where grids forbid that."""
    rank = {box.id: 0 for box in scene.boxes}
    base = {box.family: 0 for box in grids.values()}
    into: dict[str, list[Arrow]] = {box.id: [] for box in scene.boxes}
    for arrow in scene.arrows:
        if not arrow.candidate and not _is_within(arrow, grids):
            into[arrow.target].append(arrow)
    for _ in range(_ROUNDS):
        before = dict(rank)
        for box in scene.boxes:
            behind = max((rank[arrow.source] + 1 for arrow in into[box.id]), default=0)
            if box.id in grids:
                base[box.family] = max(base[box.family], behind - _depth(box))
                rank[box.id] = base[box.family] + _depth(box)
            else:
                rank[box.id] = behind
        if rank == before:
            return rank
    return None


def _is_within(arrow: Arrow, grids: Mapping[str, Box]) -> bool:
    """Whether it joins members of one grid, which stand on ranks of their own."""
    source, target = grids.get(arrow.source), grids.get(arrow.target)
    return source is not None and target is not None and source.family == target.family


def _depth(box: Box) -> int:
    return box.place[0] if box.place else 0


def _to_the_ends(scene: Scene, rank: dict[str, int]) -> None:
    """Inputs stand in front, outputs behind all others."""
    last = max((rank[box.id] for box in scene.boxes if box.kind != OUTPUT), default=-1) + 1
    rank.update((box.id, last) for box in scene.boxes if box.kind == OUTPUT)
    if any(box.kind != INPUT and rank[box.id] == 0 for box in scene.boxes):
        rank.update((box.id, rank[box.id] + (box.kind != INPUT)) for box in scene.boxes)


def _lanes(boxes: list[Box]) -> dict[str, float]:
    counts: dict[str, int] = {}
    for box in boxes:
        counts[box.family] = max(counts.get(box.family, 0), (box.place or (0, 0))[1] + 1)
    return {box.id: (box.place or (0, 0))[1] - (counts[box.family] - 1) / 2 for box in boxes}
