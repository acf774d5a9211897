"""What can be called, in words: a signature as one line, with types and defaults, and its documentation."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import cleandoc

from connc.dsl.evaluate import shown_value
from connc.dsl.functions import FUNCTIONS
from connc.dsl.vocabulary import Signature, Slot


def kinds() -> dict[str, Mapping[str, Signature]]:
    """The names of the language that can be called."""
    from connc.compiler.vocabulary import VOCABULARY

    return {"layer": VOCABULARY.layers, "generator": VOCABULARY.generators, "analysis": VOCABULARY.analyses}


def head(signature: Signature) -> str:
    """`conv(channels: int, kernel: int[2], stride: int[2] = [1, 1])`; `…` is a default that is computed."""
    slots = ", ".join(_slot(slot, slot.name in signature.one_of) for slot in signature.slots)
    rule = f" by a rule between {signature.relates}" if signature.relates else ""
    return signature.name + (f"({slots})" if slots else "") + rule


def _slot(slot: Slot, alternative: bool) -> str:
    written = f"{slot.name}: {slot.type}"
    if slot.required or alternative:
        return written
    return f"{written} = {'…' if slot.default is None else shown_value(slot.default)}"


def page(name: str) -> str:
    """All that is known of a name of the language, or nothing if it has none of this name."""
    for kind, signatures in kinds().items():
        if name in signatures:
            return f"{kind} {head(signatures[name])}\n\n{cleandoc(signatures[name].doc)}"
    if name in FUNCTIONS:
        return f"function {name}, of {FUNCTIONS[name].takes}\n\n{FUNCTIONS[name].doc}"
    return ""
