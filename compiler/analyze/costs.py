"""What each layer of a network costs, at the kernel level, where each join and adapter is a layer of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass

from connc.compiler.expand import expand
from connc.compiler.network import WIRING, Network, Node


@dataclass(frozen=True, slots=True)
class Cost:
    """Learned parameters, and for one sample multiply-accumulates and floating-point operations."""

    params: int = 0
    macs: int = 0
    flops: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.params + other.params, self.macs + other.macs, self.flops + other.flops)


def costs(network: Network) -> dict[str, Cost]:
    """By the names of the kernel level. What a second use of a shared layer learns is counted at the first."""
    kernel = expand(network) if network.level == WIRING else network
    seen: set[str] = set()  # layers whose parameters are counted
    return {node.name: _cost(node, kernel, seen) for node in kernel}


def _cost(node: Node, kernel: Network, seen: set[str]) -> Cost:
    op = node.what
    assert not isinstance(op, Network)
    if op.signature.inputs is None or not op.signature.inputs:  # joins, bundles and inputs are free
        return Cost()
    shapes = [kernel.shape(source.ref) for source in kernel.sources(node.name)]
    params = 0 if node.owner in seen else sum(math.prod(shape) for shape in op.params(*shapes).values())
    seen.add(node.owner)
    return Cost(params, op.macs(*shapes), op.flops(*shapes))
