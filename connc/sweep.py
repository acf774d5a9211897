"""A net at many sizes: how what it is measured by grows with one of its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from connc.api import load_network
from connc.compiler.analyze import ANALYSES, Subject
from connc.compiler.analyze.base import plain
from connc.compiler.analyze.growth import Growth, growth
from connc.compiler.analyze.paths import shortest
from connc.compiler.network import Network
from connc.dsl.diagnostic import Diagnostic
from connc.dsl.limits import Limits
from connc.dsl.tree import Argument
from connc.specs import parse_settings
from connc.target import Target

_WRITTEN = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(\d+)\s*\.\.\s*(\d+)\s*", re.ASCII)
_SIZES = 16  # how many are tried
_TRIED = 24  # how many values in a row may be refused
MEASURES = ("params", "macs", "path", "features", "training_memory")
"""Of the path it is the mean distance of layers from the input, of features the most that meet."""


class Span(NamedTuple):
    """`depth=10..1000`, both ends included; sizes count from 1."""

    name: str
    low: int
    high: int


class Sweep(NamedTuple):
    """The sizes that the net takes, and of each measure its values there and how it grows."""

    parameter: str
    sizes: list[int]
    values: dict[str, list[float]]

    @property
    def growths(self) -> dict[str, Growth | None]:
        return {name: growth(self.sizes, values) for name, values in self.values.items()}

    def table(self) -> dict[str, object]:
        """In names, lists and numbers."""
        measures = {
            name: {"values": self.values[name], "growth": found and found.name, "off": found and found.off}
            for name, found in self.growths.items()
        }
        return {"parameter": self.parameter, "sizes": self.sizes, "measures": measures}


def parse_span(text: str) -> Span | None:
    """What `--sweep` was given; none where it is nothing of the kind."""
    match = _WRITTEN.fullmatch(text)
    if match is None or int(match[2]) > int(match[3]):
        return None
    return Span(match[1], max(1, int(match[2])), int(match[3]))


def sweep(
    target: Target, span: Span, settings: Sequence[Argument] = (), limits: Limits = Limits(), seed: int = 0
) -> tuple[Sweep, list[Diagnostic]]:
    """The net at sizes that lie evenly on a logarithmic scale; what it refuses lies between those that it takes.

    Where it takes fewer than two, what was found at the last that was tried comes too.
    """
    found: list[Diagnostic] = []

    def at(size: int) -> Network | None:
        own, report = parse_settings([f"{span.name}={size}"], limits, "--sweep")
        network = None
        if not report:
            network, report = load_network(target, [*settings, *own], limits, seed)
        found[:] = report
        return network

    sizes: list[int] = []
    values: dict[str, list[float]] = {name: [] for name in MEASURES}
    for size, network in _networks(span, at):
        sizes.append(size)
        for name, value in _measured(network).items():
            values[name].append(value)
    return Sweep(span.name, sizes, values), (found if len(sizes) < 2 else [])


def _networks(span: Span, at: Callable[[int], Network | None]) -> Iterator[tuple[int, Network]]:
    """The sizes that are taken, with what they give. How far the first two lie apart says which are."""
    first = _first(span.low, span.high, at)
    second = first and _first(first[0] + 1, span.high, at)
    yield from [first] if first else []
    if not first or not second:
        return
    step, last = second[0] - first[0], first[0]
    for size in _sizes(first[0], span.high, step):
        if size > last and (network := second[1] if size == second[0] else at(size)):
            yield size, network
            last = size


def _first(low: int, high: int, at: Callable[[int], Network | None]) -> tuple[int, Network] | None:
    for size in range(low, min(high, low + _TRIED) + 1):
        if network := at(size):
            return size, network
    return None


def _sizes(low: int, high: int, step: int) -> list[int]:
    """Those between which the ratio is about the same, at whole steps from the first."""
    ratio = (high / low) ** (1 / (_SIZES - 1))
    wanted = [low * ratio**place for place in range(_SIZES)]
    steps = {min(round((size - low) / step), (high - low) // step) for size in wanted}
    return [low + each * step for each in sorted(steps)]


def _measured(network: Network) -> dict[str, float]:
    subject = Subject(network)
    positions = subject.positions
    lengths = shortest(positions, set(positions.inputs))
    far = [lengths[place] for place in positions.layers if lengths[place] >= 0]
    found: dict[str, float] = {"path": sum(far) / max(1, len(far))}
    for name in MEASURES:
        if name not in found:
            found[name] = plain(ANALYSES[name]().measure(subject)) or 0
    return found
