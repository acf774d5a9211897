"""Rules made from rules."""

import numpy as np

from connc.compiler.fields import Rule as RuleField
from connc.compiler.relations.base import At, Rule, Unfit
from connc.compiler.relations.generators.base import Generator, generator
from connc.compiler.relations.relation import Relation
from connc.dsl import codes


@generator("transpose")
class Transpose(Generator):
    """Turns every arrow of a rule around.

    `r`: the rule.
    """

    r: RuleField

    def relation(self, at: At) -> Relation:
        return _rule(self.r).relate(at.between(at.targets, at.sources)).transposed()

    def own_sizes(self, at: At) -> tuple[int, int] | None:
        sizes = _rule(self.r).own_sizes(at)
        return sizes and sizes[::-1]


@generator("kron")
class Kron(Generator):
    """Replaces every pair of `a` by a copy of `b`: the Kronecker product.

    `a`: the rule between blocks. `b`: the rule within each pair of blocks.
    """

    a: RuleField
    b: RuleField

    def relation(self, at: At) -> Relation:
        outer, inner = self._sizes(at)
        at.spend(sum(outer) + sum(inner))
        a = _rule(self.a).relate(at.between((outer[0],), (outer[1],)))
        b = _rule(self.b).relate(at.between((inner[0],), (inner[1],)))
        at.spend(a.count * b.count)
        return a.kron(b).reshaped(at.sources, at.targets)

    def own_sizes(self, at: At) -> tuple[int, int] | None:
        a, b = _rule(self.a).own_sizes(at), _rule(self.b).own_sizes(at)
        return (a[0] * b[0], a[1] * b[1]) if a and b else None

    def _sizes(self, at: At) -> tuple[tuple[int, int], tuple[int, int]]:
        """The sizes of both operands: what one of them has, and what is left for the other."""
        a, b = _rule(self.a).own_sizes(at), _rule(self.b).own_sizes(at)
        known = a or b
        if known is None:
            message = "`kron` does not know how large its parts are, because none of the two is a table"
            raise Unfit(codes.SPACES, message, "write one of them as a table: `kron(matrix([[1, 0], [0, 1]]), b)`")
        rest = (at.sizes[0] // known[0], at.sizes[1] // known[1])
        outer, inner = (a, b or rest) if a else (rest, known)
        if (outer[0] * inner[0], outer[1] * inner[1]) != at.sizes:
            table = f"{known[0]} x {known[1]}" if a is None or b is None else f"{a[0]} x {a[1]} and {b[0]} x {b[1]}"
            message = f"`kron` with a table of {table} does not make {at.words}"
            raise Unfit(codes.SPACES, message, "rows have to divide the sources, and columns the targets")
        return outer, inner


@generator("between")
class Between(Generator):
    """Ties what a rule leaves loose: positions without a source to the first one, those without a target to the last.

    `r`: the rule.
    """

    r: RuleField

    def relation(self, at: At) -> Relation:
        relation = _rule(self.r).relate(at)
        starts, ends = np.flatnonzero(relation.in_degrees() == 0), np.flatnonzero(relation.out_degrees() == 0)
        if at.sources == at.targets:  # no position is tied to itself
            starts, ends = starts[starts != 0], ends[ends != at.sizes[0] - 1]
        if not starts.size + ends.size:
            return relation
        at.spend(starts.size + ends.size)
        sources = np.concatenate((np.zeros_like(starts), ends))
        targets = np.concatenate((starts, np.full_like(ends, at.sizes[1] - 1)))
        return relation | Relation.of_pairs(at.sources, at.targets, sources, targets)

    def own_sizes(self, at: At) -> tuple[int, int] | None:
        return _rule(self.r).own_sizes(at)


def _rule(value: object) -> Rule:
    assert isinstance(value, Rule)
    return value
