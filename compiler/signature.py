"""From the fields of a dataclass to the slots that the checker reads: the one place where the two meet.

Defaults are given as the language has them: numbers are ints or exact fractions, lists are tuples. A field that may be
`None` is computed where the spec leaves it out; its class says how. Annotations are read as the values they are, so the
files that define ops do not postpone them.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields, replace
from fractions import Fraction
from typing import Annotated, Any, Union, get_args, get_origin

from connc.compiler.fields import OneOf, Takes, Within
from connc.dsl.types import Type
from connc.dsl.vocabulary import Slot

_NAMES = {int: "int", float: "float", bool: "bool", str: "str"}
Notes = tuple[object, ...]


def slots(cls: type[Any]) -> tuple[Slot, ...]:
    """One slot a field, in order. What only keywords give, a spec does not write as a parameter."""
    return tuple(_slot(field) for field in fields(cls) if not field.kw_only)


def _slot(field: Field[Any]) -> Slot:
    type_, notes = _read(_present(field.type))
    required = field.default is MISSING
    slot = Slot(field.name, type_, required, None if required else _value(field.default))
    for note in notes:
        if isinstance(note, Within):
            slot = replace(slot, least=note.least, most=note.most)
        elif isinstance(note, OneOf):
            slot = replace(slot, choices=note.choices)
    return slot


def _present(hint: object) -> object:
    """`X` of `X | None`."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    left = [item for item in get_args(hint) if item is not types.NoneType]
    if len(left) != 1:
        raise TypeError(f"a field takes one type, not {hint}")
    return left[0]


def _read(hint: object) -> tuple[Type, Notes]:
    """The type that a spec would write, and what is noted of its values."""
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        name = next((note.name for note in notes if isinstance(note, Takes)), None)
        type_, inner_notes = _read(inner) if name is None else (Type(name), ())
        return type_, (*inner_notes, *notes)
    if get_origin(hint) is tuple:
        return _read_list(get_args(hint))
    if isinstance(hint, type) and hint in _NAMES:
        return Type(_NAMES[hint]), ()
    raise TypeError(f"no type of the language is annotated as {hint!r}")


def _read_list(items: Sequence[object]) -> tuple[Type, Notes]:
    """`tuple[X, ...]` is a list of any length, `tuple[X, X]` one of two."""
    (item, *rest), length = items, None
    if rest != [Ellipsis]:
        length = len(items)
        if any(other != item for other in rest):
            raise TypeError(f"the items of a list have one type, not {items}")
    type_, notes = _read(item)
    return Type(type_.name, listed=True, length=length), notes


def _value(default: object) -> object:
    match default:
        case tuple():
            return tuple(map(_value, default))
        case float():
            exact = Fraction(repr(default))  # the decimal as written
            return exact.numerator if exact.denominator == 1 else exact
    return default
