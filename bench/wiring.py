"""How long it takes to put nets together and to verify them, against networkx building the same bare graph."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from bench.goals import goal

NET = """
net a {{
    in: [8]
    layer[{layers}]: linear(8)
    connect in, layer, out by ({rule}) using sum
}}
"""
EXPONENTIAL, DENSE = "i -> i + 2 ^ k for k in 0..", "i -> j where i < j"
ROUNDS = 3


def run() -> bool:
    chains = {layers: _figures(EXPONENTIAL, layers) for layers in (1_000, 2_000, 10_000)}
    dense = _figures(DENSE, 2_000)
    print("Put together and verified (median seconds)\n")
    print(f"  {'':<28}{'nodes':>8}{'edges':>10}{'connc':>9}{'verifier':>10}{'networkx':>10}{'connc / nx':>12}")
    for layers, figures in chains.items():
        _print(f"exponential, {layers:,} layers", figures)
    _print("fully dense, 2,000 layers", dense)
    print()
    met = [
        goal("exponential, 10,000 layers to 1,000", chains[10_000]["connc"] / chains[1_000]["connc"], 11),
        goal("exponential, 10,000 layers, to networkx", chains[10_000]["connc"] / chains[10_000]["networkx"], 6),
        goal("fully dense, 2,000 layers, to exponential", dense["connc"] / chains[2_000]["connc"], 4),
        goal("fully dense, 2,000 layers, thousands of Python objects", dense["objects"] / 1_000, 100),
    ]
    print()
    return all(met)


def _print(name: str, figures: dict[str, float]) -> None:
    counts = f"{figures['nodes']:>8,.0f}{figures['edges']:>10,.0f}"
    times = f"{figures['connc']:>9.3f}{figures['verifier']:>10.3f}{figures['networkx']:>10.3f}"
    print(f"  {name:<28}{counts}{times}{figures['connc'] / figures['networkx']:>12.2f}")


def _figures(rule: str, layers: int) -> dict[str, float]:
    import networkx as nx

    from connc.compiler.elaborate import elaborate
    from connc.compiler.verify import verify

    checked = _checked(NET.format(layers=layers, rule=rule))
    network: Any = elaborate(checked, "a").network
    nodes, edges = list(network.graph.nodes), [(a, b) for a, b, _ in network.graph.edges(keys=True)]

    def bare() -> None:
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        graph.add_nodes_from(nodes)
        graph.add_edges_from(edges)

    runs = [
        (_time(lambda: elaborate(checked, "a")), _time(lambda: verify(network)), _time(bare)) for _ in range(ROUNDS)
    ]
    connc, verifier, networkx = (median(times) for times in zip(*runs, strict=True))
    counts = {"nodes": len(nodes), "edges": len(edges), "objects": _objects(network)}
    return counts | {"connc": connc, "verifier": verifier, "networkx": networkx}


def _checked(text: str) -> Any:
    from connc.compiler.vocabulary import VOCABULARY
    from connc.dsl.check import World, check
    from connc.dsl.library import Library, Roots
    from connc.dsl.source import Source
    from connc.target import STDLIB

    return check(Library(Roots(STDLIB)).load(Source("bench", text), "bench"), World(VOCABULARY))


def _time(action: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _objects(root: object) -> int:
    """How many objects a network is made of, apart from classes and functions."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        each = waiting.pop()
        if id(each) not in seen and not isinstance(each, type) and not callable(each):
            seen.add(id(each))
            waiting += gc.get_referents(each)
    return len(seen)
