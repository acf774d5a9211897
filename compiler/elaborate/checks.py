"""What is checked of a body: who is fed twice or not at all, circles, what leads nowhere; at the end its network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from connc.compiler.elaborate.connects import Wires
from connc.compiler.elaborate.contracts import Held, verify
from connc.compiler.elaborate.demand import Key
from connc.compiler.elaborate.draft import Draft
from connc.compiler.elaborate.labels import Index, member_name
from connc.compiler.elaborate.ports import Ports
from connc.compiler.elaborate.values import Recipe, Tensor, check_one, side_by_side
from connc.compiler.network import WIRING, Network
from connc.compiler.ops.structure import Input
from connc.dsl import codes
from connc.dsl.diagnostic import Diagnostic, Label, Refusal
from connc.dsl.evaluate import Value
from connc.dsl.source import Span

Member = tuple[str, Index]
Place = tuple[int, int]


class Checked(Held, Protocol):
    """A body that is put together."""

    kind: str
    doc: str
    span: Span
    draft: Draft
    wires: list[Wires]
    ports: Ports
    members: dict[Member, Value]

    def member(self, label: str, index: Index) -> Value: ...
    @property
    def evolving(self) -> set[Member]: ...


def inputs(recipe: Recipe, value: Value, span: Span) -> list[Tensor]:
    """What flows into a layer, in the order of its inputs."""
    names = recipe.signature.inputs
    given = value if isinstance(value, list) else [("", value)]
    tensors = [(name, tensor) for name, each in given for tensor in side_by_side(each)]
    if names is not None and len(names) != len(tensors):
        takes = f"takes {len(names)} tensor{'s' * (len(names) != 1)}, and {len(tensors)} flow in"
        raise Refusal(codes.PORTS.at(span, f"`{recipe.kind}` {takes}", help="join them first, as in `-> concat ->`"))
    if not tensors:
        raise Refusal(codes.NO_SOURCE.at(span, f"nothing flows into `{recipe.kind}`: the family before it is empty"))
    named = {name: tensor for name, tensor in tensors if name}
    free = iter([tensor for name, tensor in tensors if not name])
    if len(named) < sum(bool(name) for name, _ in tensors) or not named.keys() <= set(names or ()):
        raise Refusal(codes.PORTS.at(span, f"the names in front of `{recipe.kind}` do not name each input once"))
    ordered = [named[name] if name in named else next(free) for name in names] if named and names else list(free)
    for tensor in ordered:
        check_one(tensor, span)
    return ordered


_ONCE = "take it out of one of the two, or join what flows in front of it"


def fed_twice(body: Checked, name: str, chains: Sequence[Place], connects: Sequence[Place]) -> Diagnostic:
    first, second = _places(body, chains, connects)[:2]
    return codes.FED_TWICE_MEMBER.at(
        second, f"`{name}` is fed twice", "and again here", Label(first, "first here"), help=_ONCE
    )


def _places(body: Checked, chains: Sequence[Place], connects: Sequence[Place]) -> list[Span]:
    spans = [body.text.chains[number].links[place].span for number, place in chains]
    spans += [body.wires[number].span for number, _ in connects]
    return sorted(spans, key=lambda span: span.start)


def check(body: Checked) -> None:
    """All outputs are fed, and all layers that stand in the body are applied."""
    for port, declared in body.text.outputs.items():
        if port not in body.ports.outputs and (declared or len(body.text.outputs) == 1):
            span = declared.name.span if declared else body.span
            raise Refusal(codes.NO_SOURCE.at(span, f"nothing feeds `{port}`", help="the rule leads no pair to it"))
    for label in body.text.labels:
        for index in body.labels.indices(label):
            if (label, index) not in body.members and member_name(label, index) not in body.draft.nodes:
                body.member(label, index)


# --- circles


_FLOWS = frozenset({"chain", "target", "value", "arithmetic"})


def circular(body: Checked, keys: Sequence[Key]) -> Diagnostic:
    """The message of what depends on itself."""
    steps = [_step(body, key) for key in reversed(keys)]
    start = min(range(len(steps)), key=lambda i: (steps[i][0], i))
    ring = steps[start:] + steps[:start] + steps[start : start + 1]
    path = " -> ".join(f"`{name}`" for name, _ in ring)
    first, *more = {span: None for _, span in ring}
    labels = [Label(span, "and here") for span in more]
    if all(key[0] in _FLOWS for key in keys):
        help_ = "what flows goes forwards only; break the circle at one of these places"
        return codes.CIRCLE.at(first, f"layers feed one another in a circle: {path}", "", *labels, help=help_)
    help_ = "take the size from something that is known before"
    return codes.OWN_SHAPE.at(first, f"what is made depends on its own shape: {path}", "", *labels, help=help_)


def _step(body: Checked, key: Key) -> tuple[str, Span]:
    """What a key stands for, in the words of the spec."""
    match key:
        case ("chain", number):
            chain = body.text.chains[number]
            return chain.links[-1].span.shown, chain.span
        case ("target", number, place):
            return body.wires[number].positions[place].name, body.wires[number].span
        case ("connect", number):
            return "connect", body.wires[number].span
        case ("value", name):
            return name, body.text.values[name].span
        case ("counts" | "member" | "depends", label, *_):
            return label, body.text.labels[label].span
    return key[1].shown, key[1]


# --- what leads nowhere


def leave_out(body: Checked) -> None:
    """Drop layers without a way to an output from an evolving `connect`; elsewhere they are mistakes."""
    nodes, sources = body.draft.nodes, body.draft.sources
    reached = _ancestors([ref.node for ref in body.ports.outputs.values()], body)
    evolving = {member_name(*member) for member in body.evolving}
    excused = _ancestors([name for name in nodes if name not in reached and name in evolving], body) - reached
    for name, node in nodes.items():
        if name not in reached and (name not in excused or isinstance(node.what, Input)):
            raise Refusal(_unread(body, name))
    for name in excused:
        del nodes[name], sources[name]
    _warn(body, excused & evolving | {member_name(*m) for m, made in body.members.items() if made is None})


def _ancestors(names: Sequence[str], body: Checked) -> set[str]:
    seen, waiting = set(names), list(names)
    while waiting:
        for source in body.draft.sources[waiting.pop()]:
            if source.ref.node not in seen:
                seen.add(source.ref.node)
                waiting.append(source.ref.node)
    return seen


def _unread(body: Checked, name: str) -> Diagnostic:
    span = body.draft.nodes[name].span
    if span is None:
        span = next((port.span for port in body.text.inputs if port.name.text == name), body.span)
    message, help_ = f"no way leads from `{name}` to an output", "lead it on, or leave it out"
    if any(position.name == name for wires in body.wires for position in wires.positions):
        help_ = "the rule leads on to nothing; `between(…)` around it ties what is loose to the last position"
    return codes.UNREAD.at(span, message, help=help_)


def _warn(body: Checked, names: set[str]) -> None:
    for wires in body.wires:
        left = [each.name for each in wires.positions if each.name in names]
        if left and wires.statement.within is not None:
            few = ", ".join(f"`{name}`" for name in left[:4]) + (", …" if len(left) > 4 else "")
            message = f"{len(left)} of {len(wires.positions)} layers are left out: {few}"
            label = "they have no source, or no way leads from them to an output"
            body.world.say(codes.LEFT_OUT.at(wires.span, message, label))


def finish(body: Checked) -> Network:
    """The network of a body that has all its layers; its contracts hold."""
    leave_out(body)
    network = Network(
        body.kind,
        WIRING,
        body.draft.nodes.values(),
        body.draft.sources,
        {port: body.ports.outputs[port] for port in body.text.outputs if port in body.ports.outputs},
        body.labels.families(),
        [wires.record() for wires in body.wires],
        body.doc,
    )
    verify(body, network)
    return network
