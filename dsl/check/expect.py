"""The meaning of an expression, and whether it is what its place asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connc.dsl import codes
from connc.dsl.check.meaning import ANY, FREE, Meaning, fits, is_number, is_tensor, words
from connc.dsl.check.scope import Scope
from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import Exhausted, Value
from connc.dsl.tree import Expr, Name, Number
from connc.dsl.types import BOOL, RULE, Type
from connc.dsl.values import misfit
from connc.dsl.vocabulary import Signature, Slot
from connc.dsl.words import alternatives

_Means = Callable[[Any, Scope], Meaning]
_MEANS: dict[type[Expr], _Means] = {}


def means(*kinds: type[Expr]) -> Callable[[_Means], _Means]:
    """Declare what gives these kinds of expression their meaning."""

    def register(function: _Means) -> _Means:
        _MEANS.update(dict.fromkeys(kinds, function))
        return function

    return register


def meaning(expr: Expr, scope: Scope) -> Meaning:
    """What an expression stands for. What is wrong with it is reported once, and means anything from then on."""
    return _MEANS[type(expr)](expr, scope)


def size(expr: Expr, scope: Scope) -> Meaning:
    """The meaning of an item or of a branch, where `_` may stand for any size."""
    return FREE if isinstance(expr, Name) and expr.text == "_" else meaning(expr, scope)


def expect(expr: Expr, slot: Slot, scope: Scope, of: str) -> Meaning:
    """Check that a value fits a parameter; `of` says whose, for the message."""
    got = meaning(expr, scope)
    if not fits(got, slot.type):
        message = f"{of} takes {words(slot.type)}, not {words(got.type)}"
        scope.say(codes.TYPE, expr.span, message, help=_way_out(got, slot.type))
        return ANY
    if slot.type.name == "rule":
        complete(expr, got, scope)
    elif got.constant:
        value = evaluated(expr, scope)
        if value is not None and (mistake := misfit(value, slot, expr.span, of)):
            scope.report.append(mistake)
            return ANY
    return got


def expect_type(expr: Expr, type_: Type, scope: Scope, of: str) -> Meaning:
    return expect(expr, Slot("", type_), scope, of)


def condition(expr: Expr, scope: Scope) -> bool:
    """Check a condition; tells whether it is known."""
    return expect_type(expr, BOOL, scope, "a condition").constant


def expect_rule(expr: Expr, scope: Scope, of: str) -> None:
    """Check what stands behind `by`; the commonest mistake is a mapping without its parentheses."""
    if isinstance(expr, Name) and len(expr.text) == 1 and scope.find(expr) is None:
        help_ = f"a mapping stands in parentheses here: `by ({expr.text} -> …)`"
        scope.say(codes.UNKNOWN_NAME, expr.span, f"`{expr.text}` is not known here", help=help_)
        return
    expect_type(expr, RULE, scope, of)


def evaluated(expr: Expr, scope: Scope) -> Value:
    """The value of a constant expression; None if it has none, which is reported."""
    if scope.quiet:
        return None
    if type(expr) is Number:
        return expr.value
    try:
        return scope.evaluate(expr)
    except Refusal as refusal:
        if refusal.diagnostic not in scope.refused:
            scope.refused.add(refusal.diagnostic)
            scope.report.append(refusal.diagnostic)
    except (KeyError, Exhausted):  # a name whose own value is wrong, or that a `for` around this one binds
        pass
    return None


def complete(expr: Expr, got: Meaning, scope: Scope) -> None:
    """Check that nothing of a rule or a layer is left open that has no default."""
    signature = got.signature
    if signature is None:
        return
    span = expr.span
    if missing := [slot.name for slot in signature.slots if slot.required and slot.name not in got.given]:
        names = " and ".join(f"`{name}`" for name in missing)
        scope.say(codes.MISSING, span, f"`{signature.name}` needs {names}", help=f"as in `{example(signature)}`")
    given = [name for name in signature.one_of if name in got.given]
    if signature.one_of and len(given) != 1:
        names = alternatives(f"`{name}`" for name in signature.one_of)
        found = " and ".join(f"`{name}`" for name in given) or "none of them"
        scope.say(codes.ALTERNATIVES, span, f"`{signature.name}` takes one of {names}, here {found}")
    if signature.needs_rule and "by" not in got.given:
        help_ = f"as in `{signature.name} by near(2)`"
        scope.say(codes.MISSING, span, f"`{signature.name}` needs a rule between its {signature.relates}", help=help_)


def output(expr: Expr, got: Meaning, scope: Scope) -> None:
    """Check that what is read as a tensor has one output to be read, made by one application."""
    outputs = got.signature.outputs if got.signature else ("out",)
    if outputs is None:
        help_ = "join them, as in `-> concat ->`, or choose one of `pieces = …`: `pieces[0]`"
        scope.say(codes.PORTS, expr.span, f"`{expr.span.shown}` makes several tensors side by side", help=help_)
    if outputs and "out" not in outputs:
        help_ = f"read one by its name: {' or '.join(f'`y.{name}`' for name in outputs)} of `y = …`"
        scope.say(
            codes.PORTS, expr.span, f"`{expr.span.shown}` has {len(outputs)} outputs, none called `out`", help=help_
        )
    if got.type.name == "instance" and isinstance(expr, Name):
        scope.reads.setdefault(expr.text, expr.span)


def example(signature: Signature) -> str:
    """A call with what must be given, by name."""
    arguments = ", ".join(f"{slot.name} = …" for slot in signature.slots if slot.required)
    return f"{signature.name}({arguments})"


def _way_out(got: Meaning, wanted: Type) -> str:
    if is_tensor(got):
        return "tensors flow along arrows, as in `x -> linear(4)`; what stands in a call is a parameter"
    if wanted.name == "rule":
        return "a rule says who feeds whom, as in `by (i -> i + 1)` or `by random(fan_in = 8)`"
    if wanted.name == "module" and got.type.name == "instance":
        return "a label is one layer with its weights; give what it is made of, as in `wide = conv(64, 3)`"
    if wanted.listed and is_number(got):
        return "put it into brackets, as in `[8]`"
    return ""
