"""Bodies of modules and nets: ports, labels and values in any order, and what flows where."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from connc.dsl import codes, tree
from connc.dsl.check.calls import layer
from connc.dsl.check.connect import check_connect
from connc.dsl.check.expect import evaluated, expect, expect_type
from connc.dsl.check.flow import Feeds, flow, reads
from connc.dsl.check.meaning import ANY, OUTPUT, TENSOR, TENSORS, Meaning, is_any, is_layer, is_tensor, words
from connc.dsl.check.scope import Scope, circles
from connc.dsl.diagnostic import Label
from connc.dsl.evaluate import FREE as FREE_SIZE
from connc.dsl.evaluate import shown_value
from connc.dsl.source import Span
from connc.dsl.tree import Body
from connc.dsl.types import BOOL, INT, SHAPE, Type
from connc.dsl.vocabulary import Slot


def check_body(body: Body, scope: Scope, name: tree.Name, *, concrete: bool) -> None:
    """Check all statements of a body; the inputs of a `concrete` one must be known."""
    feeds: Feeds = {}
    ends: list[tuple[tree.Chain, Meaning]] = []
    known = len(scope.report)
    _declare_ports(body, scope)
    _define(body, scope, feeds)
    for statement in body.statements:
        match statement:
            case tree.Port(shape=shape) if shape:
                _check_shape(shape, scope, concrete and statement.direction == "in")
            case tree.Flow(value=tree.Chain() as chain):
                ends.append((chain, flow(chain, scope, feeds)))
            case tree.Connect():
                check_connect(statement, scope, feeds)
            case tree.Require():
                _check_require(statement, scope)
    _check_feeds(body, scope, feeds, name)
    guessing = any(diagnostic.code is codes.UNKNOWN_NAME for diagnostic in scope.report[known:])
    if feeds and not body.damaged and not guessing:  # else all of it leads nowhere, which one message says
        for chain, got in ends:
            _check_end(chain, got, scope)
        _check_used(scope)
    _check_shared(scope)
    if concrete:
        _check_inputs(body, scope, name)


# --- ports


def _declare_ports(body: Body, scope: Scope) -> None:
    ports = [statement for statement in body.statements if isinstance(statement, tree.Port)]
    inputs = [port for port in ports if port.direction == "in" and port.name.text != "in"]
    scope.names["out"] = OUTPUT
    if not inputs:
        scope.names["in"] = TENSOR
    for port in ports:
        text = port.name.text
        if text in ("in", "out"):
            if text in scope.places:
                first = Label(scope.places[text], "first here")
                scope.say(codes.DUPLICATE, port.name.span, f"`{text}` is declared twice", "and again here", first)
            scope.places[text] = port.name.span
            if text == "in" and inputs:
                message = "a body has either the one input `in` or inputs with names"
                scope.say(codes.PORTS, port.name.span, message, "", Label(inputs[0].name.span, "an input with a name"))
        elif port.direction == "in":
            scope.declare(port.name, TENSORS if port.many else TENSOR)
            if port.many and len(inputs) > 1:
                other = next(each for each in inputs if each is not port)
                message = f"`{text}[]` takes all that come, so it is the only input"
                scope.say(codes.PORTS, port.span, message, "", Label(other.span, "another input"))
        else:
            scope.declare(port.name, OUTPUT)
            if port.many:
                scope.say(codes.PORTS, port.span, "only an input takes as many as come")


def _check_shape(shape: tree.Expr, scope: Scope, concrete: bool) -> None:
    got = expect_type(shape, SHAPE, scope, "a port")
    if concrete and got.constant and not is_any(got):
        value = evaluated(shape, scope)
        if value is not None and FREE_SIZE in value:
            message = "the inputs of a net have a size; `_` leaves it open"
            scope.say(codes.INPUT, shape.span, message, help="say how large, or make it a `module`")


def _check_inputs(body: Body, scope: Scope, name: tree.Name) -> None:
    """A net says how large its inputs are."""
    if body.damaged:
        return
    inputs = [s for s in body.statements if isinstance(s, tree.Port) and s.direction == "in"]
    for port in inputs:
        if port.many:
            message = f"net `{name.text}` takes a number of inputs that is not known"
            scope.say(codes.INPUT, port.span, message, help="name them all, or make it a `module`")
        elif port.shape is None:
            message = f"net `{name.text}` does not say how large its input `{port.name.text}` is"
            scope.say(codes.INPUT, port.span, message, help=f"as in `in {port.name.text}: [3, 224, 224]`")
    if not inputs:
        message = f"net `{name.text}` does not say how large its input is"
        help_ = "declare it, as in `in: [3, 224, 224]`; what takes any input is a `module`"
        scope.say(codes.INPUT, name.span, message, help=help_)


def _check_feeds(body: Body, scope: Scope, feeds: Feeds, name: tree.Name) -> None:
    """Every output is fed by exactly one statement."""
    named = [s.name for s in body.statements if isinstance(s, tree.Port) and s.direction == "out"]
    for port, places in feeds.items():
        if len(places) > 1:
            first = Label(places[0], "first here")
            help_ = "join the two, as in `a + b -> out` or `(a, b) -> concat -> out`"
            scope.say(codes.FED_TWICE, places[1], f"`{port}` is fed twice", "and again here", first, help=help_)
    if body.damaged:
        return
    for output in named:
        if output.text not in feeds:
            scope.say(codes.NOT_FED, output.span, f"nothing feeds the output `{output.text}`")
    if "out" not in feeds and not named:
        help_ = "end a chain with `-> out`, or name `out` in a `connect`"
        scope.say(codes.NOT_FED, name.span, f"nothing feeds `out` of `{name.text}`", help=help_)


def _check_end(chain: tree.Chain, got: Meaning, scope: Scope) -> None:
    """A chain that stands as a statement ends in an output, or in a layer that has a name to be read by."""
    if isinstance(chain.links[-1], tree.Name | tree.Instance | tree.Subscript) or is_any(got):
        return
    last = chain.links[-1].span
    help_ = f"end it with `-> out`, or name it: `h = {chain.links[0].span.shown} -> …`"
    scope.say(codes.DANGLING, last, "what comes out of this chain goes nowhere", help=help_)


def _check_used(scope: Scope) -> None:
    """No layer and no tensor is left over. Numbers and rules may be: they cost nothing."""
    flowing = ("tensor", "tensors", "instance", "family")
    for name, place in scope.places.items():
        got = scope.names.get(name)
        if got and got.type.name in flowing and name not in scope.used and name not in ("in", "out"):
            scope.say(codes.DANGLING, place, f"nothing reads `{name}`", help="lead it on, or leave it out")


def _check_shared(scope: Scope) -> None:
    """A layer that is read is applied, and once: else its bare name means no output, or any of several."""
    for name in sorted(scope.reads.keys() - scope.applied.keys() - scope.connected):
        help_ = f"feed it, as in `in -> {name}`, or write what it is made of"
        scope.say(codes.NOT_APPLIED, scope.reads[name], f"nothing flows into `{name}`", "read here", help=help_)
    for name, places in scope.applied.items():
        if len(places) > 1 and name in scope.reads:
            message = f"`{name}` is applied {len(places)} times, so its name alone does not say which output"
            more = [Label(place, "applied here") for place in places]
            help_ = f"name each result, as in `a = in -> {name}`"
            scope.say(codes.AMBIGUOUS, scope.reads[name], message, "read here", *more, help=help_)


# --- definitions


def _definitions(body: Body, scope: Scope) -> Iterator[tuple[tree.Name, Span, tree.Binding | tree.Instance]]:
    """Every name that a body gives, with the text that it depends on."""
    for statement in body.statements:
        match statement:
            case tree.Binding(name=name, value=value):
                if not _is_output(name, scope):
                    yield name, value.span, statement
                yield from _labels(value)
            case tree.Flow(value=value):
                yield from _labels(value)


def _is_output(name: tree.Name, scope: Scope) -> bool:
    found = scope.names.get(name.text)
    return found is not None and found.type.name == "output"


def _labels(value: tree.Expr) -> Iterator[tuple[tree.Name, Span, tree.Instance]]:
    for link in value.links if isinstance(value, tree.Chain) else (value,):
        if isinstance(link, tree.Instance):
            yield link.name, link.span, link


def _define(body: Body, scope: Scope, feeds: Feeds) -> None:
    definitions = [d for d in _definitions(body, scope) if scope.declare(d[0])]
    for i in scope.in_order([(name.text, [span]) for name, span, _ in definitions]):
        name, _, node = definitions[i]
        scope.current = name.text
        if isinstance(node, tree.Instance):
            scope.define(name.text, _instance(node, scope))
        else:
            scope.define(name.text, _bound(node, scope, feeds))
        scope.current = ""
    report_circles(scope, {d[0].text for d in definitions if isinstance(getattr(d[2], "value", None), tree.Chain)})
    for statement in body.statements:
        if isinstance(statement, tree.Binding) and _is_output(statement.name, scope):
            _fed(statement, scope, feeds)


def _fed(binding: tree.Binding, scope: Scope, feeds: Feeds) -> None:
    """`out = h + x`"""
    got = _value(binding, scope, feeds)
    feeds.setdefault(binding.name.text, []).append(binding.name.span)
    if not (is_tensor(got) or is_any(got)):
        message = f"`{binding.name.text}` takes a tensor, not what `{binding.value.span.shown}` is"
        help_ = f"let something flow through it, as in `in -> {binding.value.span.shown} -> {binding.name.text}`"
        scope.say(codes.TYPE, binding.value.span, message, help=help_)


def _bound(binding: tree.Binding, scope: Scope, feeds: Feeds) -> Meaning:
    return bound(binding, _value(binding, scope, feeds), scope)


def _value(binding: tree.Binding, scope: Scope, feeds: Feeds) -> Meaning:
    """What a chain with a name makes; who reads the name reads the layer at its end."""
    if isinstance(binding.value, tree.Chain):
        reads(binding.value.links[-1], scope)
    return flow(binding.value, scope, feeds)


def bound(binding: tree.Binding, got: Meaning, scope: Scope) -> Meaning:
    """What a name means from now on, its value kept where that is known."""
    if got.type.name == "instance":
        return replace(got, type=TENSOR.type)
    if got.constant:
        value = evaluated(binding.value, scope)
        if value is None:
            return ANY
        scope.values[binding.name.text] = value
    return got


def _instance(node: tree.Instance, scope: Scope) -> Meaning:
    inner = scope.inner() if node.coordinates else scope
    counts = tuple(_count(coordinate.count, scope) for coordinate in node.coordinates)
    for coordinate in node.coordinates:
        if coordinate.name:
            inner.declare(coordinate.name, Meaning(INT))
    with inner.quietly(0 in counts):  # of which there are none
        got = layer(node.layer, node.by, inner)
    if not is_layer(got) and not is_any(got):
        message = f"`{node.name.text}:` names a layer, not {words(got.type)}"
        help_ = f"`=` names a value: `{node.name.text} = {node.layer.span.shown}`"
        scope.say(codes.TYPE, node.layer.span, message, help=help_)
        return ANY
    return Meaning(Type("family" if counts else "instance"), got.signature, counts=counts)


def _count(expr: tree.Expr, scope: Scope) -> int:
    """How many members a family has along a coordinate, -1 if that is not known."""
    got = expect(expr, Slot("", INT, least=0), scope, "the number of a family's members")
    value = evaluated(expr, scope) if got.constant else None
    return value if isinstance(value, int) else -1


def report_circles(scope: Scope, flowing: Collection[str] = ()) -> None:
    """Report names of a scope that are defined by themselves; `flowing` are those of what comes out of chains."""
    for ring in circles(scope.refers):
        names = " -> ".join(f"`{name}`" for name in [*ring, ring[0]])
        message = f"`{ring[0]}` is defined by itself" if len(ring) == 1 else f"a circle of definitions: {names}"
        steps = list(zip(ring, ring[1:] + ring[:1], strict=True))
        first, *more = [Label(scope.refers[a][b], f"`{a}` needs `{b}`") for a, b in steps]
        help_ = "there is no recursion; give the inner one as a parameter, `inner: module`"
        if not set(ring).isdisjoint(flowing):
            help_ = "what flows goes forwards only, and a size comes from something that is known before"
        if len(ring) == 1 and scope.is_a_word(ring[0]):
            help_ = f"inside, `{ring[0]}` means itself and not the language's own; call it something else"
        scope.say(codes.CYCLE, first.span, message, first.text, *more, help=help_)


# --- contracts


def _check_require(require: tree.Require, scope: Scope) -> None:
    inner = scope.inner()
    for name, signature in scope.world.vocabulary.analyses.items():
        if scope.is_free(name):
            called = any(slot.required for slot in signature.slots)
            inner.names[name] = Meaning(Type("function" if called else "float"), signature)
    got = expect_type(require.condition, BOOL, inner, "`require`")
    if got.constant and evaluated(require.condition, scope) is False:
        message = f"`{require.condition.span.shown}` does not hold" + (f": {require.reason}" if require.reason else "")
        scope.say(codes.BROKEN, require.condition.span, message, _known_values(require.condition, scope))


def _known_values(condition: tree.Expr, scope: Scope) -> str:
    """`width is 4 and depth is 2`, for the names of a condition."""
    names = dict.fromkeys(node.text for node in tree.walk(condition) if isinstance(node, tree.Name))
    return " and ".join(f"{name} is {shown_value(scope.values[name])}" for name in names if name in scope.values)
