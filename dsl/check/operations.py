"""The meaning of operators and choices: what they combine, and which of their values count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connc.dsl import codes, tree
from connc.dsl.check.expect import complete, condition, evaluated, meaning, means, output, size
from connc.dsl.check.meaning import (
    ANY,
    NUMBER,
    RULED,
    TENSOR,
    TRUTH,
    WHOLE,
    Meaning,
    common,
    is_any,
    is_number,
    is_tensor,
    words,
)
from connc.dsl.check.scope import Scope
from connc.dsl.operators import COMPARISONS
from connc.dsl.tree import Expr

_RULE_OPERATORS = frozenset("|&-@")
_TENSOR_OPERATORS = frozenset("+-*/")


@means(tree.Unary)
def _unary(expr: tree.Unary, scope: Scope) -> Meaning:
    if expr.operator == "not":
        return replace(TRUTH, constant=condition(expr.operand, scope))
    operand = meaning(expr.operand, scope)
    if is_number(operand) or is_any(operand):
        return operand
    if is_tensor(operand):
        return TENSOR
    scope.say(codes.TYPE, expr.span, f"`-` takes numbers and tensors, not {words(operand.type)}")
    return ANY


def _junction(expr: tree.Operation, scope: Scope) -> bool:
    """Check the operands of `and` or `or`, those behind a deciding one for names and types only."""
    stop = expr.operators[0] == "or"
    constant, decided = True, False
    for operand in expr.operands:
        truth = _decision(operand, scope, decided)
        constant = constant and truth is not None
        decided = decided or truth is stop
    return constant


@means(tree.Operation)
def _operation(expr: tree.Operation, scope: Scope) -> Meaning:
    if expr.operators[0] in ("and", "or"):
        return replace(TRUTH, constant=_junction(expr, scope))
    operands = [meaning(operand, scope) for operand in expr.operands]
    if expr.operators[0] in COMPARISONS:
        return _comparison(expr, operands, scope)
    if any(is_any(operand) for operand in operands):
        return next((o for o in operands if is_tensor(o) or o.type.name == "rule"), ANY)
    constant = all(operand.constant for operand in operands)
    if all(is_number(operand) for operand in operands) and not {*expr.operators} & {"|", "&", "@"}:
        whole = all(o.type.name == "int" for o in operands) and not {"/", "^"} & {*expr.operators}
        return replace(WHOLE if whole else NUMBER, constant=constant)
    if all(operand.type.name == "rule" for operand in operands) and _RULE_OPERATORS.issuperset(expr.operators):
        for node, operand in zip(expr.operands, operands, strict=True):
            complete(node, operand, scope)
        return RULED
    if all(is_tensor(o) or is_number(o) for o in operands) and _TENSOR_OPERATORS.issuperset(expr.operators):
        return _tensor(expr, operands, scope)
    return _unfit(expr, operands, scope)


def _tensor(expr: tree.Operation, operands: Sequence[Meaning], scope: Scope) -> Meaning:
    """Tensors are added, subtracted and multiplied with tensors, and scaled by numbers: multiplied or divided."""
    for node, operand in zip(expr.operands, operands, strict=True):
        if is_tensor(operand):
            output(node, operand, scope)
    for sign, operand, node in zip(expr.operators, operands[1:], expr.operands[1:], strict=True):
        if sign == "/" and is_tensor(operand):
            scope.say(codes.TYPE, node.span, "nothing is divided by a tensor", help="a tensor is divided by a number")
            return ANY
    if {"+", "-"} & {*expr.operators} and (numbers := [o for o in operands if is_number(o)]):
        node = expr.operands[operands.index(numbers[0])]
        help_ = "numbers scale: `2 * x`, `x / 2`; a learned shift is what `bn` and a bias are for"
        scope.say(codes.TYPE, node.span, "a number is not added to a tensor", help=help_)
        return ANY
    return TENSOR


def _unfit(expr: tree.Operation, operands: Sequence[Meaning], scope: Scope) -> Meaning:
    """Report operands that do not go together; a layer instead of its output is the likeliest mistake."""
    first, other = operands[0], next((o for o in operands if o.type != operands[0].type), operands[0])
    kinds = f"{words(first.type)} and {words(other.type)}"
    signs = " ".join(dict.fromkeys(f"`{operator}`" for operator in expr.operators))
    help_ = ""
    if "module" in (first.type.name, other.type.name):
        help_ = "a layer has an output only where something flows through it; name that, as in `h = in -> relu`"
    elif first.type.name == other.type.name == "rule":
        help_ = "rules combine with `|`, `&`, `-` and `@`"
    elif first.type.name == "str":
        help_ = "strings are written down as they are; nothing is made of them"
    elif {"|", "&"} & {*expr.operators}:
        help_ = "`|`, `&` and `@` combine rules; truth values take `and` and `or`"
    scope.say(codes.TYPE, expr.span, f"{signs} cannot combine {kinds}", help=help_)
    return ANY


def _comparison(expr: tree.Operation, operands: Sequence[Meaning], scope: Scope) -> Meaning:
    constant = all(operand.constant for operand in operands)
    ordered = not {"<", "<=", ">", ">="}.isdisjoint(expr.operators)
    for node, operand in zip(expr.operands, operands, strict=True):
        comparable = (
            is_number(operand) if ordered else operand.type.name not in ("rule", "module", "tensor", "function")
        )
        if not comparable and not is_any(operand):
            message = f"{words(operand.type)} cannot be compared"
            scope.say(codes.TYPE, node.span, f"{message} by size" if ordered else message)
            return replace(TRUTH, constant=False)
    for a, b, node in zip(operands, operands[1:], expr.operands[1:], strict=False):
        if common(a, b) is None:
            scope.say(codes.TYPE, node.span, f"{words(a.type)} is never equal to {words(b.type)}")
            constant = False
    return replace(TRUTH, constant=constant and not any(is_any(operand) for operand in operands))


def _decision(expr: Expr, scope: Scope, decided: bool) -> bool | None:
    """Check a condition; its value, where that is known and still matters."""
    with scope.quietly(decided):
        known = condition(expr, scope)
        value = evaluated(expr, scope) if known else None
    return value if isinstance(value, bool) else True if known and decided else None


def _unless(passed_over: bool, expr: Expr, scope: Scope) -> Meaning:
    """The meaning of what may be passed over: then its names and types count, and its values do not."""
    with scope.quietly(passed_over):
        return size(expr, scope)


@means(tree.Choice)
def _choice(expr: tree.Choice, scope: Scope) -> Meaning:
    known, values, decided = True, [], False
    for case in expr.cases:
        truth = _decision(case.condition, scope, decided)
        known = known and truth is not None
        values.append(_unless(decided or truth is False, case.value, scope))
        decided = decided or truth is True
    result = _unless(decided, expr.otherwise, scope)
    for case, value in zip(reversed(expr.cases), reversed(values), strict=True):
        both = common(value, result)
        if both is None:
            message = f"the values of a choice are of one kind, not {words(value.type)} and {words(result.type)}"
            scope.say(codes.TYPE, case.value.span, message)
            return ANY
        result = both
    return replace(result, constant=result.constant and known)
