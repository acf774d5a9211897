"""Path length: how many connections lie between two places, and how many ways there are."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log2

import numpy as np

from connc.compiler.analyze import paths
from connc.compiler.analyze.base import Analysis, Number, analysis, names_of, plain, shown, spread, table, tallied
from connc.compiler.analyze.positions import Positions
from connc.compiler.analyze.subject import Subject
from connc.compiler.fields import Part

_FEW = 12_000  # positions up to which lengths between all pairs are told, and how the lengths of all paths lie
_ROWS = 256  # of lengths that are looked at together
_EXACT = 2**53  # beyond it other languages round


@dataclass(frozen=True)
class Paths(Analysis):
    """What the numbers of paths have in common: from any place of `start` to any of `end`."""

    start: Part | None = None
    end: Part | None = None

    def ends(self, positions: Positions) -> tuple[Sequence[int], Sequence[int]]:
        """Where paths start and end; without a word of it at the inputs and the outputs."""
        start = positions.inputs if self.start is None else positions.of(names_of(self.start))
        return start, positions.outputs if self.end is None else positions.of(names_of(self.end))

    @property
    def nothing(self) -> str:
        start, end = (", ".join(names_of(each)) if each else "" for each in (self.start, self.end))
        return f"no path leads from {start or 'an input'} to {end or 'an output'}"


class Length(Paths):
    """One that a single path has."""

    @abstractmethod
    def lengths(self, positions: Positions, starts: Sequence[int]) -> paths.Lengths:
        """To each position."""

    @abstractmethod
    def chosen(self, lengths: paths.Lengths, ends: Sequence[int]) -> int:
        """Which of the ends that are reached has the length."""

    def found(self, positions: Positions) -> tuple[int, list[str]] | None:
        """The length, and a path that has it."""
        starts, ends = self.ends(positions)
        lengths = self.lengths(positions, starts)
        reached = [end for end in ends if lengths[end] >= 0]
        if not reached:
            return None
        end = self.chosen(lengths, reached)
        return lengths[end], [positions.names[place] for place in paths.witness(positions, lengths, end)]

    def measure(self, subject: Subject) -> Number:
        found = self.found(subject.positions)
        return None if found is None else found[0]

    def witness(self, subject: Subject) -> str:
        found = self.found(subject.positions)
        return "" if found is None else shown(found[1])


@analysis("path")
class Path(Length):
    """The number of connections on the shortest path, from `start` or any input to `end` or any output.

    A connection is an arrow or a pair of a `connect`; `in` and `out` are places as well. A module counts as one layer,
    unless there is a `connect` in it.
    """

    def lengths(self, positions: Positions, starts: Sequence[int]) -> paths.Lengths:
        return paths.shortest(positions, set(starts))

    def chosen(self, lengths: paths.Lengths, ends: Sequence[int]) -> int:
        return min(ends, key=lambda end: lengths[end])


@analysis("longest_path")
class LongestPath(Length):
    """The number of connections on the longest path, from `start` or any input to `end` or any output."""

    def lengths(self, positions: Positions, starts: Sequence[int]) -> paths.Lengths:
        return paths.longest(positions, set(starts))

    def chosen(self, lengths: paths.Lengths, ends: Sequence[int]) -> int:
        return max(ends, key=lambda end: lengths[end])


@analysis("mean_path")
class MeanPath(Paths):
    """The mean number of connections of all paths from `start` or any input to `end` or any output."""

    def measure(self, subject: Subject) -> Fraction | None:
        ways, mean = paths.count(subject.positions, *map(set, self.ends(subject.positions)))
        return mean if ways else None


@analysis("paths")
class PathCount(Paths):
    """The number of paths from `start` or any input to `end` or any output, exactly."""

    def measure(self, subject: Subject) -> int:
        return paths.count(subject.positions, *map(set, self.ends(subject.positions)))[0]


@table("path_length")
def _path_length(subject: Subject) -> object:
    positions = subject.positions
    inputs, outputs = set(positions.inputs), set(positions.outputs)
    ways, mean = paths.count(positions, inputs, outputs)
    found = Path().found(positions)
    if found is None:
        return None
    return {
        "shortest": found[0],
        "longest": LongestPath().measure(subject),
        "mean": plain(mean),
        "paths": ways if ways <= _EXACT else None,
        "log2_paths": log2(ways),
        "witness": found[1],
        "distribution": _shares(positions),
        "layers": len(positions.layers),
        "from_input": _of_layers(positions, paths.shortest(positions, inputs)),
        "to_output": _of_layers(positions, paths.back(positions, outputs)),
        "between": _between(positions),
    }


def _shares(positions: Positions) -> object:
    """The share of all paths that have each length."""
    if len(positions) > _FEW:
        return None
    mix = paths.distribution(positions, set(positions.inputs), set(positions.outputs))
    return {str(length): share for length, share in enumerate(mix.shares.tolist(), mix.low) if share}


def _of_layers(positions: Positions, lengths: paths.Lengths) -> object:
    """How far layers are from an end."""
    return spread(lengths[place] for place in positions.layers if lengths[place] >= 0)


def _between(positions: Positions) -> object:
    """How far layers are from each other, of all pairs that a path joins."""
    if len(positions) > _FEW:
        return None
    layers = np.array(positions.layers, dtype=np.int64)
    found: Counter[int] = Counter()
    for low, block in paths.between(positions):
        rows, columns = layers[layers >= low] - low, layers[(layers >= low) & (layers < low + block.shape[1])] - low
        for some in np.array_split(rows, 1 + rows.size // _ROWS):
            lengths = block[np.ix_(some, columns)]
            times = np.bincount(lengths[lengths > 0])
            found.update({length: int(count) for length, count in enumerate(times) if count})
    return tallied(found)
