"""Whether a known value keeps to the bounds of its parameter."""

from __future__ import annotations

from fractions import Fraction

from connc.dsl import codes
from connc.dsl.diagnostic import Diagnostic
from connc.dsl.evaluate import Value, shown_value
from connc.dsl.source import Span
from connc.dsl.vocabulary import LARGEST_SIZE, Slot
from connc.dsl.words import alternatives, did_you_mean


def misfit(value: Value, slot: Slot, span: Span, of: str) -> Diagnostic | None:
    """What is wrong with a value of the right type; of a list, with the first of its items. `of` says whose it is."""
    if slot.type.listed and isinstance(value, tuple):
        length = slot.type.length
        if length is not None and length >= 0 and len(value) != length:
            help_ = f"give {length}, or one number for all" if length else ""
            return codes.LENGTH.at(span, f"{of} takes a list of {length}, not of {len(value)}", help=help_)
    items = [value]
    while items:
        item = items.pop()
        if isinstance(item, tuple):
            items += reversed(item)
        elif mistake := _misfit(item, slot, span, of):
            return mistake
    return None


def _misfit(item: Value, slot: Slot, span: Span, of: str) -> Diagnostic | None:
    if isinstance(item, Fraction) and item.denominator != 1 and slot.type.name in ("int", "shape"):
        message = f"{of} takes a whole number, not {shown_value(item)}"
        type_ = "float[]" if slot.type.listed else "float"
        declared = f", or declare the parameter as `{slot.name}: {type_}`" if slot.assumed else ""
        return codes.WHOLE.at(span, message, help=f"`floor`, `ceil` and `round` make one{declared}")
    if isinstance(item, int | Fraction) and not isinstance(item, bool):
        return _out_of_bounds(item, slot, span, of)
    if isinstance(item, str) and slot.choices and item not in slot.choices:
        options = alternatives(f'"{choice}"' for choice in slot.choices)
        message = f"{of} is {options}, not {shown_value(item)}"
        return codes.RANGE.at(span, message, help=did_you_mean(item, slot.choices))
    return None


def _out_of_bounds(item: int | Fraction, slot: Slot, span: Span, of: str) -> Diagnostic | None:
    low, high = (1, LARGEST_SIZE) if slot.type.name == "shape" else (slot.least, slot.most)
    if low is not None and item < low:
        return codes.RANGE.at(span, f"{of} is at least {shown_value(low)}, not {shown_value(item)}")
    if high is not None and item > high:
        return codes.RANGE.at(span, f"{of} is at most {shown_value(high)}, not {shown_value(item)}")
    return None
