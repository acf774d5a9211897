"""Layers that have another name and are the same otherwise, where there is no doubt about it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping

from connc.compiler.difference.reads import Item, Items
from connc.compiler.names import owner
from connc.compiler.network import Network, Ref
from connc.compiler.ops.base import Op
from connc.compiler.ops.structure import Input

_INDICES = re.compile(r"\[[0-9,]+\]")


def renamed(before: Items, after: Items) -> dict[str, str]:
    """New names by old ones: what computes the same of the same, at the same place of a family, and is the only one."""
    gone, new = _only(before, after), _only(after, before)
    waiting = _by_key(new)
    alone = {name for names in _by_key(gone).values() if len(names) == 1 for name in names}
    found: dict[str, str] = {}
    for name in filter(alone.__contains__, gone):  # each behind those that it reads
        names = waiting.get(_key(name, gone[name], found), ())
        if len(names) == 1:
            found[name] = names[0]
    return found


def _only(items: Items, others: Items) -> dict[str, Item]:
    """What the others have no name for. Inputs are a signature; second uses of a layer go by the name of the first."""
    left = {name: item for name, item in items.layers.items() if name not in others.layers}
    return {name: item for name, item in left.items() if owner(name) == name and not isinstance(item.what, Input)}


def _by_key(items: Mapping[str, Item]) -> dict[Hashable, list[str]]:
    found: dict[Hashable, list[str]] = {}
    for name, item in items.items():
        found.setdefault(_key(name, item, {}), []).append(name)
    return found


def _key(name: str, item: Item, names: Mapping[str, str]) -> Hashable:
    reads = tuple((moved(source.ref, names), same(source.via)) for source in item.reads)
    return "".join(_INDICES.findall(name)), same(item.what), same(item.join), reads


def same(what: Op | Network | None) -> Hashable:
    """What two of which one can stand for the other have in common."""
    return what.digest if isinstance(what, Network) else what


def moved(ref: Ref, names: Mapping[str, str]) -> Ref:
    """A place before, as it is called after."""
    return Ref(names[ref.node], ref.port) if ref.node in names else ref


def called(name: str, names: Mapping[str, str]) -> str:
    """What something in a layer is called after, by the new names of layers."""
    for at in (i for i in range(len(name), 0, -1) if i == len(name) or name[i] == "."):
        if name[:at] in names:
            return names[name[:at]] + name[at:]
    return name
