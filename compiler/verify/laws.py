"""The laws of networks: those of nodes and of all of them together stand here, those of shapes and rules beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from connc.compiler.names import first_word, is_lawful
from connc.compiler.network import ALL, KERNEL, WIRING, Network, Node, Ref, Source
from connc.compiler.ops.base import Op, Shape
from connc.compiler.ops.structure import Bundle, Input
from connc.compiler.verify.invalid import Invalid
from connc.compiler.verify.shapes import Inference, Shapes, Wired
from connc.compiler.verify.written import Written

_PORT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def verify(network: Network) -> None:
    """Raises `Invalid` if a law is broken. Linear in nodes and edges; bodies that are shared are looked at once."""
    _Verifier().network(network)


class _Verifier:
    """Recurses into bodies, which are done by identity."""

    def __init__(self) -> None:
        self.inference = Inference()
        self.done: set[int] = set()
        self.words: dict[int, set[str]] = {}

    def network(self, network: Network) -> None:
        if id(network) in self.done:
            return
        self.done.add(id(network))
        _head(network)
        shapes = Shapes(network, self.inference)
        wired = list(shapes.nodes.values())
        for node, sources in wired:
            self._bodies(network, node, sources)
            self._apart(network, node)
            _node(network, node, sources, shapes.made)
        shapes.verify()
        _outputs(network)
        _live(network, wired)
        _sharing(wired, shapes)
        Written(network, wired).verify()

    def _bodies(self, network: Network, node: Node, sources: Sequence[Source]) -> None:
        for body in (node.what, node.join, *(source.via for source in sources)):
            if isinstance(body, Network):
                if network.level == KERNEL or body.level != WIRING:
                    raise Invalid("networks stand in networks at the wiring level only", node)
                self.network(body)

    def _apart(self, network: Network, node: Node) -> None:
        """Beside an instance `part` with a node `conv` there is no `part.conv`."""
        if "." not in node.name:
            return
        for dot in re.finditer(r"\.", node.name):
            above = node.name[: dot.start()]
            what = network[above].what if above in network else None
            if isinstance(what, Network) and first_word(node.name[dot.end() :]) in self._words(what):
                raise Invalid(f"it is called like a node in `{above}`", node)

    def _words(self, body: Network) -> set[str]:
        if id(body) not in self.words:
            self.words[id(body)] = {first_word(node.name) for node in body}
        return self.words[id(body)]


# --- one node


def _node(network: Network, node: Node, sources: Sequence[Source], made: Mapping[Ref, Shape]) -> None:
    """What it reads is there, and as much as it needs."""
    if not is_lawful(node.name):
        raise Invalid("its name is not lawful", node)
    for source in sources:
        if source.ref not in made:
            raise Invalid(f"it reads `{source.ref}`, and `{source.ref.node}` has no such output", node)
        if source.via is not None or source.ref.port == ALL:
            _source(node, source)
    _fed(node, len(sources)) if node.join is None else _joined(network, node, sources)


def _source(node: Node, source: Source) -> None:
    """What is read is a bundle, or adapted."""
    bundled = source.ref.port == ALL
    if bundled and not takes_many(node):
        raise Invalid(f"it reads the bundle `{source.ref.node}`, and joins nothing", node)
    if source.via is not None and (bundled or len(source.via.inputs) != 1 or len(source.via.outputs) != 1):
        raise Invalid(f"the adapter behind `{source.ref}` does not make one tensor of one", node)


def takes_many(node: Node) -> bool:
    """Whether what it holds or joins may be any number of tensors."""
    first = node.what if node.join is None else node.join
    return isinstance(first, Op) and first.signature.inputs is None


def _joined(network: Network, node: Node, sources: Sequence[Source]) -> None:
    """A join makes one tensor of the sources, and what it feeds takes one."""
    if network.level == KERNEL:
        raise Invalid("it has a join, which is a node of its own at the kernel level", node)
    if not sources:
        raise Invalid("it joins nothing", node)
    if _count(node.what) != 1:
        raise Invalid("it has a join, and does not take one tensor", node)
    if not takes_many(node) and len(sources) > 1 and _count(node.join) != len(sources):
        raise Invalid(f"its join does not take {len(sources)} tensors", node)


def _fed(node: Node, count: int) -> None:
    wanted = _count(node.what)
    if count != wanted if wanted is not None else not count:
        raise Invalid(f"it reads {count} tensors instead of {'some' if wanted is None else wanted}", node)


def _count(what: Op | Network | None) -> int | None:
    """How many tensors something takes, nothing for as many as come."""
    if isinstance(what, Network):
        return len(what.inputs)
    return None if what is None or what.signature.inputs is None else len(what.signature.inputs)


# --- all of them


def _head(network: Network) -> None:
    if network.level not in (WIRING, KERNEL) or not is_lawful(network.kind):
        raise Invalid(f"there is no level `{network.level}`, or `{network.kind}` is no name")
    if network.level == KERNEL and (network.families or network.connects):
        raise Invalid("families and rules between positions stand at the wiring level only")


def _outputs(network: Network) -> None:
    if not network.outputs:
        raise Invalid(f"the network `{network.kind}` has no output")
    for name, ref in network.outputs.items():
        if not _PORT.fullmatch(name):
            raise Invalid(f"`{name}` is no name of an output")
        if ref.node not in network or ref.port not in network[ref.node].ports:
            raise Invalid(f"the output `{name}` is `{ref}`, which there is not")
        if isinstance(network[ref.node].what, Bundle):
            raise Invalid(f"the output `{name}` is a bundle")


def _live(network: Network, wired: Wired) -> None:
    """Every node leads to an output. An input that only a flattened module left unread stays, and so does its place."""
    live = {ref.node for ref in network.outputs.values()}
    for node, sources in reversed(wired):
        if node.name in live:
            live.update(source.ref.node for source in sources)
        elif network.level == WIRING or not isinstance(node.what, Input):
            raise Invalid("it leads to no output", node)


def _sharing(wired: Wired, shapes: Shapes) -> None:
    """Uses of one layer are equal and read equal shapes, where there is something to share."""
    shared = {node.owner for node, _ in wired if "@" in node.name}
    if not shared:
        return
    first: dict[str, Node] = {}
    for node, _ in wired:
        if node.owner in shared and shapes.learns(node):
            other = first.setdefault(node.owner, node)
            if node.what != other.what or shapes.arguments[node.name] != shapes.arguments[other.name]:
                raise Invalid(f"it shares its parameters with `{other.name}`, which differs", node)
