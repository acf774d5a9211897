"""The graph of layers as a graph: degrees, clustering, and how well it holds together."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from connc.compiler.analyze.base import Analysis, analysis, plain, spread, table
from connc.compiler.analyze.positions import Kind, Positions
from connc.compiler.analyze.subject import Subject

_MOST = 2_000  # positions of which all pairs are looked at
Matrix = NDArray[np.float64]


def neighbours(positions: Positions) -> Matrix | None:
    """Which two positions are joined, either way, as 0 and 1; none where there are too many."""
    if len(positions) > _MOST:
        return None
    reads = np.zeros((len(positions), len(positions)), dtype=bool)
    for place, sources in enumerate(positions.read):
        for source in sources:
            if positions.steps[source]:
                reads[place, source] = True
            else:
                reads[place] |= reads[source]
    places = np.flatnonzero(positions.kinds != Kind.BUNDLE)
    joined = reads[np.ix_(places, places)]
    return (joined | joined.T).astype(np.float64)


def clustering(joined: Matrix) -> float:
    """The mean share of the pairs of a layer's neighbours that are neighbours themselves, 0 where it has one pair."""
    degrees = joined.sum(axis=1)
    closed = ((joined @ joined) * joined).sum(axis=1)
    pairs = degrees * (degrees - 1)
    return float(np.divide(closed, pairs, out=np.zeros_like(closed), where=pairs > 0).mean())


def gap(joined: Matrix) -> float:
    """The second least eigenvalue of the normalised Laplacian: 0 where the graph falls apart."""
    degrees = joined.sum(axis=1)
    scale = np.divide(1, np.sqrt(degrees), out=np.zeros_like(degrees), where=degrees > 0)
    laplacian = np.diag((degrees > 0).astype(float)) - scale[:, None] * joined * scale
    return max(0.0, float(np.linalg.eigvalsh(laplacian)[1]))


@analysis("clustering")
class Clustering(Analysis):
    """The mean share of the pairs of a layer's neighbours that are neighbours themselves; of at most 2,000 layers."""

    def measure(self, subject: Subject) -> Fraction | None:
        joined = neighbours(subject.positions)
        return None if joined is None else Fraction(clustering(joined))


@analysis("spectral_gap")
class SpectralGap(Analysis):
    """The second least eigenvalue of the graph's normalised Laplacian, 0 if it falls apart; of at most 2,000 layers."""

    def measure(self, subject: Subject) -> Fraction | None:
        joined = neighbours(subject.positions)
        return None if joined is None or len(joined) < 2 else Fraction(gap(joined))


@table("graph")
def _graph(subject: Subject) -> object:
    """Nodes and edges as at the wiring level, inputs and outputs among them; an edge twice is one to its neighbours."""
    positions = subject.positions
    nodes = [place for place, kind in enumerate(positions.kinds) if kind != Kind.BUNDLE]
    return {
        "nodes": len(nodes),
        "edges": sum(positions.fan_in[place] for place in nodes),
        "degree": spread(positions.fan_in[place] + positions.fan_out[place] for place in nodes),
        "clustering": plain(Clustering().measure(subject)),
        "spectral_gap": plain(SpectralGap().measure(subject)),
    }
