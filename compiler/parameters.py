"""What a network learns and keeps: each parameter and each buffer, by its name, once."""

from __future__ import annotations

from dataclasses import dataclass

from connc.compiler.expand import expand
from connc.compiler.network import Network
from connc.compiler.ops.base import Shape


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor that belongs to a layer. `key` is what the op calls it, `learned` whether descent changes it."""

    layer: str
    key: str
    shape: Shape
    learned: bool

    @property
    def name(self) -> str:
        return f"{self.layer}.{self.key}"


def parameters(network: Network) -> list[Parameter]:
    """In the order of the layers, shared ones at their first use; none of layers that lead to no output."""
    kernel = expand(network)
    found: dict[str, Parameter] = {}
    for node in kernel:
        op = node.what
        assert not isinstance(op, Network)
        if op.signature.inputs:  # joins, bundles and inputs have none
            x = [kernel.shape(source.ref) for source in kernel.sources(node.name)]
            for tensors, learned in ((op.params(*x), True), (op.buffers(*x), False)):
                for key, shape in tensors.items():
                    each = Parameter(node.owner, key, shape, learned)
                    found.setdefault(each.name, each)
    return list(found.values())
