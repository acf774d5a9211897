"""What a network learns and keeps: each parameter and each buffer, by its name, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connc.compiler.expand import expand
from connc.compiler.initial import Floats, initial
from connc.compiler.network import Network
from connc.compiler.ops.base import Op, Shape
from connc.compiler.start import Constant, Start


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor that belongs to a layer. `key` is what the op calls it, `learned` whether descent changes it.

    `start` is what it holds before any descent; a layer that two shapes enter starts as for the first.
    """

    layer: str
    key: str
    shape: Shape
    learned: bool
    start: Start = field(compare=False, repr=False, default=Constant(0))

    @property
    def name(self) -> str:
        return f"{self.layer}.{self.key}"

    def initial(self, seed: int = 0) -> Floats:
        """Its first values: the same for one seed and one name, whatever else there is."""
        return initial(self.start, self.shape, seed, self.name)


def parameters(network: Network) -> list[Parameter]:
    """In the order of the layers, shared ones at their first use; none of layers that lead to no output."""
    kernel = expand(network)
    found: dict[str, Parameter] = {}
    for node in kernel:
        op = node.what
        assert not isinstance(op, Network)
        if op.signature.inputs:  # joins, bundles and inputs have none
            x = [kernel.shape(source.ref) for source in kernel.sources(node.name)]
            for each in tensors_of(op, node.owner, x):
                found.setdefault(each.name, each)
    return list(found.values())


def tensors_of(op: Op, layer: str, x: Sequence[Shape]) -> Iterator[Parameter]:
    """Those of one layer, which gets tensors of the shapes `x`."""
    starts = op.starts(*x)
    for tensors, learned in ((op.params(*x), True), (op.buffers(*x), False)):
        for key, shape in tensors.items():
            yield Parameter(layer, key, shape, learned, starts.get(key, Constant(0)))
