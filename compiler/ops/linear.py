"""Layers that connect neurons by a weight."""

from math import prod

from connc.compiler.fields import Count
from connc.compiler.ops.base import Op, Prims, Shape, Space, T, op
from connc.compiler.ops.refuse import features, related
from connc.compiler.start import Start, of_neurons


@op("linear", relates="neurons")
class Linear(Op):
    """Connects the features, the last axis, to `units` new ones: y = x Wᵀ + b.

    `units`: features of the result. `bias`: whether b is added.
    """

    units: Count
    bias: bool = True

    def shape(self, x: Shape) -> Shape:
        features(self, x)
        related(self, x)
        return (*x[:-1], self.units)

    def spaces(self, x: Shape) -> tuple[Space, Space]:
        return x[-1:], (self.units,)

    def params(self, x: Shape) -> dict[str, Shape]:
        weight: Shape = (self.units, x[-1]) if self.rule is None else (self.rule.count,)
        return {"weight": weight} | ({"bias": (self.units,)} if self.bias else {})

    def starts(self, x: Shape) -> dict[str, Start]:
        return of_neurons(x[-1], self.rule)

    def macs(self, x: Shape) -> int:
        return prod(x[:-1]) * prod(self.params(x)["weight"])

    def body(self, p: Prims[T], x: T, *, weight: T, bias: T | None = None) -> T:
        if self.rule is None:
            return p.linear(x, weight, bias)
        return p.junction(x, weight, bias, self.rule)
