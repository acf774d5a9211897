"""Bounded connections, excitatory or inhibitory, and the competition of neighbours.

How fast such connections learn and when they switch is a matter of training; what stands here decides what a net
computes and where it starts.
"""

from fractions import Fraction
from typing import Annotated

from connc.compiler.fields import Count, Margin, Pair, Share, Within
from connc.compiler.ops.base import Op, op

# A connection has slope 1 / (1 - threshold), so the bound keeps it below a thousand.
Threshold = Annotated[float, Within(0, Fraction(999, 1000))]


@op("synapse", relates="neurons")
class Synapse(Op):
    """Connects the features to `units` new ones by bounded connections, excitatory (+) or inhibitory (−).

    A connection passes what exceeds its threshold a, as min(max(0, (x - a) / (1 - a)), 1); so does the neuron with what
    arrives. `units`: features of the result. `amax`: the highest threshold. `excitatory`: the share of connections that
    start excitatory; training may switch them.
    """

    units: Count
    amax: Threshold = 0.98
    excitatory: Share = 0.5


@op("synapse_conv", relates="channels")
class SynapseConv(Op):
    """Convolves a map to `channels` channels by the connections of `synapse`.

    `channels`, `kernel`, `stride` and `padding` are those of `conv`, `amax` and `excitatory` those of `synapse`.
    """

    channels: Count
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Margin | None = None
    amax: Threshold = 0.98
    excitatory: Share = 0.5


@op("lateral", relates="neighbours", needs_rule=True)
class Lateral(Op):
    """Gives 1 where a neuron exceeds each of its neighbours by at least `beta`, and 0 elsewhere.

    The rule behind `by` says who the neighbours are. `beta`: the gap.
    """

    beta: Share
