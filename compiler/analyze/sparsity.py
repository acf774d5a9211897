"""How sparse a net is, and how well its connections are spread."""

from connc.compiler.analyze.base import Analysis, analysis
from connc.compiler.fields import Part


@analysis("density")
class Density(Analysis):
    """The share of the connections that could be made which are made."""

    of: Part | None = None


@analysis("scatter")
class Scatter(Analysis):
    """How evenly connections are spread, from 0 to 1: the least of all junctions, forwards and backwards."""

    of: Part | None = None


@analysis("fan_in")
class FanIn(Analysis):
    """The greatest number of sources that a target has."""

    of: Part | None = None


@analysis("fan_out")
class FanOut(Analysis):
    """The greatest number of targets that a source has."""

    of: Part | None = None
