"""How much is held at a time while a network is computed layer by layer."""

from __future__ import annotations

from connc.compiler.analyze.costs import made
from connc.compiler.network import Network, Node


def peak(kernel: Network) -> tuple[int, str]:
    """The most bytes that layers have made and others still read, and the layer at which it is so.

    Inputs count; what is let go is what nothing behind reads.
    """
    lasts = _last_reads(kernel)
    let_go: dict[str, list[int]] = {}
    held, found = 0, (0, "")
    for node in kernel:
        held += made(node)
        let_go.setdefault(lasts.get(node.name, node.name), []).append(made(node))
        found = max(found, (held, node.name), key=lambda each: each[0])
        held -= sum(let_go.pop(node.name, ()))
    return found


def _last_reads(kernel: Network) -> dict[str, str]:
    """The layer that reads each last, by itself or through views of it; outputs are read when all is done."""
    lasts: dict[str, str] = {ref.node: "" for ref in kernel.outputs.values()}
    place = {node.name: at for at, node in enumerate(kernel)} | {"": len(kernel)}
    for node in reversed(list(kernel)):
        reader = lasts.get(node.name, node.name) if _is_view(node) else node.name
        for source in kernel.sources(node.name):
            known = lasts.get(source.ref.node)
            if known is None or place[known] < place[reader]:
                lasts[source.ref.node] = reader
    return lasts


def _is_view(node: Node) -> bool:
    return not isinstance(node.what, Network) and node.what.is_view
