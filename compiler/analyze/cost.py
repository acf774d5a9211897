"""What a net takes: parameters and arithmetic, from the ops' own formulas."""

from connc.compiler.analyze.base import Analysis, analysis
from connc.compiler.analyze.costs import Cost, costs
from connc.compiler.fields import Part
from connc.compiler.network import Network


def total(network: Network, part: object = None) -> Cost:
    """The cost of some nodes, by their names, with their joins and adapters; or of all."""
    table = costs(network)
    return sum((cost for name, cost in table.items() if part is None or _is_in(name, part)), Cost())


def _is_in(name: str, part: object) -> bool:
    assert isinstance(part, tuple)
    return any(name == each or name.startswith((f"{each}.", f"{each}@")) for each in part)


@analysis("params")
class Params(Analysis):
    """The number of learned parameters, shared ones counted once."""

    of: Part | None = None

    def measure(self, network: Network) -> int:
        return total(network, self.of).params


@analysis("macs")
class Macs(Analysis):
    """The number of multiply-accumulates for one sample."""

    of: Part | None = None

    def measure(self, network: Network) -> int:
        return total(network, self.of).macs


@analysis("flops")
class Flops(Analysis):
    """The number of floating-point operations for one sample: two a multiply-accumulate, two a normalised value."""

    of: Part | None = None

    def measure(self, network: Network) -> int:
        return total(network, self.of).flops
