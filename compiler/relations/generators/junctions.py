"""Sparse junctions between two layers of neurons."""

import math
from fractions import Fraction

import numpy as np

from connc.compiler.fields import Count, Seed, Share
from connc.compiler.relations import sampling
from connc.compiler.relations.base import At, Unfit
from connc.compiler.relations.degrees import around, cut, divisors, nearest, regular
from connc.compiler.relations.generators.base import Generator, generator
from connc.compiler.relations.relation import Relation
from connc.compiler.relations.shifts import shifts
from connc.dsl import codes


@generator("random", one_of=("fan_in", "fan_out", "density"))
class Random(Generator):
    """Draws connections at random, all choices alike, with exact degrees on both sides.

    Give one of `fan_in`, the sources of each target, `fan_out`, the targets of each source, and `density`, the share of
    all pairs; with `density` only the number of pairs is exact. `seed`: another number draws another rule.
    """

    fan_in: Count | None = None
    fan_out: Count | None = None
    density: Share | None = None
    seed: Seed = 0

    def relation(self, at: At) -> Relation:
        if self.density is not None:
            return self._dense(at, Fraction(self.density))
        fan_in, fan_out = regular(at, fan_in=self.fan_in, fan_out=self.fan_out)
        at.spend(at.sizes[1] * fan_in)
        return sampling.regular(at.sources, at.targets, fan_in, fan_out, at.draws("random", self.seed))

    def _dense(self, at: At, density: Fraction) -> Relation:
        """Every pair has a draw of its own; those with the smallest are taken."""
        pairs = math.prod(at.sizes)
        at.spend(pairs)
        count = math.floor(density * pairs + Fraction(1, 2))
        if count == pairs:
            return Relation.full(at.sources, at.targets)
        if not count:
            return Relation.of_pairs(at.sources, at.targets, *np.zeros((2, 0), dtype=np.int64))
        found = sampling.smallest(at.sizes, count, at.hashes("random", self.seed))
        target = (found >> 32).astype(np.int32)
        return Relation.of_pairs(at.sources, at.targets, found.astype(np.int32), target)


@generator("sequential")
class Sequential(Generator):
    """Draws the sources of one target after the other, among those with connections left.

    Degrees are exact on both sides. `fan_out`: the targets of each source. `seed`: another number draws another rule.
    """

    fan_out: Count
    seed: Seed = 0

    def relation(self, at: At) -> Relation:
        fan_in, fan_out = regular(at, fan_out=self.fan_out)
        at.spend(at.sizes[1] * fan_in)
        at.steps(at.sizes[1] * (10 + at.sizes[0] // 100))
        return sampling.sequential(at.sources, at.targets, fan_in, fan_out, at.draws("sequential", self.seed))


@generator("spread")
class Spread(Generator):
    """Spreads connections evenly, for the highest scatter, with exact degrees on both sides.

    `fan_out`: the targets of each source; it must cut the targets into windows as wide as those of the sources.
    """

    fan_out: Count

    def relation(self, at: At) -> Relation:
        """Each window of sources is joined to each window of targets by a permutation, so that none is met twice."""
        fan_in, fan_out = regular(at, fan_out=self.fan_out)
        sources, targets = at.sizes
        if targets % fan_out:
            message = f"`fan_out = {fan_out}` does not cut {at.words} into windows of one size"
            widths = divisors(math.gcd(sources, targets))
            raise Unfit(codes.DEGREES, message, nearest("fan_out", around(fan_out, [targets // w for w in widths])))
        at.spend(sources * fan_out)
        width = targets // fan_out
        shift = shifts(fan_in, fan_out, width)[:, None, :]
        rows = np.arange(fan_in) * width + (np.arange(width)[:, None] + shift) % width
        return Relation.of_rows(at.sources, at.targets, rows.reshape(targets, fan_in))


@generator("clashfree")
class ClashFree(Generator):
    """Draws connections that `z` memories can serve at once, each read once in each step.

    `z`: how many memories hold the sources; it must divide their number. `fan_out`: the targets of each source. `seed`:
    another number draws another rule.
    """

    z: Count
    fan_out: Count = 1
    seed: Seed = 0

    def relation(self, at: At) -> Relation:
        cut("z", self.z, at.sizes[0], f"the {at.sizes[0]} sources")
        fan_in, fan_out = regular(at, fan_out=self.fan_out)
        at.spend(at.sizes[0] * fan_out)
        draws = at.draws("clashfree", self.seed)
        rows = sampling.clashfree(at.sizes[0], self.z, fan_in, fan_out, draws)
        return Relation.of_rows(at.sources, at.targets, rows)
