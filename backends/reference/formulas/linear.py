"""Layers that connect neurons by a weight."""

from __future__ import annotations

import numpy as np

from connc.backends.reference.formula import formula
from connc.backends.reference.formulas.fans import At, fan_in, per_target
from connc.backends.reference.numbers import Array
from connc.compiler.ops.base import Shape
from connc.compiler.ops.linear import Linear


def _terms(op: Linear, x: Shape) -> int:
    return fan_in(op.rule, x[-1]) + 1


@formula("linear", terms=_terms)
def linear(op: Linear, x: Array, weight: Array, bias: Array | None = None) -> Array:
    """y = x Wᵀ + b over the last axis; by a rule y of a target is the sum of x * w over its pairs, + b."""

    def arriving(sources: At, pairs: At) -> Array:
        return np.asarray((x[..., sources] * weight[pairs]).sum(axis=-1))

    y = x @ weight.T if op.rule is None else per_target(op.rule, op.units, arriving, axis=-1)
    return y if bias is None else y + bias
