"""Filling parameters: which argument is whose, what a default is, and whether values keep to types and bounds."""

from __future__ import annotations

from collections.abc import Iterable

from connc.compiler.elaborate.values import Given, OpenRule, Recipe, in_words, is_a
from connc.dsl import codes
from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import Value
from connc.dsl.source import Span
from connc.dsl.values import misfit
from connc.dsl.vocabulary import Signature, Slot


def bind(signature: Signature, given: Given, arguments: Iterable[tuple[str, Value]], span: Span) -> Given:
    """What is given behind a call: arguments without a name fill the first parameters that were open before it."""
    filled = dict(given)
    free = [slot.name for slot in signature.slots if slot.name not in filled]
    takes = f"{len(free)} argument{'s' * (len(free) != 1)}" if free else "no arguments"
    for name, value in arguments:
        if not (name or free):
            raise Refusal(codes.TOO_MANY.at(span, f"`{signature.name}` takes {takes}, and gets more here"))
        if name and signature.slot(name) is None:
            raise Refusal(codes.PARAMETER.at(span, f"`{signature.name}` has no parameter `{name}`"))
        filled[name or free.pop(0)] = value
    return tuple(filled.items())


def checked(value: Value, slot: Slot, span: Span, of: str) -> Value:
    """A value as its parameter takes it: of the right type, within bounds, one value for all spread into a list."""
    type_ = slot.type
    if type_.name == "rule" and isinstance(value, OpenRule):
        value = value.make((), span)
    if not is_a(value, type_) or (type_.listed and type_.length is None and not isinstance(value, tuple)):
        raise Refusal(codes.TYPE.at(span, f"{of} takes {type_.words}, not {in_words(value)}"))
    if type_.listed and not isinstance(value, tuple):
        value = (value,) * (type_.length or 0)
    if mistake := misfit(value, slot, span, of):
        raise Refusal(mistake)
    return value


def of_language(signature: Signature, given: Given, span: Span) -> dict[str, Value]:
    """The values of all parameters of an op or a generator."""
    values = {slot.name: slot.default for slot in signature.slots}
    for name, value in given:
        slot = signature.slot(name)
        assert slot is not None
        values[name] = checked(value, slot, span, f"`{name}` of `{signature.name}`")
    return values


def missing(recipe: Recipe, span: Span) -> None:
    """Refuse a layer that is put in with something left open that has no default."""
    names = {name for name, _ in recipe.given}
    if lacking := [slot.name for slot in recipe.signature.slots if slot.required and slot.name not in names]:
        needed = " and ".join(f"`{name}`" for name in lacking)
        raise Refusal(codes.MISSING.at(span, f"`{recipe.signature.name}` needs {needed}"))
