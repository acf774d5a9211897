"""The paths of arrows: straight where they can be, else smooth; arcs beside a row of boxes, nested by their length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp

from connc.backends.drawing.items import Item, Spot, Step, Way
from connc.backends.drawing.layers import Key, Layers
from connc.backends.drawing.picture import Arrow, Scene

Route = tuple[Arrow, tuple[Step, ...]]
Band = tuple[float, float, float]  # of a rank: where it starts, where its boxes end, where lines may turn
CLEAR, LEVEL, APART = 10.0, 16.0, 8.0


def line(spot: Spot) -> list[Step]:
    return [("L", (spot,))]


def curve(a: Spot, b: Spot) -> list[Step]:
    """From one to the other, leaving and coming in along the flow."""
    if abs(a.across - b.across) < 0.5:
        return line(b)
    bend = (b.along - a.along) / 2
    return [("C", (Spot(a.along + bend, a.across), Spot(b.along - bend, b.across), b))]


# --- a row of boxes


def arcs(
    scene: Scene, items: Mapping[str, Item], spots: Mapping[str, Spot], order: Sequence[str], way: Way
) -> list[Route]:
    """Straight to the next box, around the others; to the right of what goes down, above what goes right."""
    place = {name: at for at, name in enumerate(order)}
    level = _levels([(place[arrow.source], place[arrow.target]) for arrow in scene.arrows], len(order))
    side = 1.0 if way.down else -1.0
    routes = []
    for arrow in scene.arrows:
        a, b = place[arrow.source], place[arrow.target]
        if b == a + 1 and not arrow.candidate:
            ends = leaving(items, spots, arrow), coming(items, spots, arrow)
            routes.append((arrow, (("M", ends[:1]), *curve(*ends))))
        else:
            between = [_edge(items[name], spots[name], side) for name in order[min(a, b) : max(a, b) + 1]]
            routes.append((arrow, _arc(items, spots, arrow, side, max(between), level.get((a, b), 1))))
    return routes


def _edge(item: Item, spot: Spot, side: float) -> float:
    """How far a box reaches to one side."""
    return side * spot.across + (item.after if side > 0 else item.before)


def _arc(
    items: Mapping[str, Item], spots: Mapping[str, Spot], arrow: Arrow, side: float, clear: float, level: int
) -> tuple[Step, ...]:
    source, target = items[arrow.source], items[arrow.target]
    first = _beside(source, spots[arrow.source], side, leaves=True)
    last = _beside(target, spots[arrow.target], side, leaves=False)
    out = Spot(first.along, side * clear)
    back = Spot(last.along, side * clear)
    height = (CLEAR + min(_height(abs(last.along - first.along)), 8.0 + LEVEL * level)) / 0.75
    bend = side * (clear + height)
    arc: Step = ("C", (Spot(out.along, bend), Spot(back.along, bend), back))
    return ("M", (first,)), *line(out), arc, *line(last)


def _levels(arcs: Sequence[tuple[int, int]], count: int) -> dict[tuple[int, int], int]:
    """How many arcs lie in each other below each, itself among them."""
    found = {arc: 0 for arc in arcs if abs(arc[1] - arc[0]) > 1}
    most = [[0] * (count + 1) for _ in range(count + 1)]  # below all from a place to a place
    for length in range(1, count):
        for a in range(count - length):
            most[a][a + length] = max(most[a + 1][a + length], most[a][a + length - 1])
            for arc in ((a, a + length), (a + length, a)):
                if arc in found:
                    found[arc] = most[a][a + length] = 1 + max(most[a + 1][a + length], most[a][a + length - 1])
    return found


def _height(length: float) -> float:
    """How far an arc reaches out: the longer, the farther, and never very far."""
    return 260.0 * (1.0 - exp(-length / 1100.0))


def _beside(item: Item, spot: Spot, side: float, leaves: bool) -> Spot:
    """Where an arc leaves a box, or comes in: at the join, if there is one."""
    half = body_half(item, side)
    inset = min(10.0, item.length / 3)
    come = spot.along + (item.strip / 2 if item.strip else inset)
    return Spot(spot.along + item.length - inset if leaves else come, spot.across + side * half)


def body_half(item: Item, side: float) -> float:
    """How far what is drawn of a box reaches to a side."""
    return item.high if side > 0 else item.low


# --- ranks


def leaving(items: Mapping[str, Item], spots: Mapping[str, Spot], arrow: Arrow) -> Spot:
    item, spot = items[arrow.source], spots[arrow.source]
    return Spot(spot.along + item.length, spot.across + item.outs[arrow.port])


def coming(items: Mapping[str, Item], spots: Mapping[str, Spot], arrow: Arrow) -> Spot:
    item, spot = items[arrow.target], spots[arrow.target]
    return Spot(spot.along, spot.across + item.ins[arrow.slot])


def through(
    scene: Scene,
    items: Mapping[str, Item],
    spots: Mapping[str, Spot],
    layers: Layers,
    at: Mapping[Key, float],
    bands: Sequence[Band],
) -> list[Route]:
    """From rank to rank; past the boxes of a rank straight on, between ranks in a curve."""
    routes = []
    entries = _entries(scene, items, layers, at)
    for arrow, entry in zip(scene.arrows, entries, strict=True):
        a, b = layers.rank[arrow.source], layers.rank[arrow.target]
        first, last = leaving(items, spots, arrow), coming(items, spots, arrow)
        last = Spot(last.along, last.across + entry)
        if a >= b:
            routes.append((arrow, _beside_one_another(items, spots, arrow)))
            continue
        here = Spot(bands[a][2], first.across)
        path: list[Step] = [("M", (first,)), *line(here)]
        for key in list(layers.passed(arrow))[1:-1]:
            there = Spot(bands[key[2]][0], at[key])
            path += curve(here, there)
            here = Spot(bands[key[2]][2], at[key])
            path += line(here)
        path += [*curve(here, Spot(bands[b][0], last.across)), *line(last)]
        routes.append((arrow, tuple(path)))
    return routes


def _entries(scene: Scene, items: Mapping[str, Item], layers: Layers, at: Mapping[Key, float]) -> list[float]:
    """How far beside its input each arrow comes in, where several come into one: in the order in which they come."""
    inputs: dict[tuple[str, int], list[tuple[float, int]]] = {}
    for number, arrow in enumerate(scene.arrows):
        if layers.rank[arrow.source] < layers.rank[arrow.target]:
            before = list(layers.passed(arrow))[-2]
            inputs.setdefault((arrow.target, arrow.slot), []).append((at[before], number))
    found = [0.0] * len(scene.arrows)
    for (target, _), several in inputs.items():
        room = max(items[target].low + items[target].high - 10.0, 0.0)
        apart = min(APART, room / max(len(several) - 1, 1))
        for place, (_, number) in enumerate(sorted(several)):
            found[number] = (place - (len(several) - 1) / 2) * apart
    return found


def _beside_one_another(items: Mapping[str, Item], spots: Mapping[str, Spot], arrow: Arrow) -> tuple[Step, ...]:
    """Between boxes of one rank: from side to side."""
    (a, s), (b, t) = ((items[name], spots[name]) for name in (arrow.source, arrow.target))
    side = 1.0 if t.across > s.across else -1.0
    first = Spot(s.along + a.length / 2, s.across + side * body_half(a, side))
    last = Spot(t.along + b.length / 2, t.across - side * body_half(b, -side))
    return ("M", (first,)), *line(last)
