"""What a net takes: parameters, arithmetic and memory, from the ops' own formulas."""

from abc import abstractmethod
from dataclasses import asdict, dataclass

from connc.compiler.analyze import memory
from connc.compiler.analyze.base import Analysis, analysis, table
from connc.compiler.analyze.costs import BYTES, Cost
from connc.compiler.analyze.subject import Subject
from connc.compiler.fields import Part
from connc.compiler.names import owner, within
from connc.compiler.network import Network
from connc.compiler.ops.structure import Bundle


@dataclass(frozen=True)
class Total(Analysis):
    """A number that is the sum of those of layers."""

    of: Part | None = None

    @abstractmethod
    def number(self, cost: Cost) -> int:
        """That of a layer."""

    def measure(self, subject: Subject) -> int:
        return sum(self.number(cost) for name, cost in subject.costs.items() if within(name, self.of))

    def witness(self, subject: Subject) -> str:
        """The layer that takes most of it."""
        costs = {name: self.number(cost) for name, cost in subject.costs.items() if within(name, self.of)}
        name = max(costs, key=lambda each: costs[each], default="")
        return f"{name} alone takes {costs[name]:,}" if len(costs) > 1 and costs[name] else ""


@analysis("params", told=True)
class Params(Total):
    """The number of learned parameters, shared ones counted once."""

    def number(self, cost: Cost) -> int:
        return cost.params


@analysis("macs", told=True)
class Macs(Total):
    """The number of multiply-accumulates for one sample, of connections that there are."""

    def number(self, cost: Cost) -> int:
        return cost.macs


@analysis("dense_macs", told=True)
class DenseMacs(Total):
    """The number of multiply-accumulates for one sample, if layers with a rule were computed as full ones."""

    def number(self, cost: Cost) -> int:
        return cost.dense_macs


@analysis("flops", told=True)
class Flops(Total):
    """The number of floating-point operations for one sample: two a multiply-accumulate, two a normalised value."""

    def number(self, cost: Cost) -> int:
        return cost.flops


@analysis("usual_flops", told=True)
class UsualFlops(Total):
    """The number of floating-point operations as most tools count them: two a multiply-accumulate, and nothing else."""

    def number(self, cost: Cost) -> int:
        return 2 * cost.macs


@analysis("training_memory")
class TrainingMemory(Total):
    """The bytes of all that layers make for one sample, in single precision: what training keeps for gradients."""

    def number(self, cost: Cost) -> int:
        return cost.memory


@analysis("memory")
class Memory(Analysis):
    """The most bytes that inference of one sample holds at a time, in single precision, without the parameters.

    Layers are computed in the order in which `connc expand` prints them, and what nothing reads any more is let go.
    """

    def measure(self, subject: Subject) -> int:
        return memory.peak(subject.kernel)[0]

    def witness(self, subject: Subject) -> str:
        return f"while {memory.peak(subject.kernel)[1]} is computed"


@table("memory")
def _memory(subject: Subject) -> object:
    """In bytes."""
    return {
        "parameters": BYTES * Params().measure(subject),
        "inference": Memory().measure(subject),
        "training": TrainingMemory().measure(subject),
    }


@table("costs")
def _costs(subject: Subject) -> object:
    """What each layer and each block takes, a block before what is in it."""
    kinds = _kinds(subject.network, "")
    found: dict[str, Cost] = {}
    for name, cost in subject.costs.items():
        for each in () if isinstance(subject.kernel[name].what, Bundle) else _blocks(name):
            found[each] = found.get(each, Cost()) + cost
    return {name: {"kind": _kind(name, kinds, subject.kernel)} | asdict(cost) for name, cost in found.items()}


def _blocks(name: str) -> list[str]:
    """The blocks that a layer stands in, from outside, and the layer."""
    parts = name.split(".")
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


def _kinds(network: Network, prefix: str) -> dict[str, str]:
    """What each module's instance is made of."""
    found: dict[str, str] = {}
    for node in network:
        if isinstance(node.what, Network):
            found[prefix + node.name] = node.what.kind
            found |= _kinds(node.what, f"{prefix}{node.name}.")
    return found


def _kind(name: str, kinds: dict[str, str], kernel: Network) -> str:
    if name in kernel and not isinstance(what := kernel[name].what, Network):
        return what.name
    return kinds.get(name) or kinds.get(owner(name)) or "adapter"
