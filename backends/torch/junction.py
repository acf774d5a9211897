"""Layers whose connections are stored as such: a weight for each, and tables that say whom it connects."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from connc.backends.torch import kernels
from connc.compiler.ops.window import Window
from connc.compiler.relations.relation import Relation


class Edges(nn.Module):
    """The pairs of a relation, by target, then by source: which source and target each has, where a target's start.

    Tables move with the module but are no part of its state: the relation knows them, also after `to_empty`.
    """

    sources: Tensor
    targets: Tensor
    starts: Tensor

    def __init__(self, relation: Relation) -> None:
        super().__init__()
        self.relation = relation
        for name in ("sources", "targets", "starts"):
            self.register_buffer(name, torch.empty(0, dtype=torch.int32), persistent=False)
        self._fill()

    def _fill(self) -> None:
        sources, targets = self.relation.pairs()
        for name, table in (("sources", sources), ("targets", targets), ("starts", self.relation.starts)):
            setattr(self, name, torch.tensor(table, dtype=torch.int32, device=getattr(self, name).device))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Edges:
        was_meta = self.sources.is_meta
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if was_meta and not self.sources.is_meta:
            self._fill()
        return self

    def extra_repr(self) -> str:
        return f"{prod(self.relation.sources)} -> {prod(self.relation.targets)}, {self.relation.count} connections"


class Junction(nn.Module):
    """A linear layer of the connections in a relation, by the dense product where those are all."""

    def __init__(self, relation: Relation, bias: bool) -> None:
        super().__init__()
        self.shape = prod(relation.targets), prod(relation.sources)
        self.edges = None if relation.count == prod(self.shape) else Edges(relation)
        self.weight = nn.Parameter(torch.empty(relation.count))
        self.bias = nn.Parameter(torch.empty(self.shape[0])) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        check_sources(x.shape[-1], self.shape[1])
        if self.edges is None:
            return F.linear(x, self.weight.view(self.shape), self.bias)
        return kernels.junction(x, self.weight, self.bias, self.edges.sources, self.edges.starts)


class JunctionConv(nn.Module):
    """A convolution of the pairs of channels in a relation, an ordinary one where those are all."""

    def __init__(self, relation: Relation, window: Window, bias: bool) -> None:
        super().__init__()
        self.shape = prod(relation.targets), prod(relation.sources), *window.kernel
        self.window = window.stride, window.padding, window.dilation
        self.edges = None if relation.count == prod(self.shape[:2]) else Edges(relation)
        self.weight = nn.Parameter(torch.empty(relation.count, *window.kernel))
        self.bias = nn.Parameter(torch.empty(self.shape[0])) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        check_sources(x.shape[1], self.shape[1])
        if self.edges is None:
            return F.conv2d(x, self.weight.view(self.shape), self.bias, *self.window)
        edges, size = self.edges, self.shape[0]
        return kernels.junction_conv(x, self.weight, self.bias, edges.sources, edges.targets, size, *self.window)


def check_sources(given: int, sources: int) -> None:
    """Tables would take more for as many as they know of."""
    if given != sources:
        raise ValueError(f"a junction of {sources} sources got {given}")
