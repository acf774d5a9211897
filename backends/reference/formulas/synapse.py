"""Bounded connections, excitatory or inhibitory, and the competition of neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import prod

import numpy as np

from connc.backends.reference.formula import Params, formula
from connc.backends.reference.formulas.fans import At, fan_in, fans, per_target
from connc.backends.reference.formulas.windows import Steps, padding_of, seen
from connc.backends.reference.numbers import Array, divided, is_exact, number
from connc.compiler.ops.base import Shape
from connc.compiler.ops.synapse import Lateral, Synapse, SynapseConv

CLEAR = Fraction(1, 1024)  # of a magnitude: what is farther off a border stays on its side


def passed(x: Array, threshold: Array) -> Array:
    """min(max(0, (x - a) / (1 - a)), 1)."""
    return np.minimum(np.maximum(divided(x - threshold, 1 - threshold), 0), 1)


def passed_size(x: Array, size: Array, threshold: Array) -> Array:
    """(dx + da) / (1 - a); what is clearly beyond an end is that end."""
    value, wide = (divided(y, 1 - threshold) for y in (x - threshold, size + np.abs(threshold)))
    margin = number(CLEAR, x) * wide
    sure = (value < -margin) | (value > 1 + margin)
    return np.where(sure, passed(x, threshold), wide)


# --- synapse


@formula("synapse", terms=lambda op, x: fan_in(op.rule, x[-1]) + 6)
def synapse(op: Synapse, x: Array, threshold: Array, neuron_threshold: Array, signs: Array) -> Array:
    """What a neuron passes of the sum over its connections of sign * what the connection passes."""
    return passed(_arriving(op, x, threshold, signs), neuron_threshold)


def _arriving(op: Synapse, x: Array, threshold: Array, signs: Array) -> Array:
    def arriving(sources: At, pairs: At) -> Array:
        return np.asarray((signs[pairs] * passed(x[..., sources], threshold[pairs])).sum(axis=-1))

    return per_target(op.rule, op.units, arriving, axis=-1)


@synapse.magnitude
def synapse_size(op: Synapse, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool) -> Array:
    threshold, signs = params["threshold"], params["signs"]

    def arriving(sources: At, pairs: At) -> Array:
        size = passed_size(x[0][..., sources], sizes[0][..., sources], threshold[pairs])
        return np.asarray((np.abs(signs[pairs]) * size).sum(axis=-1))

    size = per_target(op.rule, op.units, arriving, axis=-1)
    return passed_size(_arriving(op, x[0], threshold, signs), size, params["neuron_threshold"])


# --- synapse_conv


def _steps(op: SynapseConv) -> Steps:
    return Steps(op.kernel, op.stride, padding_of(op.padding, op.kernel))


def _at(weights: Array, row: int, column: int) -> Array:
    """The weights of one point of the kernel, so that they fit channels of maps."""
    return weights[..., row, column, None, None]


def _total(parts: Iterator[Array]) -> Array:
    """The sum over points of the kernel and channels; of no channel 0."""
    first = next(parts)
    return np.asarray(sum(parts, first).sum(axis=1))


def _conv_terms(op: SynapseConv, x: Shape) -> int:
    return fan_in(op.rule, x[0]) * op.kernel[0] * op.kernel[1] + 6


@formula("synapse_conv", terms=_conv_terms)
def synapse_conv(op: SynapseConv, x: Array, threshold: Array, neuron_threshold: Array, signs: Array) -> Array:
    """What `synapse` makes of the channels and points in a window, zeros of the padding included."""
    return passed(_arriving_maps(op, x, threshold, signs), neuron_threshold[:, None, None])


def _arriving_maps(op: SynapseConv, x: Array, threshold: Array, signs: Array) -> Array:
    points = list(seen(x, _steps(op)))

    def arriving(sources: At, pairs: At) -> Array:
        return _total(
            _at(signs[pairs], i, j) * passed(y[:, sources], _at(threshold[pairs], i, j)) for i, j, y in points
        )

    return per_target(op.rule, op.channels, arriving, axis=1)


@synapse_conv.magnitude
def synapse_conv_size(
    op: SynapseConv, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool
) -> Array:
    threshold, signs = params["threshold"], params["signs"]
    points = list(zip(seen(x[0], _steps(op)), seen(sizes[0], _steps(op)), strict=True))

    def arriving(sources: At, pairs: At) -> Array:
        return _total(
            np.abs(_at(signs[pairs], i, j)) * passed_size(y[:, sources], size[:, sources], _at(threshold[pairs], i, j))
            for (i, j, y), (_, _, size) in points
        )

    size = per_target(op.rule, op.channels, arriving, axis=1)
    return passed_size(_arriving_maps(op, x[0], threshold, signs), size, params["neuron_threshold"][:, None, None])


# --- lateral


def _flat(x: Array) -> Array:
    """Positions numbered row by row."""
    return x.reshape(len(x), prod(x.shape[1:]))


@formula("lateral")
def lateral(op: Lateral, x: Array) -> Array:
    """1 where x - neighbour >= beta for each neighbour, 0 elsewhere."""
    flat, beta = _flat(x), number(op.beta, x)
    wins = [
        (flat[:, [neuron]] - flat[:, rivals] >= beta).all(axis=1)
        for neuron, (rivals, _) in enumerate(fans(op.rule, flat.shape[1]))
    ]
    return np.stack(wins, axis=1).astype(np.int64).astype(x.dtype).reshape(x.shape)


@lateral.magnitude
def lateral_size(op: Lateral, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool) -> Array:
    """The value itself, where each gap is clearly wide enough or one clearly is not; without bound elsewhere."""
    if is_exact(x[0]):
        return np.asarray(lateral.value(op, x[0]))
    flat, size, beta = _flat(x[0]), _flat(sizes[0]), number(op.beta, x[0])
    sure = []
    for neuron, (rivals, _) in enumerate(fans(op.rule, flat.shape[1])):
        over = flat[:, [neuron]] - flat[:, rivals] - beta
        margin = number(CLEAR, x[0]) * (size[:, [neuron]] + size[:, rivals] + beta)
        sure.append((over > margin).all(axis=1) | (over < -margin).any(axis=1))
    return np.where(np.stack(sure, axis=1).reshape(x[0].shape), lateral.value(op, x[0]), np.inf)
