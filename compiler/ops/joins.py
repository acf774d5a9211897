"""Layers that make one value of as many as come. Each may stand behind `using`.

All but `concat` share their names with functions of numbers or are signs of arithmetic, so they take no parameters.
"""

from connc.compiler.fields import Axis
from connc.compiler.ops.base import Op, op


@op("concat", inputs=None)
class Concat(Op):
    """Puts its sources behind each other along an axis; all other axes must agree.

    `axis`: along which, 0 being the channels.
    """

    axis: Axis = 0


@op("sum", inputs=None)
class Sum(Op):
    """Adds its sources, which have one shape; `a + b` in a spec."""


@op("mean", inputs=None)
class Mean(Op):
    """Takes the mean of its sources, which have one shape."""


@op("max", inputs=None)
class Max(Op):
    """Takes the greatest of its sources, which have one shape, at each point."""


@op("mul", inputs=None)
class Mul(Op):
    """Multiplies its sources, which have one shape, point by point; `a * b` in a spec."""
