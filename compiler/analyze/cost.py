"""What a net takes: parameters and arithmetic, from the ops' own formulas."""

from connc.compiler.analyze.base import Analysis, analysis
from connc.compiler.analyze.costs import Cost, costs
from connc.compiler.fields import Part
from connc.compiler.names import above
from connc.compiler.network import Network


def total(network: Network, part: object = None) -> Cost:
    """The cost of some nodes, by their names, with their joins and adapters; or of all."""
    table = costs(network)
    if part is None:
        return sum(table.values(), Cost())
    assert isinstance(part, tuple)
    return sum((cost for name, cost in table.items() if not above(name).isdisjoint(part)), Cost())


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
