"""Layers that sum up the windows of a map: channels, height, width."""

from connc.compiler.fields import Margin, Pair
from connc.compiler.ops.base import Op, op


@op("maxpool")
class MaxPool(Op):
    """Keeps the greatest value of each window of a map.

    `kernel`: height and width of the window, one value for both. `stride`: the step of the window; without it the
    kernel, so that windows do not overlap. `padding`: points added on each side, which are never the greatest.
    """

    kernel: Pair
    stride: Pair | None = None
    padding: Margin = (0, 0)


@op("avgpool")
class AvgPool(Op):
    """Takes the mean of each window of a map.

    `kernel`: height and width of the window, one value for both. `stride`: the step of the window; without it the
    kernel, so that windows do not overlap. `padding`: zeros added on each side, which count.
    """

    kernel: Pair
    stride: Pair | None = None
    padding: Margin = (0, 0)


@op("globalpool")
class GlobalPool(Op):
    """Takes the mean of each channel over the whole map: a vector of one value a channel."""
