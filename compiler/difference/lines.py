"""A difference as text: a line for each thing that differs, one line together for what is alike at several places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from connc.compiler.difference.alike import coordinates, frame, together
from connc.compiler.difference.data import ADDED, CHANGED, DROPPED, RENAMED, Difference, Layer, Related, Rule, Value
from connc.compiler.difference.numbers import measured
from connc.compiler.difference.tensors import about_weights

_MARKS = {ADDED: "+", DROPPED: "-", CHANGED: "~", RENAMED: "~"}
_MOST = 12  # lines of a kind
_FEW = 3  # names in a line
_ELSE = {"by": "all pairs"}  # what is so where nothing is said


class Entry(NamedTuple):
    mark: str
    name: str
    text: str
    was: str = ""


def lines(found: Difference, everything: bool = False) -> Iterator[str]:
    """Without `everything` the first few of each kind, and how many more there are."""
    if found.same:
        yield "the same network"
        return
    few = None if everything else _FEW
    sections = {
        "network": [Entry("~", each.name, _change(each)) for each in found.heads],
        "inputs and outputs": [_port(each) for each in found.ports],
        "rules": [_rule(each, few) for each in found.rules],
        "layers": [_layer(each, few) for each in found.layers],
    }
    for title, entries in sections.items():
        groups = [[each] for each in entries] if everything else [*_alike(entries)]
        most = len(groups) if everything else _MOST
        yield from _section(title, list(map(_said, groups[:most])), len(groups) - most)
    shown = found.metrics if everything else found.metrics[: max(_MOST, sum(each.total for each in found.metrics))]
    yield from _section("measured", measured(shown), len(found.metrics) - len(shown))
    yield from about_weights(found.weights, few)


def _section(title: str, texts: Sequence[str], more: int) -> Iterator[str]:
    if texts:
        yield title
    yield from (f"  {text}" for text in texts)
    if more > 0:
        yield f"  and {more:,} more"


def _alike(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Those that say the same of names that differ in their coordinates alone."""
    groups: dict[object, list[Entry]] = {}
    for entry in entries:
        moved = coordinates(entry.was) == coordinates(entry.name) or entry.was
        groups.setdefault((entry.mark, frame(entry.name), entry.text, frame(entry.was), moved), []).append(entry)
    yield from groups.values()


def _said(entries: Sequence[Entry]) -> str:
    first = entries[0]
    was = f", was {together([each.was for each in entries])}" if first.was else ""
    return f"{first.mark} {together([each.name for each in entries])}: {first.text}{was}"


# --- what stands behind the name


def _change(value: Value) -> str:
    unsaid = _ELSE.get(value.name, "none")
    return f"{value.before or unsaid} -> {value.after or unsaid}"


def _value(value: Value) -> str:
    return _change(value) if value.name == "layer" else f"{value.name} {_change(value)}"


def _port(value: Value) -> Entry:
    if value.before is None or value.after is None:
        return Entry("+" if value.before is None else "-", value.name, value.before or value.after or "")
    return Entry("~", value.name, _change(value))


def _layer(layer: Layer, few: int | None) -> Entry:
    parts = [*map(_value, layer.values)] if layer.change == CHANGED else [layer.what]
    if layer.inside:
        parts.append(f"{layer.inside:,} layer{'s' * (layer.inside != 1)}")
    if reads := _reads(layer, few):
        parts.append(reads)
    return Entry(_MARKS[layer.change], layer.name, ", ".join(parts), layer.was)


def _reads(layer: Layer, few: int | None) -> str:
    gained, lost = (_listed(names, few) for names in (layer.gained, layer.lost))
    if layer.change != CHANGED:
        return f"{'reads' if gained else 'read'} {gained or lost}" if gained or lost else ""
    if gained and lost:
        return f"reads {gained}, no longer {lost}"
    return f"reads {gained} too" if gained else f"no longer reads {lost}" if lost else ""


def _rule(rule: Rule, few: int | None) -> Entry:
    name = rule.name if rule.clause == "by" else f"{rule.name} {rule.clause}"
    old, new = (None if side is None else side.count for side in (rule.before, rule.after))
    if old is None or new is None:
        return Entry("+" if old is None else "-", name, f"{old or new or 0:,} pairs")
    parts = [f"{old:,} -> {new:,} pairs" if old != new else f"{new:,} pairs"]
    parts += [_pairs(rule.added, rule.dropped, few), *map(_value, rule.values)]
    return Entry("~", name, ", ".join(filter(None, parts)), rule.was)


def _pairs(added: Related | None, dropped: Related | None, few: int | None) -> str:
    if added is None or dropped is None:
        return "all others, between neurons that are laid out in another way"
    signed = [(sign, side) for sign, side in (("+", added), ("-", dropped)) if side.count]
    counts = " ".join(f"{sign}{side.count:,}" for sign, side in signed)
    shown = "; ".join(f"{sign if len(signed) > 1 else ''} {_named(side, few)}".strip() for sign, side in signed)
    return f"{counts}: {shown}" if signed else ""


def _named(related: Related, few: int | None) -> str:
    shown = ", ".join(f"{source} -> {target}" for source, target in related.pairs(few))
    return shown + _rest(related.count, related.count if few is None else few)


def _listed(names: Sequence[str], few: int | None) -> str:
    """Names, alike ones together."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        groups.setdefault(frame(name) if few is not None else name, []).append(name)
    shown = list(groups.values())[:few]
    return ", ".join(map(together, shown)) + _rest(len(set(names)), sum(map(len, shown)))


def _rest(count: int, shown: int) -> str:
    return f" and {count - shown:,} more" if count > shown else ""
