"""Figures of what a net is measured by, each of a table of `connc.analyze`, on axes of matplotlib."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from connc.backends.plots import matrices
from connc.backends.plots.blocks import Share, shares
from connc.backends.plots.style import BOXED, DARK, DASHES, LIGHT, MIDDLE, bare, count_text, dashed, grid, named, whole

Table = Mapping[str, Any]
_MOST_ROWS = 20  # of links
_MOST_PAIRS = 7  # of the scatter vector that are labelled
_SLIM = 4  # bars for which there is room at least, so that no bar is broad


def path_lengths(axes: Axes, path_length: Table) -> None:
    """The share of all paths from the input to the output that has each length."""
    shares_ = {int(length): 100 * share for length, share in path_length["distribution"].items()}
    _histogram(axes, shares_, path_length["mean"], "connections on a path from input to output")
    axes.set(ylabel="share of all paths (%)")


def depths(axes: Axes, path_length: Table) -> None:
    """How many layers lie how far from the input."""
    counts = path_length["from_input"]
    _histogram(axes, _numbered(counts["histogram"]), counts["mean"], "connections on the shortest path from the input")
    _counting_layers(axes)


def fan_in(axes: Axes, fans: Table) -> None:
    """How many layers have how many sources."""
    counts = fans["layers"]
    _histogram(axes, _numbered(counts["histogram"]), counts["mean"], "sources of a layer")
    _counting_layers(axes)


def _counting_layers(axes: Axes) -> None:
    axes.set(ylabel="number of layers")
    whole(axes, "y")


def _histogram(axes: Axes, heights: Mapping[int, float], mean: float, label: str) -> None:
    """A bar for each whole number, and a line where the mean is."""
    least, most = min(heights), max(heights)
    axes.bar(list(heights), list(heights.values()), width=0.8 * min(1, (most - least + 1) / _SLIM), color=MIDDLE)
    axes.axvline(mean, **DASHES)
    axes.set(xlim=(least - 0.9, most + 0.9), xlabel=f"{label}\n({dashed(mean)})")
    whole(axes, "x")
    bare(axes)
    grid(axes, "y")


def cost(axes: Axes, costs: Table) -> None:
    """What share of the whole each block takes, three bars a block, the first block on top."""
    rows = shares(costs)
    for at, (label, color, part) in enumerate(_measures(rows)):
        places = [row + (at - 1) * 0.27 for row in range(len(rows))]
        axes.barh(places, part, height=0.25, color=color, label=label)
    named(axes, "y", [row.name for row in rows])
    high = max(len(rows), _SLIM)
    axes.set(xlabel="share of the net (%)", ylim=(high * 1.25, -0.6))  # below is room for the legend
    axes.legend(loc="lower right", **BOXED)
    whole(axes, "x")
    bare(axes)
    grid(axes, "x")


def _measures(rows: Sequence[Share]) -> list[tuple[str, str, list[float]]]:
    """What is measured, with its sum, its colour and the shares."""
    words = ("parameters", DARK, ""), ("multiply-accumulates", MIDDLE, ""), ("memory", LIGHT, "B")
    found = []
    for at, (word, color, unit) in enumerate(words):
        total = sum(row.amounts[at] for row in rows)
        found.append(
            (f"{word}: {count_text(total, unit)}", color, [100 * row.amounts[at] / (total or 1) for row in rows])
        )
    return found


def junction_density(axes: Axes, density: Table) -> None:
    """A bar for each junction, the first on top, and a line for all of them together."""
    found = density["junctions"]
    axes.barh(range(len(found)), list(found.values()), height=0.6, color=MIDDLE)
    axes.set(xlabel="density", xlim=(0, 1.02), ylim=(max(len(found), _SLIM) - 0.4, -0.6))
    if len(found) > 1:
        axes.axvline(density["overall"], **DASHES)
        axes.set(xlabel=f"density\n(dashed: all together {density['overall']:.3g})")
    named(axes, "y", list(found))
    bare(axes)
    grid(axes, "x")


def link_density(axes: Axes, links: Table) -> None:
    """The density of links of each distance: bars of one `connect`, of several a row each."""
    rows = link_rows(links)
    distances = [distance for densities in rows.values() for distance in densities]
    least, most = min(distances), max(distances)
    axes.set(xlabel="positions from source to target")
    if len(rows) > 1:
        values = [[densities.get(at, 0.0) for at in range(least, most + 1)] for densities in rows.values()]
        matrices.strip(axes, np.array(values), least, list(rows), "density of links")
        return
    (densities,) = rows.values()
    axes.bar(list(densities), list(densities.values()), width=0.8 * min(1, (most - least + 1) / _SLIM), color=MIDDLE)
    axes.set(ylabel="density of links", ylim=(0, 1.02), xlim=(least - 0.9, most + 0.9))
    whole(axes, "x")
    bare(axes)
    grid(axes, "y")


def link_rows(links: Table) -> dict[str, dict[int, float]]:
    """The density of each distance, of each `connect`; those that are alike are one."""
    alike: dict[tuple[tuple[str, float], ...], list[str]] = {}
    for name, link in links.items():
        if link["distances"]:
            key = tuple((distance, each["value"]) for distance, each in link["distances"].items())
            alike.setdefault(key, []).append(name)
    some = [*alike.items()][:_MOST_ROWS]
    return {alike_name(names): {int(distance): value for distance, value in key} for key, names in some}


def alike_name(names: Sequence[str]) -> str:
    """The first of several, and how many they are."""
    return f"{names[0]} ×{len(names)}" if len(names) > 1 else names[0]


def scatter(axes: Axes, found: Table) -> None:
    """The scatter vector: forward and backward of each junction, and of all of them together."""
    vector = found["vector"]
    pairs = len(vector) // 2
    places = [at // 2 + (at % 2 - 0.5) * 0.4 for at in range(len(vector))]
    axes.bar(places, vector, width=0.36, color=[LIGHT if at % 2 else DARK for at in range(len(vector))])
    step = math.ceil(pairs / _MOST_PAIRS)
    some = [at for at in range(len(vector)) if at // 2 % step == 0 or at // 2 == pairs - 1]
    axes.set_xticks([places[at] for at in some], [scatter_labels(pairs)[at] for at in some])
    middle, half = (pairs - 1) / 2, max(pairs, _SLIM) / 2 + 0.1
    axes.set(ylabel="scatter", ylim=(0, 1.02), xlim=(middle - half, middle + half))
    bare(axes)
    grid(axes, "y")
    axes.tick_params(axis="x", length=0)


def scatter_labels(pairs: int) -> list[str]:
    """As in the paper: S1f, S1b, …, and of all together Sf, Sb."""
    names = [str(at + 1) for at in range(pairs - (pairs > 1))] + [""] * (pairs > 1)
    return [rf"$S_{{\mathrm{{{name}{way}}}}}$" for name in names for way in "fb"]


def _numbered(histogram: Mapping[str, int]) -> dict[int, float]:
    return {int(key): count for key, count in histogram.items()}
