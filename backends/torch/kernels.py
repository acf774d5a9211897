"""What junctions and other rules do to tensors, beyond what torch has a function for. Axes count the batch.

Each is one step for fx, which does not look into it when it traces a module. What stands here needs torch alone and is
copied into the files that a module is written to, whose lines have at most 88 characters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, fx, nn

from connc.compiler.ops.window import Sizes


@fx.wrap
def junction(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    sources: Tensor,
    starts: Tensor,
    width: int,
) -> Tensor:
    """The weighted sum of its sources for each target, along the last axis.

    That has `width` features. The sources of target t stand from `starts[t]` on, as
    their weights do. What is computed are sums over rows of the transposed input, each
    the features of one neuron over the batch: no weight is made that no connection has.
    """
    check_sources(x, -1, width)
    rows = x.reshape(-1, width).t()
    if rows.dtype != weight.dtype and torch.is_autocast_enabled(x.device.type):
        rows = rows.to(weight.dtype)
    summed = nn.functional.embedding_bag(
        sources,
        rows,
        starts,
        mode="sum",
        per_sample_weights=weight,
        include_last_offset=True,
    )
    y = summed.t().reshape(*x.shape[:-1], starts.shape[0] - 1)
    return y if bias is None else y + bias


@fx.wrap
def junction_conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    sources: Tensor,
    targets: Tensor,
    sizes: tuple[int, int],
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
) -> Tensor:
    """A convolution of connected pairs of channels, each by its kernel, by target.

    `sizes` are the channels that come in and those that come out.
    """
    check_sources(x, 1, sizes[0])
    pairs = x.index_select(1, sources)
    steps = stride, padding, dilation, max(1, weight.shape[0])
    each = nn.functional.conv2d(pairs, weight[:, None], None, *steps)
    y = segment_sum(each, targets, sizes[1], 1)
    return y if bias is None else y + bias[:, None, None]


@fx.wrap
def segment_sum(x: Tensor, targets: Tensor, size: int, axis: int) -> Tensor:
    """The sum of the pairs of each target; 0 without any."""
    return x.new_zeros(_resized(x, axis, size)).index_add(axis, targets, x)


@fx.wrap
def segment_max(x: Tensor, targets: Tensor, size: int, axis: int) -> Tensor:
    """The greatest of the pairs of each target; -inf without any."""
    sizes = [-1 if i == axis else 1 for i in range(x.dim())]
    to = targets.long().reshape(sizes).expand_as(x)
    least = x.new_full(_resized(x, axis, size), -math.inf)
    return least.scatter_reduce(axis, to, x, "amax")


@fx.wrap
def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    sources: Tensor,
    targets: Tensor,
) -> Tensor:
    """What tokens read of those that are related to them."""
    read = query.new_zeros((query.shape[-2], key.shape[-2]), dtype=torch.bool)
    read = read.index_put((targets.long(), sources.long()), read.new_ones(()))
    return nn.functional.scaled_dot_product_attention(query, key, value, read)


@fx.wrap
def at_least(x: Tensor, y: Tensor | float) -> Tensor:
    """1 where x >= y, else 0."""
    return (x >= y).to(x.dtype)


@fx.wrap
def windows(
    x: Tensor,
    kernel: Sizes,
    dilation: Sizes,
    padding: Sizes,
    stride: Sizes,
    places: Sizes,
) -> Tensor:
    """The points of each window of a map, zeros around it."""
    columns = nn.functional.unfold(x, kernel, dilation, padding, stride)
    return columns.reshape(-1, x.shape[1], *kernel, *places).permute(0, 4, 5, 1, 2, 3)


def check_sources(x: Tensor, axis: int, width: int) -> None:
    """Tables would take more for as many as they know of."""
    if x.shape[axis] != width:
        raise ValueError(f"a junction of {width} sources got {x.shape[axis]}")


def _resized(x: Tensor, axis: int, size: int) -> Sequence[int]:
    return (*x.shape[:axis], size, *x.shape[axis + 1 :])
