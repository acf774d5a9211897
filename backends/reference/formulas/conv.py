"""Convolutions of a map."""

from __future__ import annotations

import numpy as np

from connc.backends.reference.formula import formula
from connc.backends.reference.formulas.fans import At, fan_in, per_target
from connc.backends.reference.formulas.windows import Steps, padding_of, seen
from connc.backends.reference.numbers import Array
from connc.compiler.ops.base import Shape
from connc.compiler.ops.conv import Conv, SepConv

POINT = Steps((1, 1), (1, 1), (0, 0))


def convolved(x: Array, weight: Array, steps: Steps) -> Array:
    """y[o] = sum over channels c and points (i, j) of weight[o, c, i, j] * what (i, j) lies on in channel c."""
    parts = [_mixed(weight[:, :, row, column], part) for row, column, part in seen(x, steps)]
    return np.asarray(sum(parts[1:], parts[0]))


def _mixed(weight: Array, x: Array) -> Array:
    """Each point connected by itself: a matrix from channels to channels."""
    batch, channels, height, width = x.shape
    flat = weight @ x.reshape(batch, channels, height * width)
    return flat.reshape(batch, len(weight), height, width)


def _in_groups(x: Array, weight: Array, steps: Steps, groups: int) -> Array:
    """Channels and results cut into as many parts, each convolved by itself."""
    parts = zip(np.split(x, groups, axis=1), np.split(weight, groups), strict=True)
    return np.concatenate([convolved(channels, weights, steps) for channels, weights in parts], axis=1)


def _by_rule(op: Conv, x: Array, weight: Array, steps: Steps) -> Array:
    """A target is its own sources convolved to one channel."""

    def arriving(sources: At, pairs: At) -> Array:
        return convolved(x[:, sources], weight[None, pairs], steps)[:, 0]

    return per_target(op.rule, op.channels, arriving, axis=1)


def _shifted(y: Array, bias: Array | None) -> Array:
    return y if bias is None else y + bias[:, None, None]


def _steps(op: Conv | SepConv) -> Steps:
    return Steps(op.kernel, op.stride, padding_of(op.padding, op.kernel, op.dilation), op.dilation)


def _terms(op: Conv, x: Shape) -> int:
    return fan_in(op.rule, x[0] // op.groups) * op.kernel[0] * op.kernel[1] + 1


@formula("conv", terms=_terms)
def conv(op: Conv, x: Array, weight: Array, bias: Array | None = None) -> Array:
    """y[o] = bias[o] + the sum of weight * x over the channels of its group or rule and the points of the window."""
    if op.rule is not None:
        return _shifted(_by_rule(op, x, weight, _steps(op)), bias)
    return _shifted(_in_groups(x, weight, _steps(op), op.groups), bias)


def _separate_terms(op: SepConv, x: Shape) -> int:
    return op.kernel[0] * op.kernel[1] + x[0] + 1


@formula("sepconv", terms=_separate_terms)
def sepconv(op: SepConv, x: Array, depth_weight: Array, point_weight: Array, point_bias: Array | None = None) -> Array:
    """First each channel convolved by itself, then all of them connected at each point."""
    deep = _in_groups(x, depth_weight, _steps(op), x.shape[1])
    return _shifted(convolved(deep, point_weight, POINT), point_bias)
