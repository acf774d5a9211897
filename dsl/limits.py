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
    "depth": (codes.DEPTH, "levels of modules in modules", "let some of them stand side by side"),
    "layers": (codes.LAYERS, "layers", "repeat fewer modules, or smaller ones"),
    "pairs": (
        codes.PAIRS,
        "pairs that rules keep or look at",
        "compute the targets, as in `i -> i + 1`, or draw them by `random(fan_in = 8)`",
    ),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """`nesting`, `terms` (names and literals of a statement) and `size` are checked before parsing, `depth` and
    `layers` before modules are put together, `pairs` before a rule is laid out.
    """

    nesting: int = 64
    terms: int = 10_000
    size: int = 64 * 2**20
    steps: int = 500_000
    depth: int = 32
    layers: int = 1_000_000
    pairs: int = 50_000_000

    @staticmethod
    def words(what: str) -> str:
        """What a limit counts."""
        return _WHAT[what][1]

    def exceeded(self, what: str, span: Span, found: int = 0, *, known: bool = False) -> Diagnostic:
        """The message that a limit is passed; `found` would do, if it is given, and where it is `known` it is all."""
        code, noun, way_out = _WHAT[what]
        limit = getattr(self, what)
        message = f"{_counted(found)} {noun}, and the limit is {limit:,}" if known else f"more than {limit:,} {noun}"
        flag = f"`--max-{what}{f' {found}' if found else ''}` raises the limit" if found < 10**12 else ""
        return code.at(span, message, help=(way_out, flag))


def _counted(number: int) -> str:
    """A number for a person: `1,500,000`, `about 10^18`."""
    return f"{number:,}" if number < 10**12 else f"about 10^{len(str(number)) - 1}" if number < 10**300 else "countless"
