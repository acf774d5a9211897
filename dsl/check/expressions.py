"""The meaning of names, literals, lists, subscripts, attributes and mappings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from connc.dsl import codes, tree
from connc.dsl.check.expect import condition, evaluated, expect_type, meaning, means, size
from connc.dsl.check.meaning import (
    ANY,
    FLOWING,
    NUMBER,
    RULED,
    SHAPED,
    TENSOR,
    TENSORS,
    TEXT,
    TRUTH,
    WHOLE,
    Meaning,
    common,
    is_any,
    is_tensor,
    words,
)
from connc.dsl.check.scope import Scope
from connc.dsl.tree import Expr
from connc.dsl.types import INT, Type
from connc.dsl.words import did_you_mean

_MEASURES = {"shape": SHAPED, "channels": WHOLE, "features": WHOLE, "height": WHOLE, "width": WHOLE}


def _all(checked: Iterable[bool]) -> bool:
    """Whether all are true, each of them looked at, so that each is checked."""
    return all(list(checked))


# --- atoms


@means(tree.Name)
def _name(expr: tree.Name, scope: Scope) -> Meaning:
    if expr.text == "_":
        scope.say(codes.UNKNOWN_NAME, expr.span, "`_` stands for nothing in particular and has no value")
        return ANY
    found = scope.find(expr)
    if found is None:
        if expr.text:
            scope.unknown(expr)
        return ANY
    return found


@means(tree.Number)
def _number(expr: tree.Number, scope: Scope) -> Meaning:
    return _FRACTION if isinstance(expr.value, Fraction) else _INTEGER


_INTEGER, _FRACTION = replace(WHOLE, constant=True), replace(NUMBER, constant=True)


@means(tree.ListOf)
def _list_of(expr: tree.ListOf, scope: Scope) -> Meaning:
    items = [size(item, scope) for item in expr.items]
    if not items:
        return Meaning(Type("any", listed=True), constant=True)
    if flows := [node for node, item in zip(expr.items, items, strict=True) if item.type.name in FLOWING]:
        message = f"a list holds values, and `{flows[0].span.shown}` is {words(meaning(flows[0], scope).type)}"
        scope.say(codes.TYPE, flows[0].span, message, help="several tensors stand in parentheses: `(a, b) -> concat`")
        return ANY
    first = items[0]
    for item, node in zip(items[1:], expr.items[1:], strict=True):
        both = common(first, item)
        if both is None:
            message = f"a list holds values of one kind, not {words(first.type)} and {words(item.type)}"
            scope.say(codes.TYPE, node.span, message)
            return ANY
        first = both
    return _listed(first, all(item.constant for item in items))


def _listed(item: Meaning, constant: bool) -> Meaning:
    name = "list" if item.type.listed else item.type.name
    return Meaning(Type(name, listed=True), constant=constant)


@means(tree.Comprehension)
def _comprehension(expr: tree.Comprehension, scope: Scope) -> Meaning:
    inner = scope.inner()
    constant = _all(loop(each, inner) for each in expr.loops)
    with inner.quietly():  # each of the values is told when the list is made
        if expr.condition:
            constant = condition(expr.condition, inner) and constant
        item = meaning(expr.value, inner)
    return _listed(item, constant and item.constant)


def loop(each: tree.Loop, scope: Scope, open_ended: bool = False) -> bool:
    """Bind the name of a `for`; tells whether what it runs over is known."""
    values = each.values
    if isinstance(values, tree.Range):
        if values.last is None and not open_ended:
            message, help_ = "this range has no end", f"give it one, as in `{values.span.shown}n`"
            scope.say(codes.OPEN, values.span, message, help=help_)
        ends = [values.first, values.last] if values.last else [values.first]
        constant = _all(expect_type(end, INT, scope, "a range").constant for end in ends)
        item = WHOLE
    else:
        over = meaning(values, scope)
        item, constant = _item(over), over.constant
        if not over.type.listed and over.type.name not in ("shape", "any"):
            scope.say(codes.TYPE, values.span, f"`for` runs over a list or a range, not {words(over.type)}")
            constant = False
    scope.declare(each.name, replace(item, constant=constant))  # its values are the evaluator's
    return constant


def _item(over: Meaning) -> Meaning:
    if over.type.name in ("shape", "free") and not (over.type.name == "shape" and over.type.listed):
        return replace(WHOLE, constant=over.constant and over.type.name == "shape")
    if over.type.name in ("list", "any"):
        return ANY
    return Meaning(over.type.item, constant=over.constant)


@means(tree.Group)
def _group(expr: tree.Group, scope: Scope) -> Meaning:
    for item in expr.items:
        meaning(item.value, scope)
    message, help_ = "several values in parentheses feed a layer at the head of a chain", "a list stands in brackets"
    scope.say(codes.TYPE, expr.span, message, help=help_)
    return ANY


# --- subscripts and attributes


@means(tree.Subscript)
def _subscript(expr: tree.Subscript, scope: Scope) -> Meaning:
    base = meaning(expr.base, scope)
    known = [_index(item, scope) for item in expr.items]
    if is_any(base):
        return ANY
    if base.type.name == "family":
        return _member(expr, base, known, scope)
    if base.type.name == "tensors" and len(expr.items) == 1:
        return TENSORS if isinstance(expr.items[0], tree.Range | tree.Every) else TENSOR
    if not base.type.listed and base.type.name != "shape":
        message = f"brackets choose from a list or a family, not from {words(base.type)}"
        help_ = ""
        if base.type.name == "instance" and base.signature and base.signature.outputs is None:
            help_ = f"name what comes out, as in `pieces = in -> {base.signature.name}(…)`, and write `pieces[0]`"
        scope.say(codes.TYPE, expr.span, message, help=help_)
        return ANY
    if len(expr.items) != 1 or isinstance(expr.items[0], tree.Every | tree.Coordinate):
        scope.say(codes.TYPE, expr.span, "a list takes one index, as in `widths[0]` or `widths[1..2]`")
        return ANY
    chosen = base if isinstance(expr.items[0], tree.Range) else _item(base)
    return replace(chosen, constant=chosen.constant and all(known))


def _index(item: Expr, scope: Scope) -> bool:
    match item:
        case tree.Every() | tree.Coordinate():
            return False
        case tree.Range(first=first, last=last):
            ends = [first, last] if last else [first]
            return _all(expect_type(end, INT, scope, "an index").constant for end in ends)
    return expect_type(item, INT, scope, "an index").constant


def _member(expr: tree.Subscript, base: Meaning, known: Sequence[bool], scope: Scope) -> Meaning:
    """`cell[0, *]`: what is fixed drops out, a family of the rest remains."""
    rank = len(base.counts)
    if len(expr.items) != rank:
        message = f"this family has {rank} coordinate{'s' * (rank > 1)}, not {len(expr.items)}"
        stars = ", ".join(["0", *"*" * (rank - 1)])
        scope.say(codes.INDEX, expr.span, message, help=f"as in `{expr.base.span.shown}[{stars}]`")
        return ANY
    kept = []
    for item, count, constant in zip(expr.items, base.counts, known, strict=True):
        if isinstance(item, tree.Range | tree.Every):
            kept.append(count if isinstance(item, tree.Every) else -1)
        elif constant and count >= 0:
            _check_member(item, count, scope)
    return replace(base, counts=tuple(kept)) if kept else replace(base, type=Type("instance"), counts=())


def _check_member(item: Expr, count: int, scope: Scope) -> None:
    value = evaluated(item, scope)
    if isinstance(value, int) and not -count <= value < count:
        message = f"there is no member {value} along a coordinate of {count}"
        help_ = f"they go from 0 to {count - 1}, and -1 is the last" if count else "the family is empty"
        scope.say(codes.INDEX, item.span, message, help=help_)


@means(tree.Attribute)
def _attribute(expr: tree.Attribute, scope: Scope) -> Meaning:
    base, name = meaning(expr.base, scope), expr.name.text
    if is_any(base):
        return ANY
    if base.type.name in ("tensors", "family"):
        message = f"`{expr.base.span.shown}` is {words(base.type)}, and each has a shape of its own"
        scope.say(codes.ATTRIBUTE, expr.span, message, help=f"choose one, as in `{expr.base.span.shown}[0].{name}`")
        return ANY
    if not is_tensor(base):
        message = f"{words(base.type)} has no attributes"
        scope.say(codes.ATTRIBUTE, expr.span, message, help="tensors have, as in `in.channels`")
        return ANY
    if name in _MEASURES:
        return _MEASURES[name]
    outputs = (base.signature and base.signature.outputs) or ()
    if name in outputs:
        return TENSOR
    if base.signature is None and base.type.name == "instance":
        return ANY
    named = [output for output in outputs if output != "out"]
    help_ = did_you_mean(name, [*_MEASURES, *named])
    scope.say(
        codes.ATTRIBUTE,
        expr.name.span,
        f"a tensor has no `{name}`",
        help=help_ or f"it has {', '.join([*named, *_MEASURES])}",
    )
    return ANY


# --- rules


@means(tree.Mapping)
def _mapping(expr: tree.Mapping, scope: Scope) -> Meaning:
    inner = scope.inner()
    inner.names |= {size: WHOLE for size in ("sources", "targets") if scope.is_free(size)}
    for position in (each for each in expr.positions if each.text != "_"):
        inner.declare(position, WHOLE)
    for each in expr.loops:
        loop(each, inner, open_ended=True)
    for target in expr.targets:
        if isinstance(target, tree.Name) and inner.is_free(target.text) and target.text != "_":
            inner.declare(target, WHOLE)
        elif not (isinstance(target, tree.Name) and target.text == "_"):
            expect_type(target, INT, inner, "a position")
    if expr.condition:
        condition(expr.condition, inner)
    return RULED


@means(tree.String)
def _string(expr: tree.String, scope: Scope) -> Meaning:
    return replace(TEXT, constant=True)


@means(tree.Truth)
def _truth(expr: tree.Truth, scope: Scope) -> Meaning:
    return replace(TRUTH, constant=True)


_ELSEWHERE: dict[type[Expr], tuple[str, str]] = {
    tree.Range: ("a range", "ranges stand behind `for … in` and in brackets"),
    tree.Every: ("`*`", ""),
    tree.Coordinate: ("a coordinate", ""),
    tree.Instance: ("a label", "name a layer in a statement or a chain of its own"),
    tree.Chain: ("a chain", "give it a name, as in `h = in -> relu`, and use that"),
}


@means(*_ELSEWHERE)
def _misplaced(expr: Expr, scope: Scope) -> Meaning:
    what, help_ = _ELSEWHERE[type(expr)]
    scope.say(codes.TYPE, expr.span, f"{what} cannot stand here", help=help_)
    return ANY
