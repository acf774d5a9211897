"""`connect` put together: the pairs of its rule, and for each target what flows into it."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from connc.compiler.elaborate.bundles import Bundles
from connc.compiler.elaborate.demand import Compute, Key
from connc.compiler.elaborate.draft import Draft, Joined
from connc.compiler.elaborate.joining import Joint, Wanted
from connc.compiler.elaborate.labels import Index, Labels
from connc.compiler.elaborate.ports import Ports, wanted_input
from connc.compiler.elaborate.positions import Position, positions_of
from connc.compiler.elaborate.reader import Reader
from connc.compiler.elaborate.values import Recipe, Tensor, check_one
from connc.compiler.network import Connect, Ref, Source
from connc.compiler.relations.forms import Space
from connc.compiler.relations.relation import Relation
from connc.dsl import codes, tree
from connc.dsl.diagnostic import Diagnostic, Refusal
from connc.dsl.evaluate import Value
from connc.dsl.source import Span
from connc.dsl.tree import Expr

Places = NDArray[np.integer]


class Host(Protocol):
    """What a `connect` needs of the body that it stands in."""

    draft: Draft
    labels: Labels
    reader: Reader
    ports: Ports

    def ask(self, key: Key, compute: Compute) -> Value: ...
    def member(self, label: str, index: Index) -> Value: ...
    def settle(self, label: str, index: Index, made: Value) -> None: ...
    def is_one(self, expr: Expr) -> bool: ...


class Wires:
    """One `connect` of a body. `name`: by which its draws are keyed."""

    def __init__(self, host: Host, statement: tree.Connect, number: int) -> None:
        self.host, self.statement, self.number = host, statement, number
        self.span = statement.span._replace(stop=statement.span.start + len("connect"))
        self.name = ""
        self.positions: list[Position] = []
        self.space: Space = ()

    # --- positions and pairs

    def lay_out(self, taken: dict[str, int]) -> None:
        """Find the positions; `taken` counts the connects with the same first target."""
        host, operands = self.host, self.statement.operands
        for node in operands:
            self.positions += positions_of(node, host.labels, host.reader, host.ports.is_output, host.is_one)
        grid = host.labels.chosen(operands[0])[2] if len(operands) == 1 else ()
        self.space = grid if len(grid) > 1 else (len(self.positions),)
        base = next((each.name for each in self.positions if each.takes), "")
        taken[base] = taken.get(base, 0) + 1
        self.name = f"{base}.connect" + (str(taken[base]) if taken[base] > 1 else "")

    @cached_property
    def relation(self) -> Relation:
        """The pairs, clipped to what gives and what takes."""
        assert self.statement.by is not None
        by = self.statement.by
        relation = self._related(by, "`by`")
        sources, targets = relation.pairs()
        if np.any(own := sources == targets):
            position = self.positions[int(sources[np.argmax(own)])]
            message = f"the rule feeds `{position.name}` with its own output"
            help_ = "keep to pairs that lead forwards: `(…) & (i -> j where i < j)`; on a grid, `where d < e`"
            raise Refusal(codes.SELF.at(by.span, message, help=help_))
        return relation

    def _related(self, by: Expr, of: str) -> Relation:
        rule = self.host.reader.rule(by, of)
        relation = self.host.draft.relate(rule, (self.space, self.space), self.name, by.span)
        gives = np.array([not each.output for each in self.positions], dtype=bool)
        takes = np.array([each.takes for each in self.positions], dtype=bool)
        return relation.clipped(gives, takes)

    @cached_property
    def targets(self) -> list[int]:
        """The positions that the rule leads to."""
        found: list[int] = np.flatnonzero(self.relation.in_degrees()).tolist()
        return found

    @cached_property
    def bound(self) -> Relation | None:
        """The pairs that a search may add or drop."""
        within = self.statement.within
        return None if within is None else self._related(within, "`evolve within`")

    @cached_property
    def joint(self) -> Joint:
        return Joint(self.host.draft, self._recipe(self.statement.using), self._recipe(self.statement.via), self.span)

    def _recipe(self, clause: Expr | None) -> Recipe | None:
        recipe: Recipe | None = None if clause is None else self.host.reader(clause)
        return recipe

    def record(self) -> Connect:
        """What the network keeps of it."""
        using, via = (each.span.shown if each else "" for each in (self.statement.using, self.statement.via))
        self._compute(np.flatnonzero([each.expr is not None for each in self.positions]))
        refs = [Ref("", each.output) for each in self.positions]
        refs = [source.ref if source else ref for source, ref in zip(self._plain, refs, strict=True)]
        return Connect(self.name, self.space, tuple(refs), self.relation, self.bound, using, via, self.span)

    # --- feeding

    def run(self) -> None:
        """Feed all targets, in order; of members that nothing feeds, a search may feed some."""
        for place in self.targets:
            self.feed(place)

    def feed(self, place: int) -> None:
        self.host.ask(("target", self.number, place), lambda: self._feed(place, self.positions[place]))

    def _feed(self, place: int, position: Position) -> None:
        sources = self.relation.sources_of(place)
        self._compute(sources)
        sources = sources[self._alive[sources]]
        if not len(sources):
            self._leave_out(position)
        elif position.output:
            self._feed_output(position, sources)
        else:
            self._feed_member(position, sources)

    def _leave_out(self, position: Position) -> None:
        if not position.member:
            message = f"all that could feed `{position.output}` was left out"
            raise Refusal(codes.NO_SOURCE.at(position.span, message))
        self.host.settle(*position.member, None)

    def _feed_member(self, position: Position, places: Places) -> None:
        assert position.member
        recipe = self.host.labels.recipe(*position.member)
        joined = self._joined(position, places, self._wanted(recipe, position.span))
        made = self.host.draft.add(position.name, recipe, joined.sources, [joined.shape], position.span, joined.join)
        self.host.settle(*position.member, made)

    def _wanted(self, recipe: Recipe, span: Span) -> Wanted | None:
        world = self.host.draft.world
        return world.once(("wanted", recipe), lambda: wanted_input(recipe, world, span))

    def _feed_output(self, position: Position, places: Places) -> None:
        joined = self._joined(position, places, self.host.ports.wanted(position.output))
        made = self.host.draft.meet(position.output, joined, position.span)
        self.host.ports.feed(position.output, made, position.span)

    # --- sources

    @cached_property
    def tensors(self) -> list[Tensor | None]:
        """What stands at each position, as far as it is known."""
        return [each.tensor for each in self.positions]

    @cached_property
    def _plain(self) -> list[Source | None]:
        """What flows from each position where nothing adapts it; one object for all that it flows to."""
        refs = [Ref(p.name) if p.member else p.tensor.ref if p.tensor else None for p in self.positions]
        return [Source(ref) if ref else None for ref in refs]

    @cached_property
    def _known(self) -> NDArray[np.bool_]:
        return np.array([each.tensor is not None for each in self.positions], dtype=bool)

    @cached_property
    def _alive(self) -> NDArray[np.bool_]:
        return np.ones(len(self.positions), dtype=bool)

    @cached_property
    def _bundles(self) -> Bundles:
        return Bundles(self.host.draft, self.name, self.joint, self.tensors)

    def _compute(self, places: Places) -> None:
        """Make sure that what is read is there, or known to be left out."""
        for place in places[~self._known[places]].tolist():
            position = self.positions[place]
            tensor = self._read(position)
            if tensor is not None:
                check_one(tensor, position.span)
            self.tensors[place] = tensor
            self._known[place], self._alive[place] = True, tensor is not None
            if position.expr is not None:
                self._plain[place] = Source(tensor.ref)

    def _read(self, position: Position) -> Value:
        if position.member:
            return self.host.member(*position.member)
        assert position.expr is not None
        return self.host.reader.inside(self.host.reader.names)(position.expr)

    def _joined(self, position: Position, places: Places, declared: Wanted | None) -> Joined:
        if len(places) > 1 and self.statement.using is None:
            raise Refusal(self._no_join(position, places))
        target = position.output or position.name
        if self.joint.via is None and declared is None and self._bundles.pay(places):
            sources, shapes = self._bundles.sources(places)
            return self.joint.joined(target, sources, shapes)
        chosen = places.tolist()
        tensors = [tensor for tensor in map(self.tensors.__getitem__, chosen) if tensor]
        return self.joint.join(
            target, tensors, [each for each in map(self._plain.__getitem__, chosen) if each], declared
        )

    def _no_join(self, position: Position, places: Places) -> Diagnostic:
        names = [f"`{self.positions[place].name}`" for place in places[:3].tolist()]
        several = ", ".join(names) + ", …" if len(places) > 3 else " and ".join([", ".join(names[:-1]), names[-1]])
        message = f"`{position.name}` gets {len(places)} sources, and nothing says how they join"
        label = f"{several} meet in `{position.name}`"
        return codes.NO_JOIN.at(self.span, message, label, help="add `using concat`, or `using sum`")
