"""What stands in a network without a name of its own: joins and adapters, and where their parameters live.

A join is called `<target>.join`, an adapter `<target>.via.<source>`; a word of the network that is called so already
moves them to `join_`. They belong to the edges and are not shared: where the target is the second use of a layer, their
names say `use2`.
"""

from __future__ import annotations

from collections.abc import Iterator

from connc.compiler.names import output_name
from connc.compiler.network import Network, Ref
from connc.compiler.ops.base import Op


class Naming:
    """The names in one network, asked for in the order of its nodes: of each first its adapters, then its join."""

    def __init__(self, network: Network) -> None:
        self._taken = set(_names(network, ""))

    def join(self, prefix: str, node: str, what: Op | Network) -> str:
        """The name of what joins the sources of a node; `prefix` is what the node stands in."""
        return self._fresh(f"{prefix}{output_name(node, 'out')}.", "join", "", what)

    def adapter(self, prefix: str, node: str, source: Ref, what: Network) -> str:
        """The name of what makes one source of a node fit."""
        return self._fresh(f"{prefix}{output_name(node, 'out')}.", "via", f".{output_name(*source)}", what)

    def _fresh(self, before: str, word: str, behind: str, what: Op | Network) -> str:
        """A name that nothing has; nor has anything one of the names below it."""
        while True:
            name = f"{before}{word}{behind}"
            names = {name, *(_names(what, f"{name}.") if isinstance(what, Network) else ())}
            if self._taken.isdisjoint(names):
                self._taken |= names
                return name
            word += "_"


def _names(network: Network, prefix: str) -> Iterator[str]:
    """Those of all nodes and of all nodes in them."""
    for node in network:
        yield prefix + node.name
        if isinstance(node.what, Network):
            yield from _names(node.what, f"{prefix}{node.name}.")
