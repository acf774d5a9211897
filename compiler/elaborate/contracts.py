"""Contracts: each `require` of a body, evaluated where the network is known."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Protocol

from connc.compiler.analyze import ANALYSES, Analysis, Subject, Unmeasured
from connc.compiler.elaborate.labels import Labels, member_name
from connc.compiler.elaborate.outline import Outline
from connc.compiler.elaborate.reader import Reader
from connc.compiler.elaborate.values import Poisoned, Several, Tensor, side_by_side
from connc.compiler.elaborate.world import World
from connc.compiler.network import Network
from connc.dsl import codes, tree
from connc.dsl.evaluate import Value, shown_value
from connc.dsl.source import Span


class Held(Protocol):
    """A body whose contracts are to be verified."""

    text: Outline
    world: World
    labels: Labels
    reader: Reader


class AnalysisNames(dict[str, Any]):
    """The analyses of a whole network, each made when it is read."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.subject = Subject(network)

    def __missing__(self, name: str) -> Value:
        value = self[name] = measured(ANALYSES[name](), self.subject)
        return value


def measured(analysis: Analysis, subject: Subject) -> Value:
    value = analysis.measure(subject)
    if value is None:
        raise Unmeasured(analysis.nothing)
    return value


class ContractReader(Reader):
    """Knows what a net is measured by, behind the names of its body and its file."""

    def __init__(self, names: ChainMap[str, Value], body: Held, network: Network) -> None:
        *own, language = names.maps
        self.analyses = AnalysisNames(network)
        super().__init__(ChainMap(*own, self.analyses, language), body.world)
        self.body, self.network, self.own = body, network, ChainMap(*own)
        self._called: dict[Span, Analysis] = {}

    def call(self, expr: tree.Call) -> Value:
        kind = self._kind(expr.callee)
        if kind is None:
            return super().call(expr)
        slots = {slot.name: slot for slot in kind.signature.slots}
        given = {}
        for place, argument in enumerate(expr.arguments):
            name = argument.name.text if argument.name else list(slots)[place]
            is_part = slots[name].type.name == "part"
            given[name] = self._part(argument.value) if is_part else self.value(argument.value)
        self._called[expr.span] = kind(**given)
        return measured(self._called[expr.span], self.analyses.subject)

    def witness(self, expr: tree.Expr) -> str:
        """What shows the number of an analysis that was read before."""
        kind = self._kind(expr)
        analysis = kind() if kind else self._called.get(expr.span)
        return analysis.witness(self.analyses.subject) if analysis else ""

    def _kind(self, callee: tree.Expr) -> type[Analysis] | None:
        if not isinstance(callee, tree.Name) or callee.text not in ANALYSES:
            return None
        try:
            self.own[callee.text]
        except KeyError:
            return ANALYSES[callee.text]
        return None

    def _part(self, expr: tree.Expr) -> tuple[str, ...]:
        """The nodes that a part of a net names, all uses of a layer, or outputs; of a tensor which output of a node."""
        if isinstance(expr, tree.Name) and expr.text in self.network.outputs:
            return (expr.text,)
        label, indices, _ = self.body.labels.chosen(expr, self)
        if label and not indices:
            raise Unmeasured(f"`{expr.span.shown}` is no layer")
        if label:
            return self.analyses.subject.uses(member_name(label, index) for index in indices)
        return tuple(dict.fromkeys(str(each.ref) for each in side_by_side(self.value(expr))))


def verify(body: Held, network: Network) -> None:
    """Report the contracts of a body that its network breaks."""
    reader = ContractReader(body.reader.names, body, network)
    found = [(require, _broken(require.condition, reader)) for require in body.text.requires]
    broken = [(require, words) for require, words in found if words is not None]
    for require, words in broken:
        condition = require.condition
        message = f"`{condition.span.shown}` does not hold" + (f": {require.reason}" if require.reason else "")
        body.world.say(codes.BROKEN.at(condition.span, message, words))
    if broken:
        raise Poisoned


def _broken(condition: tree.Expr, reader: ContractReader) -> str | None:
    """What is so where a condition does not hold; none where it holds."""
    try:
        return None if reader(condition) else _witness(condition, reader)
    except Unmeasured as nothing:
        return str(nothing)


def _witness(condition: tree.Expr, reader: ContractReader) -> str:
    """What the names and analyses of a condition are: `path(in, out) is 5 (in -> … -> out) and width is 4`."""
    found: dict[str, str] = {}
    for node in _told(condition):
        value = reader(node) if not isinstance(node, tree.Name) or _has_value(node, reader) else None
        if value is not None and not isinstance(value, Tensor | Several):
            shows = reader.witness(node)
            found[node.span.shown] = _shown(value) + (f" ({shows})" if shows else "")
    return " and ".join(f"{name} is {value}" for name, value in found.items())


def _told(node: tree.Node) -> Iterator[tree.Expr]:
    """The names, attributes and calls of a condition; what stands in a call is told by it, and in a list by nothing."""
    if isinstance(node, tree.Call | tree.Name | tree.Attribute):
        yield node
    elif not isinstance(node, tree.Comprehension):
        for each in node.children():
            yield from _told(each)


def _shown(value: Value) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    words = shown_value(value)
    return f"about {float(value):.8g}" if isinstance(value, Fraction) and "/" in words else words


def _has_value(node: tree.Name, reader: ContractReader) -> bool:
    try:
        reader.names[node.text]
    except KeyError:
        return False
    return True
