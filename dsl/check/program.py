"""Whole files: declarations and their signatures, imports, bodies; what a check of a target returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connc.dsl import codes, tree
from connc.dsl.check import expressions, operations  # noqa: F401  they give expressions their meaning
from connc.dsl.check.bodies import bound, check_body, report_circles
from connc.dsl.check.calls import fill
from connc.dsl.check.expect import evaluated, expect, expect_type, meaning
from connc.dsl.check.meaning import ANY, Meaning, fits, is_any, is_layer, words
from connc.dsl.check.scope import Scope, World
from connc.dsl.diagnostic import Diagnostic
from connc.dsl.library import Unit
from connc.dsl.parser import uncollected
from connc.dsl.source import Span
from connc.dsl.tree import Declaration, Module, Net, Parameter, Rule, TypeName
from connc.dsl.types import INT, MODULE, NAMES, RULE, Type
from connc.dsl.vocabulary import Signature, Slot
from connc.dsl.words import did_you_mean


@dataclass(frozen=True, slots=True)
class Declared:
    """What a name of a file stands for: a declaration, and what can be called of it."""

    unit: Unit
    declaration: Declaration
    signature: Signature | None


Names = dict[str, Declared]
Settings = Mapping[tuple[str, str], tree.Expr]  # what `--set` gives a net (the first) for its parameter (the second)


@dataclass(frozen=True, slots=True)
class Checked:
    """The units of a target, each behind those that it uses, and all that was found in them.

    `names`: by unit, what each name of a file stands for; whole only where there are no mistakes.
    """

    units: tuple[Unit, ...]
    diagnostics: tuple[Diagnostic, ...]
    names: Mapping[str, Names] = field(default_factory=dict)

    @property
    def entry(self) -> Unit:
        return self.units[-1]


def check(
    units: Sequence[Unit],
    world: World,
    *,
    net: str = "",
    settings: Sequence[tree.Argument] = (),
) -> Checked:
    """Check units that stand in the order in which they build on each other; the last is the one that was asked for.

    `settings` fill parameters of its net called `net`.
    """
    scopes: dict[str, Scope] = {}
    with uncollected():
        for unit in units:
            given = {(net, s.name.text): s.value for s in settings if s.name} if unit is units[-1] else {}
            scopes[unit.name] = _check_unit(unit, scopes, world, given)
        _check_settings(net, settings, scopes[units[-1].name])
    found = [diagnostic for unit in units for diagnostic in _sorted(unit.report)]
    names = names_of(units, {name: scope.exports for name, scope in scopes.items()})
    return Checked(tuple(units), tuple(found), names)


def names_of(units: Sequence[Unit], exports: Mapping[str, Mapping[str, Meaning]]) -> dict[str, Names]:
    """What the names of files stand for, over imports and their aliases."""
    names: dict[str, Names] = {}
    for unit in units:
        own = names[unit.name] = {}
        for use in unit.file.uses:
            other = names.get(unit.uses[use.dotted].name, {}) if use.dotted in unit.uses else {}
            own.update({i.local.text: other[i.name.text] for i in use.names if i.name.text in other})
        for declaration in unit.file.declarations:
            meant = exports[unit.name].get(declaration.name.text, ANY)
            own[declaration.name.text] = Declared(unit, declaration, meant.signature)
    return names


def _sorted(report: list[Diagnostic]) -> list[Diagnostic]:
    return sorted(report, key=lambda diagnostic: (diagnostic.span.start, diagnostic.code.id))


def _check_settings(net: str, settings: Sequence[tree.Argument], scope: Scope) -> None:
    """What a net does not have is told here; what its own parameters get was checked where they are declared."""
    found = scope.names.get(net)
    if found and found.signature:
        nets = [d for d in scope.unit.file.declarations if isinstance(d, Net) and d.name.text == net]
        own = {parameter.name.text for each in nets for parameter in each.parameters}
        fill(found.signature, found.given, [s for s in settings if not s.name or s.name.text not in own], scope)


def _check_unit(unit: Unit, scopes: dict[str, Scope], world: World, settings: Settings) -> Scope:
    scope = Scope(unit, world)
    for use in unit.file.uses:
        _import(use, scope, scopes)
    declared = [d for d in unit.file.declarations if scope.declare(d.name)]
    inner: dict[str, Scope] = {}
    given = [setting.span for setting in settings.values()]
    mentions = [(d.name.text, [_signature_span(d), *(given if isinstance(d, Net) else ())]) for d in declared]
    for i in scope.in_order(mentions):
        scope.current = declared[i].name.text
        inner[scope.current] = scope.inner()
        scope.define(scope.current, _declared(declared[i], inner[scope.current], settings))
    for declaration in declared:
        scope.current = declaration.name.text
        _check_declaration(declaration, inner[scope.current])
    scope.current = ""
    scope.exports = {d.name.text: scope.names[d.name.text] for d in declared}
    report_circles(scope)
    return scope


def _import(use: tree.Use, scope: Scope, scopes: dict[str, Scope]) -> None:
    other = scope.unit.uses.get(use.dotted)
    exports = scopes[other.name] if other and other.name in scopes else None
    for imported in use.names:
        text = imported.name.text
        found = exports.exports.get(text) if exports else ANY
        if found is None and exports and other and (other.file.refused or text in other.file.lost):
            found = ANY
        if found is None and exports:
            message = f"`{use.dotted}` declares no `{text}`"
            help_ = did_you_mean(text, exports.exports)
            scope.say(codes.NOT_IN_FILE, imported.name.span, message, help=help_)
        scope.declare(imported.local, found or ANY)
        if found and found.constant and exports:
            scope.values[imported.local.text] = exports.values.get(text)


# --- signatures


def _signature_span(declaration: Declaration) -> Span:
    """The text that says what can be called how, without a body."""
    body = getattr(declaration, "body", None)
    end = body.span.start if body else declaration.span.stop
    start = declaration.name.span.stop
    if isinstance(declaration, Rule):
        end = declaration.value.span.start
    return Span(declaration.span.source, start, end)


def _declared(declaration: Declaration, inner: Scope, settings: Settings) -> Meaning:
    """What a declaration gives its name; its parameters are declared in `inner`."""
    outer = inner.file
    if isinstance(declaration, tree.Binding):
        return bound(declaration, _file_value(declaration.value, outer), outer)
    parameters: tuple[Parameter, ...] = getattr(declaration, "parameters", ())
    concrete = isinstance(declaration, Net)
    name = declaration.name.text
    slots = tuple(_slot(p, inner, concrete, settings.get((name, p.name.text))) for p in parameters)
    kind = RULE if isinstance(declaration, Rule) else MODULE
    doc = declaration.doc.partition("\n")[0]
    body = getattr(declaration, "body", None)
    inputs, outputs = _ports(body) if body else (("in",), ("out",))
    if isinstance(declaration, Net) and declaration.alias is not None:
        other = _alias(declaration, declaration.alias, inner)
        if other.signature is None:
            return ANY
        inputs, outputs = other.signature.inputs, other.signature.outputs
        slots = (*slots, *_left_open(declaration, slots, other, outer))
    sized = concrete or bool(body and _is_sized(body))
    return Meaning(kind, Signature(name, slots, doc, inputs, outputs, sized=sized))


def _file_value(value: tree.Expr, scope: Scope) -> Meaning:
    if isinstance(value, tree.Chain):
        help_ = "chains stand in bodies; a rule is written `rule name = i -> i + 1`"
        scope.say(codes.HEAD, value.span, "nothing flows between declarations", help=help_)
        return ANY
    return meaning(value, scope)


def _alias(net: Net, alias: tree.Expr, scope: Scope) -> Meaning:
    if isinstance(alias, tree.Chain):
        scope.say(codes.ALIAS, alias.span, "behind `net name =` stands another net; what flows needs a body in braces")
        return ANY
    got = meaning(alias, scope)
    callee = alias.callee if isinstance(alias, tree.Call) else alias
    of_the_language = isinstance(callee, tree.Name) and scope.is_of_the_language(callee.text)
    if is_any(got) or (is_layer(got) and got.signature and not of_the_language):
        if got.signature and not got.signature.sized:
            message = f"`{got.signature.name}` does not say how large its inputs are, and a net does"
            help_ = f"give it a body: `in: [3, 224, 224]` and `in -> {alias.span.shown} -> out`"
            scope.say(codes.INPUT, alias.span, message, help=help_)
        return got
    what = "a layer of the language" if got.type.name == "module" else words(got.type)
    scope.say(codes.ALIAS, alias.span, f"`{net.name.text}` can be another net with its parameters filled, not {what}")
    return ANY


def _left_open(net: Net, own: Sequence[Slot], other: Meaning, scope: Scope) -> Iterator[Slot]:
    """What an alias leaves open of another net, aside from parameters of its own, which fill those of their name."""
    assert other.signature
    mine = {slot.name: (slot, parameter) for slot, parameter in zip(own, net.parameters, strict=True)}
    for slot in other.signature.slots:
        if slot.name in other.given:
            continue
        if slot.name not in mine:
            length = None if slot.type.length is None else -1  # which may depend on what is filled
            yield replace(slot, type=replace(slot.type, length=length))
            continue
        given, parameter = mine[slot.name]
        if not fits(Meaning(given.type), slot.type):
            message = f"`{slot.name}` of `{other.signature.name}` takes {words(slot.type)}, not {words(given.type)}"
            scope.say(codes.TYPE, parameter.span, message)


def _is_sized(body: tree.Body) -> bool:
    """Whether all inputs say how large they are."""
    inputs = [s for s in body.statements if isinstance(s, tree.Port) and s.direction == "in"]
    return bool(inputs) and all(port.shape is not None and not port.many for port in inputs)


def _ports(body: tree.Body) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    ports = [s for s in body.statements if isinstance(s, tree.Port)]
    inputs = [p for p in ports if p.direction == "in" and p.name.text != "in"]
    outputs = tuple(p.name.text for p in ports if p.direction == "out" and p.name.text != "out")
    if any(port.many for port in inputs):
        return None, ("out", *outputs)
    return tuple(port.name.text for port in inputs) or ("in",), ("out", *outputs)


def _slot(parameter: Parameter, scope: Scope, concrete: bool, setting: tree.Expr | None) -> Slot:
    """Declare a parameter; in a net its default is its value, unless somebody sets another."""
    name, default = parameter.name, parameter.default
    type_ = _type(parameter.type, scope) if parameter.type else None
    slot = Slot(name.text, type_ or INT, required=default is None, assumed=type_ is None)
    got = None
    if default is not None and type_:
        got = expect(default, slot, scope, f"`{name.text}`")
    elif default is not None:
        got = meaning(default, scope)
        slot = Slot(name.text, _type_of(got, default, scope), required=False, assumed=True)
    given = setting or default
    if setting:
        got = expect(setting, slot, scope.file, f"`{name.text}`")
    constant = bool(concrete and got and got.constant and fits(got, slot.type))
    scope.declare(name, Meaning(slot.type, constant=constant))
    if constant and given is not None:
        value = evaluated(given, scope.file if setting else scope)
        length = slot.type.length
        if slot.type.listed and length and length > 0 and not isinstance(value, tuple):
            value = (value,) * length
        if value is not None:
            scope.values[name.text] = value
    return slot


def _type(written: TypeName, scope: Scope) -> Type | None:
    if written.name not in NAMES:
        help_ = did_you_mean(written.name, NAMES) or f"there are {', '.join(NAMES)}"
        scope.say(codes.TYPE_NAME, written.span, f"`{written.name}` is no type", help=help_)
        return None
    length = None
    if written.length is not None:
        got = expect_type(written.length, INT, scope, "the length of a list")
        value = evaluated(written.length, scope) if got.constant else None
        length = value if isinstance(value, int) else -1
    return Type(written.name, written.listed, length)


def _type_of(got: Meaning, default: tree.Expr, scope: Scope) -> Type:
    """The type of a parameter that has only a default."""
    if got.type.name in NAMES:
        return got.type
    if got.type.listed and got.type.name == "free":
        return Type("shape")
    if not is_any(got):
        message = f"a parameter cannot be {words(got.type)}"
        scope.say(codes.TYPE, default.span, message)
    return got.type if got.type.listed else ANY.type


# --- bodies


def _check_declaration(declaration: Declaration, inner: Scope) -> None:
    match declaration:
        case Rule(value=value):
            expect_type(value, RULE, inner, f"rule `{declaration.name.text}`")
        case Module(body=body):
            check_body(body, inner, declaration.name, concrete=False)
        case Net(body=body) if body is not None:
            check_body(body, inner, declaration.name, concrete=True)
