"""Draws networks: blocks as boxes, what a rule connects in its colour, a relation as its matrix. Imports no torch."""

from connc.backends.drawing.data import data
from connc.backends.drawing.dot import dot
from connc.backends.drawing.find import NoSuchPart
from connc.backends.drawing.matrix import matrix_of
from connc.backends.drawing.mermaid import mermaid
from connc.backends.drawing.picture import Picture, Scene
from connc.backends.drawing.summary import picture_of
from connc.backends.drawing.svg import svg
from connc.compiler.network import Network
from connc.compiler.relations.relation import Relation

__all__ = ["FORMATS", "SUFFIXES", "NoSuchPart", "draw", "svg_of_relation"]

FORMATS = {"svg": svg, "dot": dot, "mermaid": mermaid, "json": data}
SUFFIXES = {".svg": "svg", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid", ".json": "json"}


def draw(network: Network, format: str = "svg", *, depth: int | None = None, module: str = "") -> str:
    """A drawing of a network as text.

    `format` is one of FORMATS. `depth` is how many levels of modules are opened, 1 being the network's own layers;
    without it as many as stay easy to look at. `module` is what to draw of it: the path of a module or layer, a family,
    a prefix of names, a `connect`; a layer with a rule, and a `connect`, are drawn as the matrix of what is connected.
    Raises `NoSuchPart`.
    """
    if format not in FORMATS:
        raise ValueError(f"there is no format {format!r}; there are {', '.join(FORMATS)}")
    if depth is not None and depth < 1:
        raise ValueError(f"depth is a whole number from 1 on, not {depth!r}")
    return FORMATS[format](picture_of(network, depth, module))


def svg_of_relation(relation: Relation) -> str:
    """The matrix of a relation: a source is a column, a target a row."""
    return svg(Picture("relation", Scene((), ()), matrix=matrix_of(relation)))
