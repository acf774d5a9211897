"""What is measured: a network, and what several analyses need of it, each found once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from connc.compiler.analyze.costs import Cost, costs
from connc.compiler.analyze.junctions import Junction, chains, ruled
from connc.compiler.analyze.positions import Positions, positions_of
from connc.compiler.expand import expand
from connc.compiler.network import Network


class Subject:
    """A part of it is the names of nodes of the network, or of its outputs; none is the whole."""

    def __init__(self, network: Network) -> None:
        self.network = network

    @cached_property
    def kernel(self) -> Network:
        """All of it laid out flat."""
        return expand(self.network)

    def uses(self, layers: Iterable[str]) -> tuple[str, ...]:
        """The nodes in which these layers are used, in order; one that was left out is named all the same."""
        return tuple(name for layer in layers for name in self._uses.get(layer, [layer]))

    @cached_property
    def _uses(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for node in self.network:
            found.setdefault(node.owner, []).append(node.name)
        return found

    @cached_property
    def costs(self) -> dict[str, Cost]:
        """What each layer of the kernel level takes."""
        return costs(self.kernel)

    @cached_property
    def positions(self) -> Positions:
        """Who reads whom."""
        return positions_of(self.network)

    def chains(self, part: object = None) -> list[list[Junction]]:
        """The junctions, in runs in which each reads what the one before gives."""
        return chains(self.kernel, part)

    def junctions(self, part: object = None) -> list[Junction]:
        """All of them, chain by chain."""
        return [each for chain in self.chains(part) for each in chain]

    def ruled(self, part: object = None) -> list[Junction]:
        """These, and the layers that have a rule between channels, tokens or neighbours."""
        return self.junctions(part) + ruled(self.kernel, part)
