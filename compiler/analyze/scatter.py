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
from functools import cached_property
from math import ceil, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from connc.compiler.analyze.base import Analysis, analysis, plain, table
from connc.compiler.analyze.junctions import Junction
from connc.compiler.analyze.subject import Subject
from connc.compiler.analyze.windows import windows, windows_of
from connc.compiler.fields import Count, Part
from connc.compiler.relations.arrays import CHUNK
from connc.compiler.relations.forms import Space
from connc.dsl.vocabulary import LARGEST_SIZE

Counts = NDArray[Any]  # whole numbers, also as floats that hold them exactly
_LONGEST = 16  # junctions of a chain of which each part is told; of longer ones the whole alone
_HELD = 1 << 24  # counts that are held at once
_FEW = 1 << 20  # values that are counted in a table
_DENSE = 0.07  # from this density on a product of matrices is faster than one by indices


class Scatter(NamedTuple):
    """From left windows to the neurons on the right, and from right windows to those on the left."""

    forward: Fraction
    backward: Fraction


class Given(NamedTuple):
    """What is said of the first and of the last layer: how far windows reach along each axis, and how many neurons
    count, the others being padding."""

    left: Space | None = None
    right: Space | None = None
    inputs: int | None = None
    outputs: int | None = None

    def within(self, first: bool, last: bool) -> "Given":
        """Of this for a part of the chain that has the first layer, or the last."""
        left, inputs = (self.left, self.inputs) if first else (None, None)
        right, outputs = (self.right, self.outputs) if last else (None, None)
        return Given(left, right, inputs, outputs)


AS_SHAPED = Given()


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
    def least(self) -> tuple[Fraction, str]:
        """The least of the vector, and whose it is."""
        named = dict(self.junctions)
        named.update((":".join(ends), each) for ends, each in list(self.equivalent.items())[-1:])
        sides = ((value, side, name) for name, each in named.items() for side, value in each._asdict().items())
        value, side, name = min(sides)
        return value, f"that is {side} of {name}"


def runs(subject: Subject, part: object = None, given: Given = AS_SHAPED, *, inner: bool = True) -> list[Run]:
    """The scatter of each chain of junctions of a network, or of a part of it; `inner`: with parts of chains."""
    return [_run(chain, given, inner and len(chain) <= _LONGEST) for chain in subject.chains(part)]


def _run(chain: Sequence[Junction], given: Given, inner: bool) -> Run:
    shortest = 1 if inner else max(1, len(chain) - 1)
    last = len(chain) - 1

    def between(x: int, y: int) -> Scatter:
        return scatter(chain[x : y + 1], given.within(first=not x, last=y == last))

    spans = [(x, x + length) for length in range(shortest, len(chain)) for x in range(len(chain) - length)]
    equivalent = {(chain[x].name, chain[y].name): between(x, y) for x, y in spans}
    return Run({each.name: between(x, x) for x, each in enumerate(chain)}, equivalent)


def scatter(chain: Sequence[Junction], given: Given = AS_SHAPED) -> Scatter:
    """Of a junction, or of the one that several in a row are equivalent to."""
    turned = [each.transposed for each in reversed(chain)]
    left, right = _windows(chain, given.left), _windows(turned, given.right)
    forward = _forward(chain, left, given.outputs)
    if _of_one(left) and _of_one(right) and given.inputs is given.outputs is None:  # both look at the same paths
        return Scatter(forward, forward)
    return Scatter(forward, _forward(turned, right, given.inputs))


def _reach(chain: Sequence[Junction]) -> Fraction:
    """How many paths lead to a neuron on the right, on average."""
    return prod((Fraction(each.count, each.sizes[1]) for each in chain), start=Fraction(1))


def _windows(chain: Sequence[Junction], given: Space | None) -> Counts:
    """For each neuron on the left the number of its window."""
    if given is not None:
        return windows_of(chain[0].left, given)
    return windows(chain[0].left, max(_reach(chain), Fraction(1)))


def _of_one(window: Counts) -> bool:
    return int(window[-1]) + 1 == window.size


def _forward(chain: Sequence[Junction], window: Counts, counted: int | None) -> Fraction:
    """The mean share of the ideal that left windows have at the neurons on the right, or at the first of them."""
    left, right = chain[0].sizes[0], min(chain[-1].sizes[1], counted or LARGEST_SIZE)
    reach = _reach(chain)
    if not reach or all(each.relation is None for each in chain):
        return Fraction(bool(reach))
    sizes = np.bincount(window)
    held = _held(chain, window, sizes, right, ceil(reach * int(sizes.max()) / left))
    total = sum((_share(counts, reach * int(size) / left) for size, counts in held), Fraction(0))
    return total / (right * sizes.size)


def _share(counts: Mapping[int, int], ideal: Fraction) -> Fraction:
    """The sum of what is held of an ideal, each at most 1."""
    return sum((times * min(Fraction(value) / ideal, Fraction(1)) for value, times in counts.items()), Fraction(0))


