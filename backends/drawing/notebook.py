"""A network as a notebook shows it: its drawing, and below it what it is called and how large it is."""

from __future__ import annotations

from functools import cache

from connc.backends.drawing.marks import escaped
from connc.backends.drawing.summary import picture_of
from connc.backends.drawing.svg import svg
from connc.compiler.analyze import Subject
from connc.compiler.analyze.cost import Params
from connc.compiler.network import Network

MOST_COUNTED = 20_000  # layers whose parameters are counted while one waits


def html(network: Network) -> str:
    """No wider than the page."""
    drawn = f'<div style="overflow-x:auto">{svg(picture_of(network))}</div>'
    return f"<figure>{drawn}<figcaption>{escaped(_caption(network))}</figcaption></figure>"


def _caption(network: Network) -> str:
    layers = _layers(network)
    said = f"{network.kind}: {len(network):,} nodes, {layers:,} layers"
    return f"{said}, {Params().measure(Subject(network)):,} parameters" if layers <= MOST_COUNTED else said


def _layers(network: Network) -> int:
    """How many there are on all levels; a body that stands often is counted once and taken often."""

    @cache
    def count(body: Network) -> int:
        return sum(count(node.what) if isinstance(node.what, Network) else 1 for node in body)

    return count(network)
