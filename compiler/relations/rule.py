"""The rules of a spec: mappings, what generators compute, and what the algebra makes of both."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connc.compiler.relations.base import At, Rule, Unfit
from connc.compiler.relations.generators.base import Generator
from connc.compiler.relations.mapping import relation_of
from connc.compiler.relations.relation import Relation
from connc.compiler.relations.vectors import Evaluators
from connc.dsl import codes, tree
from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import Evaluator, Value
from connc.dsl.source import Span

__all__ = ["At", "Combined", "Generated", "MappingRule", "Rule", "Unfit"]


@dataclass(frozen=True, eq=False)
class MappingRule(Rule):
    """`i -> i + s for s in -r..r`; `names` are what it may use, `evaluator` makes what evaluates single values."""

    mapping: tree.Mapping
    names: Mapping[str, Value]
    evaluator: Evaluators = Evaluator

    @property
    def span(self) -> Span:  # type: ignore[override]  # others have a field of this name
        return self.mapping.span

    def relate(self, at: At) -> Relation:
        return relation_of(self.mapping, self.names, at, self.evaluator)


_OPERATORS: dict[str, Callable[[Relation, Relation], Relation]] = {
    "|": operator.or_,
    "&": operator.and_,
    "-": operator.sub,
    "@": operator.matmul,
}


@dataclass(frozen=True, eq=False)
class Combined(Rule):
    """`a | b | c`, and the same with `&`, `-` and `@`, from left to right."""

    operator: str
    operands: Sequence[Rule]
    span: Span

    def relate(self, at: At) -> Relation:
        if self.operator == "@" and at.sizes[0] != at.sizes[1]:
            message = f"`@` needs the same number of positions on both sides, and here are {at.words}"
            raise Refusal(codes.SPACES.at(self.span, message, help="write the result as one mapping"))
        first, *others = (rule.relate(at) for rule in self.operands)
        for other in others:
            if self.operator == "@":
                at.spend(first.paths(other))
            first = _OPERATORS[self.operator](first, other)
        return first

    def own_sizes(self, at: At) -> tuple[int, int] | None:
        return next((sizes for rule in self.operands if (sizes := rule.own_sizes(at))), None)


@dataclass(frozen=True, eq=False)
class Generated(Rule):
    """What a generator computes."""

    generator: Generator
    span: Span

    def relate(self, at: At) -> Relation:
        try:
            at.spend(sum(at.sizes))
            return self.generator.relation(at)
        except Unfit as unfit:
            raise Refusal(unfit.code.at(self.span, unfit.message, help=unfit.help)) from None

    def own_sizes(self, at: At) -> tuple[int, int] | None:
        try:
            return self.generator.own_sizes(at)
        except Unfit as unfit:
            raise Refusal(unfit.code.at(self.span, unfit.message, help=unfit.help)) from None
