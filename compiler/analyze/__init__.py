"""Facts about a net, a file a family, each a name that contracts may use. A new family is imported here."""

from connc.compiler.analyze import cost, dead, density, fans, graph, path, receptive, scatter
from connc.compiler.analyze.base import ANALYSES, TABLES, Analysis, Unmeasured
from connc.compiler.analyze.subject import Subject

__all__ = ["ANALYSES", "FAMILIES", "TABLES", "Analysis", "Subject", "Unmeasured"]

FAMILIES = (cost, dead, density, fans, graph, path, receptive, scatter)
