"""The digits of scikit-learn, 8 x 8, which come with it: nothing has to be downloaded.

The split must not depend on the version of numpy, so that it follows from raw bits of PCG64, which numpy never changes.
"""

from __future__ import annotations

import numpy as np
from numpy.random import PCG64, SeedSequence
from numpy.typing import NDArray

from connc.backends.data.parts import Data, DataError, Part

LEARNED = 1_437  # of 1,797
_BRIGHTEST = 16


def digits() -> Data:
    """Inputs `[n, 1, 8, 8]` from 0 to 1, pixels in their order; 1,437 to learn from, 360 to check with."""
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        raise DataError("`digits` needs scikit-learn, which is not installed; pip install 'connc[data]'") from None
    found = load_digits()
    inputs = (found.images / _BRIGHTEST).astype(np.float32)[:, None]
    labels = found.target.astype(np.int64)
    train, validation = np.split(_order(len(labels)), [LEARNED])
    return Data("digits", Part(inputs[train], labels[train]), Part(inputs[validation], labels[validation]), 10)


def _order(count: int) -> NDArray[np.intp]:
    """A permutation that is the same everywhere."""
    bits = PCG64(SeedSequence(0, spawn_key=tuple(b"digits"))).random_raw(count)
    return np.argsort(bits, kind="stable")
