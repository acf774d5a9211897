"""What takes no part: neurons and layers from which no way leads to the end, or to which none leads from the start."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from connc.compiler.analyze import paths
from connc.compiler.analyze.base import Analysis, analysis, table
from connc.compiler.analyze.junctions import Junction
from connc.compiler.analyze.positions import Positions
from connc.compiler.analyze.subject import Subject
from connc.compiler.fields import Part
from connc.compiler.relations.arrays import Bools


class Lost(NamedTuple):
    """Of a junction: neurons on its left that lead nowhere, and on its right that nothing reaches."""

    name: str
    dead: int
    unreachable: int


def lost(chain: Sequence[Junction]) -> Iterator[Lost]:
    """Of each junction of a chain, by all ways through the chain; what is read elsewhere too leads somewhere."""
    living: list[Bools] = []
    ahead = np.ones(chain[-1].sizes[1], dtype=bool)
    for junction in reversed(chain):
        ahead = _led(junction.transposed, ahead) if junction.alone else np.ones(junction.sizes[0], dtype=bool)
        living.append(ahead)
    reached = np.ones(chain[0].sizes[0], dtype=bool)
    for junction, alive in zip(chain, reversed(living), strict=True):
        reached = _led(junction, reached)
        yield Lost(junction.name, int((~alive).sum()), int((~reached).sum()))


def _led(junction: Junction, here: Bools) -> Bools:
    """Which neurons on the right those on the left lead to."""
    if junction.relation is None:
        return np.full(junction.sizes[1], here.any())
    source, target = junction.pairs()
    led: Bools = np.bincount(target[here[source]], minlength=junction.sizes[1]) > 0
    return led


@analysis("dead")
class Dead(Analysis):
    """How many neurons of junctions take no part, since they lead nowhere or nothing reaches them.

    A neuron between two junctions that neither leads on nor is reached counts twice, once a junction. What something
    else reads too, an output or a second layer, leads somewhere.
    """

    of: Part | None = None

    def measure(self, subject: Subject) -> int:
        return sum(each.dead + each.unreachable for each in self._lost(subject))

    def witness(self, subject: Subject) -> str:
        most = max(self._lost(subject), key=lambda each: each.dead + each.unreachable, default=None)
        if most is None or not most.dead + most.unreachable:
            return ""
        return (
            f"{most.dead:,} on the left of {most.name} lead nowhere, {most.unreachable:,} on its right are not reached"
        )

    def _lost(self, subject: Subject) -> list[Lost]:
        return [each for chain in subject.chains(self.of) for each in lost(chain)]


@table("dead")
def _dead(subject: Subject) -> object:
    """`layers` lead to no output; `left_out` are those that a search has left without sources or readers."""
    neurons = {each.name: each._asdict() for chain in subject.chains() for each in lost(chain)}
    for each in neurons.values():
        del each["name"]
    return {"neurons": neurons, "layers": _idle(subject.positions), "left_out": _left_out(subject.positions)}


def _idle(positions: Positions) -> list[str]:
    ways = paths.back(positions, set(positions.outputs))
    return [positions.names[place] for place in positions.layers if ways[place] < 0]


def _left_out(positions: Positions) -> list[str]:
    found: list[str] = []
    for name, (network, connect) in positions.connects.items():
        prefix = name.removesuffix(connect.name)
        found += [prefix + ref.node for ref in connect.positions if ref.node and ref.node not in network]
    return found
