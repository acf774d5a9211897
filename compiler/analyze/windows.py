"""Windows: how the neurons of a layer are cut up, by the shape that they are laid out in."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, prod

import numpy as np
from numpy.typing import NDArray

from connc.compiler.analyze.base import Unmeasured
from connc.compiler.relations.forms import Space

Numbers = NDArray[np.int64]


def windows(space: Space, wanted: Fraction) -> Numbers:
    """For each position of a space, row by row, the number of its window, there being about so many.

    A space with several axes is cut along them into equal cuboids, as near to cubes as there are, where so many divide
    it; else its positions are cut as one row, the last window being shorter.
    """
    size = prod(space)
    if len(space) > 1 and wanted.denominator == 1 and (cuts := _cuts(space, int(wanted))):
        at = np.indices(space).reshape(len(space), size)
        along = [axis * parts // extent for axis, parts, extent in zip(at, cuts, space, strict=True)]
        return np.ravel_multi_index(along, cuts).astype(np.int64)
    wide = max(1, ceil(size / wanted))
    return np.arange(size) // wide


def windows_of(space: Space, extents: Space) -> Numbers:
    """The same for windows that reach so far along each axis; those at the far ends may be smaller.

    One extent alone cuts the positions as one row.
    """
    if len(extents) == 1:
        space = (prod(space),)
    if len(extents) != len(space) or any(extent > size for extent, size in zip(extents, space, strict=True)):
        words = "they have an extent for each axis, or one for all neurons in a row, and reach no further than these"
        raise Unmeasured(f"windows {list(extents)} cannot cut {list(space)}: {words}")
    at = np.indices(space).reshape(len(space), -1)
    along = [axis // extent for axis, extent in zip(at, extents, strict=True)]
    counts = [-(-whole // extent) for whole, extent in zip(space, extents, strict=True)]
    return np.ravel_multi_index(along, counts).astype(np.int64)


def _cuts(space: Space, count: int) -> tuple[int, ...] | None:
    """Into how many equal parts each axis is cut, so that there are `count` cuboids."""
    found: list[tuple[int, ...]] = [()]
    for extent in space:
        found = [(*cuts, parts) for cuts in found for parts in range(1, extent + 1) if not extent % parts]
        found = [cuts for cuts in found if not count % prod(cuts)]
    fitting = [cuts for cuts in found if prod(cuts) == count]
    return min(fitting, key=lambda cuts: _surface(space, cuts), default=None)


def _surface(space: Space, cuts: tuple[int, ...]) -> tuple[int, ...]:
    """Less for cuboids that are nearer to cubes."""
    extents = [extent // parts for extent, parts in zip(space, cuts, strict=True)]
    return (sum(extents), *extents)
