"""The bounded connections of a module, found in its graph by the form in which they are computed."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, fx, nn

from connc.backends.torch.module import Module
from connc.backends.torch.names import tensor_place
from connc.compiler.expand import expand
from connc.compiler.ops.synapse import Synapse, SynapseConv


@dataclass(frozen=True)
class Layer:
    """The numbers of one layer of bounded connections, read where the module has them now."""

    module: Module
    name: str
    amax: float

    @property
    def key(self) -> str:
        return f"{self.name}.threshold"

    @property
    def neuron_key(self) -> str:
        return f"{self.name}.neuron_threshold"

    @property
    def threshold(self) -> nn.Parameter:
        return self.module.get_parameter(self.key)

    @property
    def neuron(self) -> nn.Parameter:
        return self.module.get_parameter(self.neuron_key)

    @property
    def signs(self) -> Tensor:
        return self.module.get_buffer(f"{self.name}.signs")


def bounded_layers(module: Module) -> Iterator[Layer]:
    """In the order in which they are computed; one that is used twice counts once."""
    if not isinstance(module, Module):
        raise TypeError(f"a module that `connc.compile` made is needed, not {type(module).__name__}")
    seen: set[str] = set()
    for node in expand(module.network):
        if isinstance(node.what, Synapse | SynapseConv) and node.owner not in seen:
            seen.add(node.owner)
            name = tensor_place(node.owner, "threshold").key.removesuffix(".threshold")
            yield Layer(module, name, float(node.what.amax))


class Passing(NamedTuple):
    """Where min(max(0, (x - a) / (1 - a)), 1) is computed."""

    x: fx.Node
    threshold: fx.Node
    passed: fx.Node


def passing(graph: fx.Graph, key: str) -> list[Passing]:
    """Each time that something is held against the thresholds of a name."""
    (threshold,) = graph.find_nodes(op="get_attr", target=key)
    found = []
    for above in threshold.users:
        if above.target is operator.sub and above.args[1] is threshold and isinstance(above.args[0], fx.Node):
            ratio = next(iter(above.users))
            found.append(Passing(above.args[0], threshold, next(iter(ratio.users))))
    return found


def made(root: nn.Module, graph: fx.Graph) -> fx.GraphModule:
    """A module that computes what a graph says and no more, with the numbers of another."""
    module = fx.GraphModule(root, graph)
    module.graph.eliminate_dead_code()
    module.recompile()
    return module
