"""Rows of bindings: what the names of a mapping stand for, for many positions at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connc.compiler.relations.arrays import Ints, portions
from connc.compiler.relations.exact import Column, add
from connc.compiler.relations.forms import Space
from connc.dsl.evaluate import Value


@dataclass(frozen=True, slots=True)
class Rows:
    """The source that each row starts from, names with a number in each row, and names with one value for all rows."""

    source: Ints
    columns: Mapping[str, Column]
    shared: Mapping[str, Value]

    @property
    def count(self) -> int:
        return self.source.size

    def take(self, rows: NDArray[Any]) -> Rows:
        """Some rows, by their numbers or by a mask."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return Rows(self.source[rows], columns, self.shared)

    def share(self, name: str, value: Value) -> Rows:
        """With one more name that stands for the same in all rows."""
        return replace(self, shared={**self.shared, name: value})

    def bind(self, name: str, column: Column) -> Rows:
        """With one more name that has a number in each row."""
        return replace(self, columns={**self.columns, name: column})

    def names(self, row: int) -> dict[str, Value]:
        """What all names stand for in a row."""
        return {**self.shared, **{name: column.item(row) for name, column in self.columns.items()}}


def positions(names: tuple[str, ...], sources: Space, low: int, high: int, shared: Mapping[str, Value]) -> Rows:
    """A row for each source from `low` up to `high`, with its coordinates bound to names."""
    source = np.arange(low, high)
    coordinates = np.unravel_index(source, sources) if len(sources) > 1 else (source,)
    bound = zip(names, coordinates, strict=True)
    columns = {name: Column(coordinate.astype(np.int64, copy=False)) for name, coordinate in bound if name != "_"}
    return Rows(source, columns, shared)


def every(rows: Rows, name: str, size: int) -> Iterator[Rows]:
    """Each row once for each number from 0 up to `size`, some at a time."""
    yield from counted(rows, name, Column(np.zeros(1, dtype=np.int64)), np.full(rows.count, size))


def each_of(rows: Rows, name: str, values: Column) -> Iterator[Rows]:
    """Each row once for each value of one list."""
    for part, place in portions(np.full(rows.count, values.rows)):
        yield rows.take(part).bind(name, values.take(place))


def counted(rows: Rows, name: str, first: Column, lengths: Ints) -> Iterator[Rows]:
    """Each row once for each of `length` numbers from its first on."""
    for part, place in portions(lengths):
        yield rows.take(part).bind(name, add(first.take(part), Column(place)))


def groups(rows: Rows, names: tuple[str, ...]) -> Iterator[Rows]:
    """The rows by what they have in some columns, which become shared."""
    if not names:
        yield rows
        return
    column = rows.columns[names[0]]
    if column.rows == 1:
        yield from groups(_shared(rows, names[0], 0), names[1:])
        return
    values = _ranks(column)
    order = np.argsort(values, kind="stable")
    cuts = np.flatnonzero(values[order][1:] != values[order][:-1]) + 1
    for part in np.split(order, cuts):
        yield from groups(_shared(rows.take(part), names[0], 0), names[1:])


def _ranks(column: Column) -> Ints:
    """Numbers that are equal where those of the column are."""
    if column.den is None and not column.big:
        return column.num
    values = [column.item(row) for row in range(column.rows)]
    ranks = {value: rank for rank, value in enumerate(dict.fromkeys(values))}
    return np.array([ranks[value] for value in values])


def _shared(rows: Rows, name: str, row: int) -> Rows:
    """With a column of one value as a shared name."""
    rest = {other: column for other, column in rows.columns.items() if other != name}
    return Rows(rows.source, rest, {**rows.shared, name: rows.columns[name].item(row)})
