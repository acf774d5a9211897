"""From a network to its picture: how many levels of modules are opened, and what the boxes are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connc.backends.drawing.find import Junction, find
from connc.backends.drawing.grids import places
from connc.backends.drawing.labels import closed, is_labelled, kind_of, label_of, name_of, tip_of, tone_of
from connc.backends.drawing.matrix import Matrix, matrix_of
from connc.backends.drawing.picture import BUNDLE, OUTPUT, REST, Arrow, Box, Picture, Port, Scene, by_size
from connc.backends.drawing.rules import words_of
from connc.backends.drawing.sketch import Link, Sketch, Unit, sketch
from connc.compiler.network import Connect, Network, Node

FEW_BOXES, MOST_SHAPES, DEEPEST = 20, 4000, 100
_INDEX = re.compile(r"(.*)\[([0-9]+)\]")


def picture_of(network: Network, depth: int | None = None, module: str = "") -> Picture:
    """A network, or what is called `module` in it. Without a `depth`, as many levels as stay easy to look at."""
    found = find(network, module)
    matrix = matrix_of(found.relation, found.bound, found.names) if isinstance(found, Junction) else None
    body = found.body if isinstance(found, Junction) else found
    title = f"{network.kind}: {module}" if module else network.kind
    return _Summary(body).picture(title, depth, matrix)


class _Summary:
    """The sketches of all bodies so far, and the rules that were met."""

    def __init__(self, body: Network) -> None:
        self.body = body
        self.sketches: dict[int, Sketch] = {}
        self.held: dict[int, str] = {}  # the families in bodies
        self.sizes: dict[tuple[int, int], tuple[int, int]] = {}
        self.rules: dict[tuple[str, str], tuple[int, Connect]] = {}

    def picture(self, title: str, depth: int | None, matrix: Matrix | None) -> Picture:
        opened = self._depth(depth)
        scene = self._scene(self.body, "", "", opened)
        rules = tuple(words_of(connect) for _, connect in self.rules.values())
        return Picture(title, scene, rules, tuple(self._notes(depth, opened)), matrix)

    # --- how much is opened

    def _depth(self, wanted: int | None) -> int:
        """How many levels there are boxes of."""
        depth = 1
        while depth < (wanted or DEEPEST):
            boxes, shapes = self._size(self.body, depth + 1)
            if (boxes, shapes) == self._size(self.body, depth) or shapes > MOST_SHAPES:
                break
            if wanted is None and boxes > FEW_BOXES:
                break
            depth += 1
        return depth

    def _size(self, body: Network, depth: int) -> tuple[int, int]:
        """How many boxes, and how many boxes and arrows."""
        if (id(body), depth) not in self.sizes:
            drawn = self._sketch(body)
            boxes, shapes = len(drawn.units), drawn.shapes
            for unit in drawn.units if depth > 1 else ():
                if (inner := _opens(unit)) is not None:
                    more, all_ = self._size(inner, depth - 1)
                    boxes, shapes = boxes + more, shapes + all_
            self.sizes[id(body), depth] = boxes, shapes
        return self.sizes[id(body), depth]

    def _notes(self, wanted: int | None, opened: int) -> Iterator[str]:
        """What the picture does not show."""
        if wanted is not None and opened < wanted and self._size(self.body, opened + 1)[1] > MOST_SHAPES:
            yield f"opened to depth {opened}: one level more has over {MOST_SHAPES:,} boxes and arrows"
        left_out = sum(each.left_out for each in self.sketches.values())
        if left_out:
            yield f"{left_out:,} connections that a search may add are not drawn"

    def _sketch(self, body: Network) -> Sketch:
        if id(body) not in self.sketches:
            self.sketches[id(body)] = sketch(body)
        return self.sketches[id(body)]

    # --- boxes and arrows

    def _scene(self, body: Network, path: str, prefix: str, depth: int) -> Scene:
        drawn = self._sketch(body)
        numbers = [self._rule(body, connect) for connect in body.connects] if drawn.links else []
        grid = {unit: (family, place) for unit, family, place in places(body, drawn.links, drawn.units)}
        boxes = [self._box(unit, prefix, depth, *grid.get(at, ("", None))) for at, unit in enumerate(drawn.units)]
        outputs = [_output(body, path, port) for port in body.outputs]
        arrows = [_arrow(link, boxes, outputs, numbers) for link in drawn.links]
        return Scene((*boxes, *outputs), tuple(arrows))

    def _rule(self, body: Network, connect: Connect) -> int:
        """Its number; of the same `connect` in several bodies, the one that relates most is told."""
        key = body.kind, connect.name
        number, before = self.rules.get(key, (len(self.rules), connect))
        largest = connect if connect.relation.count > before.relation.count else before
        self.rules[key] = number, largest
        return number

    def _box(self, unit: Unit, prefix: str, depth: int, family: str, place: tuple[int, int] | None) -> Box:
        node, count = unit.first, len(unit.nodes)
        if not unit.alike:
            return _rest(unit, prefix)
        title = _several(unit.nodes) if count > 1 else node.name
        path = prefix + title
        inner = _opens(unit) if depth > 1 else None
        return Box(
            id=path,
            kind=kind_of(node),
            title=title if count > 1 or is_labelled(node) else "",
            label=label_of(node) if inner else closed(node, self.held),
            tip=tip_of(path, node),
            tone=tone_of(node.what),
            join=name_of(node.join) if node.join is not None else "",
            shared=node.owner if node.owner != node.name else "",
            ins=_ins(node),
            outs=tuple(map(Port, node.ports, node.shapes)) or (Port("*", ()),),
            family=family,
            place=place,
            count=count,
            inside=self._scene(inner, path, f"{path}.", depth - 1) if inner else None,
        )


def _opens(unit: Unit) -> Network | None:
    """The body of a box that has one."""
    what = unit.first.what
    return what if unit.alike and isinstance(what, Network) else None


def _ins(node: Node) -> tuple[str, ...]:
    """The names of its inputs; many that are joined are one."""
    if isinstance(node.what, Network):
        return tuple(each.name for each in node.what.inputs)
    return ("in",) if node.what.signature.inputs is None else node.what.signature.inputs


def _output(body: Network, path: str, port: str) -> Box:
    ref = body.outputs[port]
    label = by_size(body.shape(ref)) if body[ref.node].shapes else ""
    return Box(f"{path}:{port}", OUTPUT, port, label, f"{path or body.kind}:{port}", outs=())


def _arrow(link: Link, boxes: list[Box], outputs: list[Box], numbers: list[int]) -> Arrow:
    target = boxes[link.target].id if link.target >= 0 else outputs[link.slot].id
    slot = link.slot if link.target >= 0 else 0
    rule = None if link.rule is None else numbers[link.rule]
    said = link.shape, link.via, rule, link.candidate, link.count
    return Arrow(boxes[link.source].id, target, link.port, slot, *said)


def _several(nodes: Sequence[Node]) -> str:
    """`block[0..5]`, or the first and the last name."""
    first, last = nodes[0].name, nodes[-1].name
    a, b = _INDEX.fullmatch(first), _INDEX.fullmatch(last)
    if a and b and a[1] == b[1]:
        return f"{a[1]}[{a[2]}..{b[2]}]"
    return f"{first} … {last}"


def _rest(unit: Unit, prefix: str) -> Box:
    """Many layers as one box, which says how many they are, and what if they are all of a kind."""
    layers = [node for node in unit.nodes if kind_of(node) != BUNDLE] or unit.nodes
    kinds = {name_of(node.what) for node in layers}
    label = f"{kinds.pop()} × {len(layers):,}" if len(kinds) == 1 else f"{len(layers):,} layers"
    title = _several(layers)
    port = Port("out", next(iter(layers[-1].shapes), ()))
    return Box(prefix + title, REST, title, label, f"{prefix}{title}: {label}", outs=(port,), count=len(layers))
