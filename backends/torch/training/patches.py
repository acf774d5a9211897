"""Layers that learn one after the other, without labels, from random patches of what is learned from.

First the filters of a layer are made to differ. Then those of its neurons that exceed their neighbours learn to give 1;
those that do not are depressed, and learn nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, fx

from connc.backends.torch import kernels
from connc.backends.torch.training.bounded import Layer
from connc.backends.torch.training.plan import PlanError
from connc.backends.torch.training.rule import BoundedRule, told


class Competition(NamedTuple):
    """A layer of bounded connections; what its neurons give, that as it comes to `lateral`, and which neurons win."""

    layer: Layer
    outcome: fx.GraphModule


def learn_patches(
    rule: torch.optim.Optimizer, inputs: Tensor, count: int, batch: int, draws: np.random.Generator
) -> None:
    """Each layer that ends in a competition, from `count` patches; those in front have learned by then.

    A patch is what the neurons at one place see, a place and a sample drawn at random. Raises `PlanError` where no
    neurons compete.
    """
    if not isinstance(rule, BoundedRule):
        raise PlanError("patches teach bounded connections by their rule: add the optimizer `bounded`")
    found = list(_competitions(rule))
    if not found:
        raise PlanError(
            "patches teach neurons that compete, by `lateral` behind bounded connections, and there are none"
        )
    for layer, outcome in found:
        alienate(layer, draws)
        for start in range(0, count, batch):
            samples = torch.from_numpy(draws.integers(len(inputs), size=min(batch, count - start)))
            given, rivals, winners = outcome(inputs[samples.to(inputs.device)])
            loss = 0.5 * (winners * (rivals - 1.0)).square().sum(1).mean()  # only who wins learns
            (error,) = torch.autograd.grad(loss, given, retain_graph=True)
            rule.zero_grad()
            given.backward(_at_a_place(error, draws), inputs=[layer.threshold, layer.neuron])
            rule.step()


def _at_a_place(error: Tensor, draws: np.random.Generator) -> Tensor:
    """Of each sample one place, drawn at random; samples come first, neurons last."""
    rows = error.flatten(1, -2) if error.dim() > 2 else error[:, None]
    places = torch.from_numpy(draws.integers(rows.shape[1], size=len(rows)))
    chosen = torch.zeros(rows.shape[:2], dtype=error.dtype).scatter_(1, places[:, None], 1.0)
    return (rows * chosen[..., None].to(error.device)).reshape(error.shape)


@torch.no_grad()
def alienate(layer: Layer, draws: np.random.Generator) -> None:
    """Thresholds anew, at random and strictly different, so that no two filters see the same."""
    count = layer.threshold.numel()
    steps = torch.from_numpy((draws.permutation(count) + 0.5) / count * layer.amax)
    layer.threshold.copy_(steps.reshape(layer.threshold.shape))


def _competitions(rule: BoundedRule) -> Iterator[Competition]:
    """In the order in which they are computed."""
    for node in rule.module.graph.find_nodes(op="call_function", target=kernels.at_least):
        rivals = cast(fx.Node, cast(fx.Node, node.args[0]).args[0])
        source = rivals
        while source.target is not told and source.all_input_nodes:
            source = source.all_input_nodes[0]
        if source.target is not told:
            continue
        threshold = cast(fx.Node, source.args[1])
        (layer,) = (each for each in rule.layers if each.key == threshold.target)
        copies: dict[fx.Node, fx.Node] = {}
        graph = fx.Graph()
        graph.graph_copy(rule.module.graph, copies)
        graph.output((copies[source], copies[rivals], copies[node]))
        outcome = fx.GraphModule(rule.module, graph)
        outcome.graph.eliminate_dead_code()
        outcome.recompile()
        yield Competition(layer, outcome)
