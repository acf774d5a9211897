"""Precedence, as data, and the folding of a flat list of operators into nodes.

The nodes are as flat as the text: one node holds all operands of one precedence, so that no length of text nests. Only
powers do, and layout.py counts each as a level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from connc.dsl.source import Span
from connc.dsl.tree import Expr, Operation, Unary

COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
# Loosest first. `not` binds what comparisons join, unary `-` what `^` joins, and `^` groups to the right.
LOGIC = (frozenset({"or"}), frozenset({"and"}))
ARITHMETIC = (frozenset({"|"}), frozenset({"&"}), frozenset({"+", "-"}), frozenset({"*", "/", "@"}))


class Operand(NamedTuple):
    """An operand, and the place of the `-` or `not` in front of it."""

    value: Expr
    prefix: Span | None = None


Innermost = Callable[[Sequence[str], Sequence[Operand]], Expr]


def fold(
    operators: Sequence[str], operands: Sequence[Operand], levels: Sequence[frozenset[str]], innermost: Innermost
) -> Expr:
    """One node of `operands` with `operators` between them; `innermost` folds what binds tighter than all levels."""
    if not levels:
        return innermost(operators, operands)
    cuts = [i for i, operator in enumerate(operators) if operator in levels[0]]
    if not cuts:
        return fold(operators, operands, levels[1:], innermost)
    starts, stops = [0, *(i + 1 for i in cuts)], [*(i + 1 for i in cuts), len(operands)]
    parts = [
        fold(operators[start : stop - 1], operands[start:stop], levels[1:], innermost)
        for start, stop in zip(starts, stops, strict=True)
    ]
    return _join(tuple(operators[i] for i in cuts), tuple(parts))


def fold_powers(operators: Sequence[str], operands: Sequence[Operand]) -> Expr:
    """`x ^ y ^ z`, to the right; a minus takes the whole power behind it: `-2 ^ 2` is -4."""
    result = _prefixed("-", operands[-1])
    for value, minus in reversed(operands[:-1]):
        result = _prefixed("-", Operand(_join(("^",), (value, result)), minus))
    return result


def fold_comparisons(operators: Sequence[str], operands: Sequence[Operand]) -> Expr:
    """`a < b <= c`; a `not` takes the whole comparison behind it."""
    value = _join(tuple(operators), tuple(o.value for o in operands)) if operators else operands[0].value
    return _prefixed("not", Operand(value, operands[0].prefix))


def _join(operators: tuple[str, ...], operands: tuple[Expr, ...]) -> Expr:
    return Operation(operands[0].span.to(operands[-1].span), operators, operands)


def _prefixed(operator: str, operand: Operand) -> Expr:
    value, prefix = operand
    return value if prefix is None else Unary(prefix.to(value.span), operator, value)
