"""Layers whose connections are stored as such: a weight for each, and tables that say whom it connects.

What stands here needs torch alone and is copied into the files that a module is written to, whose lines have at most 88
characters.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from connc.backends.torch import kernels
from connc.compiler.ops.window import Sizes


class Edges(nn.Module):
    """Connections, by target: the source and target of each, where a target's start."""

    sources: Tensor
    targets: Tensor
    starts: Tensor

    def __init__(
        self,
        sources: Tensor,
        targets: Tensor,
        starts: Tensor,
        digest: str = "",
    ) -> None:
        super().__init__()
        self._digest = digest
        self.register_buffer("sources", sources, persistent=False)
        self.register_buffer("targets", targets, persistent=False)
        self.register_buffer("starts", starts, persistent=False)

    def digest(self) -> str:
        """By which weights are known to be those of other connections."""
        return self._digest

    def _save_to_state_dict(self, destination: Any, prefix: str, keep: bool) -> None:
        """No tensor, but beside the tensors, where torch keeps versions, the digest."""
        super()._save_to_state_dict(destination, prefix, keep)
        destination._metadata[prefix[:-1]]["connections"] = self.digest()

    def _load_from_state_dict(
        self,
        state: Any,
        prefix: str,
        metadata: Any,
        *others: Any,
    ) -> None:
        mine, theirs = self.digest(), metadata.get("connections", "")
        if mine and theirs and mine != theirs:
            layer = prefix.removesuffix(".edges.")
            others[-1].append(
                f"the weights of `{layer}` are those of other connections: compile the "
                "module with the parameters and the seed of the one they come from"
            )
        super()._load_from_state_dict(state, prefix, metadata, *others)

    def spread(self, values: Tensor) -> Tensor:
        """What is given for each target, as values of its connections."""
        return values[self.targets.long()]

    def reach(self, weights: int) -> Tensor:
        """1 / sqrt(fan-in) of each target, by the weights of a connection; else 0."""
        fan_in = self.starts.diff() * weights
        return torch.where(fan_in > 0, fan_in.clamp(min=1).double() ** -0.5, 0.0)


class Junction(nn.Module):
    """A linear layer of these connections alone; without a table of all."""

    def __init__(
        self,
        sources: int,
        targets: int,
        edges: Edges | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.sizes, self.edges = (sources, targets), edges
        count = sources * targets if edges is None else len(edges.sources)
        self.weight = nn.Parameter(torch.empty(count))
        self.bias = nn.Parameter(torch.empty(targets)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        start(self.weight, self.bias, self.edges, self.sizes[0])

    def forward(self, x: Tensor) -> Tensor:
        sources, targets = self.sizes
        if self.edges is None:
            weight = self.weight.view(targets, sources)
            return nn.functional.linear(x, weight, self.bias)
        tables = self.edges.sources, self.edges.starts
        return kernels.junction(x, self.weight, self.bias, *tables, sources)


class JunctionConv(nn.Module):
    """A convolution of these pairs of channels alone; without a table of all."""

    def __init__(
        self,
        sources: int,
        targets: int,
        kernel: Sizes,
        stride: Sizes,
        padding: Sizes,
        dilation: Sizes,
        edges: Edges | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.sizes, self.edges = (sources, targets), edges
        self.window = stride, padding, dilation
        count = sources * targets if edges is None else len(edges.sources)
        self.weight = nn.Parameter(torch.empty(count, *kernel))
        self.bias = nn.Parameter(torch.empty(targets)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        start(self.weight, self.bias, self.edges, self.sizes[0])

    def forward(self, x: Tensor) -> Tensor:
        sources, targets = self.sizes
        if self.edges is None:
            weight = self.weight.view(targets, sources, *self.weight.shape[1:])
            return nn.functional.conv2d(x, weight, self.bias, *self.window)
        tables = self.edges.sources, self.edges.targets, self.sizes
        return kernels.junction_conv(x, self.weight, self.bias, *tables, *self.window)

    def extra_repr(self) -> str:
        stride, padding, dilation = self.window
        return f"stride={stride}, padding={padding}, dilation={dilation}"


def start(
    weight: Tensor,
    bias: Tensor | None,
    edges: Edges | None,
    sources: int,
) -> None:
    """Let each neuron start with numbers up to 1 / sqrt(fan-in), either way."""
    area = weight[:1].numel()
    if edges is None:
        reach = each = torch.tensor((sources * area) ** -0.5)
    else:
        reach = edges.reach(area)
        each = edges.spread(reach)
    with torch.no_grad():
        weight.uniform_(-1, 1).mul_(each.reshape(-1, *(1,) * (weight.dim() - 1)))
        if bias is not None:
            bias.uniform_(-1, 1).mul_(reach)
