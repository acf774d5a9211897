"""Layers that bring values to a common scale, and the one that drops some in training."""

from typing import Annotated

from connc.compiler.fields import AXES, Share, Within
from connc.compiler.ops.base import Op, op


@op("bn")
class BatchNorm(Op):
    """Normalises each channel over the batch and the map, then scales and shifts it.

    `eps`: added to the variance. `momentum`: the weight of the newest batch in the running mean and variance, which
    stand in for the batch's own when the net is not training. `affine`: whether a scale and a shift are learned.
    """

    eps: Share = 1e-5
    momentum: Share = 0.1
    affine: bool = True


@op("layernorm")
class LayerNorm(Op):
    """Normalises each sample over its last `axes` axes, then scales and shifts it.

    `axes`: how many axes, 1 being the features alone. `eps`: added to the variance. `affine`: whether a scale and a
    shift are learned.
    """

    axes: Annotated[int, Within(1, AXES)] = 1
    eps: Share = 1e-5
    affine: bool = True


@op("dropout")
class Dropout(Op):
    """Sets values to zero at random in training and scales up the others; does nothing otherwise.

    `p`: the share that is dropped.
    """

    p: Share = 0.5
