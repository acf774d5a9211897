"""Functions of single values, and of the values along an axis."""

from connc.compiler.fields import Axis, Real
from connc.compiler.ops.base import Op, Prims, Shape, T, op
from connc.compiler.ops.refuse import axis_of


@op("relu")
class Relu(Op):
    """Replaces negative values by zero."""

    leaves_places = True
    is_pointwise = True

    def body(self, p: Prims[T], x: T) -> T:
        return p.relu(x)


@op("sigmoid")
class Sigmoid(Op):
    """Brings each value between 0 and 1: 1 / (1 + exp(-x))."""

    leaves_places = True
    is_pointwise = True

    def body(self, p: Prims[T], x: T) -> T:
        return p.sigmoid(x)


@op("tanh")
class Tanh(Op):
    """Brings each value between -1 and 1 by the hyperbolic tangent."""

    leaves_places = True
    is_pointwise = True

    def body(self, p: Prims[T], x: T) -> T:
        return p.tanh(x)


@op("softmax")
class Softmax(Op):
    """Makes the values along an axis positive with sum 1: exp(x) over the sum of all exp(x).

    `axis`: along which, -1 being the last.
    """

    axis: Axis = -1

    def shape(self, x: Shape) -> Shape:
        axis_of(self, self.axis, x)
        return x

    def body(self, p: Prims[T], x: T) -> T:
        return p.softmax(x, axis_of(self, self.axis, p.shape(x)))


@op("gain")
class Gain(Op):
    """Multiplies by a fixed number; `0.5 * x` in a spec is `gain(0.5)`.

    `factor`: the number.
    """

    leaves_places = True
    is_pointwise = True

    factor: Real

    def body(self, p: Prims[T], x: T) -> T:
        return p.mul(x, float(self.factor))
