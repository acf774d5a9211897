"""Exact, bounded evaluation of expressions whose names all have values.

Numbers are ints and fractions, whole fractions are ints, lists are tuples. What is bounded here: the size of a number
(4096 bits) and the steps that the evaluations of a check may take; nothing recurses but the nesting of the text.
What is outside of loops costs no steps, because the text bounds it. Values of other kinds, rules, layers and tensors,
are known to those who derive from `Evaluator`.
"""

from __future__ import annotations

import itertools
import math
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

Value = Any  # int, Fraction, bool, str, FREE, or a tuple of values; whoever derives from `Evaluator` may have more
LARGEST_BITS = 4096
_SHOWN, _LONGEST = 8, 40  # items of a list and characters of a number, in a message
_LONG = 10**40  # of whose digits a float is not asked


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


class Exhausted(Exception):
    """All steps are taken, which has been reported."""


class Budget:
    """What all evaluations of a check share of one limit, so that many small bombs are no better than one."""

    def __init__(self, limits: Limits, what: str = "steps") -> None:
        self.limits, self.what = limits, what
        self.left: int = getattr(limits, what)

    def spend(self, count: int, span: Span, estimate: int = 0) -> None:
        """Take some; `estimate` is how many are taken in the end, where that is known."""
        if self.left < 0:
            raise Exhausted
        self.left -= count
        if self.left < 0:
            raise Refusal(self.limits.exceeded(self.what, span, estimate, known=bool(estimate)))


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
            few = ", ".join("[…]" if isinstance(item, tuple) else shown_value(item) for item in value[:_SHOWN])
            return f"[{few}{', …' * (len(value) > _SHOWN)}]"
        case Fraction() if (
            abs(value.numerator) < _LONG > value.denominator and Fraction(f"{float(value):.12g}") == value
        ):
            return f"{float(value):.12g}"
        case Fraction():
            return f"{shown_value(value.numerator)} / {shown_value(value.denominator)}"
    digits = str(value)
    return digits if len(digits) <= _LONGEST else f"{digits[: _LONGEST // 2]}… ({len(digits)} digits)"


