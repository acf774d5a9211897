"""The identity of what is computed, whatever its parts are called and however they are put together.

Modules are laid out flat and bundles are seen through. Nodes are numbered as they are met, from the outputs back in the
order of the sources; so are the parameters, which says what is shared.
"""

from __future__ import annotations

import hashlib

from connc.compiler.expand import expand
from connc.compiler.network import ALL, Network, Node, Ref
from connc.compiler.ops.base import Op
from connc.compiler.ops.structure import Bundle
from connc.compiler.rows import Row, item, together
from connc.compiler.text.values import show
from connc.compiler.verify.shapes import Inference, Shapes


def canonical(network: Network) -> str:
    """A fingerprint of the ops, what they read in which order, shared parameters, inputs in order, names of outputs."""
    listing = _Listing(expand(network))
    listing.run()
    return listing.hash.hexdigest()


class _Listing:
    """The nodes so far by number, and the hash of what was said of them."""

    def __init__(self, network: Network) -> None:
        self.network, self.hash = network, hashlib.sha256()
        self.sources = {node.name: network.sources(node.name) for node in network}
        self.shapes = Shapes(network, Inference())
        self.shapes.verify()
        self.owners: dict[str, int] = {}
        self.outputs: dict[Ref, int] = {}  # by number
        self.done: set[str] = set()
        self.held: dict[str, Row] = {}  # what bundles hold
        self.said: dict[int, str] = {}

    def run(self) -> None:
        for node in self.network.inputs:
            self._say(node)
        for ref in self.network.outputs.values():
            self._reach(ref.node)
        for port, ref in self.network.outputs.items():
            self.hash.update(f"{port} = {self._read(ref)}\n".encode())

    def _reach(self, name: str) -> None:
        """All that a node reads in front of it, without recursion."""
        waiting = [name]
        while waiting:
            name = waiting.pop()
            if name in self.done:
                continue
            before = [source.ref.node for source in self.sources[name] if source.ref.node not in self.done]
            if before:
                waiting += [name, *reversed(before)]
            else:
                self._say(self.network[name])

    def _say(self, node: Node) -> None:
        self.done.add(node.name)
        read = together(self._read(source.ref) for source in self.sources[node.name])
        if isinstance(node.what, Bundle):
            self.held[node.name] = read
            return
        first = len(self.outputs) + 1
        self.outputs.update((Ref(node.name, port), number) for number, port in enumerate(node.ports, first))
        self.hash.update(f"{self._op(node.what)} {self._parameters(node)} {read}\n".encode())

    def _read(self, ref: Ref) -> Row:
        return self.held[ref.node] if ref.port == ALL else item(self.outputs[ref])

    def _op(self, op: Op | Network) -> str:
        """An op with all that it was given."""
        if id(op) not in self.said and isinstance(op, Op):
            values = ", ".join(f"{slot.name}={show(getattr(op, slot.name))}" for slot in op.signature.slots)
            self.said[id(op)] = f"{op.name}({values}) by {op.rule.digest() if op.rule else ''}"
        return self.said[id(op)]

    def _parameters(self, node: Node) -> str:
        """The number of what it learns, nothing where it learns nothing."""
        return str(self.owners.setdefault(node.owner, len(self.owners))) if self.shapes.learns(node) else ""
