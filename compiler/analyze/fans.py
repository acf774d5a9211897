"""Fan-in, fan-out and features: how many connections lead to a layer or a neuron and away from it, and what meets."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from connc.compiler.analyze.base import Analysis, Number, analysis, names_of, spread, table
from connc.compiler.analyze.junctions import Junction
from connc.compiler.analyze.links import linked
from connc.compiler.analyze.positions import Kind, Positions
from connc.compiler.analyze.subject import Subject
from connc.compiler.fields import Part
from connc.compiler.relations.arrays import Ints


@dataclass(frozen=True)
class Most(Analysis):
    """The most that any layer of a part has."""

    of: Part | None = None

    @abstractmethod
    def chosen(self, subject: Subject) -> tuple[int, str] | None:
        """The number, and what has it."""

    def measure(self, subject: Subject) -> Number:
        found = self.chosen(subject)
        return None if found is None else found[0]

    def witness(self, subject: Subject) -> str:
        found = self.chosen(subject)
        return "" if found is None else f"that of {found[1]}"


class Fan(Most):
    """Of layers, where a `connect` joins some of the part; else of the neurons of its junctions, if it has any."""

    @abstractmethod
    def of_layers(self, positions: Positions) -> Sequence[int]:
        """By position."""

    @abstractmethod
    def places(self, positions: Positions) -> Sequence[int]:
        """Those of the layers that are meant."""

    @abstractmethod
    def of_neurons(self, junction: Junction) -> Ints:
        """By neuron."""

    def chosen(self, subject: Subject) -> tuple[int, str] | None:
        positions = subject.positions
        if self.of is not None and not linked(subject.network, self.of) and (ruled := subject.ruled(self.of)):
            return max((_greatest(self.of_neurons(each), each.name) for each in ruled), key=lambda each: each[0])
        return _most(positions, self.of_layers(positions), self.places(positions))


def _most(positions: Positions, counts: Sequence[int], places: Sequence[int]) -> tuple[int, str] | None:
    places = [place for place in places if positions.kinds[place] != Kind.BUNDLE]
    if not places:
        return None
    place = max(places, key=lambda each: counts[each])
    return counts[place], positions.names[place]


def _greatest(degrees: Ints, name: str) -> tuple[int, str]:
    return int(degrees.max()), f"place {int(degrees.argmax())} of {name}"


def _degrees(found: Ints) -> dict[str, object]:
    return {"least": int(found.min()), "mean": float(found.mean()), "most": int(found.max())}


@analysis("fan_in")
class FanIn(Fan):
    """The most connections that lead to a layer; of a junction by itself, to a neuron."""

    def of_layers(self, positions: Positions) -> Sequence[int]:
        return positions.fan_in

    def places(self, positions: Positions) -> Sequence[int]:
        return positions.readers if self.of is None else positions.into(names_of(self.of))

    def of_neurons(self, junction: Junction) -> Ints:
        return junction.in_degrees()


@analysis("fan_out")
class FanOut(Fan):
    """The most connections that lead away from a layer; of a junction by itself, from a neuron."""

    def of_layers(self, positions: Positions) -> Sequence[int]:
        return positions.fan_out

    def places(self, positions: Positions) -> Sequence[int]:
        return positions.givers if self.of is None else positions.of(names_of(self.of))

    def of_neurons(self, junction: Junction) -> Ints:
        return junction.out_degrees()


@analysis("features")
class Features(Most):
    """The most channels that meet in a layer, all that its sources bring."""

    def chosen(self, subject: Subject) -> tuple[int, str] | None:
        positions = subject.positions
        places = positions.readers if self.of is None else positions.into(names_of(self.of))
        return _most(positions, positions.channels, places)


@table("fan_in")
def _fan_in(subject: Subject) -> object:
    return _fans(FanIn(), subject)


@table("fan_out")
def _fan_out(subject: Subject) -> object:
    return _fans(FanOut(), subject)


@table("features")
def _features(subject: Subject) -> object:
    positions = subject.positions
    return spread(positions.channels[place] for place in positions.readers)


def _fans(fan: Fan, subject: Subject) -> object:
    """Of layers how often each number occurs, of the neurons of each junction its bounds."""
    counts = fan.of_layers(subject.positions)
    layers = spread(counts[place] for place in fan.places(subject.positions))
    ruled = {each.name: _degrees(fan.of_neurons(each)) for each in subject.ruled()}
    return {"layers": layers, "junctions": ruled} if layers or ruled else None
