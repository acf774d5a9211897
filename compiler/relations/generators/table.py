"""Rules that are written down pair by pair."""

from connc.compiler.fields import Table
from connc.compiler.relations.generators.base import Generator, generator


@generator("matrix")
class Matrix(Generator):
    """Reads a rule from a table of 0 and 1: a row is a source, a column a target.

    `table`: a list of rows, or the name of a CSV or NPY file beside the spec; grids stand in it row by row.
    """

    table: Table
