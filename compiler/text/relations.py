"""Reads relations, as `rules` prints them. How many pairs there will be is counted before any is laid out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from math import prod

import numpy as np

from connc.compiler.relations.arrays import Indices, Ints, portions, ranges, starts_of
from connc.compiler.relations.forms import Affine, Blocks, Form, Full, PermutedBlocks, Space
from connc.compiler.relations.relation import Relation
from connc.compiler.text.cursor import Cursor, refuse
from connc.dsl import codes
from connc.dsl.diagnostic import Refusal
from connc.dsl.limits import Limits
from connc.dsl.source import Source, Span
from connc.dsl.vocabulary import LARGEST_SIZE

_ROW = re.compile(r"\s*([0-9]{1,10}(?:\.\.[0-9]{1,10})?)\s*:\s*([0-9., ]*[0-9])\s*")
_RUN = re.compile(r"\s*([0-9]{1,10})(?:\.\.([0-9]{1,10}))?\s*")
Lines = Sequence[tuple[int, int]]


def read_relation_block(head: Cursor, lines: Lines, limits: Limits) -> Relation:
    """From behind its name on."""
    head.expect(":")
    sources = head.shape()
    head.expect("->")
    targets = head.shape()
    if max(prod(sources), prod(targets)) > min(limits.pairs, LARGEST_SIZE):
        raise _too_many(head.span, limits, max(prod(sources), prod(targets)))
    form = _form(head, sources, targets, limits) if head.take("=") else None
    head.end()
    if form is None:
        return _Rows(head.source, sources, targets).read(lines, limits, head.span)
    if lines:
        refuse(codes.IR_SYNTAX, Span(head.source, *lines[0]), "a relation whose form is said has no rows")
    return Relation.full(sources, targets) if isinstance(form, Full) else Relation.of_form(form, sources, targets)


def _form(head: Cursor, sources: Space, targets: Space, limits: Limits) -> Form:
    if head.take("full"):
        _count(head, prod(sources) * prod(targets), limits)
        return Full()
    if head.take("affine"):
        return _affine(head, sources, limits)
    head.expect("blocks")
    return _blocks(head, prod(sources), prod(targets), limits)


def _affine(head: Cursor, sources: Space, limits: Limits) -> Form:
    scale, offsets = _whole(head), _wholes(head)
    if any(b <= a for a, b in pairwise(offsets)):
        refuse(codes.IR_SYNTAX, head.last, "offsets are written in order, each once")
    _count(head, prod(sources) * len(offsets), limits)
    return Affine(scale, offsets)


def _blocks(head: Cursor, wide: int, high: int, limits: Limits) -> Form:
    count = head.count()
    if not count or wide % count or high % count:
        refuse(codes.IR_SYNTAX, head.last, f"{wide} sources and {high} targets do not fall into {count} equal blocks")
    _count(head, wide * high // count, limits)
    if not head.kind:
        return Blocks(count)
    orders = [_order(head, size) for size in (wide, high)]
    return PermutedBlocks(count, *(np.array(order, dtype=np.int32) for order in orders))


def _order(head: Cursor, size: int) -> Space:
    order = head.shape()
    if len(order) != size or sorted(order) != list(range(size)):
        refuse(codes.IR_SYNTAX, head.last, f"an order names each of {size} positions once")
    return order


def _wholes(head: Cursor) -> tuple[int, ...]:
    head.expect("[")
    found = [] if head.text == "]" else head.listed(lambda: _whole(head))
    head.expect("]")
    return tuple(found)


def _whole(head: Cursor) -> int:
    value = head.number()
    if not isinstance(value, int) or abs(value) > LARGEST_SIZE:
        refuse(codes.IR_SYNTAX, head.last, f"a whole number up to {LARGEST_SIZE} should stand here")
    return value


def _count(head: Cursor, pairs: int, limits: Limits) -> None:
    if pairs > limits.pairs:
        raise _too_many(head.span, limits, pairs)


def _too_many(span: Span, limits: Limits, pairs: int) -> Refusal:
    return Refusal(limits.exceeded("pairs", span, pairs, known=True))


class _Rows:
    """The rows as they are read: the targets of each, and its runs of sources."""

    def __init__(self, source: Source, sources: Space, targets: Space) -> None:
        self.source, self.sources, self.targets = source, sources, targets
        self.wide, self.high = prod(sources), prod(targets)
        self.rows: list[tuple[int, int, int]] = []  # first target, last target, first run
        self.runs: list[tuple[int, int]] = []

    def read(self, lines: Lines, limits: Limits, span: Span) -> Relation:
        for line in lines:
            self._row(*line)
        if not self.rows:
            none = np.zeros(0, dtype=np.int32)
            return Relation.of_pairs(self.sources, self.targets, none, none)
        return self._laid_out(limits, span)

    def _row(self, start: int, stop: int) -> None:
        """A line whose targets follow on those before, as each of its runs of sources on the one before."""
        match = _ROW.fullmatch(self.source.text, start, stop)
        runs = [_run(text) for text in match[2].split(",")] if match else []
        ours = _run(match[1]) if match else None
        after = self.rows[-1][1] if self.rows else -1
        if not (ours and _ascend([ours], after, self.high) and _ascend(runs, -1, self.wide)):
            span = Span(self.source, start, stop)
            refuse(codes.IR_SYNTAX, span, "a row like `2..3: 0, 4..7` should stand here, all in order and inside")
        self.rows.append((*ours, len(self.runs)))
        self.runs += runs

    def _laid_out(self, limits: Limits, span: Span) -> Relation:
        firsts, lasts, starts = np.array(self.rows, dtype=np.int64).T
        run_firsts, run_lasts = np.array(self.runs, dtype=np.int64).T
        lengths, counts = run_lasts - run_firsts + 1, lasts - firsts + 1
        sizes = np.add.reduceat(lengths, starts)
        if (pairs := int((sizes * counts).sum())) > limits.pairs:
            raise _too_many(span, limits, pairs)
        rows = np.repeat(np.arange(len(counts)), counts)
        degrees = np.zeros(self.high, dtype=np.int64)
        degrees[ranges(firsts, counts)] = sizes[rows]
        indices = _gathered(ranges(run_firsts, lengths).astype(np.int32), starts_of(sizes)[rows], sizes[rows])
        return Relation(self.sources, self.targets, starts_of(degrees), indices)


def _gathered(values: Indices, firsts: Ints, lengths: Ints) -> Indices:
    """The values from each first on, as many as its length, one behind the other."""
    return np.concatenate([values[firsts[part] + place] for part, place in portions(lengths)])


def _run(text: str) -> tuple[int, int]:
    """The first and the last; a run that is none ends before it starts."""
    match = _RUN.fullmatch(text)
    return (int(match[1]), int(match[2] or match[1])) if match else (0, -1)


def _ascend(runs: Sequence[tuple[int, int]], after: int, size: int) -> bool:
    for first, last in runs:
        if not after < first <= last < size:
            return False
        after = last
    return True
