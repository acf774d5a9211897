"""Layers in which tokens read each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from connc.backends.reference.formula import Params, formula
from connc.backends.reference.formulas.activation import along, moved
from connc.backends.reference.formulas.fans import fan_in, fans
from connc.backends.reference.numbers import Array, divided, root
from connc.compiler.ops.attention import Attention
from connc.compiler.ops.base import Shape


def _part(op: Attention, x: Array, params: Params, part: str) -> Array:
    """x Wᵀ + b, with the features cut into as many pieces as there are heads: batch, heads, tokens, piece."""
    y = _projected(x, params, part)
    batch, tokens, features = y.shape
    return y.reshape(batch, tokens, op.heads, features // op.heads).swapaxes(1, 2)


def _projected(x: Array, params: Params, part: str) -> Array:
    y = x @ params[f"{part}_weight"].T
    return y + params[f"{part}_bias"] if f"{part}_bias" in params else y


def _joined(heads: Array) -> Array:
    """The pieces of all heads behind each other again."""
    batch, count, tokens, piece = heads.shape
    return heads.swapaxes(1, 2).reshape(batch, tokens, count * piece)


def _scores(query: Array, key: Array) -> Array:
    """q · k / sqrt(piece), of one token with those that it reads: batch, heads, tokens."""
    return divided((query[:, :, None] * key).sum(axis=-1), root(np.asarray(query.shape[-1], dtype=query.dtype)))


def _mixed(weights: Array, value: Array) -> Array:
    return np.asarray((weights[..., None] * value).sum(axis=2))


def _terms(op: Attention, x: Shape) -> int:
    tokens, features = x
    read = fan_in(op.rule, tokens)
    return 2 * (features + 1) + features // op.heads + 2 * read + 8


@formula("attention", terms=_terms)
def attention(op: Attention, x: Array, **params: Array) -> Array:
    """In each head a token gets the sum of softmax(q · k / sqrt(piece)) * v over those that it reads."""
    query, key, value = (_part(op, x, params, part) for part in ("query", "key", "value"))
    found = []
    for token, (read, _) in enumerate(fans(op.rule, x.shape[1])):
        weights = along(_scores(query[:, :, token], key[:, :, read]), axis=2)
        found.append(_mixed(weights, value[:, :, read]))
    return _projected(_joined(np.stack(found, axis=2)), params, "out")


@attention.magnitude
def attention_size(op: Attention, x: Sequence[Array], sizes: Sequence[Array], params: Params, training: bool) -> Array:
    """Stage by stage: a score that is off by ds moves a head by softmax * ds * (v - what the head gets)."""
    unsigned = {name: np.abs(value) for name, value in params.items()}
    parts = [_part(op, x[0], params, part) for part in ("query", "key", "value")]
    wide = [_part(op, sizes[0], unsigned, part) for part in ("query", "key", "value")]
    found = []
    for token, (read, _) in enumerate(fans(op.rule, x[0].shape[1])):
        (query, key, value), (wide_query, wide_key, wide_value) = (
            (q[:, :, token], k[:, :, read], v[:, :, read]) for q, k, v in (parts, wide)
        )
        scores = _scores(query, key)
        off = moved(scores, _scores(wide_query, np.abs(key)) + _scores(np.abs(query), wide_key), axis=2)
        weights = along(scores, axis=2)
        apart = np.abs(value - _mixed(weights, value)[:, :, None])
        found.append(_mixed(weights, wide_value + off[..., None] * apart))
    return _projected(_joined(np.stack(found, axis=2)), unsigned, "out")
