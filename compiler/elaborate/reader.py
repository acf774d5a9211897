"""Evaluation of all that specs can say: besides numbers and lists rules, modules, tensors and what brackets choose."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from connc.compiler.elaborate.fill import bind, checked, missing, of_language
from connc.compiler.elaborate.values import Given, OpenRule, Recipe, Several, Tensor
from connc.compiler.elaborate.world import World
from connc.compiler.ops import OPS
from connc.compiler.relations.generators import GENERATORS, Generator
from connc.compiler.relations.rule import Combined, Generated, MappingRule, Rule
from connc.dsl import codes, tree
from connc.dsl.check import Declared
from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import Evaluator, Value
from connc.dsl.functions import FUNCTIONS
from connc.dsl.source import Span
from connc.dsl.tree import Expr
from connc.dsl.types import INT, RULE, Type
from connc.dsl.vocabulary import Signature, Slot

_PLAIN = (int, Fraction, bool, str, tuple)
_A_RULE = Slot("", RULE)


class Reader(Evaluator):
    """Evaluates in the names of one place of a file."""

    def __init__(self, names: Mapping[str, Value], world: World) -> None:
        super().__init__(names, world.steps)
        self.world = world

    def inside(self, names: ChainMap[str, Value]) -> Reader:
        """The same with other names; an evaluation in the middle of another needs one of its own."""
        return Reader(names, self.world)

    def whole_value(self, expr: Expr) -> int:
        """The value of a whole expression where a whole number is due."""
        self(expr)
        return self.whole(expr)

    def chosen(self, base: Sequence[Value], index: Expr) -> Value:
        """What an index or a range chooses from a list."""
        return self._item(base, index)

    def rule(self, expr: Expr, of: str) -> Rule:
        """The value where a rule is due."""
        rule: Rule = checked(self(expr), _A_RULE, expr.span, of)
        return rule

    # --- kinds of expression

    def call(self, expr: tree.Call) -> Value:
        name = expr.callee.text if isinstance(expr.callee, tree.Name) and expr.arguments else ""
        if name in FUNCTIONS and self._known(name) is self.world.language.get(name):
            return super().call(expr)
        called = self.value(expr.callee)
        arguments = [(each.name.text if each.name else "", self.value(each.value)) for each in expr.arguments]
        if isinstance(called, OpenRule):
            return called.make(bind(called.signature, (), arguments, expr.span), expr.span)
        assert isinstance(called, Recipe)
        return replace(called, given=bind(called.signature, called.given, arguments, expr.span))

    def _known(self, name: str) -> Value:
        try:
            return self.names[name]
        except KeyError:
            return None

    def other(self, expr: Expr) -> Value:
        match expr:
            case tree.Mapping():
                return self._mapping(expr)
            case tree.Attribute(base=base, name=name):
                return self._attribute(self.value(base), name.text, expr.span)
            case tree.Ruled(layer=layer, by=by):
                return replace(self.value(layer), by=checked(self.value(by), _A_RULE, by.span, "`by`"))
        return super().other(expr)

    def subscript(self, expr: tree.Subscript) -> Value:
        base = self.value(expr.base)
        if not isinstance(base, Several):
            return super().subscript(expr)
        chosen = self._item(base.tensors, expr.items[0]) if not isinstance(expr.items[0], tree.Every) else base.tensors
        return Several(chosen) if isinstance(chosen, tuple) else chosen

    def _mapping(self, expr: tree.Mapping) -> Rule:
        names = {}
        for node in tree.walk(expr):
            if isinstance(node, tree.Name) and isinstance(value := self._known(node.text), _PLAIN):
                names[node.text] = value
        key = ("mapping", expr.span, tuple(names.items()))
        return self.world.once(key, lambda: MappingRule(expr, names))

    def _attribute(self, base: Value, name: str, span: Span) -> Value:
        assert isinstance(base, Tensor)
        if name in base.shapes and name != "out":
            return replace(base, port=name)
        shape = base.shape
        if name == "shape":
            return shape
        if name in ("height", "width") and len(shape) != 3:
            message = f"`{span.shown}`: a tensor of shape {list(shape)} has no {name}"
            raise Refusal(codes.ATTRIBUTE.at(span, message, help="maps have: channels, height, width"))
        if not shape:
            raise Refusal(codes.ATTRIBUTE.at(span, f"`{span.shown}`: a single number has no {name}"))
        return shape[{"channels": 0, "features": -1, "height": -2, "width": -1}[name]]

    def combined(self, expr: tree.Unary | tree.Operation, operators: Sequence[str], values: Sequence[Value]) -> Value:
        if any(isinstance(value, Rule | OpenRule) for value in values):
            return self._rules(expr, operators, values)
        return super().combined(expr, operators, values)

    def _rules(self, expr: tree.Unary | tree.Operation, operators: Sequence[str], values: Sequence[Value]) -> Rule:
        assert isinstance(expr, tree.Operation)
        rules = [checked(v, _A_RULE, node.span, "a rule") for v, node in zip(values, expr.operands, strict=True)]
        result: Rule = rules[0]
        for operator, other in zip(operators, rules[1:], strict=True):
            pair = (result, other)
            key = ("combined", operator, pair, expr.span)
            result = self.world.once(key, lambda op=operator, pair=pair: Combined(op, pair, expr.span))  # type: ignore[misc]
        return result


# --- the names of the language and of files


def language() -> dict[str, Value]:
    """What the names of the language stand for; functions of numbers are known where they are called."""
    names: dict[str, Value] = {name: _generator(cls) for name, cls in GENERATORS.items()}
    return names | {name: Recipe(cls) for name, cls in OPS.items()}


def _generator(cls: type[Generator]) -> OpenRule:
    def make(given: Given, span: Span) -> Rule:
        values = of_language(cls.signature, given, span)
        return Generated(cls(**values), span)

    return OpenRule(cls.signature, make)


class FileNames(dict[str, Any]):
    """What the names of a file stand for, found out when they are read."""

    def __init__(self, unit: str, world: World) -> None:
        super().__init__()
        self.unit, self.world = unit, world

    def __missing__(self, name: str) -> Value:
        found = self.world.names[self.unit].get(name)
        if found is None:
            raise KeyError(name)
        if found.unit.name != self.unit:
            value = file_names(found.unit.name, self.world)[found.declaration.name.text]
        else:
            value = self.world.ask(("name", self.unit, name), lambda: _value(found, self.world))
        self[name] = value
        return value


def file_names(unit: str, world: World) -> ChainMap[str, Value]:
    """The names of a file, and around them those of the language."""
    if unit not in world.files:
        world.files[unit] = ChainMap(FileNames(unit, world), world.language)
    return world.files[unit]


def _value(found: Declared, world: World) -> Value:
    reader = Reader(file_names(found.unit.name, world), world)
    match found.declaration:
        case tree.Binding(value=value):
            return reader(value)
        case tree.Rule(parameters=(), value=value):
            return reader.rule(value, "a rule")
        case tree.Rule():
            assert found.signature is not None
            return OpenRule(found.signature, _declared_rule(found, world))
    return Recipe(found)


def _declared_rule(found: Declared, world: World) -> Callable[[Given, Span], Rule]:
    declaration = found.declaration
    assert isinstance(declaration, tree.Rule)

    def make(given: Given, span: Span) -> Rule:
        names = parameters(found, given, world, span)
        key = ("rule", found.unit.name, declaration.name.text, tuple(names.maps[0].items()))
        return world.once(key, lambda: Reader(names, world).rule(declaration.value, "a rule"))

    return make


def parameters(found: Declared, given: Given, world: World, span: Span) -> ChainMap[str, Value]:
    """The names that a declaration's body sees: its parameters with their values, and those of its file."""
    declaration, signature = found.declaration, found.signature
    assert isinstance(declaration, tree.Rule | tree.Module | tree.Net)
    assert signature is not None
    names = file_names(found.unit.name, world).new_child()
    reader, values = Reader(names, world), dict(given)
    for parameter in declaration.parameters:
        slot = _slot(parameter, signature, reader)
        default, name = parameter.default, slot.name
        if name not in values and default is None:
            raise Refusal(codes.MISSING.at(span, f"`{signature.name}` needs `{name}`"))
        value, place = (values[name], span) if default is None or name in values else (reader(default), default.span)
        names[name] = checked(value, slot, place, f"`{name}` of `{declaration.name.text}`")
    return names


