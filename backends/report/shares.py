"""What the windows of a junction hold, as an image: a row for each neuron, a column for each window."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from connc.backends.drawing.matrix import BINS, bin_of
from connc.compiler.analyze.junctions import Junction
from connc.compiler.analyze.windows import windows
from connc.compiler.relations.relation import Relation

Shares = NDArray[np.float64]
_HELD = 1 << 22  # counts at once
MOST = 1 << 27  # counts that are looked at altogether


def held(junction: Junction) -> Shares | None:
    """By how much windows on the left reach their ideal at the neurons on the right, from 0 to 1.

    What is more than BINS on a side is put together in bins, which hold means. None where there is nothing to see.
    """
    left, right = junction.sizes
    if junction.relation is None or not junction.count:
        return None
    reach = Fraction(junction.count, right)
    window = windows(junction.left, reach)
    sizes = np.bincount(window)
    if right * sizes.size > MOST:
        return None
    ideal = float(reach) * sizes / left
    rows, columns = _bins(right), _bins(sizes.size)
    total = np.zeros((rows[-1] + 1, columns[-1] + 1))
    starts = np.searchsorted(columns, np.arange(columns[-1] + 1))
    for low, counts in _counted(junction.rows, window, sizes.size):
        folded = np.add.reduceat(np.minimum(counts / ideal, 1.0), starts, axis=1)
        np.add.at(total, rows[low : low + len(counts)], folded)
    return total / np.outer(np.bincount(rows), np.bincount(columns))


def _bins(size: int) -> NDArray[np.int64]:
    return bin_of(size, min(size, BINS))


def _counted(relation: Relation, window: NDArray[np.int64], count: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """How many sources each target has in each window, for some targets from a first one on."""
    starts, targets = relation.starts, relation.starts.size - 1
    step = max(1, _HELD // count)
    for low in range(0, targets, step):
        high = min(low + step, targets)
        target = np.repeat(np.arange(high - low), np.diff(starts[low : high + 1]))
        place = target * count + window[relation.indices[starts[low] : starts[high]]]
        yield low, np.bincount(place, minlength=(high - low) * count).reshape(high - low, count)
