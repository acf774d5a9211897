"""Facts about a net, a file a family, each a name that contracts may use. A new family is imported here."""

from connc.compiler.analyze import cost, density, scatter
from connc.compiler.analyze.base import ANALYSES, Analysis

__all__ = ["ANALYSES", "FAMILIES", "Analysis"]

FAMILIES = (cost, density, scatter)
