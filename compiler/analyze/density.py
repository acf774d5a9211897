"""Density: the share of all possible connections that there are."""

from fractions import Fraction

from connc.compiler.analyze.base import Analysis, analysis, plain
from connc.compiler.analyze.junctions import Junction, chains
from connc.compiler.fields import Part
from connc.compiler.network import Network


def junctions(network: Network, part: object = None) -> list[Junction]:
    """The junctions of a network or of a part of it, in the order in which they are computed."""
    return [each for chain in chains(network, part) for each in chain]


@analysis("density")
class Density(Analysis):
    """The weights of all junctions as a share of those that there could be; biases and convolutions do not count."""

    of: Part | None = None

    def measure(self, network: Network) -> Fraction | None:
        found = junctions(network, self.of)
        possible = sum(each.possible for each in found)
        return Fraction(sum(each.count for each in found), possible) if possible else None

    def table(self, network: Network) -> object:
        overall = plain(self.measure(network))
        parts = {each.name: plain(each.density) for each in junctions(network)}
        return {"overall": overall, "junctions": parts} if parts else None
