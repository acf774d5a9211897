"""Bounded connections, excitatory or inhibitory, and the competition of neighbours.

How fast such connections learn and when they switch is a matter of training; what stands here decides what a net
computes and where it starts. Each connection counts as one multiplication.
"""

from fractions import Fraction
from math import prod
from typing import Annotated

from connc.compiler.fields import Count, Margin, Pair, Share, Within
from connc.compiler.ops.base import Op, Prims, Shape, Space, T, op
from connc.compiler.ops.refuse import a_map, features, fits, related, windows
from connc.compiler.ops.window import Window, keeping
from connc.compiler.start import Between, Signs, Start

# A connection has slope 1 / (1 - threshold), so the bound keeps it below a thousand.
Threshold = Annotated[float, Within(0, Fraction(999, 1000))]


def passed(p: Prims[T], x: T, threshold: T) -> T:
    """What exceeds the threshold, brought back to 0 to 1: min(max(0, (x - a) / (1 - a)), 1)."""
    return p.clamp(p.div(p.sub(x, threshold), p.sub(1.0, threshold)), 0.0, 1.0)


def bounded(amax: float, excitatory: float) -> dict[str, Start]:
    """Thresholds of connections anywhere up to the highest, neurons that pass all, and signs as they are shared out."""
    return {"threshold": Between(0.0, float(amax)), "signs": Signs(float(excitatory))}


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

    def shape(self, x: Shape) -> Shape:
        features(self, x)
        related(self, x)
        return (*x[:-1], self.units)

    def spaces(self, x: Shape) -> tuple[Space, Space]:
        return x[-1:], (self.units,)

    def connections(self, x: Shape) -> Shape:
        return (self.units, x[-1]) if self.rule is None else (self.rule.count,)

    def params(self, x: Shape) -> dict[str, Shape]:
        return {"threshold": self.connections(x), "neuron_threshold": (self.units,)}

    def buffers(self, x: Shape) -> dict[str, Shape]:
        return {"signs": self.connections(x)}

    def starts(self, x: Shape) -> dict[str, Start]:
        return bounded(self.amax, self.excitatory)

    def macs(self, x: Shape) -> int:
        return prod(x[:-1]) * prod(self.connections(x))

    def body(self, p: Prims[T], x: T, *, threshold: T, neuron_threshold: T, signs: T) -> T:
        *front, size = p.shape(x)
        last = len(front)
        if self.rule is None:
            each = p.reshape(x, (*front, 1, size))
            arrived = p.sum(p.mul(signs, passed(p, each, threshold)), (last + 1,))
        else:
            each = p.gather(x, self.rule, last)
            arrived = p.segment_sum(p.mul(signs, passed(p, each, threshold)), self.rule, last)
        return passed(p, arrived, neuron_threshold)


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

    @property
    def window(self) -> Window:
        padding = keeping(self.kernel, (1, 1)) if self.padding is None else self.padding
        return Window(self.kernel, self.stride, padding)

    def shape(self, x: Shape) -> Shape:
        a_map(self, x)
        related(self, x)
        return fits(self, (self.channels, *windows(self, self.window, x)))

    def spaces(self, x: Shape) -> tuple[Space, Space]:
        return x[:1], (self.channels,)

    def connections(self, x: Shape) -> Shape:
        pairs = (self.channels, x[0]) if self.rule is None else (self.rule.count,)
        return (*pairs, *self.kernel)

    def params(self, x: Shape) -> dict[str, Shape]:
        return {"threshold": self.connections(x), "neuron_threshold": (self.channels,)}

    def buffers(self, x: Shape) -> dict[str, Shape]:
        return {"signs": self.connections(x)}

    def starts(self, x: Shape) -> dict[str, Start]:
        return bounded(self.amax, self.excitatory)

    def macs(self, x: Shape) -> int:
        return prod(self.connections(x)) * prod(self.shape(x)[1:])

    def body(self, p: Prims[T], x: T, *, threshold: T, neuron_threshold: T, signs: T) -> T:
        points = p.windows(x, self.window)
        height, width, *inner = p.shape(points)
        if self.rule is None:
            each = p.reshape(points, (height, width, 1, *inner))
            arrived = p.sum(p.mul(signs, passed(p, each, threshold)), (3, 4, 5))
        else:
            each = p.gather(points, self.rule, 2)
            arrived = p.segment_sum(p.sum(p.mul(signs, passed(p, each, threshold)), (3, 4)), self.rule, 2)
        return p.permute(passed(p, arrived, neuron_threshold), (2, 0, 1))


@op("lateral", relates="neighbours", needs_rule=True)
class Lateral(Op):
    """Gives 1 where a neuron exceeds each of its neighbours by at least `beta`, and 0 elsewhere.

    The rule behind `by` says who the neighbours are; a neuron without any gives 1. `beta`: the gap.
    """

    beta: Share

    def shape(self, x: Shape) -> Shape:
        features(self, x)
        related(self, x)
        return x

    def spaces(self, x: Shape) -> tuple[Space, Space]:
        return x, x

    def body(self, p: Prims[T], x: T) -> T:
        assert self.rule is not None
        shape = p.shape(x)
        flat = p.reshape(x, (prod(shape),))
        rival = p.segment_max(p.gather(flat, self.rule, 0), self.rule, 0)
        return p.reshape(p.at_least(p.sub(flat, rival), float(self.beta)), shape)
