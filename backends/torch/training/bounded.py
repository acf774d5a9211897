"""The bounded connections of a module, found in its graph by the form in which they are computed."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, cast

from torch import Tensor, fx, nn

from connc.backends.torch.module import Module
from connc.backends.torch.names import tensor_place
from connc.compiler.expand import expand
from connc.compiler.ops.synapse import Synapse, SynapseConv


@dataclass(frozen=True)
class Layer:
    """The numbers of one layer of bounded connections; `key` is the name of its thresholds."""

    key: str
    threshold: nn.Parameter
    neuron: nn.Parameter
    signs: Tensor
    amax: float

    @property
    def name(self) -> str:
        return self.key.removesuffix(".threshold")

    @property
    def neuron_key(self) -> str:
        return f"{self.key.removesuffix('threshold')}neuron_threshold"


def bounded_layers(module: Module) -> Iterator[Layer]:
    """In the order in which they are computed; one that is used twice counts once."""
    state = dict((*module.named_parameters(), *module.named_buffers()))
    seen: set[str] = set()
    for node in expand(module.network):
        if isinstance(node.what, Synapse | SynapseConv) and node.owner not in seen:
            seen.add(node.owner)
            keys = [tensor_place(node.owner, key).key for key in ("threshold", "neuron_threshold", "signs")]
            threshold, neuron, signs = (state[key] for key in keys)
            amax = float(node.what.amax)
            yield Layer(keys[0], cast(nn.Parameter, threshold), cast(nn.Parameter, neuron), signs, amax)


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
