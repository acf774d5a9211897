"""The sparse graph of each input: which bounded connections pass something, and which do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from connc.backends.torch.agreement import evaluating
from connc.backends.torch.module import Module
from connc.backends.torch.training.bounded import bounded_layers, made, passing


@dataclass(frozen=True)
class Active:
    """At how many places each connection of a layer passes something; first the samples, then as its thresholds."""

    counts: Tensor

    @property
    def masks(self) -> Tensor:
        """Whether a connection passes something anywhere."""
        return self.counts > 0

    @property
    def shares(self) -> Tensor:
        """How much of its connections each sample uses."""
        return self.masks.flatten(1).double().mean(1)


@torch.no_grad()
def active(module: Module, *inputs: Tensor) -> Mapping[str, Active]:
    """The sparse graph of each sample, by the name of the layer; a layer that is used twice counts what both pass.

    Raises `ValueError` where a net has no bounded connections.
    """
    layers = list(bounded_layers(module))
    if not layers:
        raise ValueError(f"{module.network.kind} has no bounded connections, `synapse` or `synapse_conv`")
    graph = fx.Graph()
    graph.graph_copy(module.graph, {})
    graph.output({each.name: [step.passed for step in passing(graph, each.key)] for each in layers})
    with evaluating(module):
        passed = made(module, graph)(*inputs)
    return {each.name: Active(_counts(passed[each.name], each.threshold)) for each in layers}


def _counts(passed: Sequence[Tensor], like: Tensor) -> Tensor:
    places = torch.cat([each.reshape(len(each), -1, *like.shape) for each in passed], 1)
    return (places > 0).sum(1)
