"""Functions of single values, and of the values along an axis."""

from connc.compiler.fields import Axis, Real
from connc.compiler.ops.base import Op, op


@op("relu")
class Relu(Op):
    """Replaces negative values by zero."""


@op("sigmoid")
class Sigmoid(Op):
    """Brings each value between 0 and 1: 1 / (1 + exp(-x))."""


@op("tanh")
class Tanh(Op):
    """Brings each value between -1 and 1 by the hyperbolic tangent."""


@op("softmax")
class Softmax(Op):
    """Makes the values along an axis positive with sum 1: exp(x) over the sum of all exp(x).

    `axis`: along which, -1 being the last.
    """

    axis: Axis = -1


@op("gain")
class Gain(Op):
    """Multiplies by a fixed number; `0.5 * x` in a spec is `gain(0.5)`.

    `factor`: the number.
    """

    factor: Real
