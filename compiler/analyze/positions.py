"""Who reads whom, as arrays: the layers of a net at the wiring level, with those of all modules that have a `connect`.

A connection is an arrow, or a pair of a `connect`. Inputs and outputs are positions as well, those of a module too that
is opened; a module without a `connect` is one layer. A bundle is no position of its own: what it hands on is read by
its reader, and so its edges count nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from connc.compiler.network import WIRING, Connect, Network, Node, Ref, Source
from connc.compiler.ops.structure import Bundle, Input

_TOKENS = 2  # axes of a sequence


class Kind(IntEnum):
    """What stands at a position."""

    LAYER = 0
    PORT = 1
    BUNDLE = 2


@dataclass(frozen=True)
class Positions:
    """Each behind those that it reads. The sources of position `t` stand from `starts[t]` up to `starts[t + 1]`.

    `channels` are those that meet in a position, before they are joined. `connects` are those of opened modules too,
    by their full names. `entries` are where the inputs of opened modules stand. Those of them that are positions of a
    `connect` are `members`: its layers, with the fan-in of their inputs and the fan-out of their outputs.
    """

    names: Sequence[str]
    kinds: NDArray[np.int8]
    starts: NDArray[np.int64]
    sources: NDArray[np.int32]
    channels: Sequence[int]
    inputs: Sequence[int]
    outputs: Sequence[int]
    connects: Mapping[str, tuple[Network, Connect]]
    entries: Mapping[str, Sequence[int]]
    members: Sequence[str]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def steps(self) -> list[int]:
        """What an edge to a position counts."""
        steps: list[int] = (self.kinds != Kind.BUNDLE).astype(int).tolist()
        return steps

    @cached_property
    def layers(self) -> list[int]:
        """The positions that are no ports."""
        found: list[int] = np.flatnonzero(self.kinds == Kind.LAYER).tolist()
        return found

    @cached_property
    def read(self) -> list[list[int]]:
        """What each position reads."""
        starts, sources = self.starts.tolist(), self.sources.tolist()
        return [sources[a:b] for a, b in pairwise(starts)]

    @cached_property
    def fan_in(self) -> list[int]:
        """How many connections lead to each position."""
        found: list[int] = []
        for sources in self.read:
            found.append(sum(found[s] if not self.steps[s] else 1 for s in sources))
        return found

    @cached_property
    def fan_out(self) -> list[int]:
        """How many connections lead away from each."""
        found = [0] * len(self)
        for target in reversed(range(len(self))):
            for source in self.read[target]:
                found[source] += 1 if self.steps[target] else found[target]
        return found

    @cached_property
    def readers(self) -> list[int]:
        """All layers, and where a `connect` feeds opened modules."""
        return sorted([*self.layers, *(place for name in self.members for place in self.entries[name])])

    @cached_property
    def givers(self) -> list[int]:
        """All layers, and where opened modules that a `connect` feeds give."""
        return sorted([*self.layers, *self.of(self.members)])

    @cached_property
    def _outputs(self) -> dict[str, list[int]]:
        """By the names of nodes, with all outputs of each."""
        found: dict[str, list[int]] = {}
        for place, name in enumerate(self.names):
            found.setdefault(name.partition(":")[0], []).append(place)
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def of(self, part: Iterable[str]) -> list[int]:
        """Where what some names stand for comes out: `m:hint` there, `m` at `out`, or at all if it has none."""
        return [place for name in part for place in self._of(name)]

    def _of(self, name: str) -> Sequence[int]:
        node, _, port = name.partition(":")
        if name in self._places:
            return [self._places[name]]
        return [self._places[node]] if port and node in self._places else self._outputs.get(node, ())

    def into(self, part: Iterable[str]) -> list[int]:
        """Where what flows into some layers arrives."""
        return [place for name in part for place in self.entries.get(name.partition(":")[0]) or self.of([name])]


def positions_of(network: Network) -> Positions:
    """Those of a network at either level."""
    laid = _Laid()
    inputs = [laid.put(node.name, Kind.PORT, (), 0) for node in network.inputs]
    outputs = laid.body(network, "", inputs)
    starts = np.cumsum([0, *map(len, laid.read)], dtype=np.int64)
    sources = np.fromiter((each for read in laid.read for each in read), np.int32, int(starts[-1]))
    kinds = np.array(laid.kinds, dtype=np.int8)
    return Positions(
        laid.names, kinds, starts, sources, laid.channels, inputs, outputs, laid.connects, laid.entries, laid.members
    )


@dataclass
class _Laid:
    """The positions so far. Recurses over the nesting of modules alone."""

    names: list[str] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    read: list[Sequence[int]] = field(default_factory=list)
    channels: list[int] = field(default_factory=list)
    connects: dict[str, tuple[Network, Connect]] = field(default_factory=dict)
    entries: dict[str, Sequence[int]] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    opened: dict[int, bool] = field(default_factory=dict)  # by the identity of a body

    def put(self, name: str, kind: Kind, read: Sequence[int], channels: int) -> int:
        self.names.append(name)
        self.kinds.append(kind)
        self.read.append(read)
        self.channels.append(channels)
        return len(self.names) - 1

    def body(self, network: Network, prefix: str, inputs: Sequence[int]) -> list[int]:
        """Lays a network out; where its outputs are."""
        self.connects.update((prefix + each.name, (network, each)) for each in network.connects)
        at: dict[Ref, int] = {Ref(node.name): place for node, place in zip(network.inputs, inputs, strict=True)}
        joined = _output_joins(network)
        for node in network:
            if not isinstance(node.what, Input) and node.name not in joined:
                self._node(network, node, prefix, at)
        linked = {ref.node for connect in network.connects for ref in connect.positions}
        self.members += [prefix + name for name in sorted(linked) if prefix + name in self.entries]
        above = prefix.removesuffix(".")
        found = []
        for port, ref in network.outputs.items():
            sources = network.sources(ref.node) if ref.node in joined else (Source(ref),)
            name = port if not above else above if port == "out" else f"{above}:{port}"
            found.append(self._reading(network, name, Kind.PORT, sources, at))
        return found

    def _node(self, network: Network, node: Node, prefix: str, at: dict[Ref, int]) -> None:
        sources = network.sources(node.name)
        if isinstance(node.what, Network) and self._opens(node.what):
            fed = [sources] if node.join is not None else [(source,) for source in sources]
            inputs = [
                self._reading(network, f"{prefix}{node.name}.{port.name}", Kind.PORT, each, at)
                for port, each in zip(node.what.inputs, fed, strict=True)
            ]
            self.entries[prefix + node.name] = inputs
            outputs = self.body(node.what, f"{prefix}{node.name}.", inputs)
            at.update((Ref(node.name, port), place) for port, place in zip(node.ports, outputs, strict=True))
            return
        kind = Kind.BUNDLE if isinstance(node.what, Bundle) else Kind.LAYER
        place = self._reading(network, prefix + node.name, kind, sources, at)
        at.update((Ref(node.name, port), place) for port in node.ports)

    def _reading(
        self, network: Network, name: str, kind: Kind, sources: Sequence[Source], at: Mapping[Ref, int]
    ) -> int:
        """A position that reads these sources."""
        channels = sum(self._channels(network, source.ref, at) for source in sources)
        return self.put(name, kind, [at[source.ref] for source in sources], channels)

    def _channels(self, network: Network, ref: Ref, at: Mapping[Ref, int]) -> int:
        """Those that a source brings: the first dimension of a map or a vector, the last of tokens."""
        if isinstance(network[ref.node].what, Bundle):
            return self.channels[at[ref]]
        shape = network.shape(ref)
        return (shape[-1] if len(shape) == _TOKENS else shape[0]) if shape else 1

    def _opens(self, body: Network) -> bool:
        if id(body) not in self.opened:
            inside = (node.what for node in body if isinstance(node.what, Network))
            self.opened[id(body)] = bool(body.connects) or any(map(self._opens, inside))
        return self.opened[id(body)]


def _output_joins(network: Network) -> set[str]:
    """What joins several sources of an output, which is one with it."""
    named = {ref.node: port for port, ref in network.outputs.items()}
    return {node for node, port in named.items() if network.level == WIRING and node == f"{port}.join"}
