"""How much is read and computed before connc refuses, each with a flag that raises it."""

from __future__ import annotations

from dataclasses import dataclass

from connc.dsl import codes
from connc.dsl.diagnostic import Code, Diagnostic
from connc.dsl.source import Span

# The code, the noun, and a way out.
_WHAT: dict[str, tuple[Code, str, str]] = {
    "nesting": (codes.NESTING, "levels of nesting", "name a part of it with `=`"),
    "terms": (codes.TERMS, "terms in a statement", 'keep tables in a file, as in `matrix("table.csv")`'),
    "steps": (codes.STEPS, "steps of evaluation", "make its lists shorter"),
    "size": (codes.SIZE, "bytes in a file", "split it with `use`"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """`nesting`, `terms` (names and literals of a statement) and `size` are checked before parsing."""

    nesting: int = 64
    terms: int = 10_000
    size: int = 64 * 2**20
    steps: int = 500_000

    @staticmethod
    def words(what: str) -> str:
        """What a limit counts."""
        return _WHAT[what][1]

    def exceeded(self, what: str, span: Span, found: int) -> Diagnostic:
        code, noun, way_out = _WHAT[what]
        limit = getattr(self, what)
        message = f"more than {limit:,} {noun}"
        return code.at(
            span, message, help=(way_out, f"`--max-{what} {found:,}`".replace(",", "") + " raises the limit")
        )
