"""Convolutions of a map: channels, height, width."""

from connc.compiler.fields import Count, Margin, Pair
from connc.compiler.ops.base import Op, op


@op("conv", relates="channels")
class Conv(Op):
    """Convolves a map to `channels` channels; height and width stay, unless `stride` or `padding` says otherwise.

    `channels`: channels of the result. `kernel`: height and width of the window, one value for both. `stride`: the step
    of the window. `padding`: zeros added on each side; without it floor(dilation * (kernel - 1) / 2), which keeps the
    map for odd kernels. `dilation`: the step between the points of the window. `groups`: how many parts the channels
    fall into, each connected to its own. `bias`: whether a number is added to each channel.
    """

    channels: Count
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Margin | None = None
    dilation: Pair = (1, 1)
    groups: Count = 1
    bias: bool = False


@op("sepconv")
class SepConv(Op):
    """Convolves each channel by itself, then connects the channels point by point: a separable convolution.

    Its parameters are those of `conv`: `kernel`, `stride`, `padding` and `dilation` of the first step, `channels` and
    `bias` of the second.
    """

    channels: Count
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Margin | None = None
    dilation: Pair = (1, 1)
    bias: bool = False
