"""Where all that stands on a rank goes across the flow: near its neighbours on other ranks, apart from each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise

from connc.backends.drawing.items import Item
from connc.backends.drawing.layers import Key, Layers
from connc.backends.drawing.picture import Arrow

APART, BESIDE, LINES_APART, LONE = 22.0, 14.0, 9.0, 60.0
_SWEEPS, _HEAVY = 14, 1e6


class Spread:
    """The places across, of boxes and of the points where arrows pass."""

    def __init__(self, layers: Layers, items: Mapping[str, Item], arrows: Sequence[Arrow]) -> None:
        self.layers, self.items = layers, items
        self.fixed = _lanes(layers, items)
        self.pulls = _pulls(layers, items, arrows)
        self.at: dict[Key, float] = {key: 0.0 for row in layers.rows for key in row}
        for row in layers.rows:
            self._settle(row, dict.fromkeys(row, 0.0))
        for sweep in range(_SWEEPS):
            rows = layers.rows if sweep % 2 == 0 else layers.rows[::-1]
            for row in rows:
                self._settle(row, self._wanted(row, sweep))
        for row in layers.rows:  # at last what comes from one box alone stands behind it
            self._settle(row, self._wanted(row, 0))

    def _wanted(self, row: Sequence[Key], sweep: int) -> dict[Key, float]:
        """The middle of the neighbours, at first of those on one side alone."""
        found = {}
        for key in row:
            pulls = self.pulls.get(key, [])
            sided = [pull for pull in pulls if pull[2] == (sweep % 2 == 0)] if sweep < _SWEEPS - 4 else []
            chosen = sided or pulls
            weight = sum(pull[3] for pull in chosen)
            found[key] = sum((self.at[k] + d) * w for k, d, _, w in chosen) / weight if weight else self.at[key]
        return found

    def _settle(self, row: Sequence[Key], wanted: Mapping[Key, float]) -> None:
        """Each as near to where it wants to be as the others let it."""
        sums = [*accumulate((_gap(a, b, self.items) for a, b in pairwise(row)), initial=0.0)]
        goals = [self.fixed.get(key, wanted[key]) - offset for key, offset in zip(row, sums, strict=True)]
        weights = [_HEAVY if key in self.fixed else 1.0 for key in row]
        for key, value, offset in zip(row, rising(goals, weights), sums, strict=True):
            self.at[key] = value + offset


def _gap(a: Key, b: Key, items: Mapping[str, Item]) -> float:
    """How far two neighbours on a rank are apart at least."""
    after = items[a[0]].after if a[1] < 0 else 0.0
    before = items[b[0]].before if b[1] < 0 else 0.0
    boxes = (a[1] < 0) + (b[1] < 0)
    return after + before + (LINES_APART, BESIDE, APART)[boxes]


def _lanes(layers: Layers, items: Mapping[str, Item]) -> dict[Key, float]:
    """Lanes of grids, as far apart as the fullest rank needs; the same on all ranks."""
    apart: dict[tuple[float, float], float] = {}
    for row in layers.rows:
        held = [at for at, key in enumerate(row) if key in layers.fixed]
        for a, b in pairwise(held):
            needed = sum(_gap(row[i], row[i + 1], items) for i in range(a, b))
            pair = layers.fixed[row[a]], layers.fixed[row[b]]
            apart[pair] = max(apart.get(pair, 0.0), needed)
    places: dict[float, float] = {}
    for lane in sorted({*layers.fixed.values()}):
        before = [places[a] + needed for (a, b), needed in apart.items() if b == lane]
        places[lane] = max(before, default=max(places.values(), default=-LONE) + LONE)
    middle = max(places.values(), default=0.0) / 2
    return {key: places[lane] - middle for key, lane in layers.fixed.items()}


Pull = tuple[Key, float, bool, float]  # towards a key, how far beside it, whether it stands in front, how strongly


def _pulls(layers: Layers, items: Mapping[str, Item], arrows: Iterable[Arrow]) -> dict[Key, list[Pull]]:
    """What each wants to be near to, so that lines are straight: those of long arrows before all."""
    found: dict[Key, list[Pull]] = {}
    for arrow in arrows:
        keys = list(layers.passed(arrow))
        for a, b in pairwise(keys):
            leave = items[a[0]].outs[arrow.port] if a[1] < 0 else 0.0
            come = items[b[0]].ins[arrow.slot] if b[1] < 0 else 0.0
            weight = (0.3 if arrow.candidate else 1.0) * (4.0 if a[1] >= 0 and b[1] >= 0 else 1.0)
            found.setdefault(b, []).append((a, leave - come, True, weight))
            found.setdefault(a, []).append((b, come - leave, False, weight))
    return found


def rising(goals: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The numbers nearest to the goals of which none is smaller than the one before."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for goal, weight in zip(goals, weights, strict=True):
        pools.append((goal, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, wa, na), (b, wb, nb) = pools[-2:]
            pools[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
    return [mean for mean, _, count in pools for _ in range(count)]
