"""Arithmetic of tensors as layers: `a + b` is `sum`, `a * b` is `mul`, a factor is `gain`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from connc.compiler.elaborate.draft import Draft
from connc.compiler.elaborate.values import Recipe, Tensor
from connc.compiler.ops import OPS
from connc.dsl.evaluate import Value, normal
from connc.dsl.source import Span


def arithmetic(
    draft: Draft, names: Sequence[str], operators: Sequence[str], values: Sequence[Value], span: Span
) -> Value:
    """What comes out; `names` are those of the layers that it makes, in order."""
    name = iter(names)
    if operators[0] in "+-":
        return _sum(draft, name, operators, values, span)
    factor, tensors = Fraction(1), []
    for operator, value in zip(("*", *operators), values, strict=True):
        if isinstance(value, Tensor):
            tensors.append(value)
        else:
            factor = factor / value if operator == "/" else factor * value
    made = _put(draft, next(name), "mul", (), tensors, span) if len(tensors) > 1 else tensors[0]
    if len(tensors) < len(values):
        return _put(draft, next(name), "gain", (("factor", normal(factor)),), [made], span)
    return made


def _sum(draft: Draft, name: Iterator[str], operators: Sequence[str], values: Sequence[Tensor], span: Span) -> Value:
    terms = [
        _put(draft, next(name), "gain", (("factor", -1),), [value], span) if operator == "-" else value
        for operator, value in zip(("+", *operators), values, strict=True)
    ]
    return _put(draft, next(name), "sum", (), terms, span)


def _put(
    draft: Draft, name: str, op: str, given: tuple[tuple[str, Value], ...], tensors: Sequence[Tensor], span: Span
) -> Tensor:
    made = draft.put(name, Recipe(OPS[op], given), tensors, span)
    assert isinstance(made, Tensor)
    return made
