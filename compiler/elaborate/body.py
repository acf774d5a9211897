"""One module where it is put in: its statements in any order, from the shapes of its inputs to a network.

Everything is computed when it is asked for. A chain keeps what it has made so far, so that it may be taken up again.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

from connc.compiler.elaborate import checks
from connc.compiler.elaborate.arithmetic import arithmetic
from connc.compiler.elaborate.connects import Wires
from connc.compiler.elaborate.demand import Circle, Compute, Demand, Key
from connc.compiler.elaborate.draft import Draft
from connc.compiler.elaborate.labels import Index, Labels, member_name
from connc.compiler.elaborate.numbers import Numbers
from connc.compiler.elaborate.outline import Outline, outline
from connc.compiler.elaborate.ports import Ports
from connc.compiler.elaborate.reader import Reader
from connc.compiler.elaborate.values import POISON, Poisoned, Recipe, Several, Tensor, side_by_side
from connc.compiler.elaborate.world import World
from connc.compiler.network import Network
from connc.compiler.ops.base import Shape
from connc.dsl import codes, tree
from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import Value
from connc.dsl.source import Span
from connc.dsl.tree import Expr

Member = tuple[str, Index]
Place = tuple[int, int]  # a chain, and a link of it; or a connect, and a position of it


class BodyNames(dict[str, Any]):
    """What the names of a body stand for, found out when they are read."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self.body = body

    def __missing__(self, name: str) -> Value:
        return self.body.read(name)


class BodyReader(Reader):
    """Evaluates in a body, where tensors are added and scaled, and families are chosen from."""

    def __init__(self, names: ChainMap[str, Value], body: Body) -> None:
        super().__init__(names, body.world)
        self.body = body

    def inside(self, names: ChainMap[str, Value]) -> BodyReader:
        return BodyReader(names, self.body)

    def subscript(self, expr: tree.Subscript) -> Value:
        label, indices, open_ = self.body.labels.chosen(expr, self)
        return self.body.outputs_of(label, indices, bool(open_)) if label else super().subscript(expr)

    def combined(self, expr: tree.Unary | tree.Operation, operators: Sequence[str], values: Sequence[Value]) -> Value:
        if not any(isinstance(value, Tensor) for value in values):
            return super().combined(expr, operators, values)
        names = self.body.numbers.of(expr)
        make = partial(arithmetic, self.body.draft, names, operators, values, expr.span)
        return self.body.ask(("arithmetic", expr.span), make)


