"""What a net takes: parameters, arithmetic, memory."""

from connc.compiler.analyze.base import Analysis, analysis
from connc.compiler.fields import Part


@analysis("params")
class Params(Analysis):
    """The number of learned parameters, shared ones counted once."""

    of: Part | None = None


@analysis("macs")
class Macs(Analysis):
    """The number of multiply-accumulates for one sample."""

    of: Part | None = None


@analysis("flops")
class Flops(Analysis):
    """The number of floating-point operations for one sample: two a multiply-accumulate, two a normalised value."""

    of: Part | None = None


@analysis("memory")
class Memory(Analysis):
    """The greatest number of bytes that values alive together take in a forward pass of one sample."""

    of: Part | None = None
