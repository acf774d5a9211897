"""Reads ops: `linear{units=3} by #1`."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from connc.compiler.make import make_op, op_class
from connc.compiler.ops import OPS
from connc.compiler.ops.base import Op
from connc.compiler.ops.structure import STRUCTURE
from connc.compiler.relations.relation import Relation
from connc.compiler.text.cursor import Cursor, refuse
from connc.dsl import codes
from connc.dsl.source import Span
from connc.dsl.types import Type
from connc.dsl.values import misfit
from connc.dsl.vocabulary import Signature, Slot
from connc.dsl.words import did_you_mean

_ITEMS: dict[str, type | tuple[type, ...]] = {"int": int, "float": (int, Fraction), "bool": bool, "str": str}


def read_op(cursor: Cursor, name: str, relations: Mapping[str, Relation]) -> Op:
    """An op whose name is read already."""
    at = cursor.last
    cls = op_class(name)
    if cls is None:
        refuse(codes.IR_OP, at, f"there is no layer `{name}`", did_you_mean(name, [*OPS, *STRUCTURE]))
    values = _fields(cursor, cls.signature)
    rule = read_relation(cursor, relations) if cursor.take("by") else None
    _complete(cls.signature, values, rule, at)
    return make_op(name, values, rule)


def read_relation(cursor: Cursor, relations: Mapping[str, Relation]) -> Relation:
    name = cursor.need("relation")
    if name not in relations:
        refuse(codes.IR_NAME, cursor.last, f"there is no relation {name} above")
    return relations[name]


def input_of(size: tuple[int, ...], span: Span) -> Op:
    """Inputs are written without a field: their shape says it."""
    (slot,) = STRUCTURE["input"].signature.slots
    _check(size, slot, span)
    return make_op("input", {"size": size})


def _fields(cursor: Cursor, signature: Signature) -> dict[str, object]:
    values: dict[str, object] = {}
    if not cursor.take("{"):
        return values
    for name, value in cursor.listed(lambda: _field(cursor, signature)):
        if name in values:
            refuse(codes.IR_TWICE, cursor.last, f"`{name}` has two values")
        values[name] = value
    cursor.expect("}")
    return values


def _field(cursor: Cursor, signature: Signature) -> tuple[str, object]:
    name = cursor.need("name")
    slot = signature.slot(name)
    if slot is None:
        help_ = did_you_mean(name, [slot.name for slot in signature.slots])
        refuse(codes.IR_OP, cursor.last, f"`{signature.name}` has no parameter `{name}`", help_)
    cursor.expect("=")
    start = cursor.here
    value = cursor.value()
    _check(value, slot, start.to(cursor.last))
    return name, value


def _check(value: object, slot: Slot, span: Span) -> None:
    """Of the right type, and within its bounds."""
    of = f"`{slot.name}`"
    if not _has_type(value, slot.type):
        refuse(codes.IR_OP, span, f"{of} takes {slot.type.words}, not {span.shown}")
    if found := misfit(value, slot, span, of):
        refuse(codes.IR_OP, span, found.message, found.help)


def _has_type(value: object, type_: Type) -> bool:
    if type_.name == "shape":
        return _has_type(value, Type("int", listed=True))
    if type_.listed:
        return isinstance(value, tuple) and all(_has_type(item, type_.item) for item in value)
    return isinstance(value, _ITEMS.get(type_.name, ())) and (type_.name == "bool" or not isinstance(value, bool))


def _complete(signature: Signature, values: Mapping[str, object], rule: Relation | None, at: Span) -> None:
    """Nothing that must be said is left out."""
    name = signature.name
    if missing := [slot.name for slot in signature.slots if slot.required and slot.name not in values]:
        refuse(codes.IR_OP, at, f"`{name}` lacks {', '.join(f'`{each}`' for each in missing)}")
    if signature.one_of and len(values.keys() & set(signature.one_of)) != 1:
        refuse(codes.IR_OP, at, f"`{name}` takes exactly one of {', '.join(signature.one_of)}")
    if signature.needs_rule and rule is None:
        refuse(codes.IR_OP, at, f"`{name}` needs a rule behind `by`")
    if rule is not None and not signature.relates:
        refuse(codes.IR_OP, at, f"`{name}` takes no rule")
