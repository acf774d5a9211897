"""Rules that differ: which `connect` is which, and the pairs that it has more or fewer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from connc.compiler.difference.data import Related, Rule, Value
from connc.compiler.difference.pairs import between_layers, between_neurons, changes
from connc.compiler.difference.renames import moved
from connc.compiler.network import Connect, Network, Ref
from connc.compiler.relations.relation import Relation

Match = tuple[Connect | None, Connect | None]


def behind_by(name: str, before: Relation, after: Relation) -> Rule:
    """The rules of a layer."""
    old, new = Related(before), Related(after)
    return Rule(name, "by", old, new, *changes(old, new, between_neurons(before, after)))


def of_connects(before: Network, after: Network, names: Mapping[str, str]) -> Iterator[Rule]:
    """The rules between layers of a body that differ; `names` are the new ones of layers that are renamed."""
    for old, new in _matched(before, after, names):
        yield from _by(old, new, names)
        yield from _within(old, new, names)


def _matched(before: Network, after: Network, names: Mapping[str, str]) -> Iterator[Match]:
    """By name, which is that of the first target; where a rule has another first target, by the positions."""
    left = {_new_name(each, names): each for each in before.connects}
    unsure = [new for new in after.connects if new.name not in left]
    yield from ((left.pop(new.name), new) for new in after.connects if new.name in left)
    rest = [([moved(ref, names) for ref in old.positions], old) for old in left.values()]
    for new in unsure:
        at = next((i for i, (positions, _) in enumerate(rest) if positions == list(new.positions)), None)
        if at is None and len(rest) == len(unsure) == 1:
            at = 0
        yield (None if at is None else rest.pop(at)[1]), new
    yield from ((old, None) for _, old in rest)


def _new_name(connect: Connect, names: Mapping[str, str]) -> str:
    target, dot, word = connect.name.rpartition(".")
    return f"{names.get(target, target)}{dot}{word}"


def _by(old: Connect | None, new: Connect | None, names: Mapping[str, str]) -> Iterator[Rule]:
    sides = [None if each is None else Related(each.relation, _said(each.positions)) for each in (old, new)]
    rule = _rule("by", old, new, sides, names)
    if old is None or new is None:
        yield rule
    else:
        values = (*_clauses(old, new), *(() if _differs(rule) else _positions(old, new, names)))
        if values or _differs(rule) or _new_name(old, names) != new.name:
            yield replace(rule, values=values)


def _within(old: Connect | None, new: Connect | None, names: Mapping[str, str]) -> Iterator[Rule]:
    """The pairs that a search may add or drop."""
    sides = [
        None if each is None or each.bound is None else Related(each.bound, _said(each.positions))
        for each in (old, new)
    ]
    if any(sides):
        rule = _rule("within", old, new, sides, names)
        if None in sides or _differs(rule):
            yield rule


def _rule(
    clause: str, old: Connect | None, new: Connect | None, sides: Sequence[Related | None], names: Mapping[str, str]
) -> Rule:
    name, was = new.name if new else "", old.name if old else ""
    before, after = sides
    added, dropped = after, before
    if old and new and before and after:
        places = between_layers([moved(ref, names) for ref in old.positions], new.positions)
        added, dropped = changes(before, after, places)
    return Rule(name or was, clause, before, after, added, dropped, was if name and was != name else "")


def _differs(rule: Rule) -> bool:
    return any(side is not None and side.count for side in (rule.added, rule.dropped))


def _clauses(old: Connect, new: Connect) -> Iterator[Value]:
    """How sources are joined and adapted, and how positions are laid out where there are as many."""
    for word in ("using", "via"):
        before, after = getattr(old, word), getattr(new, word)
        if before != after:
            yield Value(word, before or None, after or None)
    if old.space != new.space and len(old.positions) == len(new.positions):
        yield Value("over", str(list(old.space)), str(list(new.space)))


def _positions(old: Connect, new: Connect, names: Mapping[str, str]) -> Iterator[Value]:
    """Others, or the same in another order, though the pairs are the same."""
    if [moved(ref, names) for ref in old.positions] != list(new.positions):
        before, after = (", ".join(_said(each.positions)) for each in (old, new))
        yield Value("positions", before, after)


def _said(positions: tuple[Ref, ...]) -> tuple[str, ...]:
    return tuple(str(ref) if ref.node else ref.port for ref in positions)