class Evaluator:
    """Evaluates in one scope, which may go on growing; raises `Refusal` where an expression has no value."""

    def __init__(self, names: Mapping[str, Value], budget: Budget) -> None:
        around = names.maps if isinstance(names, ChainMap) else [cast(MutableMapping[str, Value], names)]
        self.names: ChainMap[str, Value] = ChainMap({}, *around)
        self.spend = budget.spend
        self.loops = 0  # that are running

    def __call__(self, expr: Expr) -> Value:
        """The value of a whole expression."""
        self.names.maps[0].clear()
        self.loops = 0
        return self.value(expr)

    def value(self, expr: Expr) -> Value:
        if self.loops:
            self.spend(1, expr.span)
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
            case tree.Subscript():
                return self.subscript(expr)
            case tree.Call():
                return self.call(expr)
            case tree.Unary(operator="not", operand=operand):
                return not self._truth(operand)
            case tree.Unary(operand=operand):
                return self.combined(expr, ("*",), (-1, self.value(operand)))
            case tree.Operation():
                return self._operation(expr)
            case tree.Choice(cases=cases, otherwise=otherwise):
                return self.value(next((c.value for c in cases if self._truth(c.condition)), otherwise))
        return self.other(expr)

    def call(self, expr: tree.Call) -> Value:
        """The value of a call: here, of a function of numbers."""
        assert isinstance(expr.callee, tree.Name)
        values = [self.value(argument.value) for argument in expr.arguments]
        return self._apply(FUNCTIONS[expr.callee.text], values, expr.span)

    def subscript(self, expr: tree.Subscript) -> Value:
        """What brackets choose: here, from a list."""
        return self._item(self._list(expr.base), expr.items[0])

    def combined(self, expr: tree.Unary | tree.Operation, operators: Sequence[str], values: Sequence[Value]) -> Value:
        """What operators make of values: here, of numbers."""
        nodes = expr.operands if isinstance(expr, tree.Operation) else (expr.operand, expr.operand)
        result, *others = [_number(value, node.span) for value, node in zip(values, nodes, strict=True)]
        for operator_, other in zip(operators, others, strict=True):
            result = self._arithmetic(operator_, result, other, expr.span)
        return result

    def other(self, expr: Expr) -> Value:
        """The value of an expression that is none of numbers and lists."""
        raise AssertionError(f"{type(expr).__name__} has no value of its own")

    def _truth(self, expr: Expr) -> bool:
        value = self.value(expr)
        if isinstance(value, bool):
            return value
        raise Refusal(codes.TYPE.at(expr.span, f"a condition is true or false, not {shown_value(value)}"))

    def _list(self, expr: Expr) -> tuple[Value, ...]:
        value = self.value(expr)
        if isinstance(value, tuple):
            return value
        raise Refusal(codes.TYPE.at(expr.span, f"`{expr.span.shown}` is {shown_value(value)}, and a list is due"))

    def whole(self, expr: Expr) -> int:
        """The value where a whole number is due."""
        value = _number(self.value(expr), expr.span)
        if isinstance(value, int):
            return value
        message = f"`{expr.span.shown}` is {shown_value(value)}, and a whole number is due"
        raise Refusal(codes.WHOLE.at(expr.span, message, help="`floor`, `ceil` and `round` make one"))

    # --- lists

    def _comprehension(self, expr: tree.Comprehension) -> Iterator[Value]:
        self.loops += 1
        for _ in self._loop(expr.loops):
            if expr.condition is None or self._truth(expr.condition):
                yield self.value(expr.value)
        self.loops -= 1

    def _loop(self, loops: Sequence[tree.Loop]) -> Iterator[None]:
        """Bind the loops' names to each of their values in turn, the first loop outermost."""
        running = [iter(self._run(loops[0].values))]
        while running:
            name = loops[len(running) - 1].name.text
            for value in running[-1]:
                self.spend(1, loops[0].values.span)
                self.names[name] = value
                if len(running) == len(loops):
                    yield
                else:
                    running.append(iter(self._run(loops[len(running)].values)))
                    break
            else:
                self.names.pop(name, None)
                running.pop()

    def _run(self, values: Expr) -> Iterable[Value]:
        if not isinstance(values, tree.Range):
            return self._list(values)
        first = self.whole(values.first)
        return range(first, self.whole(values.last) + 1 if values.last else first)

    def _item(self, base: Sequence[Value], index: Expr) -> Value:
        if isinstance(index, tree.Range):
            first, last = self.whole(index.first), self.whole(index.last) if index.last else -1
            first, last = (end + len(base) if end < 0 else end for end in (first, last))
            if first <= last and self._inside(first, base, index) and self._inside(last, base, index):
                self.spend(last - first + 1, index.span)
                return tuple(base[i] for i in range(first, last + 1))
            if not 0 <= first <= len(base):
                self._inside(first, base, index)
            return ()
        at = self.whole(index)
        return base[at] if self._inside(at, base, index) else None

    def _inside(self, at: int, base: Sequence[Value], index: Expr) -> bool:
        if -len(base) <= at < len(base):
            return True
        message = f"index {shown_value(at)} is outside of a list of {len(base)}"
        help_ = f"it goes from 0 to {len(base) - 1}, and -1 is the last" if base else "the list is empty"
        raise Refusal(codes.INDEX.at(index.span, message, help=help_))

    # --- functions and operators

    def _apply(self, function: Function, arguments: Sequence[Value], span: Span) -> Value:
        if function.name == "len":
            return len(arguments[0])
        if function.listed and len(arguments) == 1 and isinstance(arguments[0], tuple):
            arguments = arguments[0]
            self.spend(len(arguments), span)
        if not arguments:
            if function.name == "sum":
                return 0
            raise Refusal(codes.EMPTY.at(span, f"`{function.name}` of an empty list has no value"))
        numbers = [_number(argument, span) for argument in arguments]
        if function.name == "mod" and not numbers[1]:
            raise Refusal(codes.ZERO.at(span, "remainder of a division by zero"))
        if function.name in ("sum", "mean"):
            self._check_sum(numbers, span)
        result = normal(function.apply(*numbers))
        self._check_size(_bits(result), span)
        return result

    def _check_sum(self, numbers: Sequence[int | Fraction], span: Span) -> None:
        """Their common denominator is what grows without end."""
        common = 1
        for denominator in {number.denominator for number in numbers}:
            common = math.lcm(common, denominator)
            self._check_size(common.bit_length(), span)
        self.spend(len(numbers) * (common.bit_length() >> 6), span)

    def _operation(self, expr: tree.Operation) -> Value:
        operators, operands = expr.operators, expr.operands
        if operators[0] in ("and", "or"):
            stop = operators[0] == "or"
            return stop if any(self._truth(operand) is stop for operand in operands) else not stop
        if operators[0] in _COMPARE:
            values = [self.value(operand) for operand in operands]
            pairs = zip(operators, itertools.pairwise(values), strict=True)
            return all(self._compare(operator_, a, b, expr.span) for operator_, (a, b) in pairs)
        return self.combined(expr, operators, [self.value(operand) for operand in operands])

    def _compare(self, operator_: str, a: Value, b: Value, span: Span) -> bool:
        if operator_ in ("==", "!="):
            return self._equal(a, b, span) is (operator_ == "==")
        return _COMPARE[operator_](_number(a, span), _number(b, span))

    def _equal(self, a: Value, b: Value, span: Span) -> bool:
        """Python's own comparison of lists in lists would recurse, and go through what is shared again and again."""
        waiting = [(a, b)]
        while waiting:
            a, b = waiting.pop()
            if isinstance(a, tuple) and isinstance(b, tuple):
                if len(a) != len(b):
                    return False
                self.spend(len(a), span)
                waiting += zip(a, b, strict=True)
            elif a != b:
                return False
        return True

    def _arithmetic(self, operator_: str, a: Any, b: Any, span: Span) -> Value:
        if (operator_ == "/" and not b) or (operator_ == "^" and not a and b < 0):
            raise Refusal(codes.ZERO.at(span, "division by zero"))
        if operator_ == "^":
            self._check_power(a, b, span)
        result = normal(_ARITHMETIC[operator_](a, b))
        bits = _bits(result)
        self._check_size(bits, span)
        if bits >= 64:  # large numbers take longer
            self.spend(bits >> 6, span)
        return result

    def _check_power(self, base: Any, exponent: Any, span: Span) -> None:
        if not isinstance(exponent, int):
            message = f"an exponent is a whole number, not {shown_value(exponent)}"
            raise Refusal(codes.WHOLE.at(span, message, help="numbers are exact, and roots are not"))
        if base not in (0, 1, -1):  # what the result has at least
            self._check_size((_bits(base) - 1) * abs(exponent), span)

    def _check_size(self, bits: int, span: Span) -> None:
        if bits > LARGEST_BITS:
            raise Refusal(codes.TOO_LARGE.at(span, f"a number of more than {LARGEST_BITS} bits"))


def _number(value: Value, span: Span) -> int | Fraction:
    if isinstance(value, int | Fraction) and not isinstance(value, bool):
        return value
    raise Refusal(codes.TYPE.at(span, f"`{span.shown}` calculates with `{shown_value(value)}`, which is no number"))


def _bits(number: int | Fraction) -> int:
    return max(number.numerator.bit_length(), number.denominator.bit_length())
