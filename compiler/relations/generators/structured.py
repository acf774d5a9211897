"""Patterns with a structure that hardware can use."""

import math
from typing import Annotated

import numpy as np

from connc.compiler.fields import Count, Index, Within
from connc.compiler.relations.base import At, Unfit
from connc.compiler.relations.degrees import cut, one_space
from connc.compiler.relations.forms import Blocks as BlockForm
from connc.compiler.relations.forms import PermutedBlocks
from connc.compiler.relations.generators.base import Generator, generator
from connc.compiler.relations.relation import Relation
from connc.dsl import codes
from connc.dsl.vocabulary import LARGEST_SIZE

Stage = Annotated[int, Within(0, 30)]
Radix = Annotated[int, Within(2, LARGEST_SIZE)]


@generator("blocks")
class Blocks(Generator):
    """Cuts both sides into `count` equal blocks and connects each block of sources to its own of targets.

    `count`: must divide the number of positions of both sides.
    """

    count: Count

    def relation(self, at: At) -> Relation:
        wide = cut("count", self.count, at.sizes[0], at.words, math.gcd(*at.sizes))
        high = cut("count", self.count, at.sizes[1], at.words, math.gcd(*at.sizes))
        at.spend(wide * at.sizes[1])
        rows = np.repeat(np.arange(at.sizes[0], dtype=np.int32).reshape(self.count, wide), high, axis=0)
        return Relation.of_rows(at.sources, at.targets, rows, BlockForm(self.count))


@generator("butterfly")
class Butterfly(Generator):
    """Connects each position to itself and to the one whose index differs in one binary digit.

    `stage`: which digit, 0 being the lowest.
    """

    stage: Stage

    def relation(self, at: At) -> Relation:
        size, span = one_space(at, "butterfly"), 2 ** (self.stage + 1)
        if size % span:
            message = f"stage {self.stage} exchanges the halves of every {span} positions, and here are {size}"
            raise Unfit(codes.SPACES, message, _multiples(size, span))
        return _digit(at, 2, span // 2)


@generator("radix")
class RadixNet(Generator):
    """Connects the positions whose indices, written in mixed radices, differ in one digit at most.

    `radices`: the radix of each digit, the lowest first; their product must divide the number of positions. `stage`:
    which digit may differ, 0 being the lowest.
    """

    radices: tuple[Radix, ...]
    stage: Index

    def relation(self, at: At) -> Relation:
        size, product = one_space(at, "radix"), math.prod(self.radices)
        if self.stage >= len(self.radices):
            message = f"`stage = {self.stage}` asks for digit {self.stage}, and there are {len(self.radices)} radices"
            raise Unfit(codes.SPACES, message, f"the first is `stage = 0`, the last `stage = {len(self.radices) - 1}`")
        if size % product:
            message = f"the product of the radices is {product}, and does not divide {size} positions"
            raise Unfit(codes.SPACES, message, _multiples(size, product))
        return _digit(at, self.radices[self.stage], math.prod(self.radices[: self.stage]))


@generator("nm")
class NofM(Generator):
    """Connects each target to `n` of every `m` sources in a row, another `n` from target to target.

    `n`: how many are kept. `m`: of how many; it must divide the number of sources.
    """

    n: Count
    m: Count

    def relation(self, at: At) -> Relation:
        groups = cut("m", self.m, at.sizes[0], f"the {at.sizes[0]} sources")
        if self.n > self.m:
            message = f"`n = {self.n}` of every {self.m} sources are more than there are"
            raise Unfit(codes.DEGREES, message, f"`n = {self.m}` is the most possible, and connects all with all")
        at.spend(at.sizes[1] * groups * self.n)
        if self.n == self.m:
            return Relation.full(at.sources, at.targets)
        kept = np.sort((self.n * np.arange(at.sizes[1])[:, None] + np.arange(self.n)) % self.m, axis=1)
        rows = self.m * np.arange(groups)[:, None] + kept[:, None, :]
        return Relation.of_rows(at.sources, at.targets, rows.reshape(at.sizes[1], -1))


def _digit(at: At, radix: int, stride: int) -> Relation:
    """Connects positions that differ at most in the digit that counts strides: blocks, in another order."""
    at.spend(at.sizes[0] * radix)
    order = np.arange(at.sizes[0], dtype=np.int32).reshape(-1, radix, stride).swapaxes(1, 2).reshape(-1, radix)
    rows = np.empty((at.sizes[0], radix), dtype=np.int32)
    rows[order] = order[:, None, :]
    flat = order.ravel()
    return Relation.of_rows(at.sources, at.targets, rows, PermutedBlocks(len(order), flat, flat))


def _multiples(size: int, unit: int) -> str:
    """Which sizes near this one would do."""
    below = size // unit * unit
    return f"{below} or {below + unit} positions would do" if below else f"{unit} positions would do"
