"""Which nodes of a body are alike and stand so that one box with a count says all about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connc.compiler.network import Network, Node
from connc.compiler.ops.structure import Bundle, Input

Nodes = Sequence[Node]
ROW, SIDE = 3, 4  # from how many on


def alike(body: Network) -> Iterator[Nodes]:
    """All nodes, in order: those that are alike together, at the place of the first of them.

    What a search may rewire is seen node by node.
    """
    readers = _readers(body)
    evolving = {ref.node for connect in body.connects if connect.bound is not None for ref in connect.positions}
    found = [nodes for nodes in [*_rows(body, readers), *_sides(body, readers)] if nodes[0].name not in evolving]
    together = {nodes[0].name: nodes for nodes in found}
    hidden = {node.name for nodes in together.values() for node in nodes[1:]}
    for node in body:
        if node.name not in hidden:
            yield together.get(node.name, [node])


def _readers(body: Network) -> dict[str, list[str]]:
    """The names of those that read each node, an empty one for an output of the body."""
    found: dict[str, list[str]] = {node.name: [] for node in body}
    for node in body:
        for source in body.sources(node.name):
            found[source.ref.node].append(node.name)
    for ref in body.outputs.values():
        found[ref.node].append("")
    return found


def _rows(body: Network, readers: dict[str, list[str]]) -> Iterator[Nodes]:
    """Each of which reads the one before alone, and is read by the next alone."""
    rows: dict[str, list[Node]] = {}  # by the name of the last
    for node in body:
        before = _only_source(body, node)
        if before in rows and readers[before] == [node.name] and _is_alike(rows[before][-1], node):
            row = rows.pop(before)
            row.append(node)
        else:
            row = [node]
        rows[node.name] = row
    return (row for row in rows.values() if len(row) >= ROW)


def _only_source(body: Network, node: Node) -> str:
    """The name of what it reads as it is, if that is all."""
    sources = body.sources(node.name)
    return sources[0].ref.node if len(sources) == 1 and sources[0].via is None else ""


def _sides(body: Network, readers: dict[str, list[str]]) -> Iterator[Nodes]:
    """Members of a family that read the same, and are read by the same."""
    for family in body.families:
        members = [body[name] for name in family.members if name in body] if len(family.axes) == 1 else []
        if len(members) >= SIDE:
            first = members[0].name
            around = body.sources(first), readers[first]
            beside = all((body.sources(node.name), readers[node.name]) == around for node in members)
            if beside and all(_is_alike(members[0], node) for node in members):
                yield members


def _is_alike(a: Node, b: Node) -> bool:
    """Whether they do the same to what comes, with weights of their own."""
    if isinstance(a.what, Input | Bundle) or a.join is not None or b.join is not None or "@" in b.name:
        return False
    return (a.what is b.what or a.what == b.what) and a.shapes == b.shapes and len(a.shapes) == 1
