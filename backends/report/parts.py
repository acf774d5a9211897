"""The modules of a network as a tree to be drawn: what is built alike is drawn once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connc.backends.drawing.labels import name_of
from connc.backends.report.several import joined, stem
from connc.compiler.network import Network, Node, Ref


@dataclass(frozen=True, slots=True)
class Part:
    """Modules of a kind in a row, or one. `like`: where one that is built alike is drawn; nothing if it is here."""

    path: str
    names: tuple[str, ...]
    body: Network
    is_same: bool
    like: str
    inner: tuple[Part, ...]

    @property
    def title(self) -> str:
        return joined(self.names)


def parts(network: Network) -> tuple[Part, ...]:
    """The modules of a network, each with those in it."""
    return _Parts().of(network, "")


class _Parts:
    """What has been drawn so far, and how each body is built."""

    def __init__(self) -> None:
        self.drawn: dict[int, tuple[str, Network]] = {}
        self.numbers: dict[object, int] = {}
        self.built: dict[int, int] = {}  # by the body's place in memory; bodies live as long as their network

    def of(self, body: Network, prefix: str) -> tuple[Part, ...]:
        return tuple(self._part(group, prefix) for group in self._groups(body))

    def _part(self, group: list[Node], prefix: str) -> Part:
        bodies = [_body(node) for node in group]
        path, shape = prefix + group[0].name, self._shape(bodies[0])
        like, first = self.drawn.setdefault(shape, (path, bodies[0]))
        is_new = like == path
        inner = self.of(bodies[0], f"{path}.") if is_new else ()
        is_same = all(first == each for each in bodies)
        return Part(
            path, tuple(prefix + node.name for node in group), bodies[0], is_same, "" if is_new else like, inner
        )

    def _groups(self, body: Network) -> list[list[Node]]:
        """Members of a family that are built alike."""
        found: dict[object, list[Node]] = {}
        for node in body:
            if isinstance(node.what, Network):
                found.setdefault((stem(node.owner), self._shape(node.what)), []).append(node)
        return [*found.values()]

    # --- how bodies are built

    def _shape(self, body: Network) -> int:
        """A number that two bodies share whose layers have the same names and kinds and read one another alike."""
        if id(body) not in self.built:
            self.built[id(body)] = self.numbers.setdefault(tuple(self._lines(body)), len(self.numbers))
        return self.built[id(body)]

    def _lines(self, body: Network) -> Iterator[object]:
        yield body.kind
        yield tuple(body.outputs.items())
        for node in body:
            what = self._shape(node.what) if isinstance(node.what, Network) else node.what.name
            join = name_of(node.join) if node.join is not None else ""
            yield node.name, what, join, tuple(_reads(body, node))


def _reads(body: Network, node: Node) -> Iterator[tuple[Ref, str]]:
    for source in body.sources(node.name):
        yield source.ref, source.via.kind if source.via is not None else ""


def _body(node: Node) -> Network:
    assert isinstance(node.what, Network)
    return node.what
