"""Figures of matrices on axes of matplotlib: what is connected, and how strongly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from connc.backends.drawing.matrix import Matrix
from connc.backends.plots.pairs import Layer
from connc.backends.plots.strengths import Strengths
from connc.backends.plots.style import BOXED, DARK, DEPTHS, GREY, INK, PALE, named, whole

_VECTOR = 64 * 64  # cells up to which each is a shape of its own
_STEEPEST = 3  # height to width, or the other way round, of cells that are squares
_LINES: dict[str, Any] = {"edgecolors": PALE, "linewidth": 0.3}
_MOST_LINES = 40
_FINE = 1024  # cells of an image on each side, about
_FREE, _MAY_BE, _THERE = 0, 1, 2


def adjacency(axes: Axes, matrix: Matrix) -> None:
    """What is connected: a source is a column, a target a row. Grey is what a search may add."""
    bins = matrix.cells / np.maximum(matrix.room, 1)
    if matrix.is_whole:
        colors = ListedColormap(["white", "#b4bcc6", DARK])
        _cells(axes, np.where(matrix.cells > 0, _THERE, _free(matrix)), colors, 0, 2, lines=True)
    else:
        _cells(axes, np.where(matrix.cells > 0, bins, np.nan), DEPTHS, 0, float(bins.max() or 1))
    _sides(axes, matrix)
    if matrix.candidates is not None and matrix.candidates.any() and matrix.is_whole:
        signs = [Patch(color=DARK, label="connected"), Patch(color="#b4bcc6", label="possible")]
        axes.legend(handles=signs, loc="upper right", **BOXED)


def _free(matrix: Matrix) -> NDArray[Any]:
    """Of cells where nothing is connected, whether something may be."""
    if matrix.candidates is None:
        return np.full(matrix.cells.shape, _FREE)
    return np.where(matrix.candidates > 0, _MAY_BE, _FREE)


def _sides(axes: Axes, matrix: Matrix) -> None:
    """What the sides of a matrix of a relation are."""
    high, wide = matrix.cells.shape
    if matrix.names and matrix.is_whole:
        named(axes, "x", matrix.names)
        named(axes, "y", matrix.names)
        axes.set(xlabel="source", ylabel="target")
        return
    sources, targets = int(np.prod(matrix.sources)), int(np.prod(matrix.targets))
    scaled(axes, "x", wide, sources)
    scaled(axes, "y", high, targets)
    axes.set(xlabel=f"source, of {sources:,}", ylabel=f"target, of {targets:,}")


def scaled(axes: Axes, way: str, cells: int, size: int) -> None:
    """Ticks in numbers of positions where each cell may hold several."""
    whole(axes, way)
    if cells == size:
        return
    axis = axes.xaxis if way == "x" else axes.yaxis
    ticks = [tick for tick in axis.get_major_locator().tick_values(0, size) if 0 <= tick <= size]
    axis.set_ticks([tick * cells / size - 0.5 for tick in ticks], [f"{tick:,.0f}" for tick in ticks])


def norms(axes: Axes, layer: Layer, values: NDArray[np.float64]) -> None:
    """How strongly each pair of channels or neurons is connected: an input is a column, an output a row."""
    shown = _cells(axes, values, DEPTHS, 0, _largest(values))
    whole(axes, "x")
    whole(axes, "y")
    word = "channel" if layer.is_convolution else "neuron"
    axes.set(xlabel=f"input {word} i", ylabel=f"output {word} j")
    weight = "$1 - a$" if layer.is_synapse else "$|w|$"
    _scale(axes, shown, r"$F_{j,i}$" if layer.is_convolution else weight)


def strengths(axes: Axes, found: Strengths) -> None:
    """How strongly each target uses each source: a source is a row, a target a column."""
    shown = _cells(axes, found.values, DEPTHS, 0, _largest(found.values), lines=True)
    named(axes, "x", found.targets)
    named(axes, "y", found.sources)
    axes.set(xlabel="target", ylabel="source")
    _scale(axes, shown, "mean $|w|$")


def strip(axes: Axes, values: NDArray[np.float64], first: int, names: Sequence[str], label: str) -> None:
    """A row for each name, a column for each number from the first on; paper where there is nothing."""
    high, wide = values.shape
    edges = np.arange(wide + 1) + first - 0.5, np.arange(high + 1) - 0.5
    shown = axes.pcolormesh(*edges, np.ma.masked_less_equal(values, 0), cmap=DEPTHS, norm=Normalize(0, 1), **_LINES)
    axes.set_ylim(high - 0.5, -0.5)
    named(axes, "y", names)
    whole(axes, "x")
    axes.spines[:].set_color(GREY)
    _scale(axes, shown, label)


def _cells(
    axes: Axes, values: NDArray[Any], colors: Any, least: float, most: float, *, lines: bool = False
) -> ScalarMappable:
    """A matrix with its first row on top; where it is no number, paper."""
    high, wide = values.shape
    shape: Literal["auto", "equal"] = "auto" if max(high, wide) > _STEEPEST * min(high, wide) else "equal"
    norm, masked = Normalize(least, most), np.ma.masked_invalid(np.asarray(values, dtype=np.float64))
    shown: ScalarMappable
    if values.size <= _VECTOR:
        edges = np.arange(wide + 1) - 0.5, np.arange(high + 1) - 0.5
        look = _LINES if lines and max(high, wide) <= _MOST_LINES else {}
        shown = axes.pcolormesh(*edges, masked, cmap=colors, norm=norm, **look)
        axes.set_aspect(shape)
    else:
        fine = _finer(masked)
        extent = (-0.5, wide - 0.5, high - 0.5, -0.5)
        shown = axes.imshow(fine, colors, norm, aspect=shape, extent=extent, interpolation_stage="rgba")
    axes.set(xlim=(-0.5, wide - 0.5), ylim=(high - 0.5, -0.5))
    axes.spines[:].set_color(GREY)
    return shown


def _finer(values: NDArray[Any]) -> NDArray[Any]:
    """Cells cut into several, as it takes for edges that are sharp both ways where many cells share a dot."""
    high, wide = (max(1, _FINE // side) for side in values.shape)
    return values.repeat(high, axis=0).repeat(wide, axis=1)


def _largest(values: NDArray[np.float64]) -> float:
    found = values[np.isfinite(values)]
    return float(found.max()) if found.size and found.max() > 0 else 1.0


def _scale(axes: Axes, shown: ScalarMappable, label: str) -> None:
    """What the colours mean, beside a matrix and as high as it is."""
    bar = axes.figure.colorbar(shown, cax=axes.inset_axes((1.03, 0, 0.04, 1)), ticks=MaxNLocator(5))
    bar.set_label(label, color=INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)
