"""Layers that learn one after the other, without labels, from random patches of what is learned from.

First the filters of a layer are made to differ. Then those of its neurons that exceed their neighbours learn to give 1;
those that do not are depressed, and learn nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, fx

from connc.backends.torch import kernels
from connc.backends.torch.training.bounded import Layer, made
from connc.backends.torch.training.rule import BoundedRule, corrected


class Competition(NamedTuple):
    """A layer of bounded connections; what its neurons give, that as it comes to `lateral`, and which neurons win."""

    layer: Layer
    outcome: fx.GraphModule


@torch.enable_grad()
def learn_patches(
    rule: BoundedRule,
    competitions: Sequence[Competition],
    inputs: Tensor,
    count: int,
    batch: int,
    draws: np.random.Generator,
) -> None:
    """Each layer from `count` patches; those in front have learned by then. All is computed as in evaluation.

    A patch is what the neurons at one place see, a place and a sample drawn at random.
    """
    for layer, outcome in competitions:
        outcome.eval()
        alienate(layer, draws)
        for start in range(0, count, batch):
            samples = torch.from_numpy(draws.integers(len(inputs), size=min(batch, count - start)))
            given, rivals, winners = outcome(inputs[samples.to(inputs.device)])
            loss = 0.5 * (winners * (rivals - 1.0)).square().sum(1).mean()  # only who wins learns
            (error,) = torch.autograd.grad(loss, given, retain_graph=True)
            rule.zero_grad()
            given.backward(at_a_place(error, draws), inputs=[layer.threshold, layer.neuron])
            rule.move()


def at_a_place(error: Tensor, draws: np.random.Generator) -> Tensor:
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


def competitions(rule: BoundedRule) -> Iterator[Competition]:
    """The layers whose neurons compete, in the order in which they are computed.

    Raises `ValueError` where what competes is given by several layers together.
    """
    seen: set[str] = set()
    for node in rule.module.graph.find_nodes(op="call_function", target=kernels.at_least):
        rivals = cast(fx.Node, cast(fx.Node, node.args[0]).args[0])
        layers = _given_by(rivals)
        if len(layers) > 1:
            names = ", ".join(sorted(str(each.args[1]) for each in layers))
            raise ValueError(f"a `lateral` reads several layers together, {names}: patches teach one that competes")
        for given in layers:
            (layer,) = (each for each in rule.layers if each.key == cast(fx.Node, given.args[1]).target)
            if layer.name not in seen:
                seen.add(layer.name)
                copies: dict[fx.Node, fx.Node] = {}
                graph = fx.Graph()
                graph.graph_copy(rule.module.graph, copies)
                graph.output((copies[given], copies[rivals], copies[node]))
                yield Competition(layer, made(rule.module, graph))


def _given_by(rivals: fx.Node) -> set[fx.Node]:
    """The bounded layers that something comes from, up to the next one and to other competitions."""
    found, seen, ahead = set(), set(), [rivals]
    while ahead:
        node = ahead.pop()
        if node.target is corrected:
            found.add(node)
        elif node not in seen and node.target is not kernels.at_least:
            seen.add(node)
            ahead += node.all_input_nodes
    return found
