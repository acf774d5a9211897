"""Exact, bounded evaluation of expressions whose names all have values.

Numbers are ints and fractions, whole fractions are ints, lists are tuples. What is bounded here: the size of a number
(4096 bits) and the steps that one evaluation may take; nothing recurses but the nesting of the text.
"""

from __future__ import annotations

import itertools
import operator
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from fractions import Fraction
from typing import Any, cast

from connc.dsl import codes, tree
from connc.dsl.diagnostic import Refusal
from connc.dsl.functions import FUNCTIONS, Function
from connc.dsl.limits import Limits
from connc.dsl.source import Span
from connc.dsl.tree import Expr

Value = Any  # int, Fraction, bool, str, FREE, or a tuple of values
LARGEST_BITS = 4096


class Free:
    """`_` in a shape: any size."""

    def __repr__(self) -> str:
        return "_"


FREE = Free()

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: Fraction(a) / b,
    "^": lambda a, b: Fraction(a) ** b,
}


def normal(number: int | Fraction) -> int | Fraction:
    """A whole fraction as an int."""
    return number.numerator if isinstance(number, Fraction) and number.denominator == 1 else number


def shown_value(value: Value) -> str:
    """A value as the language writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case tuple():
            return f"[{', '.join(shown_value(item) for item in value)}]"
        case Fraction() if _terminates(value):
            return f"{float(value):.12g}"
        case Fraction():
            return f"{value.numerator} / {value.denominator}"
    return str(value)


def _terminates(value: Fraction) -> bool:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1 and value.denominator < 10**9 and abs(value) < 10**9


class Evaluator:
    """Evaluates in one scope, which may go on growing; raises `Refusal` where an expression has no value."""

    def __init__(self, names: Mapping[str, Value], limits: Limits) -> None:
        self.names: ChainMap[str, Value] = ChainMap({}, cast(MutableMapping[str, Value], names))
        self.limits = limits
        self.steps = 0

    def __call__(self, expr: Expr) -> Value:
        """The value of a whole expression."""
        self.steps = 0
        return self.value(expr)

    def value(self, expr: Expr) -> Value:
        self.steps += 1
        if self.steps > self.limits.steps:
            raise Refusal(self.limits.exceeded("steps", expr.span, 10 * self.limits.steps))
        match expr:
            case tree.Name(text="_"):
                return FREE
            case tree.Name(text=text):
                return self.names[text]
            case tree.Number(value=number):
                return normal(number)
            case tree.String(value=value) | tree.Truth(value=value):
                return value
            case tree.ListOf(items=items):
                return tuple(self.value(item) for item in items)
            case tree.Comprehension():
                return tuple(self._comprehension(expr))
            case tree.Subscript(base=base, items=(index,)):
                return self._item(self.value(base), index)
            case tree.Call(callee=tree.Name(text=name), arguments=arguments):
                return self._apply(FUNCTIONS[name], [self.value(a.value) for a in arguments], expr.span)
            case tree.Unary(operator=operator_, operand=operand):
                return not self.value(operand) if operator_ == "not" else -self.value(operand)
            case tree.Operation():
                return self._operation(expr)
            case tree.Choice(cases=cases, otherwise=otherwise):
                return self.value(next((c.value for c in cases if self.value(c.condition)), otherwise))
        raise AssertionError(f"{type(expr).__name__} has no value of its own")

    def _comprehension(self, expr: tree.Comprehension) -> Iterator[Value]:
        for _ in self._loop(expr.loops):
            if expr.condition is None or self.value(expr.condition):
                yield self.value(expr.value)

    def _loop(self, loops: Sequence[tree.Loop]) -> Iterator[None]:
        """Bind the loops' names to each of their values in turn, the first loop outermost."""
        if not loops:
            yield
            return
        name = loops[0].name.text
        for value in self._run(loops[0].values):
            self.names[name] = value
            yield from self._loop(loops[1:])
        self.names.pop(name, None)

    def _run(self, values: Expr) -> Iterable[Value]:
        if not isinstance(values, tree.Range):
            return cast(Iterable[Value], self.value(values))
        first = self.whole(values.first)
        return range(first, self.whole(values.last) + 1 if values.last else first)

    def whole(self, expr: Expr) -> int:
        """The value where a whole number is due."""
        value = self.value(expr)
        if isinstance(value, int):
            return value
        message = f"`{expr.span.shown}` is {shown_value(value)}, and a whole number is due"
        raise Refusal(codes.WHOLE.at(expr.span, message, help="`floor`, `ceil` and `round` make one"))

    def _item(self, base: Sequence[Value], index: Expr) -> Value:
        if isinstance(index, tree.Range):
            first, last = self.whole(index.first), self.whole(index.last) if index.last else -1
            first, last = (end + len(base) if end < 0 else end for end in (first, last))
            return tuple(base[i] for i in range(first, last + 1) if self._inside(i, base, index))
        at = self.whole(index)
        return base[at] if self._inside(at, base, index) else None

    def _inside(self, at: int, base: Sequence[Value], index: Expr) -> bool:
        if -len(base) <= at < len(base):
            return True
        message = f"index {at} is outside of a list of {len(base)}"
        help_ = f"it goes from 0 to {len(base) - 1}, and -1 is the last" if base else "the list is empty"
        raise Refusal(codes.INDEX.at(index.span, message, help=help_))

    def _apply(self, function: Function, arguments: list[Value], span: Span) -> Value:
        if function.listed and len(arguments) == 1 and isinstance(arguments[0], tuple):
            arguments = list(arguments[0])
        if not arguments:
            if function.name == "sum":
                return 0
            raise Refusal(codes.EMPTY.at(span, f"`{function.name}` of an empty list has no value"))
        if function.name == "mod" and not arguments[1]:
            raise Refusal(codes.ZERO.at(span, "remainder of a division by zero"))
        return normal(function.apply(*arguments))

    def _operation(self, expr: tree.Operation) -> Value:
        operators, operands = expr.operators, expr.operands
        if operators[0] in ("and", "or"):
            stop = operators[0] == "or"
            return stop if any(self.value(operand) is stop for operand in operands) else not stop
        if operators[0] in _COMPARE:
            values = [self.value(operand) for operand in operands]
            return all(_COMPARE[o](a, b) for o, (a, b) in zip(operators, itertools.pairwise(values), strict=True))
        if operators[0] == "^":  # to the right
            operators, operands = operators[::-1], operands[::-1]
        result = self.value(operands[0])
        for operator_, operand in zip(operators, operands[1:], strict=True):
            pair = (self.value(operand), result) if operator_ == "^" else (result, self.value(operand))
            result = self._arithmetic(operator_, *pair, expr.span)
        return result

    def _arithmetic(self, operator_: str, a: Any, b: Any, span: Span) -> Value:
        if (operator_ == "/" and not b) or (operator_ == "^" and not a and b < 0):
            raise Refusal(codes.ZERO.at(span, "division by zero"))
        if operator_ == "^":
            self._check_power(a, b, span)
        result = normal(_ARITHMETIC[operator_](a, b))
        self._check_size(_bits(result), span)
        self.steps += _bits(result) >> 6  # large numbers take longer
        return result

    def _check_power(self, base: Any, exponent: Any, span: Span) -> None:
        if not isinstance(exponent, int):
            message = f"an exponent is a whole number, not {shown_value(exponent)}"
            raise Refusal(codes.WHOLE.at(span, message, help="numbers are exact, and roots are not"))
        self._check_size(_bits(base) * abs(exponent) if base not in (0, 1, -1) else 0, span)

    def _check_size(self, bits: int, span: Span) -> None:
        if bits > LARGEST_BITS:
            raise Refusal(codes.TOO_LARGE.at(span, f"a number of more than {LARGEST_BITS} bits"))


def _bits(number: Any) -> int:
    fraction = Fraction(number)
    return max(fraction.numerator.bit_length(), fraction.denominator.bit_length())
