"""Panels as a picture: one as a figure of its own, several as a sheet. The same panels are the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from connc.backends.plots.style import SETTINGS

_DATELESS: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_DOTS = 250  # an inch


@dataclass(frozen=True)
class Panel:
    """A figure, and what draws it. Sizes are in inches; 3.4 is the width of a column in print.

    What tells nothing that one would not think anyway is drawn where it is asked for, and not on a sheet of all.
    """

    title: str
    draw: Callable[[Axes], None]
    width: float = 3.4
    height: float = 2.5
    tells: bool = True


def picture(panels: Sequence[Panel], format: str, title: str = "") -> bytes:
    """A file of one of the formats. A figure of its own has no title: that is said below it, in print."""
    with rc_context(SETTINGS):
        figure = _alone(panels[0]) if len(panels) == 1 else _sheet(panels, title)
        FigureCanvasAgg(figure)
        written = io.BytesIO()
        figure.savefig(written, format=format, dpi=_DOTS, metadata=_DATELESS[format])
    return written.getvalue()


def _alone(panel: Panel) -> Figure:
    figure = Figure(figsize=(panel.width, panel.height), layout="constrained")
    panel.draw(figure.add_subplot())
    return figure


def _sheet(panels: Sequence[Panel], title: str) -> Figure:
    """Row by row, two or three in each."""
    wide = 2 if len(panels) in (2, 4) else 3
    rows = [[*islice(panels, at, at + wide)] for at in range(0, len(panels), wide)]
    heights = [max(panel.height for panel in row) for row in rows]
    size = wide * max(panel.width for panel in panels), sum(heights) + 0.3
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    axes = figure.subplots(ceil(len(panels) / wide), wide, squeeze=False, gridspec_kw={"height_ratios": heights})
    for place, panel in zip(axes.flat, panels, strict=False):
        panel.draw(place)
        place.set_title(panel.title)
    for place in axes.flat[len(panels) :]:
        place.remove()
    return figure
