"""How far it is from one part of a net to another, in connections."""

from connc.compiler.analyze.base import Analysis, analysis
from connc.compiler.fields import Part


@analysis("path")
class Path(Analysis):
    """The number of connections on the shortest way from `source` to `target`."""

    source: Part
    target: Part


@analysis("longest_path")
class LongestPath(Analysis):
    """The number of connections on the longest way from `source` to `target`."""

    source: Part
    target: Part
