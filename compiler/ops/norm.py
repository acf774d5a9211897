"""Layers that bring values to a common scale, and the one that drops some in training."""

from math import prod
from typing import Annotated

from connc.compiler.fields import AXES, Epsilon, Share, Within
from connc.compiler.ops.base import Op, Prims, Shape, ShapeError, T, op
from connc.compiler.ops.refuse import show
from connc.compiler.start import Constant, Start


@op("bn")
class BatchNorm(Op):
    """Normalises each channel over the batch and the map, then scales and shifts it.

    The channels are axis 0, be it of a vector, a sequence, a map or a volume: of tokens and features the tokens.
    `eps`: added to the variance. `momentum`: the weight of the newest batch in the running mean and variance, which
    stand in for the batch's own when the net is not training. `affine`: whether a scale and a shift are learned.
    """

    leaves_places = True
    is_pointwise = True

    eps: Epsilon = 1e-5
    momentum: Share = 0.1
    affine: bool = True

    def shape(self, x: Shape) -> Shape:
        if not 1 <= len(x) <= 4:
            raise ShapeError(f"`bn` takes one to four axes, the channels first, not {show(x)}", "`reshape` it")
        return x

    def params(self, x: Shape) -> dict[str, Shape]:
        return {"weight": x[:1], "bias": x[:1]} if self.affine else {}

    def buffers(self, x: Shape) -> dict[str, Shape]:
        return {"running_mean": x[:1], "running_var": x[:1], "num_batches_tracked": ()}

    def starts(self, x: Shape) -> dict[str, Start]:
        return {"weight": Constant(1), "running_var": Constant(1)}

    def norms(self, x: Shape) -> int:
        return prod(x)

    def body(
        self,
        p: Prims[T],
        x: T,
        *,
        running_mean: T,
        running_var: T,
        num_batches_tracked: T,
        weight: T | None = None,
        bias: T | None = None,
    ) -> T:
        running = running_mean, running_var, num_batches_tracked
        return p.batch_norm(x, *running, weight, bias, float(self.eps), float(self.momentum))


@op("layernorm")
class LayerNorm(Op):
    """Normalises each sample over its last `axes` axes, then scales and shifts it.

    `axes`: how many axes, 1 being the features alone. `eps`: added to the variance. `affine`: whether a scale and a
    shift are learned.
    """

    leaves_places = True

    axes: Annotated[int, Within(1, AXES)] = 1
    eps: Epsilon = 1e-5
    affine: bool = True

    def shape(self, x: Shape) -> Shape:
        if len(x) < self.axes:
            raise ShapeError(
                f"`layernorm` is to go over {self.axes} axes, but {show(x)} has {len(x)}", f"`axes` is at most {len(x)}"
            )
        return x

    def params(self, x: Shape) -> dict[str, Shape]:
        last = x[-self.axes :]
        return {"weight": last, "bias": last} if self.affine else {}

    def starts(self, x: Shape) -> dict[str, Start]:
        return {"weight": Constant(1)}

    def norms(self, x: Shape) -> int:
        return prod(x)

    def body(self, p: Prims[T], x: T, *, weight: T | None = None, bias: T | None = None) -> T:
        return p.layer_norm(x, self.axes, weight, bias, float(self.eps))


@op("dropout")
class Dropout(Op):
    """Sets values to zero at random in training and scales up the others; does nothing otherwise.

    `p`: the share that is dropped.
    """

    leaves_places = True
    is_pointwise = True

    p: Share = 0.5

    def body(self, p: Prims[T], x: T) -> T:
        return p.dropout(x, float(self.p))
