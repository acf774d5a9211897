"""Random graphs on one space; their edges point upwards."""

from typing import Annotated

from connc.compiler.fields import Count, Seed, Share, Within
from connc.compiler.relations.generators.base import Generator, generator
from connc.dsl.vocabulary import LARGEST_SIZE


@generator("smallworld")
class SmallWorld(Generator):
    """Ties each position to its `k` nearest on a ring, then moves each tie with probability `p` (Watts-Strogatz).

    `k`: an even number. `p`: 0 leaves the ring, 1 moves every tie. `seed`: another number draws another rule.
    """

    k: Annotated[int, Within(2, LARGEST_SIZE)]
    p: Share
    seed: Seed = 0


@generator("scalefree")
class ScaleFree(Generator):
    """Ties each new position to `m` earlier ones, the better connected the likelier (Barabási-Albert).

    `m`: ties of a new position. `seed`: another number draws another rule.
    """

    m: Count
    seed: Seed = 0
