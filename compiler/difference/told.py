"""What changed rules tell already, and need not be told of each layer that reads something else because of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connc.compiler.difference.data import Related, Rule
from connc.compiler.network import Connect, Network, Ref

Refs = tuple[Ref, ...]


class Told:
    """The sources that targets gained and lost by the rules between layers."""

    def __init__(self, before: Network, after: Network, rules: Sequence[Rule]) -> None:
        self._gained, self._lost = _Side(after), _Side(before)
        for rule in rules:
            if rule.clause == "by":
                self._gained.add(rule.name, rule.added)
                self._lost.add(rule.was or rule.name, rule.dropped)

    def gained(self, target: Ref, sources: Refs) -> Refs:
        """Those of the new sources of a target that no rule tells of; an output's target has no node."""
        return self._gained.rest(target, sources)

    def lost(self, target: Ref, sources: Refs) -> Refs:
        return self._lost.rest(target, sources)


class _Side:
    """One of both bodies, whose positions pairs count."""

    def __init__(self, body: Network) -> None:
        self.connects = {each.name: each for each in body.connects}
        self.places: dict[Ref, list[tuple[Connect, Related, int]]] = {}

    def add(self, name: str, related: Related | None) -> None:
        if related is None:
            return
        connect = self.connects[name]
        for place in related.relation.in_degrees().nonzero()[0].tolist():
            ref = connect.positions[place]
            key = Ref(ref.node) if ref.node else ref
            self.places.setdefault(key, []).append((connect, related, place))

    def rest(self, target: Ref, sources: Refs) -> Refs:
        known = set(self._sources(target)) if sources else set()
        return tuple(ref for ref in sources if ref not in known)

    def _sources(self, target: Ref) -> Iterator[Ref]:
        for connect, related, place in self.places.get(target, ()):
            yield from (connect.positions[source] for source in related.relation.sources_of(place).tolist())
