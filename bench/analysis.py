"""What analyses take: path lengths to networkx, scatter to NumPy and SciPy, the command to its imports."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

from bench.goals import goal

NET = """
net a {{
    in: [8]
    layer[{layers}]: linear(8)
    connect in, layer, out by (i -> i + 2 ^ k for k in 0..) using sum
}}
"""
ROUNDS = 5


def run() -> bool:
    print("Analyses (median seconds)\n")
    bandwidth = _bandwidth()
    print(f"  copying in memory: {bandwidth / 1e9:.1f} GB/s\n")
    met = [_paths(bandwidth), *_scatter(bandwidth), *_equivalent(), _process()]
    print()
    return all(met)


def _seconds(*actions: Callable[[], object]) -> list[float]:
    """Of each, in interleaved rounds."""
    times: list[list[float]] = [[] for _ in actions]
    for _ in range(ROUNDS):
        for action, found in zip(actions, times, strict=True):
            start = time.perf_counter()
            action()
            found.append(time.perf_counter() - start)
    return [median(found) for found in times]


def _bandwidth() -> float:
    """Bytes a second that NumPy reads and writes."""
    data = np.ones(1 << 24)
    (taken,) = _seconds(data.copy)
    return 2 * data.nbytes / taken


# --- path lengths between all pairs


def _paths(bandwidth: float) -> bool:
    import networkx as nx

    from connc.compiler.analyze import paths
    from connc.compiler.analyze.positions import positions_of

    print("  shortest paths between all pairs   positions     connc  networkx      roof")
    ratio = 0.0
    for layers in (1_600, 10_000):
        positions = positions_of(_loaded(layers))
        graph = nx.DiGraph((s, t) for t, sources in enumerate(positions.read) for s in sources)
        (own,) = _seconds(lambda p=positions: [None for _ in paths.between(p)])  # type: ignore[misc]
        # each edge reads half a row of two bytes on average, each position writes one
        roof = len(positions) * (positions.sources.size + len(positions)) / bandwidth
        theirs = ""
        if layers == 1_600:
            start = time.perf_counter()
            known = dict(nx.all_pairs_shortest_path_length(graph))
            taken = time.perf_counter() - start
            ratio, theirs = taken / own, f"{taken:.3f}"
            ((_, block),) = paths.between(positions)
            assert all(block[t, s] == length for s, found in known.items() for t, length in found.items())
        print(f"  {layers:>33,}{len(positions):>12,}{own:>10.4f}{theirs:>10}{roof:>10.4f}")
    print()
    return goal("connc to networkx at 1,600 layers, inverse", 1 / ratio, 1 / 40)


def _loaded(layers: int) -> Any:
    import connc

    return connc.loads(NET.format(layers=layers))


# --- scatter


def _drawn(left: int, right: int, density: float, seed: int = 0) -> Any:
    import connc
    from connc.compiler.analyze.junctions import Junction

    relation = connc.relate(f"random(fan_in = {round(left * density)})", left, right, seed=seed)
    return Junction(f"j{seed}", (left,), (right,), relation)


def _matrix(junction: Any) -> Any:
    matrix = np.zeros(junction.sizes[::-1], dtype=np.uint8)
    source, target = junction.pairs()
    matrix[target, source] = 1
    return matrix


def _window_sums(matrix: Any, fan_in: int, fan_out: int) -> tuple[float, float]:
    """Both scatters of a matrix with fixed degrees that divide, as one would write them in NumPy."""
    right, left = matrix.shape
    forward = matrix.reshape(right, fan_in, left // fan_in).sum(axis=2)
    backward = matrix.reshape(fan_out, right // fan_out, left).sum(axis=1)
    return float((forward >= 1).mean()), float((backward >= 1).mean())


def _scatter(bandwidth: float) -> list[bool]:
    from connc.compiler.analyze.scatter import scatter

    print("\n  scatter of 4096 x 512      connc   NumPy    roof")
    met = []
    for density, most in ((1 / 128, 1 / 3), (1 / 2, 1)):
        junction = _drawn(4096, 512, density)
        matrix, fans = _matrix(junction), (round(4096 * density), round(512 * density))
        own, theirs = _seconds(lambda j=junction: scatter([j]), lambda m=matrix, f=fans: _window_sums(m, *f))  # type: ignore[misc]
        assert [float(each) for each in scatter([junction])] == list(_window_sums(matrix, *fans))
        print(f"  {density:>20.1%}{own:>12.5f}{theirs:>8.5f}{8 * junction.count / bandwidth:>8.5f}")
        met.append(goal(f"connc to window sums at {density:.1%}", own / theirs, most))
    return met


def _equivalent() -> list[bool]:
    from scipy import sparse

    from connc.compiler.analyze.scatter import scatter

    print("\n  equivalent junction at 12.5%      connc   sparse")
    met = []
    for sizes in ((4096, 16, 4096), (4096, 32, 4096), (2048, 2048, 2048), (2048, 2048, 2048, 2048)):
        chain = [_drawn(a, b, 1 / 8, seed) for seed, (a, b) in enumerate(pairwise(sizes))]
        factors = [sparse.csr_matrix(_matrix(each), dtype=np.int32) for each in chain]

        def product(factors: Any = factors) -> tuple[float, float]:
            """All paths, as the definition says, and what windows hold of them, from both sides."""
            found = factors[0]
            for each in factors[1:]:
                found = each @ found
            paths = found.toarray()
            return _shares(paths, factors), _shares(paths.T, [each.T for each in factors])

        own, theirs = _seconds(lambda c=chain: scatter(c), product)  # type: ignore[misc]
        assert np.allclose([float(each) for each in scatter(chain)], product())
        name = "-".join(map(str, sizes))
        print(f"  {name:>26}{own:>13.4f}{theirs:>9.4f}")
        met.append(goal(f"{name}: connc to the sparse product", own / theirs, 1 / 20))
    return met


def _shares(paths: Any, factors: list[Any]) -> float:
    """How much of their ideal windows on the left hold, on average; degrees divide."""
    right, left = paths.shape
    reach = int(np.prod([each.nnz // each.shape[0] for each in factors]))
    wide = max(1, left // reach)
    sums = paths.reshape(right, -1, wide).sum(axis=2) if wide > 1 else paths
    return float(np.minimum(sums / (reach * wide / left), 1).mean())


# --- the command


def _process() -> bool:
    without = "import sys; sys.modules['interegular'] = None; "
    command = "sys.argv[1:] = ['analyze', 'std.sparsenet']; from connc.cli import main; sys.exit(main())"
    scripts = {"imports": "import lark, click, numpy", "connc analyze": command}

    def start(script: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", without + script], check=True, capture_output=True)

    times = dict(zip(scripts, _seconds(*map(start, scripts.values())), strict=True))
    print("\n  " + "   ".join(f"{name} {taken:.3f}" for name, taken in times.items()))
    return goal("connc analyze std.sparsenet to imports", times["connc analyze"] / times["imports"], 4)
