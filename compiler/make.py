"""An op from named values: where the defaults of the language become those of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from connc.compiler.ops import OPS
from connc.compiler.ops.base import Op
from connc.compiler.ops.structure import STRUCTURE
from connc.compiler.relations.relation import Relation


def op_class(name: str) -> type[Op] | None:
    """What a name stands for, among the layers and what a network needs besides."""
    return OPS.get(name) or STRUCTURE.get(name)


def make_op(name: str, values: Mapping[str, object], rule: Relation | None = None) -> Op:
    """The layer `name` with these parameters, exactly; the others have their defaults."""
    cls = op_class(name)
    if cls is None:
        raise KeyError(name)
    given = {slot.name: exact(values.get(slot.name, slot.default)) for slot in cls.signature.slots}
    return cls(**given, rule=rule)


def exact(value: object) -> object:
    """A value in its one form: whole fractions are ints, lists are tuples."""
    match value:
        case Fraction(denominator=1):
            return value.numerator
        case list() | tuple():
            return tuple(map(exact, value))
    return value
