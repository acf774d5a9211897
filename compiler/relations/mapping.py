"""From a mapping to its pairs: loops make rows of positions and values, `where` keeps some, targets are computed.

Rows are made and forgotten a million at a time; what is kept of a pair is one number.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from connc.compiler.relations.arrays import CHUNK, Bools, Ints, pack
from connc.compiler.relations.base import At
from connc.compiler.relations.exact import Column, add, subtract
from connc.compiler.relations.forms import affine
from connc.compiler.relations.relation import Relation, low_bits
from connc.compiler.relations.rows import Rows, counted, each_of, every, groups, positions
from connc.compiler.relations.vectors import Evaluators, Vectors, is_number
from connc.dsl import codes, tree
from connc.dsl.diagnostic import Diagnostic, Refusal
from connc.dsl.evaluate import Evaluator, Value, shown_value
from connc.dsl.tree import Expr


def relation_of(
    mapping: tree.Mapping, names: Mapping[str, Value], at: At, evaluator: Evaluators = Evaluator
) -> Relation:
    """The pairs of a mapping whose names are known."""
    check_rank(mapping, at)
    at.spend(sum(at.sizes))
    found = Enumeration(mapping, names, at, evaluator)
    if found.is_full:
        at.spend(at.sizes[0] * at.sizes[1])
        return Relation.full(at.sources, at.targets)
    relation = Relation.of_keys(at.sources, at.targets, found.keys())
    if len(at.sources) == len(at.targets) == 1:
        source, target = relation.pairs()
        relation.form = affine(*at.sizes, source, target)
    return relation


def check_rank(mapping: tree.Mapping, at: At) -> None:
    """One name for each coordinate of the sources, one target for each of the targets."""
    for nodes, space, what in (
        (mapping.positions, at.sources, "position"),
        (mapping.targets, at.targets, "target"),
    ):
        if len(nodes) != len(space):
            message = f"the {what} of the mapping has {_coordinates(len(nodes))}, and here it has {len(space)}"
            sizes = " x ".join(map(str, space))
            help_ = f"the space is {sizes}: write {_sample(what, len(space))}"
            raise Refusal(codes.RANK.at(nodes[0].span.to(nodes[-1].span), message, help=help_))


def _coordinates(count: int) -> str:
    return "1 coordinate" if count == 1 else f"{count} coordinates"


def _sample(what: str, rank: int) -> str:
    """How a position or a target of some rank is written."""
    names = ["i", "j"] if what == "position" else ["i + 1", "j"]
    few = names[:rank] if rank <= len(names) else [f"{names[0][0]}{k}" for k in range(rank)]
    return f"`{few[0]}`" if rank == 1 else f"`({', '.join(few)})`"


class Enumeration:
    """The pairs of one mapping at one place."""

    def __init__(self, mapping: tree.Mapping, names: Mapping[str, Value], at: At, evaluator: Evaluators) -> None:
        self.mapping, self.at = mapping, at
        self.vectors = Vectors(at.steps, evaluator)
        self.shared = {**names, "sources": at.sizes[0], "targets": at.sizes[1]}
        bound = {name.text for name in (*mapping.positions, *(loop.name for loop in mapping.loops))} - {"_"}
        self.free = _free(mapping.targets, {*bound, *self.shared})
        self.bits = low_bits(at.sources)
        self.found: list[Ints] = []

    @property
    def is_full(self) -> bool:
        """Whether each source leads to each target, for want of anything that says otherwise."""
        return len(self.free) == len(self.mapping.targets) and not self.mapping.loops and self.mapping.condition is None

    def keys(self) -> Ints:
        """All pairs, some perhaps twice."""
        names = tuple(name.text for name in self.mapping.positions)
        step = self.at.sizes[0] if self.is_open else CHUNK
        for low in range(0, self.at.sizes[0], max(1, step)):
            self.run(0, positions(names, self.at.sources, low, min(low + step, self.at.sizes[0]), self.shared))
        found, self.found = self.found, []
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    @property
    def is_open(self) -> bool:
        """Whether a range without an end asks all positions at once."""
        return any(_is_open(loop) for loop in self.mapping.loops)

    # --- loops

    def run(self, depth: int, rows: Rows) -> bool:
        """Run through the loops from `depth` on; whether a target lies inside, which is asked for open ranges only."""
        if not rows.count:
            return False
        if depth == len(self.mapping.loops):
            return self.finish(rows)
        loop = self.mapping.loops[depth]
        if _is_open(loop):
            before = {earlier.name.text for earlier in self.mapping.loops[:depth]} & {*rows.columns}
            inside = [self.run_open(depth, loop, group) for group in groups(rows, tuple(sorted(before)))]
        else:
            inside = [self.run(depth + 1, more) for more in self.looped(loop, rows)]
        return any(inside)

    def looped(self, loop: tree.Loop, rows: Rows) -> Iterator[Rows]:
        """The rows, once for each value of a loop."""
        name, values = loop.name.text, loop.values
        if isinstance(values, tree.Range):
            return self.ranged(name, values, rows)
        return self.listed(name, values, rows)

    def ranged(self, name: str, values: tree.Range, rows: Rows) -> Iterator[Rows]:
        assert values.last is not None
        first, last = self.vectors.wholes(values.first, rows), self.vectors.wholes(values.last, rows)
        length = add(subtract(last, first), Column(np.ones(1, dtype=np.int64)))
        lengths = np.broadcast_to(np.maximum(length.num, 0), rows.count)
        self.at.spend(int(lengths.sum(dtype=None if lengths.dtype == np.object_ else np.float64)))
        yield from counted(rows, name, first, lengths.astype(np.int64))

    def listed(self, name: str, values: Expr, rows: Rows) -> Iterator[Rows]:
        if not isinstance(values, tree.ListOf):
            yield from self.through_list(name, values, rows)
            return
        for item in values.items:
            self.at.spend(rows.count)
            value = self.vectors.value(item, rows)
            yield rows.bind(name, value) if isinstance(value, Column) else rows.share(name, value)

    def through_list(self, name: str, values: Expr, rows: Rows) -> Iterator[Rows]:
        """A list that is the same for all rows; else, row by row, that of each."""
        if _names(values) & {*rows.columns}:
            for row in range(rows.count):
                single = replace(rows.take(np.array([row])), columns={}, shared=rows.names(row))
                yield from self.through_list(name, values, single)
            return
        loop = tree.Loop(values.span, tree.Name(values.span, name), values)
        items = self.vectors.single(values, rows, 0)(tree.Comprehension(values.span, loop.name, (loop,), None))
        self.at.spend(rows.count * len(items))
        if items and all(map(is_number, items)):
            yield from each_of(rows, name, Column.of(items))
        else:
            yield from (rows.share(name, item) for item in items)

    def run_open(self, depth: int, loop: tree.Loop, rows: Rows) -> bool:
        """Run through the values of an open range, up to the first with no target inside."""
        assert isinstance(loop.values, tree.Range)
        first = self.vectors.wholes(loop.values.first, rows).num
        last, most = int(first.max()), max(self.at.sizes)
        for passed, value in enumerate(itertools.count(int(first.min()))):
            started = rows if value >= last else rows.take(np.broadcast_to(first <= value, rows.count))
            if not self.run_value(depth, loop.name.text, value, started) and value >= last:
                return passed > 0
            if passed >= most:
                raise Refusal(_endless(loop, most))
        raise AssertionError("counting has no end")

    def run_value(self, depth: int, name: str, value: int, rows: Rows) -> bool:
        """One value of an open range; what only repeats the pairs of the value before is not kept."""
        before, self.found = self.found, []
        inside = self.run(depth + 1, rows.share(name, value))
        if not self.found or (before and len(self.found) == 1 and np.array_equal(before[-1], self.found[0])):
            self.found = before
            return inside
        self.at.spend(sum(keys.size for keys in self.found))
        before += self.found
        self.found = before
        return inside

    # --- pairs

    def finish(self, rows: Rows) -> bool:
        """Keep the pairs of rows in which all loops have their values."""
        inside = False
        for more in self.freed(rows, 0):
            holds = self.holds(more)
            inside |= self.keep(more if holds is None else more.take(holds))
            if self.is_open and not inside and holds is not None:
                inside = self.reaches(more.take(~holds))
        return inside

    def freed(self, rows: Rows, axis: int) -> Iterator[Rows]:
        """The rows, once for each position along the coordinates that nothing computes."""
        if axis == len(self.mapping.targets):
            yield rows
        elif axis not in self.free:
            yield from self.freed(rows, axis + 1)
        else:
            size = self.at.targets[axis]
            self.at.spend(rows.count * size)
            for more in every(rows, self.free[axis], size):
                yield from self.freed(more, axis + 1)

    def holds(self, rows: Rows) -> Bools | None:
        """Where the condition holds; nothing where there is none."""
        return None if self.mapping.condition is None else self.vectors.truth(self.mapping.condition, rows)

    def keep(self, rows: Rows) -> bool:
        """Keep the pairs that end inside; whether there are any."""
        if not rows.count:
            return False
        columns = [self.target(axis, rows) for axis in range(len(self.at.targets))]
        for axis, column in enumerate(columns):
            if column.den is not None:
                raise Refusal(self.not_whole(axis, column, rows))
        inside, target = self.flat(columns, rows.count)
        keys = pack(target, rows.source[inside], self.bits)
        if keys.size:
            self.found.append(keys)
        return bool(keys.size)

    def reaches(self, rows: Rows) -> bool:
        """Whether a target lies inside, of rows that the condition drops: where there is none, none does."""
        if not rows.count:
            return False
        try:
            return self.any_inside(rows)
        except Refusal as refusal:
            if refusal.diagnostic.code not in _NO_VALUE:
                raise
        parts = np.array_split(np.arange(rows.count), 2) if rows.count > 1 else ()
        return any(self.reaches(rows.take(part)) for part in parts)

    def any_inside(self, rows: Rows) -> bool:
        columns = [self.target(axis, rows) for axis in range(len(self.at.targets))]
        whole = np.ones(rows.count, dtype=np.bool_)
        for column in columns:
            whole &= column.den is None or column.den == 1
        inside, _ = self.flat(columns, rows.count)
        return bool((whole & inside).any())

    def target(self, axis: int, rows: Rows) -> Column:
        """The target's place along a coordinate."""
        if axis in self.free:
            return rows.columns[self.free[axis]]
        return self.vectors.numbers(self.mapping.targets[axis], rows)

    def flat(self, columns: Sequence[Column], count: int) -> tuple[Bools, Ints]:
        """Which targets lie inside, and the positions of those."""
        nums = [np.broadcast_to(column.num, count) for column in columns]
        inside = np.ones(count, dtype=np.bool_)
        for num, size in zip(nums, self.at.targets, strict=True):
            inside &= ((num >= 0) & (num < size)).astype(np.bool_)
        position = np.zeros(int(inside.sum()), dtype=np.int64)
        for num, size in zip(nums, self.at.targets, strict=True):
            position = position * size + num[inside].astype(np.int64)
        return inside, position

    def not_whole(self, axis: int, column: Column, rows: Rows) -> Diagnostic:
        assert column.den is not None
        row = int(np.argmax(column.den != 1))
        place = np.unravel_index(int(rows.source[row]), self.at.sources)
        position = str(int(place[0])) if len(place) == 1 else f"({', '.join(str(int(x)) for x in place)})"
        message = f"from position {position} the target is {shown_value(column.item(row))}, and no such position exists"
        help_ = "`floor`, `ceil` and `round` make a whole number"
        return codes.WHOLE.at(self.mapping.targets[axis].span, message, help=help_)


_NO_VALUE = (codes.ZERO, codes.TOO_LARGE, codes.INDEX, codes.WHOLE, codes.EMPTY)


def _endless(loop: tree.Loop, most: int) -> Diagnostic:
    name = loop.name.text
    message = f"after {most} values of `{name}`, as many as there are positions, some target is still inside"
    help_ = f"give the range a last value, or let every target move on with `{name}`"
    return codes.ENDLESS.at(loop.values.span, message, help=help_)


def _is_open(loop: tree.Loop) -> bool:
    return isinstance(loop.values, tree.Range) and loop.values.last is None


def _names(expr: Expr) -> set[str]:
    return {node.text for node in tree.walk(expr) if isinstance(node, tree.Name)}


def _free(targets: Sequence[Expr], bound: set[str]) -> dict[int, str]:
    """The coordinates that a name runs over; `_` gets a name that no spec can write."""
    free: dict[int, str] = {}
    for axis, target in enumerate(targets):
        if isinstance(target, tree.Name) and target.text not in bound:
            free[axis] = f"{axis}_" if target.text == "_" else target.text
            bound = bound | {target.text} - {"_"}
    return free