class Body:
    """`names`: those that the body sees from outside; `shapes`: of its inputs, in order; `path`: its full name."""

    def __init__(
        self,
        kind: str,
        doc: str,
        body: tree.Body,
        names: ChainMap[str, Value],
        shapes: Sequence[Shape],
        path: str,
        world: World,
    ) -> None:
        self.kind, self.doc, self.world, self.span, self.shapes = kind, doc, world, body.span, shapes
        self.text: Outline = world.once(("outline", body.span), lambda: outline(body))
        self.reader: Reader = BodyReader(ChainMap(BodyNames(self), *names.maps), self)
        self.draft = Draft(path, world)
        self.labels = Labels(self.text, self.reader, self.ask)
        self.numbers = Numbers(self.text, self.reader)
        self.wires = [Wires(self, connect, number) for number, connect in enumerate(self.text.connects)]
        self.ports = Ports(self.text, self.draft, self.reader)
        self.members: dict[Member, Value] = {}  # what each labelled layer makes, where it is applied once
        self.fed_by: dict[Member, list[Place]] = {}  # the positions of connects that feed labelled layers
        self.failed = False
        self._demand = Demand(max(1, 10 - len(world.uses)))
        self._connects: dict[str, int] = {}  # how many have the same first target
        self._made: dict[int, list[Value]] = {}  # what each chain has made so far, link by link

    def run(self) -> Network:
        """The network; mistakes are reported, and then there is none."""
        self._attempted(partial(self.ports.declare, self.shapes))
        if not self.failed:
            laid_out = [wires for wires in self.wires if self._laid_out(wires)]
            if self._attempted(self.check_feeders) is POISON:
                raise Poisoned
            steps: list[Callable[[], object]] = [partial(self.chain, number) for number in range(len(self.text.chains))]
            steps += [wires.run for wires in laid_out]
            steps += [partial(self._feed_value, port, value) for port, value in self.text.fed.items()]
            for step in steps:
                self._attempted(step)
        if not self.failed:
            self._attempted(partial(checks.check, self))
        network = None if self.failed else self._attempted(partial(checks.finish, self))
        if not isinstance(network, Network) or self.failed:
            raise Poisoned
        return network

    # --- asking

    def ask(self, key: Key, compute: Compute) -> Value:
        """The value behind a key, computed once; what fails is reported once, and poisons what asks for it."""
        value = self._demand(key, lambda: self._attempted(compute))
        if value is POISON:
            raise Poisoned
        return value

    def _attempted(self, compute: Compute) -> Value:
        try:
            with self.world.attempt():
                return compute()
        except Circle as circle:
            self.world.say(checks.circular(self, circle.keys))
        except Poisoned:
            pass
        self.failed = True
        return POISON

    # --- names

    def read(self, name: str) -> Value:
        """What a name of this body stands for; that of a label is its output."""
        if name in self.ports.inputs:
            return self.ports.inputs[name]
        if name in self.text.labels:
            return self.outputs_of(name, self.labels.indices(name), bool(self.labels.counts(name)))
        if name not in self.text.values:
            raise KeyError(name)
        value = self.text.values[name]
        if isinstance(value, tree.Chain):
            return self.chain(self.text.numbers[value.span])
        return self.ask(("value", name), lambda: self.reader.inside(self.reader.names)(value))

    def outputs_of(self, label: str, indices: Sequence[Index], several: bool) -> Value:
        """What a labelled layer makes, or members of a family side by side, without those that were left out."""
        made = [self.member(label, index) for index in indices]
        if not several:
            return made[0]
        return Several(tuple(tensor for each in made if each is not None for tensor in side_by_side(each)))

    def member(self, label: str, index: Index) -> Value:
        """What one layer makes; nothing where it was left out."""
        member = label, index
        if member in self.members:
            return self.members[member]
        chains = self._chains_of.get(member, [])
        connects = [] if chains else self._connects_of(member)
        if not chains and not connects:
            return self._unfed(member)
        for number, _ in chains:
            self.chain(number)
        if len(connects) > 1:  # `check_feeders` says so
            raise Poisoned
        for number, place in connects:
            self.wires[number].feed(place)
        if member not in self.members:
            message = f"`{member_name(*member)}` is applied {len(chains)} times, so its name does not say which output"
            raise Refusal(codes.AMBIGUOUS.at(self.text.labels[label].name.span, message))
        return self.members[member]

    def settle(self, label: str, index: Index, made: Value) -> None:
        """Say what a layer makes, or that it is left out."""
        self.members[label, index] = made

    def _unfed(self, member: Member) -> Value:
        """What nothing flows into is left out of a search, and else a mistake; told of all of a family at once."""
        if member in self.evolving:
            return self.members.setdefault(member, None)
        if not all(map(self._laid_out, self.wires)):
            raise Poisoned
        label, unfed = self.text.labels[member[0]], [member]
        for index in self.labels.indices(member[0]):
            other = member[0], index
            if other != member and other not in self.fed_by and other not in self._chains_of:
                unfed.append(other)
        few = ", ".join(f"`{member_name(*each)}`" for each in unfed[:4]) + ", …" * (len(unfed) > 4)
        help_ = "feed it by a chain, as in `in -> …`, or name it in a `connect`"
        if any(position.member == member for wires in self.wires for position in wires.positions):
            help_ = "the rule leads no pair there; `between(…)` around it ties what is loose to the first position"
        raise Refusal(codes.NO_SOURCE.at(label.name.span, f"nothing flows into {few}", help=help_))

    @cached_property
    def evolving(self) -> set[Member]:
        """The layers that a search may connect, and that may do without sources until then."""
        wires = [each for each in self.wires if each.statement.within is not None and self._laid_out(each)]
        return {position.member for each in wires for position in each.positions if position.member}

    # --- who feeds whom

    def _laid_out(self, wires: Wires) -> bool:
        """Find the positions of a `connect` and its pairs."""
        laid_out = self._attempted(lambda: self.ask(("connect", wires.number), lambda: self._lay_out(wires)))
        return laid_out is not POISON

    def _lay_out(self, wires: Wires) -> None:
        wires.lay_out(self._connects)
        for place in wires.targets:
            if member := wires.positions[place].member:
                self.fed_by.setdefault(member, []).append((wires.number, place))
        _ = wires.bound

    @cached_property
    def _chains_of(self) -> dict[Member, list[Place]]:
        """The links of chains that feed each labelled layer, in the order of the text."""
        found: dict[Member, list[Place]] = {}
        for number, chain in enumerate(self.text.chains):
            for place, link in enumerate(chain.links[1:], 1):
                label, indices, _ = self.labels.chosen(link)
                for index in indices:
                    found.setdefault((label, index), []).append((number, place))
        return found

    def _connects_of(self, member: Member) -> list[Place]:
        """The positions of connects that feed a layer; of one that is just being laid out it is not known yet."""
        for wires in self.wires:
            if not self._demand.is_running(("connect", wires.number)):
                self._laid_out(wires)
        return self.fed_by.get(member, [])

    def check_feeders(self) -> None:
        """No layer is fed by two statements, unless it is applied in several chains, which shares it."""
        for member, connects in self.fed_by.items():
            chains = self._chains_of.get(member, [])
            if len(chains) + len(connects) > 1:
                raise Refusal(checks.fed_twice(self, member_name(*member), chains, connects))

    def is_one(self, expr: Expr) -> bool:
        """Whether an expression is one tensor, as far as its text says; else it may be several side by side."""
        if isinstance(expr, tree.Name) and expr.text in self.ports.inputs:
            return isinstance(self.ports.inputs[expr.text], Tensor)
        value = self.text.values.get(expr.text) if isinstance(expr, tree.Name) else expr
        if isinstance(value, tree.Operation | tree.Unary | tree.Attribute):
            return True
        if isinstance(value, tree.Subscript):  # a piece; a family's is known by its label
            return not any(isinstance(item, tree.Every | tree.Range) for item in value.items)
        if not isinstance(value, tree.Chain):
            return False
        label, _, open_ = self.labels.chosen(value.links[-1])
        return not open_ if label else self.numbers.recipe(value.links[-1]).signature.outputs is not None

    # --- chains

    def chain(self, number: int) -> Value:
        """What comes out of a chain."""
        return self.ask(("chain", number), lambda: self._chain(number))

    def _chain(self, number: int) -> Value:
        links = self.text.chains[number].links
        made = self._made.setdefault(number, [])
        while len(made) < len(links):
            link = links[len(made)]
            made.append(self._link((number, len(made)), link, made[-1]) if made else self._head(link))
        return made[-1]

    def _head(self, head: Expr) -> Value:
        if isinstance(head, tree.Group):
            return [(item.name.text if item.name else "", self._value(item.value)) for item in head.items]
        return self._value(head)

    def _value(self, expr: Expr) -> Value:
        return self.reader.inside(self.reader.names)(expr)

    def _feed_value(self, port: str, value: Expr) -> None:
        made = self.chain(self.text.numbers[value.span]) if isinstance(value, tree.Chain) else self._value(value)
        self.ports.feed(port, made, value.span)

    def _link(self, place: Place, link: Expr, value: Value) -> Value:
        if isinstance(link, tree.Name) and self.ports.is_output(link.text):
            self.ports.feed(link.text, value, link.span)
            return value
        label, indices, open_ = self.labels.chosen(link)
        if not label:
            recipe = self.ask(("recipe", link.span), lambda: self._value(link))
            (name,) = self.numbers.of(link)
            return self._apply(name, recipe, value, link.span)
        made = [self._apply_label(place, (label, index), value, link.span) for index in indices]
        return Several(tuple(tensor for each in made for tensor in side_by_side(each))) if open_ else made[0]

    def _apply_label(self, place: Place, member: Member, value: Value, span: Span) -> Value:
        uses = self._chains_of[member]
        use = uses.index(place)
        name = member_name(*member) + (f"@{use + 1}" if use else "")
        made = self._apply(name, self.labels.recipe(*member), value, span)
        if len(uses) == 1:
            self.settle(*member, made)
        return made

    def _apply(self, name: str, recipe: Recipe, value: Value, span: Span) -> Value:
        return self.draft.put(name, recipe, checks.inputs(recipe, value, span), span)
