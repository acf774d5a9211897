"""What is written in boxes: `conv 64, 7×7, /2`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from connc.backends.drawing.matrix import percent
from connc.backends.drawing.picture import BUNDLE, INPUT, JOIN, LAYER, MODULE, by_size
from connc.compiler.names import owner
from connc.compiler.network import Family, Network, Node
from connc.compiler.ops.base import Op
from connc.compiler.ops.structure import Bundle, Input
from connc.compiler.text.values import fields, show
from connc.dsl.vocabulary import Slot

_TONES = {"conv": "weight", "linear": "weight", "attention": "weight", "synapse": "weight"}
_TONES |= {"pooling": "map", "form": "map", "cut": "map"}
_UNSAID = {"padding", "bias", "eps", "momentum", "axis"}  # stand in the tooltip alone
_SIGNS = {"sum": "+", "mul": "×"}


def kind_of(node: Node) -> str:
    if isinstance(node.what, Network):
        return MODULE
    if isinstance(node.what, Input):
        return INPUT
    if isinstance(node.what, Bundle):
        return BUNDLE
    return JOIN if node.what.signature.inputs is None else LAYER


def tone_of(what: Op | Network) -> str:
    """What a layer is about: its weights, the map that it lays out anew, or neither."""
    return "plain" if isinstance(what, Network) else _TONES.get(type(what).__module__.rpartition(".")[2], "plain")


def name_of(what: Op | Network) -> str:
    return what.kind if isinstance(what, Network) else what.name


def is_labelled(node: Node) -> bool:
    """Whether a spec calls it by a name that does not say what it is."""
    last = owner(node.name).rpartition(".")[2]
    return last != "join" and re.fullmatch(rf"{re.escape(name_of(node.what))}[0-9]*", last) is None


def label_of(node: Node) -> str:
    """What a node is, in a line."""
    what = node.what
    if isinstance(what, Network):
        return what.kind
    if isinstance(what, Input):
        return by_size(node.shapes[0])
    if isinstance(what, Bundle):
        return "side by side"
    if kind_of(node) == JOIN:
        return _SIGNS.get(what.name, what.name)
    said = ", ".join(_said(what))
    return f"{what.name} {said}" if said else what.name


def closed(node: Node, known: dict[int, str]) -> str:
    """The same of a box that is not opened: with the family that it holds, `stage: bottleneck × 12`.

    `known` is what has been found in bodies so far.
    """
    held = _held(node.what, known) if isinstance(node.what, Network) else ""
    return f"{label_of(node)}: {held}" if held else label_of(node)


def _held(body: Network, known: dict[int, str]) -> str:
    """The first family of several layers, in a body or in what it is made of."""
    if id(body) not in known:
        known[id(body)] = ""
        own = (f"{name_of(body[f.members[0]].what)} × {f.size:,}" for f in body.families if _is_row(body, f))
        inner = (_held(node.what, known) for node in body if isinstance(node.what, Network))
        known[id(body)] = next(filter(None, chain(own, inner)), "")
    return known[id(body)]


def _is_row(body: Network, family: Family) -> bool:
    return family.size > 1 and family.members[0] in body


def _said(op: Op) -> Iterator[str]:
    for slot in op.signature.slots:
        value = getattr(op, slot.name)
        if slot.name not in _UNSAID and (slot.required or value != slot.default):
            yield _parameter(slot, value)
    if op.rule is not None:
        yield f"{percent(op.rule.density)} wired"


def _parameter(slot: Slot, value: object) -> str:
    match slot.name, value:
        case "stride", (int(a), int(b)):
            return f"/{a}" if a == b else f"/{a}×{b}"
        case _, bool():
            return slot.name if value else f"no {slot.name}"
        case "kernel" | "dilation" | "scale", (int(), int()):
            return "×".join(map(str, value))
        case _, str():
            return value
    return show(value).strip("[]") if slot.required else f"{slot.name} {show(value).strip('[]')}"


def tip_of(name: str, node: Node) -> str:
    """All there is to say of a node, for those who point at it."""
    what = node.what
    said = what.kind if isinstance(what, Network) else what.name + fields(what)
    shapes = ", ".join(map(by_size, node.shapes))
    return f"{name}: {said}{f' → {shapes}' if shapes else ''}"
