"""Expressions over many rows at once. What arrays cannot do is done row by row, by the evaluator of single values."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypeGuard, TypeVar

import numpy as np

from connc.compiler.relations import exact
from connc.compiler.relations.arrays import Bools, Ints
from connc.compiler.relations.exact import Column, Odd
from connc.compiler.relations.rows import Rows
from connc.dsl import tree
from connc.dsl.evaluate import Budget, Evaluator, Value
from connc.dsl.limits import Limits
from connc.dsl.source import Span
from connc.dsl.tree import Expr

Vector = Column | Bools | Value  # a value that is neither of the first two is that of all rows
Evaluators = Callable[[Mapping[str, Value], Budget], Evaluator]
T = TypeVar("T")
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_ROWS_A_STEP = 1 << 10  # so much faster are arrays


class Meter(Budget):
    """A budget whose steps somebody else counts."""

    def __init__(self, steps: Callable[[int], None]) -> None:
        super().__init__(Limits())
        self._steps = steps

    def spend(self, count: int, span: Span, estimate: int = 0) -> None:
        self._steps(count)


class Vectors:
    """Evaluates over rows; raises `Refusal` where an expression has no value in one of them."""

    def __init__(self, steps: Callable[[int], None], evaluator: Evaluators = Evaluator) -> None:
        self.steps, self.meter, self.evaluator = steps, Meter(steps), evaluator

    def numbers(self, expr: Expr, rows: Rows) -> Column:
        """The value in each row, which is a number."""
        value = self.value(expr, rows)
        column = _as_column(value)
        if column is not None:
            return column
        return Column.of([self.single(expr, rows, 0).whole(expr)])  # which refuses it

    def wholes(self, expr: Expr, rows: Rows) -> Column:
        """The value in each row, which is a whole number."""
        column = self.numbers(expr, rows)
        if column.den is not None:
            self.single(expr, rows, int(np.argmax(column.den != 1))).whole(expr)
        return column

    def truth(self, expr: Expr, rows: Rows) -> Bools:
        """Where a condition holds."""
        value = self.value(tree.Operation(expr.span, ("and",), (expr,)), rows)
        if isinstance(value, np.ndarray):
            return value
        return np.full(rows.count, value, dtype=np.bool_)

    def value(self, expr: Expr, rows: Rows) -> Vector:
        """The value in each row, or of all rows; there is at least one."""
        self.steps(1 + rows.count // _ROWS_A_STEP)
        try:
            return self._value(expr, rows)
        except Odd as odd:
            if odd.row is not None and odd.row < rows.count:
                self.single(expr, rows, odd.row)(expr)
            return self._row_by_row(expr, rows)

    def single(self, expr: Expr, rows: Rows, row: int) -> Evaluator:
        """What evaluates in one row."""
        self.steps(1 + sum(1 for _ in tree.walk(expr)))
        return self.evaluator(rows.names(row), self.meter)

    def _row_by_row(self, expr: Expr, rows: Rows) -> Vector:
        values = [self.single(expr, rows, row)(expr) for row in range(rows.count)]
        if all(isinstance(value, bool) for value in values):
            return np.array(values, dtype=np.bool_)
        if all(map(is_number, values)):
            return Column.of(values)
        return values[0]  # of a wrong kind, which whoever asks refuses

    # --- one node; `Odd` where arrays cannot do it

    def _value(self, expr: Expr, rows: Rows) -> Vector:
        if not any(isinstance(node, tree.Name) and node.text in rows.columns for node in tree.walk(expr)):
            return self.evaluator(rows.shared, self.meter)(expr)
        match expr:
            case tree.Name(text=text):
                return rows.columns[text]
            case tree.Unary(operator="not", operand=operand):
                return ~self._mask(operand, rows)
            case tree.Unary(operand=operand):
                return exact.negative(self._number(operand, rows))
            case tree.Operation():
                return self._operation(expr, rows)
            case tree.Choice():
                return self._choice(expr, rows)
            case tree.Call(callee=tree.Name(text=name), arguments=arguments) if name in exact.FUNCTIONS:
                return self._call(name, [argument.value for argument in arguments], rows)
            case tree.Subscript(base=base, items=(index,)) if not isinstance(index, tree.Range):
                return self._item(base, index, rows)
        raise Odd

    def _number(self, expr: Expr, rows: Rows) -> Column:
        column = _as_column(self._value(expr, rows))
        if column is None:
            raise Odd
        return self._paid(column)

    def _paid(self, column: Column) -> Column:
        """Python's numbers cost a step each, as single values do."""
        if column.big:
            self.steps(column.rows)
        return column

    def _mask(self, expr: Expr, rows: Rows) -> Bools:
        value = self._value(expr, rows)
        if isinstance(value, bool):
            return np.full(rows.count, value, dtype=np.bool_)
        if isinstance(value, np.ndarray):
            return value
        raise Odd

    def _operation(self, expr: tree.Operation, rows: Rows) -> Vector:
        first = expr.operators[0]
        if first in ("and", "or"):
            return self._logic(first == "or", expr.operands, rows)
        if first not in _COMPARISONS:
            return self._arithmetic(expr, rows)
        columns = [self._number(operand, rows) for operand in expr.operands]
        result = np.ones(rows.count, dtype=np.bool_)
        for operator, (a, b) in zip(expr.operators, itertools.pairwise(columns), strict=True):
            result &= exact.compare(operator, a, b)
        return result

    def _arithmetic(self, expr: tree.Operation, rows: Rows) -> Column:
        result = self._number(expr.operands[0], rows)
        for operator, operand in zip(expr.operators, expr.operands[1:], strict=True):
            if operator not in exact.ARITHMETIC:
                raise Odd
            result = self._paid(exact.ARITHMETIC[operator](result, self._number(operand, rows)))
        return result

    def _logic(self, stop: bool, operands: Sequence[Expr], rows: Rows) -> Bools:
        """`and` and `or` go on where the result is not known yet."""
        result = np.full(rows.count, not stop, dtype=np.bool_)
        waiting = np.arange(rows.count)
        for operand in operands:
            if not waiting.size:
                break
            found = self._within(operand, rows, waiting, self._mask) == stop
            result[waiting[found]] = stop
            waiting = waiting[~found]
        return result

    def _choice(self, expr: tree.Choice, rows: Rows) -> Vector:
        waiting = np.arange(rows.count)
        chosen: list[tuple[Ints, Vector]] = []
        for case in expr.cases:
            if waiting.size:
                holds = self._within(case.condition, rows, waiting, self._mask)
                self._choose(case.value, rows, waiting[holds], chosen)
                waiting = waiting[~holds]
        self._choose(expr.otherwise, rows, waiting, chosen)
        return _merged(rows.count, chosen)

    def _choose(self, expr: Expr, rows: Rows, some: Ints, chosen: list[tuple[Ints, Vector]]) -> None:
        if some.size:
            chosen.append((some, self._within(expr, rows, some, self._value)))

    def _within(self, expr: Expr, rows: Rows, some: Ints, evaluate: Callable[[Expr, Rows], T]) -> T:
        """Evaluate in some of the rows."""
        try:
            return evaluate(expr, rows if some.size == rows.count else rows.take(some))
        except Odd as odd:
            raise Odd(None if odd.row is None else int(some[odd.row])) from None

    def _call(self, name: str, arguments: Sequence[Expr], rows: Rows) -> Column:
        match arguments:
            case [tree.ListOf(items=items)] if items:
                arguments = items
        return self._paid(exact.FUNCTIONS[name](*(self._number(argument, rows) for argument in arguments)))

    def _item(self, base: Expr, index: Expr, rows: Rows) -> Column:
        values = self._value(base, rows)
        if not isinstance(values, tuple) or not all(map(is_number, values)):
            raise Odd
        at = self._number(index, rows).whole()
        outside = (at < -len(values)) | (at >= len(values))
        if bool(outside.any()):
            raise Odd(int(np.argmax(outside)))
        return self._paid(Column.of(values).take(np.mod(at, len(values)).astype(np.int64)))


def _merged(count: int, parts: Sequence[tuple[Ints, Vector]]) -> Vector:
    """One value in each row, from some rows each."""
    places, values = zip(*parts, strict=True)
    columns = [column for value in values if (column := _as_column(value)) is not None]
    if len(columns) == len(values):
        return exact.scattered(count, places, columns)
    if all(isinstance(value, np.ndarray | bool) for value in values):
        result = np.zeros(count, dtype=np.bool_)
        for rows, value in zip(places, values, strict=True):
            result[rows] = value
        return result
    raise Odd


def _as_column(value: Vector) -> Column | None:
    """What is a number, in each row or in all, as a column."""
    if isinstance(value, Column):
        return value
    return Column.of([value]) if is_number(value) else None


def is_number(value: object) -> TypeGuard[int | Fraction]:
    return isinstance(value, int | Fraction) and not isinstance(value, bool)
