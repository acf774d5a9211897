"""What is said of a layer, a join, a module, a family: each as the text of a network has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connc.compiler.difference.data import ADDED, CHANGED, DROPPED, RENAMED, Layer, Value
from connc.compiler.network import Family, Network
from connc.compiler.ops.base import Op
from connc.compiler.ops.structure import Bundle, Input
from connc.compiler.relations.relation import Relation
from connc.compiler.text.values import fields, show

What = Op | Network | None
FAMILY = "family"


def said(what: What) -> str:
    if what is None:
        return ""
    return f"module {what.kind}" if isinstance(what, Network) else what.name + fields(what)


def inside(what: What) -> int:
    """How many layers a module has, with those of modules in it."""
    nodes = [node.what for node in what] if isinstance(what, Network) else []
    ops = (each for each in nodes if isinstance(each, Op) and not isinstance(each, Bundle))
    return sum(map(inside, nodes)) + sum(each.signature.inputs != () for each in ops)


def values(old: What, new: What, word: str) -> Iterator[Value]:
    """What differs between two that stand at one place. Of what is in modules nothing; inputs are as what they get."""
    if isinstance(old, Input) and isinstance(new, Input):
        return
    if isinstance(old, Op) and isinstance(new, Op) and old.name == new.name:
        yield from _fields(old, new)
        return
    if said(old) != said(new):
        yield Value(word, said(old) or None, said(new) or None)
    if isinstance(old, Network) and isinstance(new, Network):
        yield from _order("inputs", [node.name for node in old.inputs], [node.name for node in new.inputs])
        yield from _order("outputs", list(old.outputs), list(new.outputs))


def _order(word: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Value]:
    """Of the same names."""
    if old != new and sorted(old) == sorted(new):
        yield Value(word, ", ".join(old), ", ".join(new))


def _fields(old: Op, new: Op) -> Iterator[Value]:
    for slot in old.signature.slots:
        before, after = getattr(old, slot.name), getattr(new, slot.name)
        if before != after:
            yield Value(slot.name, _shown(before), _shown(after))
    if (old.rule is None) != (new.rule is None):
        yield Value("by", _pairs(old.rule), _pairs(new.rule))


def _shown(value: object) -> str | None:
    return None if value is None else show(value)


def _pairs(rule: Relation | None) -> str | None:
    return None if rule is None else f"{rule.count} pairs"


def families(before: Network, after: Network, names: Mapping[str, str]) -> Iterator[Layer]:
    """Families with other coordinates or, as all their members, another name."""
    old = {_new_name(each, names): each for each in before.families}
    new = {each.name: each for each in after.families}
    for name, family in new.items():
        if name not in old:
            yield Layer(name, ADDED, _family(family))
        elif old[name].axes != family.axes:
            yield Layer(name, CHANGED, FAMILY, values=(Value(FAMILY, _axes(old[name]), _axes(family)),))
        elif old[name].name != name:
            yield Layer(name, RENAMED, _family(family), was=old[name].name)
    yield from (Layer(name, DROPPED, _family(family)) for name, family in old.items() if name not in new)


def _new_name(family: Family, names: Mapping[str, str]) -> str:
    """That of the members, should all be renamed and none have left the others."""
    now = {names.get(member, "").partition("[")[0] for member in family.members}
    found = now.pop()
    return family.name if now or not found else found


def _family(family: Family) -> str:
    return f"{FAMILY} {_axes(family)}"


def _axes(family: Family) -> str:
    return f"[{', '.join(f'{name}: {count}' if name else str(count) for name, count in family.axes)}]"
