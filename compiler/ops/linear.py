"""Layers that connect neurons by a weight."""

from connc.compiler.fields import Count
from connc.compiler.ops.base import Op, op


@op("linear", relates="neurons")
class Linear(Op):
    """Connects the features, the last axis, to `units` new ones: y = x Wᵀ + b.

    `units`: features of the result. `bias`: whether b is added.
    """

    units: Count
    bias: bool = True
