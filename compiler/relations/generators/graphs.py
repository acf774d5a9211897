"""Random graphs on one space; their edges point upwards."""

from typing import Annotated

import numpy as np

from connc.compiler.fields import Count, Seed, Share, Within
from connc.compiler.late import nx
from connc.compiler.relations.base import At, Unfit
from connc.compiler.relations.degrees import one_space
from connc.compiler.relations.generators.base import Generator, generator
from connc.compiler.relations.relation import Relation
from connc.dsl import codes
from connc.dsl.vocabulary import LARGEST_SIZE


@generator("smallworld")
class SmallWorld(Generator):
    """Ties each position to its `k` nearest on a ring, then moves each tie with probability `p` (Watts-Strogatz).

    `k`: an even number. `p`: 0 leaves the ring, 1 moves every tie. `seed`: another number draws another rule.
    """

    k: Annotated[int, Within(2, LARGEST_SIZE)]
    p: Share
    seed: Seed = 0

    def relation(self, at: At) -> Relation:
        size = one_space(at, "smallworld")
        if self.k % 2:
            message = f"`k = {self.k}` is odd, and on a ring neighbours come in pairs"
            raise Unfit(codes.DEGREES, message, f"the nearest that fit are `k = {self.k - 1}` and `k = {self.k + 1}`")
        if self.k >= size:
            message = f"`k = {self.k}` neighbours are more than the {size - 1} others that each position has"
            most = (size - 1) // 2 * 2
            raise Unfit(codes.DEGREES, message, f"`k = {most}` is the most possible" if most else "")
        _spend(at, size * self.k // 2)
        return _upwards(at, nx.watts_strogatz_graph(size, self.k, float(self.p), at.root("smallworld", self.seed)))


@generator("scalefree")
class ScaleFree(Generator):
    """Ties each new position to `m` earlier ones, the better connected the likelier (Barabási-Albert).

    `m`: ties of a new position. `seed`: another number draws another rule.
    """

    m: Count
    seed: Seed = 0

    def relation(self, at: At) -> Relation:
        size = one_space(at, "scalefree")
        if self.m >= size:
            message = f"`m = {self.m}` ties are more than the {size - 1} others that each position has"
            raise Unfit(codes.DEGREES, message, f"`m = {size - 1}` is the most possible" if size > 1 else "")
        _spend(at, (size - self.m) * self.m)
        return _upwards(at, nx.barabasi_albert_graph(size, self.m, at.root("scalefree", self.seed)))


def _spend(at: At, edges: int) -> None:
    """Edges are drawn one by one."""
    at.spend(edges)
    at.steps(edges)


def _upwards(at: At, graph: "nx.Graph[int]") -> Relation:
    ends = np.array([sorted(edge) for edge in graph.edges], dtype=np.int64).reshape(-1, 2)
    return Relation.of_pairs(at.sources, at.targets, ends[:, 0], ends[:, 1])
