"""The parameters of an op as text: numbers exactly, strings as JSON, lists in brackets."""

from __future__ import annotations

import json
from fractions import Fraction

from connc.compiler.ops.base import Op

PLACES = 12  # behind the point; finer fractions are written `1/3`


def show(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Fraction():
            return _fraction(value)
        case str():
            return json.dumps(value)
        case tuple():
            return f"[{', '.join(map(show, value))}]"
    return str(value)


def _fraction(value: Fraction) -> str:
    places = next((n for n in range(1, PLACES + 1) if 10**n % value.denominator == 0), 0)
    if not places:
        return f"{value.numerator}/{value.denominator}"
    digits = f"{abs(value) * 10**places}".zfill(places + 1)
    return f"{'-' * (value < 0)}{digits[:-places]}.{digits[-places:]}"


def fields(op: Op) -> str:
    """`{units=3}`: what differs from its defaults."""
    named = ((slot, getattr(op, slot.name)) for slot in op.signature.slots)
    given = ", ".join(f"{slot.name}={show(value)}" for slot, value in named if slot.required or value != slot.default)
    return f"{{{given}}}" if given else ""
