"""What an expression stands for, as far as it is known before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from connc.dsl.types import BOOL, FLOAT, INT, MODULE, RULE, SHAPE, STR, Type
from connc.dsl.vocabulary import Signature


@dataclass(frozen=True, slots=True)
class Meaning:
    """A type, and what else is known.

    `signature` and `given`: of modules and rules, and of the tensors that a module makes, what may be called and which
    parameters have values already. `constant`: it can be evaluated now. `counts`: how many a family holds along each
    of its coordinates; -1 where that is not known.
    """

    type: Type
    signature: Signature | None = None
    given: frozenset[str] = frozenset()
    constant: bool = False
    counts: tuple[int, ...] = ()


# Kinds of value that no parameter is declared with.
ANY = Meaning(Type("any"))  # already reported, or not known yet: fits everywhere
FREE = Meaning(Type("free"), constant=True)  # `_`
TENSOR = Meaning(Type("tensor"))
TENSORS = Meaning(Type("tensors"))  # several side by side
FUNCTION = Meaning(Type("function"))
OUTPUT = Meaning(Type("output"))  # a port to be fed

_WORDS = {
    "any": "anything",
    "free": "`_`",
    "tensor": "a tensor",
    "tensors": "several tensors",
    "instance": "a layer of this body",
    "family": "a family of layers",
    "function": "a function",
    "output": "an output port",
    "part": "a part of the net",
    "table": "a table (rows of 0 and 1, or a file name)",
}
_NUMBERS = frozenset({"int", "float"})
_FLOWING = frozenset({"tensor", "instance"})
FLOWING = _FLOWING | {"tensors", "family", "output"}  # what no list and no parameter holds

NUMBER, WHOLE, TRUTH, TEXT = Meaning(FLOAT), Meaning(INT), Meaning(BOOL), Meaning(STR)
SHAPED, RULED, LAYER = Meaning(SHAPE), Meaning(RULE), Meaning(MODULE)


def words(type_: Type) -> str:
    """A type in a message: `a tensor`, `an int`, `a list of modules`."""
    if not type_.listed and type_.name in _WORDS:
        return _WORDS[type_.name]
    return type_.words


def is_any(meaning: Meaning) -> bool:
    return meaning.type.name == "any"


def is_number(meaning: Meaning) -> bool:
    return meaning.type.name in _NUMBERS and not meaning.type.listed


def is_layer(meaning: Meaning) -> bool:
    """Whether it is a layer that is not put in yet; a list of them is none."""
    return meaning.type.name == "module" and not meaning.type.listed


def is_tensor(meaning: Meaning) -> bool:
    """Whether one tensor can be read from it."""
    return meaning.type.name in _FLOWING and not meaning.type.listed


def fits(meaning: Meaning, wanted: Type) -> bool:
    """Whether a value of this meaning may stand where `wanted` is due; whole numbers are told by value."""
    type_ = meaning.type
    if "any" in (type_.name, wanted.name):
        return True
    if wanted.listed:
        return _fits_list(type_, wanted)
    if wanted.name == "shape":
        return _is_shape(type_)
    if wanted.name == "table":
        return type_.name in ("str", "table") or (type_.listed and type_.name in ("int", "float", "list"))
    if wanted.name == "part":
        return type_.name in ("tensor", "tensors", "instance", "family", "output")
    if wanted.name in _NUMBERS:
        return type_.name in _NUMBERS and not type_.listed
    return type_.name == wanted.name and not type_.listed


def _fits_list(type_: Type, wanted: Type) -> bool:
    item = type_.name == wanted.name or {type_.name, wanted.name} <= _NUMBERS
    if type_.name == "shape" and not type_.listed and wanted.name in _NUMBERS:
        return True
    if type_.listed:
        return item or (type_.name == "list" and wanted.name == "shape")
    return item and wanted.length is not None


def common(a: Meaning, b: Meaning) -> Meaning | None:
    """What both are, for the branches of a choice and the items of a list; nothing if they have nothing in common."""
    if is_any(a) or is_any(b):
        return replace(b if is_any(a) else a, constant=False)
    constant = a.constant and b.constant
    alike = a.type.name == b.type.name
    if a.type.listed == b.type.listed and (alike or {a.type.name, b.type.name} <= _NUMBERS | {"free"}):
        same = a.signature is b.signature
        signature, given = (a.signature, a.given & b.given) if same else (None, frozenset())
        name = a.type.name if alike else "free" if "free" in (a.type.name, b.type.name) else "float"
        return Meaning(Type(name, a.type.listed), signature, given, constant)
    if is_tensor(a) and is_tensor(b):
        return TENSOR
    if _is_shape(a.type) and _is_shape(b.type):
        return replace(SHAPED, constant=constant)
    return None


def _is_shape(type_: Type) -> bool:
    """Whether it is a shape, or a list that can be one."""
    return (type_.name == "shape" and not type_.listed) or (type_.listed and type_.name in ("int", "float", "free"))
