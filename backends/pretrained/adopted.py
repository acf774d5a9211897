"""What a module took of another implementation's tensors, and a report of it that people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from connc.backends.pretrained.alignment import COUNTS
from connc.backends.pretrained.matching import Uncertain
from connc.compiler.ops.base import Shape

_WIDEST = 100  # of a column


class MatchError(Exception):
    """Tensors that do not fit a module: why, the way out, and the part of the report that shows it."""


class Pair(NamedTuple):
    """A tensor of theirs that became one of ours, the shape of ours, and what decided."""

    theirs: str
    ours: str
    shape: Shape
    how: str


class Left(NamedTuple):
    """A tensor that has no counterpart, and why, where that can be said."""

    name: str
    shape: Shape
    why: str = ""


@dataclass(frozen=True)
class Adopted:
    """`pairs` are what was taken, `missing` what of ours got nothing, `unused` what of theirs nothing took.

    `how` of a pair is `name`, `order`, `only one of its shape` or `pinned`. `remarks` say what else there is to know.
    """

    pairs: tuple[Pair, ...]
    missing: tuple[Left, ...]
    unused: tuple[Left, ...]
    uncertain: tuple[Uncertain, ...]
    remarks: tuple[str, ...] = ()

    @property
    def lacking(self) -> tuple[Left, ...]:
        """Of what is missing all that an output depends on."""
        return tuple(each for each in self.missing if not is_count(each.name))

    def __str__(self) -> str:
        parts = [self.summary, *self.remarks, *_section("", self._layers()), *self.problems()]
        return "\n".join(parts)

    @property
    def summary(self) -> str:
        took, all_of_ours = len(self.pairs), len(self.pairs) + len(self.missing)
        said = f"{took:,} of {all_of_ours:,} tensors"
        if not self.missing:
            return f"{said}, all of them"
        return said if self.lacking else f"{said}, all that outputs depend on; the others count batches"

    def problems(self, most: int | None = None) -> list[str]:
        """What was not taken, of each kind so many at most; what is uncertain is said as such alone."""
        uncertain = [(each.ours, f"could be {_alternatives(each.theirs)}: {each.why}") for each in self.uncertain]
        doubted = {name for each in self.uncertain for name in (each.ours, *each.theirs)}
        missing, unused = (
            [_row(each) for each in side if each.name.rpartition(".")[0] not in doubted]
            for side in (self.lacking, self.unused)
        )
        return [
            *_section("uncertain", uncertain, most),
            *_section("missing: ours, which nothing fits", missing, most),
            *_section("unused: theirs, which nothing took", unused, most),
        ]

    def _layers(self) -> Iterator[Sequence[str]]:
        """A row a layer: theirs, ours, the tensors and what decided."""
        found = dict[tuple[str, str, str], list[Pair]]()
        for each in self.pairs:
            theirs, ours = (name.rpartition(".")[0] for name in (each.theirs, each.ours))
            found.setdefault((theirs, ours, each.how), []).append(each)
        for (theirs, ours, how), (first, *others) in found.items():
            tensors = f"{first.ours.rpartition('.')[2]} {shown(first.shape)}"
            yield theirs or "(top)", f"-> {ours}", tensors + (f" and {len(others)} more" if others else ""), how


def is_count(name: str) -> bool:
    return name.rpartition(".")[2] == COUNTS


def shown(shape: Shape) -> str:
    return str(list(shape))


def _row(left: Left) -> Sequence[str]:
    return left.name, shown(left.shape), left.why


def _alternatives(names: Sequence[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _section(title: str, rows: Iterable[Sequence[str]], most: int | None = None) -> list[str]:
    """Rows in columns below a title; nothing without rows."""
    found = list(rows)
    kept = found if most is None else found[:most]
    widths = [min(max(map(len, column)), _WIDEST) for column in zip(*kept, strict=True)]
    lines = ["  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip() for row in kept]
    more = [f"  … and {len(found) - len(kept):,} more"] if len(found) > len(kept) else []
    return ["", *([f"{title}:"] if title else []), *(f"  {line}" for line in lines), *more] if found else []
