"""How strongly each pair of channels or neurons is connected: the weights of a layer as a matrix.

A row is an output, a column an input, as in equation 1 of the paper on SDMN; what is not connected is no number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connc.compiler.expand import expand
from connc.compiler.network import Network, Node
from connc.compiler.ops.base import Op

Array = NDArray[np.float64]
Weights = Mapping[str, NDArray[Any]]

MOST = 1 << 24  # pairs of a matrix


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that weighs what it reads. `key` is the name of its weights, `size` the numbers of outputs and inputs."""

    name: str
    op: Op
    key: str
    size: tuple[int, int]

    @property
    def pairs(self) -> int:
        """How many there could be."""
        return self.size[0] * self.size[1]

    @property
    def is_convolution(self) -> bool:
        """Whether the pairs are channels of a map."""
        return self.op.signature.relates != "neurons"

    @property
    def is_synapse(self) -> bool:
        return self.key.endswith(".threshold")

    def weights(self, weights: Weights) -> NDArray[Any]:
        """Of each connection; that of a synapse is the share of its input's range that it passes, 1 − threshold."""
        found = weights[self.key]
        return 1 - found if self.is_synapse else found


def layers(network: Network) -> Iterator[Layer]:
    """In the order of computation; shared ones at their first use."""
    kernel, seen = expand(network), set[str]()
    for node in kernel:
        found = layer_of(kernel, node)
        if found is not None and node.owner not in seen:
            seen.add(node.owner)
            yield found


def layer_of(kernel: Network, node: Node) -> Layer | None:
    """A node of the kernel level, if its weights belong to pairs of channels of a map or to pairs of neurons."""
    op, sources = node.what, kernel.sources(node.name)
    if isinstance(op, Network) or len(sources) != 1 or len(node.shapes) != 1:
        return None
    x = kernel.shape(sources[0].ref)
    keys = [key for key in ("point_weight", "weight", "threshold") if key in op.params(x)]
    if not keys or not (op.signature.relates in ("channels", "neurons") or keys[0] == "point_weight"):
        return None
    at = -1 if op.signature.relates == "neurons" else 0
    return Layer(node.name, op, f"{node.owner}.{keys[0]}", (node.shapes[0][at], x[at]))


def channel_norms(w: NDArray[Any]) -> Array:
    """F[j, i] = sqrt(Σ w[j, i, m, n]²) of each output and input channel; of weights without a kernel |w|."""
    wide = np.asarray(w, dtype=np.float64)
    return np.asarray(np.sqrt(np.square(wide).sum(axis=tuple(range(2, wide.ndim)))))


def norms(layer: Layer, weights: Weights) -> Array:
    """The norm of each pair."""
    w = layer.weights(weights)
    flat = w[None] if layer.op.rule is not None else w  # a weight a connection, and a row of them
    return placed(layer, channel_norms(flat))


def means(layer: Layer, weights: Weights) -> Array:
    """The mean of |w| over the kernel of each pair."""
    w = np.abs(np.asarray(layer.weights(weights), dtype=np.float64))
    wide = w[None] if layer.op.rule is not None else w
    return placed(layer, wide.mean(axis=tuple(range(2, wide.ndim))))


def placed(layer: Layer, values: Array) -> Array:
    """A number a connection, as it stands among the weights, in the matrix of all pairs."""
    found = np.full(layer.size, np.nan)
    if layer.op.rule is not None:
        source, target = layer.op.rule.pairs()
        found[target, source] = values[0]
        return found
    outputs, inputs = values.shape  # of a group that reads `inputs` channels
    high = outputs * inputs // layer.size[1]
    for group in range(layer.size[1] // inputs):
        rows = slice(group * high, (group + 1) * high)
        found[rows, group * inputs : (group + 1) * inputs] = values[rows]
    return found
