"""Layers that sum up the windows of a map."""

from __future__ import annotations

from functools import reduce

import numpy as np

from connc.backends.reference.formula import formula
from connc.backends.reference.formulas.windows import Steps, seen
from connc.backends.reference.numbers import Array, divided
from connc.compiler.ops.pooling import AvgPool, GlobalPool, MaxPool, Pool


def _steps(op: Pool) -> Steps:
    """Without a stride windows do not overlap."""
    return Steps(op.kernel, op.kernel if op.stride is None else op.stride, op.padding)


@formula("maxpool")
def maxpool(op: MaxPool, x: Array) -> Array:
    """The greatest value of each window; what is added at the borders is less than any."""
    return reduce(np.maximum, (part for _, _, part in seen(x, _steps(op), outside=-np.inf)))


@formula("avgpool", terms=lambda op, x: op.kernel[0] * op.kernel[1])
def avgpool(op: AvgPool, x: Array) -> Array:
    """The sum of each window, added zeros included, over the size of the kernel."""
    total = reduce(np.add, (part for _, _, part in seen(x, _steps(op))))
    return divided(total, op.kernel[0] * op.kernel[1])


@formula("globalpool", terms=lambda op, x: x[1] * x[2])
def globalpool(op: GlobalPool, x: Array) -> Array:
    """The sum of each channel over height * width."""
    return divided(x.sum(axis=(2, 3)), x.shape[2] * x.shape[3])