def _slot(parameter: tree.Parameter, signature: Signature, reader: Reader) -> Slot:
    """A parameter as declared, the length of its list computed."""
    slot = signature.slot(parameter.name.text) or Slot(parameter.name.text, INT)
    if parameter.type is None or parameter.type.length is None:
        return slot
    return replace(slot, type=Type(slot.type.name, True, reader(parameter.type.length)))


def settled(world: World, recipe: Recipe, span: Span) -> tuple[Recipe, ChainMap[str, Value]]:
    """The module behind aliases, with the values of all its parameters."""
    while True:
        missing(recipe, span)
        assert isinstance(recipe.maker, Declared)
        names = parameters(recipe.maker, recipe.given, world, span)
        declaration = recipe.maker.declaration
        if not isinstance(declaration, tree.Net) or declaration.alias is None:
            return recipe, names
        other: Recipe = Reader(names, world)(declaration.alias)
        values = {**names.maps[0], **dict(recipe.given)}
        open_ = [slot.name for slot in other.signature.slots if slot.name not in dict(other.given)]
        passed_on = tuple((name, values[name]) for name in open_ if name in values)
        recipe = replace(other, called=recipe.kind, given=other.given + passed_on)


def body_of(recipe: Recipe) -> tree.Body:
    """The body of a settled module."""
    assert isinstance(recipe.maker, Declared)
    declaration = recipe.maker.declaration
    assert isinstance(declaration, tree.Module | tree.Net)
    assert declaration.body is not None
    return declaration.body
