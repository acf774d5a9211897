"""Layers whose connections are stored as such: a weight for each, and tables that say whom it connects."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from connc.backends.torch import kernels
from connc.compiler.ops.window import Window
from connc.compiler.relations.relation import Relation

_CONNECTIONS = "connections"


class Edges(nn.Module):
    """The pairs of a relation, by target, then by source: which source and target each has, where a target's start.

    Tables move with the module and are no part of its state: the relation knows them, whatever is done to tensors.
    """

    sources: Tensor
    targets: Tensor
    starts: Tensor

    def __init__(self, relation: Relation) -> None:
        super().__init__()
        self.relation = relation
        for name in ("sources", "targets", "starts"):
            self.register_buffer(name, torch.empty(0), persistent=False)
        self.fill(self.sources.device)

    def fill(self, device: torch.device) -> None:
        """Make the tables anew, on a device."""
        sources, targets = self.relation.pairs()
        for name, table in (("sources", sources), ("targets", targets), ("starts", self.relation.starts)):
            setattr(self, name, torch.tensor(table, dtype=torch.int32, device=device))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Edges:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.fill(self.sources.device)
        return self

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """No tensor, but beside the tensors, where torch keeps versions, whose connections their values are."""
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination._metadata[prefix[:-1]][_CONNECTIONS] = self.relation.digest()

    def _load_from_state_dict(self, state: Any, prefix: str, metadata: Any, *others: Any) -> None:
        *_, errors = others
        if metadata.get(_CONNECTIONS, self.relation.digest()) != self.relation.digest():
            errors.append(
                f"the weights of `{prefix.removesuffix('.edges.')}` are those of other connections: "
                "compile the module with the parameters and the seed of the one that they come from"
            )
        super()._load_from_state_dict(state, prefix, metadata, *others)

    def extra_repr(self) -> str:
        return f"{prod(self.relation.sources)} -> {prod(self.relation.targets)}, {self.relation.count} connections"


class Junction(nn.Module):
    """A linear layer of the connections in a relation, by the dense product where those are all."""

    edges: Edges | None

    def __init__(self, relation: Relation, bias: bool) -> None:
        super().__init__()
        self.shape = prod(relation.targets), prod(relation.sources)
        self.register_module("edges", None if relation.count == prod(self.shape) else Edges(relation))
        self.weight = nn.Parameter(torch.empty(relation.count))
        self.bias = nn.Parameter(torch.empty(self.shape[0])) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        if self.edges is None:
            return F.linear(x, self.weight.view(self.shape), self.bias)
        return kernels.junction(x, self.weight, self.bias, self.edges.sources, self.edges.starts, self.shape[1])


class JunctionConv(nn.Module):
    """A convolution of the pairs of channels in a relation, an ordinary one where those are all."""

    edges: Edges | None

    def __init__(self, relation: Relation, window: Window, bias: bool) -> None:
        super().__init__()
        self.shape = prod(relation.targets), prod(relation.sources), *window.kernel
        self.window = window.stride, window.padding, window.dilation
        self.register_module("edges", None if relation.count == prod(self.shape[:2]) else Edges(relation))
        self.weight = nn.Parameter(torch.empty(relation.count, *window.kernel))
        self.bias = nn.Parameter(torch.empty(self.shape[0])) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        if self.edges is None:
            return F.conv2d(x, self.weight.view(self.shape), self.bias, *self.window)
        edges, sizes = self.edges, self.shape[1::-1]
        return kernels.junction_conv(x, self.weight, self.bias, edges.sources, edges.targets, sizes, *self.window)

    def extra_repr(self) -> str:
        names = "stride", "padding", "dilation"
        return ", ".join(f"{name}={value}" for name, value in zip(names, self.window, strict=True))
