"""Calls: which argument fills which parameter, and `by` behind a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connc.dsl import codes, tree
from connc.dsl.check.expect import complete, expect, expect_rule, meaning, means
from connc.dsl.check.meaning import ANY, NUMBER, RULED, WHOLE, Meaning, is_any, is_layer, is_number, is_tensor, words
from connc.dsl.check.scope import Scope
from connc.dsl.functions import FUNCTIONS, Function
from connc.dsl.tree import Argument
from connc.dsl.vocabulary import Signature, Slot
from connc.dsl.words import did_you_mean


@means(tree.Call)
def _call(expr: tree.Call, scope: Scope) -> Meaning:
    callee = expr.callee
    function = FUNCTIONS.get(callee.text) if isinstance(callee, tree.Name) and expr.arguments else None
    if function and scope.is_of_the_language(function.name):
        return _function(expr, function, scope)
    called = meaning(callee, scope)
    callable_ = called.type.name in ("module", "rule", "float", "function") and not called.type.listed
    if called.signature is None or not callable_:
        return _unchecked(expr, called, scope)
    if called.type.name in ("float", "function"):  # an analysis
        given = fill(called.signature, frozenset(), expr.arguments, scope)
        complete(expr, Meaning(NUMBER.type, called.signature, given), scope)
        return NUMBER
    before = len(scope.report)
    given = fill(called.signature, called.given, expr.arguments, scope)
    if len(scope.report) > before:  # what else it lacks may follow from that
        given |= {slot.name for slot in called.signature.slots if slot.required} | {*called.signature.one_of[:1]}
        given -= {*called.signature.one_of[1:]}
    return replace(called, given=given)


def _unchecked(expr: tree.Call, called: Meaning, scope: Scope) -> Meaning:
    """A call of what may take anything, or of what cannot be called."""
    for argument in expr.arguments:
        meaning(argument.value, scope)
    if is_any(called) or is_layer(called):
        return called
    if called.type.name == "rule":
        message = "this rule has its parameters filled already"
        scope.say(codes.NOT_CALLABLE, expr.callee.span, message, help="they are given where the rule is")
        return RULED
    message = f"{words(called.type)} cannot be called"
    help_ = "a product needs its sign, `2 * (a + b)`" if is_number(called) else ""
    if isinstance(expr.callee, tree.Name) and scope.is_a_word(expr.callee.text):
        message = f"`{expr.callee.text}` is {words(called.type)} here, not what the language calls so"
        help_ = "call it something else"
    elif called.type.name == "function":
        name = expr.callee.span.shown
        message, help_ = f"`{name}` takes {FUNCTIONS[name].takes}, not none", ""
    scope.say(codes.NOT_CALLABLE, expr.callee.span, message, help=help_)
    return ANY


def _function(expr: tree.Call, function: Function, scope: Scope) -> Meaning:
    got = [meaning(argument.value, scope) for argument in expr.arguments]
    for argument in expr.arguments:
        if argument.name:
            scope.say(codes.PARAMETER, argument.name.span, f"`{function.name}` takes its arguments by position only")
    if len(got) < function.least or (function.most and len(got) > function.most):
        message = f"`{function.name}` takes {function.takes}, not {len(got)} arguments"
        scope.say(codes.TOO_MANY, expr.span, message)
        return ANY
    alone = len(got) == 1
    for each, argument in zip(got, expr.arguments, strict=True):
        numbers = (each.type.listed and each.type.name in ("int", "float", "any")) or each.type.name == "shape"
        listed = function.name == "len" and (each.type.listed or each.type.name == "shape")
        number = is_number(each) and function.name != "len"
        if not (number or listed or (alone and function.listed and numbers) or is_any(each)):
            scope.say(codes.TYPE, argument.span, f"`{function.name}` takes {function.takes}, not {words(each.type)}")
            return ANY
    whole = function.whole or (all(each.type.name in ("int", "shape") for each in got) and function.name != "mean")
    constant = all(each.constant and (each.type.listed or not is_any(each)) for each in got)
    return replace(WHOLE if whole else NUMBER, constant=constant)


def fill(signature: Signature, given: frozenset[str], arguments: Sequence[Argument], scope: Scope) -> frozenset[str]:
    """Check the arguments of a call; the names of all that have values behind it."""
    filled: dict[str, Argument | None] = dict.fromkeys(given)
    free = (slot for slot in signature.slots if slot.name not in given)
    for argument in arguments:
        slot = _named(signature, argument, scope) if argument.name else next(free, None)
        if slot is None:
            if not argument.name:
                _too_many(signature, given, arguments, argument, scope)
                break
            meaning(argument.value, scope)
            continue
        if slot.name in filled:
            scope.say(codes.TWICE, argument.span, f"`{slot.name}` of `{signature.name}` has a value already")
        filled[slot.name] = argument
        expect(argument.value, slot, scope, f"`{slot.name}` of `{signature.name}`")
    return frozenset(filled)


def _named(signature: Signature, argument: Argument, scope: Scope) -> Slot | None:
    assert argument.name
    name = argument.name.text
    slot = signature.slot(name)
    if slot is None:
        names = [slot.name for slot in signature.slots]
        help_ = did_you_mean(name, names) or (f"it has {', '.join(names)}" if names else "it has no parameters")
        scope.say(codes.PARAMETER, argument.name.span, f"`{signature.name}` has no parameter `{name}`", help=help_)
    return slot


def _too_many(
    signature: Signature, given: frozenset[str], arguments: Sequence[Argument], first: Argument, scope: Scope
) -> None:
    by_position = sum(argument.name is None for argument in arguments)
    open_ = len(signature.slots) - len(given)
    takes = f"takes {open_} argument{'s' * (open_ != 1)}" if open_ else "takes no arguments"
    more = " more" if given else ""
    if signature.name in scope.world.vocabulary.analyses:
        parts = "one part" if open_ else "the whole"
        help_ = f"`connc show {signature.name}` says what it takes"
        scope.say(codes.TOO_MANY, first.span, f"`{signature.name}` is measured of {parts}", help=help_)
        return
    if is_tensor(meaning(first.value, scope)):
        message = f"`{first.span.shown}` is a tensor, which is no argument"
        help_ = f"it flows in along an arrow: `{first.span.shown} -> {signature.name}`"
        scope.say(codes.TOO_MANY, first.span, message, help=help_)
        return
    scope.say(codes.TOO_MANY, first.span, f"`{signature.name}` {takes}{more}, not {by_position}", "one too many")


@means(tree.Ruled)
def _ruled(expr: tree.Ruled, scope: Scope) -> Meaning:
    return ruled(expr.layer, expr.by, scope)


def ruled(layer: tree.Expr, by: tree.Expr | None, scope: Scope) -> Meaning:
    """What `layer by rule` is: the layer, with its rule given."""
    got = meaning(layer, scope)
    if by is None:
        return got
    expect_rule(by, scope, "`by`")
    if not is_layer(got):
        if not is_any(got):
            scope.say(codes.TYPE, layer.span, f"`by` stands behind a layer, not behind {words(got.type)}")
        return ANY
    if got.signature and not got.signature.relates:
        message = f"`{got.signature.name}` has nothing that a rule could relate"
        able = sorted(name for name, each in scope.world.vocabulary.layers.items() if each.relates)
        scope.say(codes.TYPE, by.span, message, help=f"`by` can stand behind {', '.join(able)}")
        return ANY
    return replace(got, given=got.given | {"by"})


def layer(expr: tree.Expr, by: tree.Expr | None, scope: Scope) -> Meaning:
    """The meaning of what is put into a net as a layer: a module of which nothing is left open."""
    got = ruled(expr, by, scope)
    if is_layer(got):
        complete(expr, got, scope)
    return got
