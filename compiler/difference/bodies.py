"""Walks through two networks at once, body by body; two bodies that meet at many places are compared once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from connc.compiler.difference.data import ADDED, CHANGED, DROPPED, RENAMED, Layer, Rule, Value
from connc.compiler.difference.reads import Item, Items
from connc.compiler.difference.renames import moved, renamed, same
from connc.compiler.difference.rules import behind_by, of_connects
from connc.compiler.difference.told import Refs, Told
from connc.compiler.difference.values import What, families, inside, said, values
from connc.compiler.names import output_name, owner
from connc.compiler.network import Network, Ref
from connc.compiler.ops.base import Op

OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two bodies, and between the bodies in them."""

    rules: list[Rule] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)

    def take(self, inner: Changes, name: str) -> None:
        """What differs in a body that is called so here."""
        start = f"{name}."
        self.rules.extend(replace(x, name=start + x.name, was=x.was and start + x.was) for x in inner.rules)
        self.layers.extend(replace(x, name=start + x.name, was=x.was and start + x.was) for x in inner.layers)


class Bodies:
    """Compares pairs of bodies, and keeps what it found."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Changes] = {}

    def changes(self, before: Network, after: Network) -> Changes:
        key = before.digest, after.digest
        if key not in self._known:
            self._known[key] = Changes() if before == after else _Body(self, before, after).found
        return self._known[key]


class _Body:
    """Two bodies, of which one may have become the other."""

    def __init__(self, bodies: Bodies, before: Network, after: Network) -> None:
        self.bodies = bodies
        self.old, self.new = Items(before), Items(after)
        self.names = renamed(self.old, self.new)
        rules = [*of_connects(before, after, self.names)]
        self.told = Told(before, after, rules)
        self.found = Changes(rules, [*families(before, after, self.names)])
        self._layers()
        for port in {**self.old.outputs, **self.new.outputs}:
            pair = self.old.outputs.get(port), self.new.outputs.get(port)
            self._place(port, *pair, Ref("", port), OUTPUT)

    def _layers(self) -> None:
        """In the order in which they are computed, those that are gone last."""
        was = {new: old for old, new in self.names.items()}
        for name, item in self.new.layers.items():
            if name in was:
                self.found.layers.append(Layer(name, RENAMED, said(item.what), was[name]))
            else:
                self._place(name, self.old.layers.get(name), item, Ref(name))
        for name, item in self.old.layers.items():
            if name not in self.new.layers and name not in self.names:
                self._place(name, item, None, Ref(name))

    def _place(self, name: str, old: Item | None, new: Item | None, target: Ref, kind: str = "") -> None:
        gained, lost = self._reads(old, new)
        rest = self.told.gained(target, gained), self.told.lost(target, lost)
        kept = tuple(map(str, rest[0])), tuple(map(str, rest[1]))
        if old is None or new is None:
            what = (new or old or _NOTHING).what
            change = ADDED if old is None else DROPPED
            self.found.layers.append(Layer(name, change, kind or said(what), "", inside(what), (), *kept))
            return
        at = len(self.found.layers)  # a module stands in front of what is in it
        changed = [*self._values(name, old, new, implied=bool(gained or lost) and not any(rest))]
        if changed or any(rest):
            self.found.layers.insert(at, Layer(name, CHANGED, kind or said(new.what), "", 0, tuple(changed), *kept))

    def _reads(self, old: Item | None, new: Item | None) -> tuple[Refs, Refs]:
        """The sources that are read more often after, and those that are read less often."""
        before = [moved(source.ref, self.names) for source in old.reads] if old else []
        after = [source.ref for source in new.reads] if new else []
        if before == after:
            return (), ()
        was = dict(zip(before, (source.ref for source in old.reads), strict=True)) if old else {}
        more, less = Counter(after) - Counter(before), Counter(before) - Counter(after)
        return tuple(more.elements()), tuple(was[ref] for ref in less.elements())

    def _values(self, name: str, old: Item, new: Item, implied: bool) -> Iterator[Value]:
        """All but the sources. That one source needs no join, and several do, is `implied` by a rule."""
        if owner(name) == name or owner(name) not in self.old.layers or owner(name) not in self.new.layers:
            yield from self._inside(name, old.what, new.what, "layer")
        if not (implied and None in (old.join, new.join)):
            yield from self._inside(f"{name}.join", old.join, new.join, "using")
        yield from self._adapters(name, old, new)
        yield from self._order(old, new)

    def _inside(self, name: str, old: What, new: What, word: str) -> Iterator[Value]:
        """Of what stands at a place; what differs in a module, and a rule, are told by themselves."""
        if isinstance(old, Network) and isinstance(new, Network):
            self.found.take(self.bodies.changes(old, new), name)
        elif isinstance(old, Op) and isinstance(new, Op) and old.rule and new.rule and old.rule != new.rule:
            self.found.rules.append(behind_by(name, old.rule, new.rule))
        yield from values(old, new, word)

    def _adapters(self, name: str, old: Item, new: Item) -> Iterator[Value]:
        before = {moved(source.ref, self.names): source.via for source in old.reads}
        for source in new.reads:
            via = before.get(source.ref, source.via)  # of a source that is new the reads tell
            if via is not source.via and same(via) != same(source.via):
                place = f"{output_name(name, 'out')}.via.{output_name(*source.ref)}"
                yield from self._inside(place, via, source.via, f"via of {source.ref}")

    def _order(self, old: Item, new: Item) -> Iterator[Value]:
        """The same sources one behind the other in another order."""
        before, after = [moved(source.ref, self.names) for source in old.reads], [source.ref for source in new.reads]
        if len(before) == len(after) and before != after and sorted(before) == sorted(after):
            yield Value("order", _listed(before), _listed(after))


_NOTHING = Item(None, None, [])


def _listed(refs: Sequence[Ref]) -> str:
    return ", ".join(map(str, refs))
