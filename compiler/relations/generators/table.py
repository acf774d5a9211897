"""Rules that are written down pair by pair."""

import numpy as np

from connc.compiler.fields import Table
from connc.compiler.relations.base import At, Unfit
from connc.compiler.relations.generators.base import Generator, generator
from connc.compiler.relations.relation import Relation
from connc.compiler.relations.tables import Bits, of_rows, read
from connc.dsl import codes


@generator("matrix")
class Matrix(Generator):
    """Reads a rule from a table of 0 and 1: a row is a source, a column a target.

    `table`: a list of rows, or the name of a CSV or NPY file beside the spec; grids stand in it row by row.
    """

    table: Table

    def relation(self, at: At) -> Relation:
        bits = self._bits(at)
        if bits.shape != at.sizes:
            message = f"the table is {bits.shape[0]} x {bits.shape[1]}, and here are {at.words}"
            help_ = f"it needs {at.sizes[0]} rows, one a source, and {at.sizes[1]} columns, one a target"
            turned = "; `transpose` turns it" if bits.shape == at.sizes[::-1] else ""
            raise Unfit(codes.TABLE, message, help_ + turned)
        at.spend(int(np.count_nonzero(bits)))
        targets, sources = np.nonzero(bits.T)
        return Relation.of_pairs(at.sources, at.targets, sources, targets)

    def own_sizes(self, at: At) -> tuple[int, int] | None:
        rows, columns = self._bits(at).shape
        return rows, columns

    def _bits(self, at: At) -> Bits:
        return read(at.folder, self.table) if isinstance(self.table, str) else of_rows(self.table)
