"""Scatter: how evenly connections spread over the windows of the other side (pre-defined sparsity, equation 1).

The neurons on one side are cut into windows, as many as a neuron on the other side has connections. Each window would
ideally hold one of them; what it holds counts as a share of the ideal, and not more than whole. Of several junctions in
a row the equivalent one counts paths in place of connections. It is never formed: windows are pushed through instead.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from connc.compiler.analyze.base import Analysis, analysis, plain
from connc.compiler.analyze.junctions import Junction, chains
from connc.compiler.fields import Part
from connc.compiler.network import Network
from connc.compiler.relations.arrays import CHUNK
from connc.compiler.relations.forms import Space

Counts = NDArray[np.int64]
_LONGEST = 16  # junctions of a chain of which each part is told; of longer ones the whole alone
_HELD = 1 << 24  # counts that are held at once
_FEW = 1 << 20  # values that are counted in a table
_DENSE = 0.07  # from this density on a product of matrices is faster than one by indices


class Scatter(NamedTuple):
    """From left windows to the neurons on the right, and from right windows to those on the left."""

    forward: Fraction
    backward: Fraction


@dataclass(frozen=True)
class Run:
    """The scatter of the junctions of a chain, and of the equivalent junction of each part of it, by its ends."""

    junctions: dict[str, Scatter]
    equivalent: dict[tuple[str, str], Scatter]

    @property
    def vector(self) -> list[Fraction]:
        """Of each junction, and last of all of them together; forward before backward."""
        whole = list(self.equivalent.values())[-1:]
        return list(itertools.chain(*self.junctions.values(), *whole))

    @property
    def least(self) -> Fraction:
        """Of all of them."""
        return min(itertools.chain(*self.junctions.values(), *self.equivalent.values()))


def runs(network: Network, part: object = None) -> list[Run]:
    """The scatter of each chain of junctions of a network, or of a part of it."""
    return [_run(chain) for chain in chains(network, part)]


def _run(chain: Sequence[Junction]) -> Run:
    shortest = 1 if len(chain) <= _LONGEST else len(chain) - 1
    spans = [(x, x + length) for length in range(shortest, len(chain)) for x in range(len(chain) - length)]
    equivalent = {(chain[x].name, chain[y].name): scatter(chain[x : y + 1]) for x, y in spans}
    return Run({each.name: scatter([each]) for each in chain}, equivalent)


def scatter(chain: Sequence[Junction]) -> Scatter:
    """Of a junction, or of the one that several in a row are equivalent to."""
    turned = [each.transposed for each in reversed(chain)]
    return Scatter(_forward(chain), _forward(turned))


def _forward(chain: Sequence[Junction]) -> Fraction:
    """The mean share of the ideal that left windows have at the neurons on the right."""
    left, right = chain[0].sizes[0], chain[-1].sizes[1]
    reach = prod((Fraction(each.count, each.sizes[1]) for each in chain), start=Fraction(1))  # paths to a neuron
    if not reach or all(each.relation is None for each in chain):
        return Fraction(bool(reach))
    window = windows(chain[0].left, reach)
    sizes = np.bincount(window)
    held = _held(chain, window, sizes, ceil(reach * int(sizes.max()) / left))
    total = sum((_share(counts, reach * int(size) / left) for size, counts in held), Fraction(0))
    return total / (right * sizes.size)


def _share(counts: Mapping[int, int], ideal: Fraction) -> Fraction:
    """The sum of what is held of an ideal, each at most 1."""
    return sum((times * min(Fraction(value) / ideal, Fraction(1)) for value, times in counts.items()), Fraction(0))


def _held(
    chain: Sequence[Junction], window: Counts, sizes: Counts, most: int
) -> Iterator[tuple[int, Mapping[int, int]]]:
    """For windows of a size, how often neurons hold how much of one; `most` and more is all the same."""
    full = next((i for i, each in enumerate(chain) if each.relation is None), None)
    if full is not None:
        yield from _held_through_one(chain, full, window, sizes)
        return
    widest = max(max(each.sizes) for each in chain)
    kind = np.int64 if most * widest < 1 << 62 else np.float64  # which rounds, by less than a part in a billion
    step = max(1, _HELD // widest)
    for low in range(0, sizes.size, step):
        some = sizes[low : low + step]
        held = np.minimum(_counted(chain[0], window - low, some).astype(kind), most)
        for each in chain[1:]:
            held = np.minimum(_through(each, held), most)
        for size in np.unique(some):
            yield int(size), _tally(held[:, some == size])


def _held_through_one(
    chain: Sequence[Junction], full: int, window: Counts, sizes: Counts
) -> Iterator[tuple[int, Mapping[int, int]]]:
    """Where all meet in a junction that connects all, what is held is a product: paths to it times paths from it."""
    into = _paths([each.transposed for each in reversed(chain[:full])], chain[full].sizes[0])
    onward = Counter(_paths(chain[full + 1 :], chain[full].sizes[1]).tolist())
    per_window = np.zeros(sizes.size, dtype=object)
    np.add.at(per_window, window, into)
    for size in np.unique(sizes):
        found: Counter[int] = Counter()
        for paths, times in Counter(per_window[sizes == size].tolist()).items():
            for more, again in onward.items():
                found[paths * more] += times * again
        yield int(size), found


def _paths(chain: Sequence[Junction], start: int) -> NDArray[Any]:
    """How many paths lead to each neuron on the right of a chain, from all on its left."""
    paths = np.ones(start, dtype=object)
    for each in chain:
        if each.relation is None:
            paths = np.full(each.sizes[1], paths.sum(), dtype=object)
        else:
            source, target = each.relation.pairs()
            found = np.zeros(each.sizes[1], dtype=object)
            np.add.at(found, target, paths[source])
            paths = found
    return paths


def _tally(held: Counts) -> Mapping[int, int]:
    if held.dtype == np.int64 and int(held.max(initial=0)) < _FEW:
        return dict(enumerate(np.bincount(held.ravel()).tolist()))
    values, times = np.unique(held, return_counts=True)
    return dict(zip(values.tolist(), times.tolist(), strict=True))


def _counted(junction: Junction, window: Counts, sizes: Counts) -> Counts:
    """How many sources each neuron on the right has in each of the windows from 0 on that have these sizes."""
    assert junction.relation is not None
    source, target = junction.relation.pairs()
    place = target.astype(np.int64) * sizes.size + window[source]
    if sizes.sum() < window.size:
        place = place[(window[source] >= 0) & (window[source] < sizes.size)]
    return np.bincount(place, minlength=junction.sizes[1] * sizes.size).reshape(-1, sizes.size)


def _through(junction: Junction, held: Counts) -> Counts:
    """What each neuron on the right has of each window, by what its sources have."""
    assert junction.relation is not None
    if junction.density > _DENSE and held.max() * junction.sizes[0] < 1 << 24:  # exact in single precision
        source, target = junction.relation.pairs()
        matrix = np.zeros(junction.sizes[::-1], dtype=np.float32)
        matrix[target, source] = 1.0
        return (matrix @ held.astype(np.float32)).astype(held.dtype)
    found = np.zeros((junction.sizes[1], held.shape[1]), dtype=held.dtype)
    starts, sources = junction.relation.starts, junction.relation.indices
    some = np.flatnonzero(np.diff(starts))
    step = max(1, CHUNK // held.shape[1] // max(1, int(np.diff(starts).max(initial=1))))
    for low in range(0, some.size, step):
        rows = some[low : low + step]
        first = starts[rows[0]]
        chosen = held[sources[first : starts[rows[-1] + 1]]]
        found[rows] = np.add.reduceat(chosen, starts[rows] - first, axis=0)
    return found


def windows(space: Space, wanted: Fraction) -> Counts:
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


@analysis("scatter")
class LeastScatter(Analysis):
    """The least scatter of the junctions and of those that they are equivalent to, from 0 to 1."""

    of: Part | None = None

    def measure(self, network: Network) -> Fraction | None:
        return min((run.least for run in runs(network, self.of)), default=None)

    def table(self, network: Network) -> object:
        """`vector` is that of the longest chain."""
        found = runs(network)
        if not found:
            return None
        longest = max(found, key=lambda run: len(run.junctions))
        return {
            "value": plain(min(run.least for run in found)),
            "vector": [plain(each) for each in longest.vector],
            "junctions": {name: _pair(each) for run in found for name, each in run.junctions.items()},
            "equivalent": {":".join(ends): _pair(each) for run in found for ends, each in run.equivalent.items()},
        }


def _pair(found: Scatter) -> dict[str, object]:
    return {"forward": plain(found.forward), "backward": plain(found.backward)}
