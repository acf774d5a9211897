"""What of a network leads to its outputs: the rest is not computed, and in training changes nothing."""

from __future__ import annotations

from collections.abc import Set

from connc.compiler.network import Network, Node, Ref

Ports = frozenset[str]  # some of the outputs of a node or a network


def wanted_of(node: Node, needed: Set[Ref]) -> Ports:
    """Those outputs of a node that are needed."""
    return frozenset(port for port in node.ports if Ref(node.name, port) in needed)


class Needs:
    """What is needed in each body, for each choice of its outputs; recurses over the nesting of modules alone."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Ports], frozenset[Ref]] = {}

    def of(self, network: Network, ports: Ports) -> frozenset[Ref]:
        """All that is read on the way to some outputs."""
        key = id(network), ports
        if key not in self._known:
            needed = {network.outputs[port] for port in ports}
            for node in reversed(list(network)):
                if wanted := wanted_of(node, needed):
                    needed |= self._read(network, node, wanted)
            self._known[key] = frozenset(needed)
        return self._known[key]

    def _read(self, network: Network, node: Node, wanted: Ports) -> set[Ref]:
        """What a node reads for some of its outputs: a module may need some of its inputs only."""
        sources = network.sources(node.name)
        if not isinstance(node.what, Network):
            return {source.ref for source in sources}
        inside = self.of(node.what, wanted)
        read = [Ref(each.name) in inside for each in node.what.inputs]
        if node.join is not None or len(read) != len(sources):
            return {source.ref for source in sources if any(read)}
        return {source.ref for source, is_read in zip(sources, read, strict=True) if is_read}
