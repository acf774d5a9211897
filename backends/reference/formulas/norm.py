"""Layers that bring values to a common scale, and the one that drops some in training."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from connc.backends.reference.formula import Params, Undecided, formula
from connc.backends.reference.numbers import Array, divided, number, root
from connc.compiler.ops.base import Shape
from connc.compiler.ops.norm import BatchNorm, Dropout, LayerNorm

Axes = tuple[int, ...]


# --- what both norms have in common


def mean(x: Array, axes: Axes) -> Array:
    """The mean over some axes, which stay with size 1."""
    return divided(x.sum(axis=axes, keepdims=True), prod(x.shape[axis] for axis in axes))


def variance(x: Array, axes: Axes) -> Array:
    """The mean square of what is off the mean."""
    off = x - mean(x, axes)
    return mean(off * off, axes)


def scaled(x: Array, weight: Array | None, bias: Array | None) -> Array:
    """x * weight + bias, where they are learned."""
    scale = x if weight is None else x * weight
    return scale if bias is None else scale + bias


def _normalised(x: Array, axes: Axes, eps: object) -> Array:
    """(x - mean) / sqrt(variance + eps)."""
    return divided(x - mean(x, axes), root(variance(x, axes) + number(eps, x)))


def _normalised_size(x: Array, size: Array, axes: Axes, eps: object) -> Array:
    """(dx - dmean) / s - (x - mean) dv / (2 s³), with s = sqrt(v + eps) and dv = 2 mean((x - mean) (dx - dmean))."""
    off, moved = np.abs(x - mean(x, axes)), size + mean(size, axes)
    spread = variance(x, axes) + number(eps, x)
    s = root(spread)
    return divided(moved + off + divided(off * mean(off * moved, axes), spread), s)


# --- bn


def _over(x: Array) -> Axes:
    """The batch and all axes but the channels."""
    return (0, *range(2, x.ndim))


def _channels(value: Array | None, x: Array) -> Array | None:
    """One number a channel, so that it fits x."""
    return None if value is None else value.reshape(value.shape + (1,) * (x.ndim - 2))


@formula("bn", terms=lambda op, x: prod(x[1:]) + 4)
def bn(op: BatchNorm, x: Array, weight: Array | None = None, bias: Array | None = None, **running: Array) -> Array:
    """(x - running_mean) / sqrt(running_var + eps) * weight + bias, each of them one number a channel."""
    middle, spread = _channels(running["running_mean"], x), _channels(running["running_var"], x)
    assert middle is not None
    assert spread is not None
    y = divided(x - middle, root(spread + number(op.eps, x)))
    return scaled(y, _channels(weight, x), _channels(bias, x))


@bn.training
def bn_in_training(
    op: BatchNorm,
    x: Array,
    running_mean: Array,
    running_var: Array,
    num_batches_tracked: Array,
    weight: Array | None = None,
    bias: Array | None = None,
) -> tuple[Array, dict[str, Array]]:
    """The same by the batch's own mean and variance, to which the running ones move by `momentum`."""
    count = prod(x.shape[axis] for axis in _over(x))
    if count < 2:
        raise ValueError(f"in training `bn` needs at least two values a channel to have a variance, not {count}")
    middle, spread = mean(x, _over(x)), variance(x, _over(x))
    unbiased = divided(spread * count, count - 1)
    buffers = {
        "running_mean": _moved(op, running_mean, middle.reshape(-1)),
        "running_var": _moved(op, running_var, unbiased.reshape(-1)),
        "num_batches_tracked": np.asarray(num_batches_tracked + 1, dtype=num_batches_tracked.dtype),
    }
    return scaled(_normalised(x, _over(x), op.eps), _channels(weight, x), _channels(bias, x)), buffers


def _moved(op: BatchNorm, old: Array, new: Array) -> Array:
    """(1 - momentum) * old + momentum * new."""
    momentum = number(op.momentum, old)
    return np.asarray((1 - momentum) * old + momentum * new)


@bn.magnitude
def bn_size(op: BatchNorm, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool) -> Array:
    """|weight| / sqrt(var + eps) * (size + |mean|) + |bias|; in training the batch moves its mean and variance."""
    known = {name: _channels(np.abs(value), x[0]) for name, value in params.items() if value.ndim}
    if training:
        y = _normalised_size(x[0], sizes[0], _over(x[0]), op.eps)
    else:
        y = divided(sizes[0] + known["running_mean"], root(known["running_var"] + number(op.eps, x[0])))
    return scaled(y, known.get("weight"), known.get("bias"))


# --- layernorm


def _last(op: LayerNorm, x: Array) -> Axes:
    return tuple(range(x.ndim - op.axes, x.ndim))


def _layer_terms(op: LayerNorm, x: Shape) -> int:
    return prod(x[len(x) - op.axes :]) + 4


@formula("layernorm", terms=_layer_terms)
def layernorm(op: LayerNorm, x: Array, weight: Array | None = None, bias: Array | None = None) -> Array:
    """(x - mean) / sqrt(variance + eps) * weight + bias, with mean and variance over the last axes of a sample."""
    return scaled(_normalised(x, _last(op, x), op.eps), weight, bias)


@layernorm.magnitude
def layernorm_size(op: LayerNorm, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool) -> Array:
    """What comes in moves mean and variance too."""
    known = {name: np.abs(value) for name, value in params.items()}
    y = _normalised_size(x[0], sizes[0], _last(op, x[0]), op.eps)
    return scaled(y, known.get("weight"), known.get("bias"))


# --- dropout


@formula("dropout")
def dropout(op: Dropout, x: Array) -> Array:
    """y = x."""
    return x


@dropout.training
def dropout_in_training(op: Dropout, x: Array) -> tuple[Array, dict[str, Array]]:
    """Each value is 0 with probability p, and x / (1 - p) otherwise."""
    if 0 < op.p < 1:
        raise Undecided(f"what `dropout({op.p})` drops in training nothing but chance decides")
    return (x if op.p == 0 else np.full_like(x, 0)), {}
