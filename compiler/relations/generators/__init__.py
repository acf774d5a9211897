"""Rules that no formula gives, a file a family. A new family is imported here."""

from connc.compiler.relations.generators import algebra, graphs, junctions, structured, table
from connc.compiler.relations.generators.base import GENERATORS, Generator

__all__ = ["FAMILIES", "GENERATORS", "Generator"]

FAMILIES = (algebra, graphs, junctions, structured, table)
