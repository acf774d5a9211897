"""Sparse junctions between two layers of neurons."""

from connc.compiler.fields import Count, Seed, Share
from connc.compiler.relations.generators.base import Generator, generator


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


@generator("sequential")
class Sequential(Generator):
    """Draws the sources of one target after the other, among those with connections left.

    Degrees are exact on both sides. `fan_out`: the targets of each source. `seed`: another number draws another rule.
    """

    fan_out: Count
    seed: Seed = 0


@generator("spread")
class Spread(Generator):
    """Spreads connections evenly, for the highest scatter, with exact degrees on both sides.

    `fan_out`: the targets of each source.
    """

    fan_out: Count


@generator("clashfree")
class ClashFree(Generator):
    """Draws connections that `z` memories can serve at once, each read once in each step.

    `z`: how many memories hold the sources; it must divide their number. `fan_out`: the targets of each source. `seed`:
    another number draws another rule.
    """

    z: Count
    fan_out: Count = 1
    seed: Seed = 0
