"""DenseNet-121 and SparseNet-121 as one writes them in plain torch, from the papers: a `torch.cat` in front of a layer.

Only layouts are shared with the standard library. Modules stand in the order in which they compute, so that weights
can be handed over one by one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

BLOCKS, GROWTH, CLASSES = (6, 12, 24, 16), 32, 1000


class Bottleneck(nn.Module):
    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, 4 * growth, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(self.relu(self.bn1(x)))
        return self.conv2(self.relu(self.bn2(x)))


class Transition(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.conv(self.relu(self.bn(x))))


class Block(nn.Module):
    """`seen(i)` are the places of those that layer `i` reads; the block itself is at place 0."""

    def __init__(self, layers: int, channels: int, sparse: bool) -> None:
        super().__init__()
        widths = [channels] + [GROWTH] * layers
        self.seen = [_sparse(i) if sparse else list(range(i)) for i in range(1, layers + 2)]
        reads = [sum(widths[place] for place in seen) for seen in self.seen]
        self.layers = nn.ModuleList(Bottleneck(each, GROWTH) for each in reads[:-1])
        self.channels = reads[-1]

    def forward(self, x: Tensor) -> Tensor:
        made = [x]
        for layer, seen in zip(self.layers, self.seen, strict=False):
            made.append(layer(torch.cat([made[place] for place in seen], 1)))
        return torch.cat([made[place] for place in self.seen[-1]], 1)


def _sparse(i: int) -> list[int]:
    """What stands 1, 2, 4, 8, … before `i`, the farthest first."""
    return [i - 2**k for k in reversed(range(i.bit_length())) if i >= 2**k]


class Aggregated(nn.Module):
    """Both nets: they differ in what a layer reads, in the width of the stem and in the head."""

    def __init__(self, sparse: bool) -> None:
        super().__init__()
        channels = GROWTH if sparse else 2 * GROWTH
        self.stem = nn.Sequential(
            nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        stages: list[nn.Module] = []
        for place, layers in enumerate(BLOCKS):
            stages.append(block := Block(layers, channels, sparse))
            channels = block.channels
            if place < len(BLOCKS) - 1:
                stages.append(Transition(channels))
                channels //= 2
        self.stages = nn.Sequential(*stages)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.pool: nn.Module = nn.AvgPool2d(2) if sparse else nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(9 * channels if sparse else channels, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.stages(self.stem(x))))
        return self.classifier(self.pool(x).flatten(1))


def densenet121() -> nn.Module:
    return Aggregated(sparse=False)


def sparsenet121() -> nn.Module:
    return Aggregated(sparse=True)
