"""Where everything in a scene goes. Inner scenes are laid out first; around them a box is like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connc.backends.drawing.items import Item, Laid, Spot, Way, item_of, opened, part_outputs
from connc.backends.drawing.layers import Key, Layers, box_key
from connc.backends.drawing.picture import INPUT, LAYER, MODULE, OUTPUT, REST, Box, Scene, has_grid, written
from connc.backends.drawing.ranks import ranks_of
from connc.backends.drawing.routes import Band, arcs, through
from connc.backends.drawing.spread import Spread

GAP = 18.0  # between ranks, besides what is written there
WIDE = 1080.0  # what goes from left to right is no wider, unless it has a grid


def laid_out(scene: Scene) -> tuple[Laid, Way]:
    """From left to right where that is not too wide or there is a grid, else downwards."""
    across = lay(scene, Way(down=False))
    if across.length <= WIDE or has_grid(scene):
        return across, Way(down=False)
    return lay(scene, Way(down=True)), Way(down=True)


def lay(scene: Scene, way: Way, is_outermost: bool = True) -> Laid:
    """A scene with all in its place."""
    items = {box.id: _item(box, scene, way, is_outermost) for box in scene.boxes}
    _even(list(items.values()), way)
    part_outputs(list(items.values()), way)
    rank, lanes = ranks_of(scene)
    if not lanes and len({*rank.values()}) == len(rank):
        return _row(scene, items, sorted(items, key=rank.__getitem__), way)
    return _layered(scene, items, Layers(scene, rank, lanes))


def _item(box: Box, scene: Scene, way: Way, is_outermost: bool) -> Item:
    labels = written(box, scene, is_outermost)
    if box.inside is None:
        forks = sum(arrow.source == box.id for arrow in scene.arrows) > 1
        return item_of(box, labels, way, is_outermost, forks)
    return opened(box, lay(box.inside, way, is_outermost=False), labels, way)


def _even(items: Sequence[Item], way: Way) -> None:
    """Boxes of text in one scene are equally wide; where the flow goes down, that is across it."""
    plain = [each for each in items if each.inner is None and each.box.kind in (LAYER, MODULE, REST)]
    if way.down and plain:
        half = max(each.low for each in plain)
        for each in plain:
            grown = half / each.low
            each.low = each.high = half
            each.before, each.after = max(each.before, half), max(each.after, half)
            each.ins, each.outs = [at * grown for at in each.ins], [at * grown for at in each.outs]


def _row(scene: Scene, items: dict[str, Item], order: Sequence[str], way: Way) -> Laid:
    """One box a rank: a straight line, and arcs beside it."""
    along, spots = 0.0, {}
    for name, behind in zip(order, [*order[1:], ""], strict=True):
        item = items[name]
        spots[name] = Spot(along, -item.ins[0])
        along += item.length + (_gap(item, items[behind]) if behind else 0.0)
    routes = arcs(scene, items, spots, order, way)
    edges = [(spots[name].across - items[name].before, spots[name].across + items[name].after) for name in order]
    reach = [_reach(letter, points) for _, path in routes for letter, points in path]
    before = max(-min(low for low, _ in edges), -min(reach, default=0.0))
    after = max(max(high for _, high in edges), max(reach, default=0.0))
    return Laid(items, spots, routes, along, before, after)


def _reach(letter: str, points: Sequence[Spot]) -> float:
    """How far across a step goes; an arc goes three quarters of the way to what it bends towards."""
    end = points[-1].across
    return end + 0.75 * (points[0].across - end) if letter == "C" else end


def _gap(item: Item, behind: Item) -> float:
    """Less at the border of an opened box than between boxes; room for what is written there."""
    kinds = {each.box.kind for each in (item, behind) if not each.length}
    return max(14.0 if kinds & {INPUT, OUTPUT} else GAP, item.tail + 12.0 if item.tail else 0.0)


def _layered(scene: Scene, items: dict[str, Item], layers: Layers) -> Laid:
    at = Spread(layers, items, scene.arrows).at
    bands = _bands(items, layers, at)
    spots = {name: Spot(_start(item, bands[layers.rank[name]]), at[box_key(name)]) for name, item in items.items()}
    routes = through(scene, items, spots, layers, at, bands)
    before = -min(at[key] - (items[key[0]].before if key[1] < 0 else 6) for row in layers.rows for key in row)
    after = max(at[key] + (items[key[0]].after if key[1] < 0 else 6) for row in layers.rows for key in row)
    length = max(spots[name].along + item.length for name, item in items.items())
    return Laid(items, spots, routes, length, before, after)


def _bands(items: dict[str, Item], layers: Layers, at: Mapping[Key, float]) -> list[Band]:
    """Where each rank starts, where its boxes end, and where, behind what is written there, lines may turn."""
    found = []
    start = 0.0
    for rank, row in enumerate(layers.rows):
        here = [items[name] for name, output, _ in row if output < 0]
        end = start + max((item.length for item in here), default=0.0)
        turn = end + max((item.tail for item in here), default=0.0)
        found.append((start, end, turn))
        start = turn + _room(layers, rank, at)
    return found


def _room(layers: Layers, rank: int, at: Mapping[Key, float]) -> float:
    """For the curves behind a rank: the more the farther they go across, and the more there are."""
    across = [abs(at[a] - at[b]) for a, b in layers.lines if layers.rank_of(a) == rank]
    bent = sum(each > 1.0 for each in across)
    least = 3 * GAP if rank + 1 in layers.adapted else GAP
    return max(least, min(100.0, 12.0 + 0.22 * max(across, default=0.0)), min(110.0, 4.0 * bent))


def _start(item: Item, band: Band) -> float:
    """In the middle of its rank; what comes into an opened box at the end, what leaves it at the start."""
    first, last, _ = band
    room = last - first - item.length
    return first + {INPUT: room, OUTPUT: 0.0}.get(item.box.kind, room / 2)