def _held(
    chain: Sequence[Junction], window: Counts, sizes: Counts, right: int, most: int
) -> Iterator[tuple[int, Mapping[int, int]]]:
    """For windows of a size, how often the neurons that count hold how much of one; `most` and more is all the same."""
    full = next((i for i, each in enumerate(chain) if each.relation is None), None)
    if full is not None:
        yield from _held_through_one(chain, full, window, sizes, right)
        return
    widest = max(max(each.sizes) for each in chain)
    kind = np.int64 if most * widest < 1 << 62 else np.float64  # which rounds, by less than a part in a billion
    step = max(1, _HELD // widest)
    steps = [_Step(each, kind) for each in chain[1:]]
    for low in range(0, sizes.size, step):
        some = sizes[low : low + step]
        held = _counted(chain[0], window - low, some).astype(kind, copy=False)
        for through in steps:
            held = through(np.minimum(held, most, out=held))
        kinds = np.unique(some)
        for size in kinds:
            chosen = held[:right] if kinds.size == 1 else held[:right, some == size]
            yield int(size), _tally(chosen, most)


def _held_through_one(
    chain: Sequence[Junction], full: int, window: Counts, sizes: Counts, right: int
) -> Iterator[tuple[int, Mapping[int, int]]]:
    """Where all meet in a junction that connects all, what is held is a product: paths to it times paths from it."""
    into = _paths([each.transposed for each in reversed(chain[:full])], chain[full].sizes[0])
    onward = Counter(_paths(chain[full + 1 :], chain[full].sizes[1])[:right].tolist())
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
            source, target = each.pairs()
            found = np.zeros(each.sizes[1], dtype=object)
            np.add.at(found, target, paths[source])
            paths = found
    return paths


def _tally(held: Counts, most: int) -> Mapping[int, int]:
    if most == 1:
        some = int(np.count_nonzero(held))
        return {0: held.size - some, 1: some}
    held = np.minimum(held, most, out=held)
    if held.dtype != np.float64 and most < _FEW:
        return dict(enumerate(np.bincount(held.ravel().astype(np.int64, copy=False)).tolist()))
    values, times = np.unique(held, return_counts=True)
    return dict(zip(values.tolist(), times.tolist(), strict=True))


def _counted(junction: Junction, window: Counts, sizes: Counts) -> Counts:
    """How many sources each neuron on the right has in each of the windows from 0 on that have these sizes."""
    source, target = junction.pairs()
    cells = junction.sizes[1] * sizes.size
    kind: Any = np.int32 if cells < 1 << 31 else np.int64
    at: Counts = window.astype(kind)[source]
    place: Counts = target.astype(kind, copy=False) * kind(sizes.size) + at
    if sizes.sum() < window.size:
        place = place[(at >= 0) & (at < sizes.size)]
    return np.bincount(place, minlength=cells).reshape(-1, sizes.size)


class _Step:
    """From what the neurons on the left of a junction hold of each window to what those on its right hold."""

    def __init__(self, junction: Junction, kind: type[np.int64 | np.float64]) -> None:
        self.junction, self.kind = junction, kind

    def __call__(self, held: Counts) -> Counts:
        most = int(held.max(initial=0))
        if self.junction.density > _DENSE and most * self.junction.sizes[0] < 1 << 24:  # exact in single precision
            found: Counts = self._matrix @ held.astype(np.float32, copy=False)
            return found
        return self._by_rows(held.astype(self.kind, copy=False))

    @cached_property
    def _matrix(self) -> NDArray[np.float32]:
        matrix = np.zeros(self.junction.sizes[::-1], dtype=np.float32)
        source, target = self.junction.pairs()
        matrix[target, source] = 1.0
        return matrix

    def _by_rows(self, held: Counts) -> Counts:
        starts, sources = self.junction.rows.starts, self.junction.rows.indices
        found = np.zeros((self.junction.sizes[1], held.shape[1]), dtype=held.dtype)
        some = np.flatnonzero(np.diff(starts))
        step = max(1, CHUNK // held.shape[1] // max(1, int(np.diff(starts).max(initial=1))))
        for low in range(0, some.size, step):
            rows = some[low : low + step]
            first = starts[rows[0]]
            chosen = held[sources[first : starts[rows[-1] + 1]]]
            found[rows] = np.add.reduceat(chosen, starts[rows] - first, axis=0)
        return found


@analysis("scatter")
class LeastScatter(Analysis):
    """How evenly the connections of junctions spread, from 0 to 1: the least of each, and of each chain as a whole.

    Windows are as large as the shapes on both sides have it; or `left` and `right` say how far they reach along each
    axis of the first and of the last layer, one number where they are cut in a row. Of a layer that is padded the first
    `inputs` or `outputs` neurons count.
    """

    of: Part | None = None
    left: tuple[Count, ...] | None = None
    right: tuple[Count, ...] | None = None
    inputs: Count | None = None
    outputs: Count | None = None

    def measure(self, subject: Subject) -> Fraction | None:
        return min((run.least[0] for run in self._runs(subject)), default=None)

    def witness(self, subject: Subject) -> str:
        return min((run.least for run in self._runs(subject)), default=(Fraction(0), ""))[1]

    def _runs(self, subject: Subject) -> list[Run]:
        given = Given(self.left, self.right, self.inputs, self.outputs)
        return runs(subject, self.of, given, inner=False)


@table("scatter")
def _scatter(subject: Subject) -> object:
    """`vector` is that of the longest chain, and `ascending` the same from the least on, for comparing ties."""
    found = runs(subject)
    if not found:
        return None
    vector = max(found, key=lambda run: (len(run.junctions), -run.least[0])).vector
    return {
        "value": plain(min(run.least[0] for run in found)),
        "vector": [plain(each) for each in vector],
        "ascending": [plain(each) for each in sorted(vector)],
        "junctions": {name: _pair(each) for run in found for name, each in run.junctions.items()},
        "equivalent": {":".join(ends): _pair(each) for run in found for ends, each in run.equivalent.items()},
    }


def _pair(found: Scatter) -> dict[str, object]:
    return {side: plain(value) for side, value in found._asdict().items()}
