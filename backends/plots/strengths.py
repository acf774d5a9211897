"""How strongly layers use what they read: the mean weight behind each link that a `connect` made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from connc.backends.plots.pairs import MOST, Array, Layer, Weights, channel_norms, layer_of, means
from connc.compiler.expand import Frame, laid_out
from connc.compiler.network import ALL, Connect, Network, Node, Ref, Source, owner
from connc.compiler.ops.joins import Concat
from connc.compiler.ops.pooling import AvgPool, GlobalPool, MaxPool
from connc.compiler.ops.structure import Bundle

__all__ = ["Strengths", "channel_norms", "layer_strengths"]

_MAPS = MaxPool, AvgPool, GlobalPool  # which change a map and leave each channel to itself


@dataclass(frozen=True, eq=False)
class Strengths:
    """`values[source, target]`: the mean |w| of what the target first weighs its sources with, over the channels that
    come from the source; no number where nothing is connected. Positions stand in the order of the `connect`."""

    connect: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    values: Array


def layer_strengths(network: Network, weights: Weights) -> dict[str, Strengths]:
    """Of each `connect` that puts its sources behind each other, by its name. Shared modules count once."""
    kernel, frame = laid_out(network)
    flat = _Flat(kernel)
    found = (_strengths(flat, each, connect, weights) for each in _frames(frame) for connect in each.network.connects)
    return {each.connect: each for each in found if each is not None}


def _frames(frame: Frame) -> Iterator[Frame]:
    """A body and those in it; of shared ones the first."""
    if owner(frame.name) == frame.name:
        yield frame
        for item in frame.items:
            if isinstance(item, Frame):
                yield from _frames(item)


def _strengths(flat: _Flat, frame: Frame, connect: Connect, weights: Weights) -> Strengths | None:
    targets = np.flatnonzero(connect.relation.in_degrees()).tolist()
    entries = {target: _Entry.of(flat, frame, connect.positions[target]) for target in targets}
    if connect.using != "concat" and not any(each and len(each.widths) > 1 for each in entries.values()):
        return None
    at = {ref: position for position, ref in enumerate(connect.positions)}
    size = len(connect.positions)
    values = np.full((size, size), np.nan)
    for target, entry in entries.items():
        for ref, strength in _of_target(flat, entry, weights) if entry else ():
            if ref in at:
                values[at[ref], target] = strength
    return _cut(f"{frame.name}.{connect.name}".lstrip("."), connect.positions, values)


def _cut(name: str, positions: Sequence[Ref], values: Array) -> Strengths | None:
    """Without positions that nothing is known of."""
    known = np.isfinite(values)
    sources, targets = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    names = [ref.node or ref.port for ref in positions]
    if not sources.size:
        return None
    return Strengths(
        name, tuple(names[i] for i in sources), tuple(names[i] for i in targets), values[np.ix_(sources, targets)]
    )


def _of_target(flat: _Flat, entry: _Entry, weights: Weights) -> Iterator[tuple[Ref, float]]:
    """Of each source of a target."""
    layer = flat.reader(entry)
    edges = [0, *accumulate(entry.widths)]
    if layer is None or any(edge * layer.size[1] % edges[-1] for edge in edges):
        return
    matrix = means(layer, weights)
    for ref, (low, high) in zip(
        entry.sources, pairwise(edge * layer.size[1] // edges[-1] for edge in edges), strict=True
    ):
        part = matrix[:, low:high]
        if np.isfinite(part).any():
            yield ref, float(np.nanmean(part))


@dataclass(frozen=True)
class _Entry:
    """What flows into a target: where it stands in the flat network, and how many channels each source has in it.

    `within` is what the names of layers that belong to the target begin with.
    """

    ref: Ref
    within: str
    sources: Sequence[Ref]
    widths: Sequence[int]

    @classmethod
    def of(cls, flat: _Flat, frame: Frame, target: Ref) -> _Entry | None:
        name = f"{frame.name}.{target.node}".lstrip(".")
        if not target.node:
            entered, joined = frame.outputs.get(target.port), frame.network.outputs[target.port]
            joins = isinstance(frame.network[joined.node].what, Concat)
            sources = [*_refs(frame.network, frame.network.sources(joined.node))] if joins else [joined]
            name = ""
        else:
            entered = flat.entered(frame, target.node, name)
            sources = (
                [*_refs(frame.network, frame.network.sources(target.node))] if target.node in frame.network else []
            )
        widths = flat.widths(entered, len(sources)) if entered and entered.node in flat.kernel else []
        return cls(entered, name, sources, widths) if entered and widths else None


class _Flat:
    """The kernel level, as it is asked here."""

    def __init__(self, kernel: Network) -> None:
        self.kernel = kernel
        self.nodes = list(kernel)
        self.places = {node.name: place for place, node in enumerate(self.nodes)}

    def entered(self, frame: Frame, node: str, name: str) -> Ref | None:
        """What flows into a node of a body."""
        bodies = [item for item in frame.items if isinstance(item, Frame) and item.name == name]
        refs = bodies[0].inputs if bodies else [source.ref for source in self.kernel.sources(name)]
        return refs[0] if len(refs) == 1 else None

    def widths(self, ref: Ref, count: int) -> list[int]:
        """The channels of each of so many sources; none where they are not put behind each other by channels."""
        shape = self.kernel.shape(ref)
        if count == 1:
            return [shape[0]]
        op = self.kernel[ref.node].what
        if not isinstance(op, Concat) or op.axis % len(shape):
            return []
        widths = [self.kernel.shape(each)[0] for each in _refs(self.kernel, self.kernel.sources(ref.node))]
        return widths if len(widths) == count else []

    def reader(self, entry: _Entry) -> Layer | None:
        """The first layer that weighs what flows into a target, channel for channel."""
        carried = {entry.ref}
        for node in self.nodes[self.places[entry.ref.node] + 1 :]:
            refs = [source.ref for source in self.kernel.sources(node.name)]
            if len(refs) == 1 and refs[0] in carried and _is_within(node.name, entry.within):
                layer = layer_of(self.kernel, node)
                if layer is not None and len(self.kernel.shape(refs[0])) == (3 if layer.is_convolution else 1):
                    return layer if layer.pairs <= MOST else None
                if _leaves_channels(node):
                    carried.add(Ref(node.name))
        return None


def _is_within(name: str, block: str) -> bool:
    return not block or name == block or name.startswith(f"{block}.")


def _leaves_channels(node: Node) -> bool:
    return not isinstance(node.what, Network) and (node.what.leaves_places or isinstance(node.what, _MAPS))


def _refs(network: Network, sources: Sequence[Source]) -> Iterator[Ref]:
    """Sources, those that are in bundles one by one."""
    for source in sources:
        bundled = source.ref.port == ALL and isinstance(network[source.ref.node].what, Bundle)
        yield from _refs(network, network.sources(source.ref.node)) if bundled else (source.ref,)
