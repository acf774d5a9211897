"""How figures look: one blue in three depths and grey, which are told apart in print without colours too."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FixedLocator, MaxNLocator

DARK, MIDDLE, LIGHT = "#12355b", "#4a8fc7", "#b9d3ea"
INK, GREY, PALE = "#1f2933", "#6b7785", "#d9dde3"
DEPTHS = LinearSegmentedColormap.from_list("depths", ["#e9f1f9", LIGHT, MIDDLE, DARK])
"""The darker, the more. Its lightest is no white, which is where nothing is."""

SETTINGS: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so that it is the same everywhere
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelsize": 8.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "legend.handlelength": 1.0,
    "legend.handleheight": 1.0,
    "pdf.fonttype": 42,  # text that stays text
    "svg.fonttype": "path",
    "svg.hashsalt": "connc",
}

BOXED: dict[str, Any] = {"frameon": True, "framealpha": 1, "edgecolor": "none", "fancybox": False, "borderaxespad": 0.2}
DASHES: dict[str, Any] = {"color": DARK, "linewidth": 1, "linestyle": (0, (4, 2))}
_SIZES = (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")
_FEW = 18  # names that find room at an axis
_LONGEST = 24  # letters of a name at an axis


def bare(axes: Axes) -> None:
    """Without lines at the right and on top, which say nothing."""
    axes.spines[["top", "right"]].set_visible(False)


def dashed(mean: float) -> str:
    """What the dashed line is, for the label of an axis; there it is never in the way."""
    return f"dashed: mean {mean:.3g}"


def grid(axes: Axes, way: str) -> None:
    """Pale lines across `x` or `y`, by which bars are read."""
    axes.grid(axis="x" if way == "x" else "y", color=PALE, linewidth=0.5)
    axes.tick_params(axis="x" if way == "x" else "y", length=0)


def whole(axes: Axes, way: str) -> None:
    """Ticks at whole numbers alone."""
    axis = axes.xaxis if way == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))


def named(axes: Axes, way: str, names: Sequence[str]) -> None:
    """Positions 0, 1, … by their names; of too many every second, third, …"""
    axis = axes.xaxis if way == "x" else axes.yaxis
    step = ceil(len(names) / _FEW)
    some = [short(name) for name in names[::step]]
    turned = way == "x" and sum(map(len, some)) > _LONGEST
    axis.set_major_locator(FixedLocator(list(range(0, len(names), step))))
    axis.set_ticklabels(some, rotation=90 if turned else 0)
    axis.set_tick_params(length=0)


def short(name: str) -> str:
    """A long name by its first and its last words."""
    first, *rest = name.split(".")
    if len(name) <= _LONGEST or not rest:
        return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    last = rest.pop()
    while rest and len(first) + len(rest[-1]) + len(last) + 2 <= _LONGEST:
        last = f"{rest.pop()}.{last}"
    return f"{first}…{last}"


def count_text(count: float, unit: str = "") -> str:
    """About three digits: `940`, `4.51 M`, `105 MB`"""
    size, letter = next((each for each in _SIZES if count >= each[0]), (1, ""))
    return f"{count / size:.3g} {letter}{unit}".rstrip()
