"""Patterns with a structure that hardware can use."""

from typing import Annotated

from connc.compiler.fields import Count, Index, Within
from connc.compiler.relations.generators.base import Generator, generator
from connc.dsl.vocabulary import LARGEST_SIZE

Stage = Annotated[int, Within(0, 30)]
Radix = Annotated[int, Within(2, LARGEST_SIZE)]


@generator("blocks")
class Blocks(Generator):
    """Cuts both sides into `count` equal blocks and connects each block of sources to its own of targets.

    `count`: must divide the number of positions of both sides.
    """

    count: Count


@generator("butterfly")
class Butterfly(Generator):
    """Connects each position to itself and to the one whose index differs in one binary digit.

    `stage`: which digit, 0 being the lowest.
    """

    stage: Stage


@generator("radix")
class RadixNet(Generator):
    """Connects the positions whose indices, written in mixed radices, differ in one digit at most.

    `radices`: the radix of each digit, the lowest first; their product must divide the number of positions. `stage`:
    which digit may differ, 0 being the lowest.
    """

    radices: tuple[Radix, ...]
    stage: Index


@generator("nm")
class NofM(Generator):
    """Connects each target to `n` of every `m` sources in a row, another `n` from target to target.

    `n`: how many are kept. `m`: of how many; it must divide the number of sources.
    """

    n: Count
    m: Count
