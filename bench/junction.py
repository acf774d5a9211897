"""A junction of a million edges, from its rule to the table of each neuron's sources, against a sparse matrix of it."""

from __future__ import annotations

import tracemalloc
from statistics import median
from typing import Any

import numpy as np

from bench.goals import goal
from bench.wiring import _checked, _time

NET = """
net a {{
    in: [{sources}]
    in -> linear({targets}) by {rule} -> out
}}
"""
SIDE, DEGREE, ROUNDS = 31_250, 32, 9  # a million edges
RULES = {
    "a mapping": f"(i -> mod(i + 977 * s, targets) for s in 1..{DEGREE})",
    "random": f"random(fan_in = {DEGREE})",
}


def run() -> bool:
    print("A junction of a million edges, put together, verified and tabled (median seconds)\n")
    print(f"  {'':<14}{'connc':>8}{'scipy CSR':>11}{'connc / scipy':>15}{'bytes an edge':>15}{'at the peak':>13}")
    met = True
    for name, rule in RULES.items():
        figures = _figures(rule)
        ratio = figures["connc"] / figures["scipy"]
        times = f"{figures['connc']:>8.3f}{figures['scipy']:>11.3f}{ratio:>15.2f}"
        print(f"  {name:<14}{times}{figures['kept']:>15.1f}{figures['peak']:>13.1f}")
        met &= all([goal(f"{name}, to scipy", ratio, 2), goal(f"{name}, bytes an edge", figures["kept"], 24)])
    print()
    return met


def _figures(rule: str) -> dict[str, float]:
    from scipy.sparse import csr_matrix

    from connc.compiler.elaborate import elaborate

    checked = _checked(NET.format(sources=SIDE, targets=SIDE, rule=rule))

    def connc() -> Any:
        network: Any = elaborate(checked, "a").network
        return network["linear"].what.rule

    relation = connc()
    sources, targets = relation.pairs()
    order = np.random.default_rng(0).permutation(len(sources))
    rows, columns, ones = targets[order], sources[order], np.ones(len(order), dtype=np.float32)

    def scipy() -> object:
        return csr_matrix((ones, (rows, columns)), shape=(SIDE, SIDE))

    runs = [(_time(connc), _time(scipy)) for _ in range(ROUNDS)]
    tracemalloc.start()
    kept = connc()
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    edges = kept.count
    times = {"connc": median(r[0] for r in runs), "scipy": median(r[1] for r in runs)}
    return times | {"kept": now / edges, "peak": peak / edges}
