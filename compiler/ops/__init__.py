"""The layers of the language, a file a family. A new family is imported here."""

from connc.compiler.ops import activation, attention, conv, cut, form, joins, linear, norm, pooling, synapse
from connc.compiler.ops.base import OPS, Op, Prims, Shape, ShapeError, Space, op
from connc.compiler.ops.structure import STRUCTURE, Bundle, Input

__all__ = [
    "FAMILIES",
    "OPS",
    "STRUCTURE",
    "Bundle",
    "Input",
    "Op",
    "Prims",
    "Shape",
    "ShapeError",
    "Space",
    "op",
]

FAMILIES = (activation, attention, conv, cut, form, joins, linear, norm, pooling, synapse)
