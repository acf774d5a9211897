"""What each layer of a network costs, at the kernel level, where each join and adapter is a layer of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from connc.compiler.network import Network, Node

BYTES = 4  # a value in single precision


@dataclass(frozen=True, slots=True)
class Cost:
    """Learned parameters; for one sample multiply-accumulates, also if all were connected, floating-point operations,
    and bytes of what comes out."""

    params: int = 0
    macs: int = 0
    dense_macs: int = 0
    flops: int = 0
    memory: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.params + other.params,
            self.macs + other.macs,
            self.dense_macs + other.dense_macs,
            self.flops + other.flops,
            self.memory + other.memory,
        )


def costs(kernel: Network) -> dict[str, Cost]:
    """By the names of the kernel level. What a second use of a shared layer learns is counted at the first."""
    seen: set[str] = set()  # layers whose parameters are counted
    return {node.name: _cost(node, kernel, seen) for node in kernel}


def made(node: Node) -> int:
    """The bytes of what comes out of a layer, if it takes memory of its own."""
    assert not isinstance(node.what, Network)
    return 0 if node.what.is_view else BYTES * sum(map(math.prod, node.shapes))


def _cost(node: Node, kernel: Network, seen: set[str]) -> Cost:
    op = node.what
    assert not isinstance(op, Network)
    if op.signature.inputs is None or not op.signature.inputs:  # joins, bundles and inputs compute nothing that counts
        return Cost(memory=made(node))
    shapes = [kernel.shape(source.ref) for source in kernel.sources(node.name)]
    params = 0 if node.owner in seen else sum(math.prod(shape) for shape in op.params(*shapes).values())
    seen.add(node.owner)
    macs = op.macs(*shapes)
    full = replace(op, rule=None).macs(*shapes) if op.rule is not None and not op.signature.needs_rule else macs
    return Cost(params, macs, full, op.flops(*shapes), made(node))
