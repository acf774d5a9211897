"""What connects as matrices in a page: links between layers, junctions, and what windows hold."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import numpy as np

from connc.backends.drawing.marks import escaped
from connc.backends.drawing.matrix import matrix_of
from connc.backends.drawing.picture import Picture, Scene
from connc.backends.drawing.plot import png
from connc.backends.drawing.svg import svg
from connc.backends.report.details import inline
from connc.backends.report.figures import times
from connc.backends.report.several import joined
from connc.backends.report.shares import Shares, held
from connc.compiler.analyze.junctions import Junction, chains
from connc.compiler.expand import expand
from connc.compiler.network import Connect, Network
from connc.compiler.relations.relation import Relation

MOST, SIDE, LEAST, CELL = 24, 240, 36, 16


def matrices(network: Network) -> str:
    """Those that are the same are shown once; of many, the first."""
    links, junctions = _links(network), _junctions(network)
    shown = [_link(names, connect) for names, connect in links[:MOST]]
    shown += [_junction(names, junction) for names, junction in junctions[:MOST]]
    left = max(len(links) - MOST, 0) + max(len(junctions) - MOST, 0)
    if left:
        shown.append(f'<p class="note">{left:,} more: connc graph --module draws each.</p>\n')
    told = "".join(shown)
    return f'<div class="matrices">\n{told}</div>\n' if told else ""


# --- links


def _links(network: Network) -> list[tuple[list[str], Connect]]:
    found: dict[object, tuple[list[str], Connect]] = {}
    for name, connect in _connects(network, ""):
        bound = connect.bound.digest() if connect.bound is not None else ""
        found.setdefault((connect.relation.digest(), bound), ([], connect))[0].append(name)
    return [*found.values()]


def _connects(body: Network, prefix: str) -> Iterator[tuple[str, Connect]]:
    yield from ((prefix + connect.name, connect) for connect in body.connects)
    for node in body:
        if isinstance(node.what, Network):
            yield from _connects(node.what, f"{prefix}{node.name}.")


def _link(names: list[str], connect: Connect) -> str:
    positions = tuple(ref.node or ref.port for ref in connect.positions)
    return _folded(names, _matrix(names[0], connect.relation, connect.bound, positions))


def _matrix(name: str, relation: Relation, bound: Relation | None = None, names: tuple[str, ...] = ()) -> str:
    picture = Picture(name, Scene((), ()), matrix=matrix_of(relation, bound, names))
    return inline(svg(picture), f"The matrix of {name}")


def _folded(names: list[str], content: str) -> str:
    return (
        f"<details open><summary><b>{escaped(joined(names) + times(len(names)))}</b></summary>\n{content}</details>\n"
    )


# --- junctions


def _junctions(network: Network) -> list[tuple[list[str], Junction]]:
    """Those that have a rule."""
    found: dict[object, tuple[list[str], Junction]] = {}
    for junction in (each for chain in chains(expand(network)) for each in chain):
        if junction.relation is not None:
            key = junction.left, junction.right, junction.relation.digest()
            found.setdefault(key, ([], junction))[0].append(junction.name)
    return [*found.values()]


def _junction(names: list[str], junction: Junction) -> str:
    assert junction.relation is not None
    forward = _windows(junction, "forward", "left window", "right neuron")
    backward = _windows(junction.transposed, "backward", "right window", "left neuron")
    windows = f'<div class="windows">\n{forward}{backward}</div>\n' if forward or backward else ""
    return _folded(names, _matrix(names[0], junction.relation) + windows)


def _windows(junction: Junction, way: str, window: str, neuron: str) -> str:
    found = held(junction)
    if found is None:
        return ""
    said = f"Windows of {junction.name}, {way}: each {window} is a column, each {neuron} a row"
    note = "The stronger the colour, the nearer to what it would ideally hold."
    caption = f'<figcaption>{escaped(said)}. <span class="note">{note}</span></figcaption>'
    return f"<figure>{_image(found, said)}{caption}</figure>\n"


def _image(found: Shares, said: str) -> str:
    shades = np.clip(np.rint(found * 255), 0, 255).astype(np.uint8)
    data = base64.b64encode(png(shades)).decode()
    wide, high = _shown(*found.shape[::-1])
    return f'<img width="{wide}" height="{high}" alt="{escaped(said)}" src="data:image/png;base64,{data}">'


def _shown(wide: int, high: int) -> tuple[int, int]:
    """Cells are squares unless that is too flat or too large."""
    cell = min(CELL, SIDE / max(wide, high))
    return max(round(cell * wide), LEAST), max(round(cell * high), LEAST)
