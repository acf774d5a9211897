"""What a body consists of, in a form in which two can be compared: each layer and output with all that it reads."""

from __future__ import annotations

import re
from typing import NamedTuple

from connc.compiler.network import ALL, Network, Ref, Source
from connc.compiler.ops.base import Op
from connc.compiler.ops.structure import Bundle


class Item(NamedTuple):
    """A layer, or an output, which is nothing but what it reads. A bundle is what it holds."""

    what: Op | Network | None
    join: Op | Network | None
    reads: list[Source]


class Items:
    """The layers and the outputs of a body by name. What joins the sources of an output is the output's own."""

    def __init__(self, body: Network) -> None:
        self.body = body
        self._held: dict[str, list[Source]] = {}
        joins = {port: ref.node for port, ref in body.outputs.items() if _joins(port, ref)}
        hidden = set(joins.values())
        self.layers = {
            node.name: Item(node.what, node.join, self._reads(node.name))
            for node in body
            if node.name not in hidden and not isinstance(node.what, Bundle)
        }
        self.outputs = {port: self._output(ref, port in joins) for port, ref in body.outputs.items()}

    def _output(self, ref: Ref, joined: bool) -> Item:
        if not joined:
            return Item(None, None, [Source(ref)])
        return Item(None, self.body[ref.node].what, self._reads(ref.node))

    def _reads(self, name: str) -> list[Source]:
        return [each for source in self.body.sources(name) for each in self._flat(source)]

    def _flat(self, source: Source) -> list[Source]:
        if source.ref.port != ALL:
            return [source]
        name = source.ref.node
        if name not in self._held:
            self._held[name] = self._reads(name)
        return self._held[name]


def _joins(port: str, ref: Ref) -> bool:
    return re.fullmatch(rf"{re.escape(port)}\.join_*", ref.node) is not None
