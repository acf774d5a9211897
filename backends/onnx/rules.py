"""The primitives that go along the pairs of a rule.

Sums over the pairs of a target are sums along an axis of tables, since ONNX Runtime adds what is scattered to one place
by several threads at once, and loses some of it. Where targets have unequally many sources, rows are filled up with a
stand-in: a position behind the last, which holds what changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connc.backends.onnx.graph import Graph
from connc.backends.onnx.tables import Numbers, Tables, sources_of, tables_of
from connc.backends.onnx.values import Value, Writer, resized
from connc.compiler.ops.base import Shape
from connc.compiler.ops.window import Window
from connc.compiler.relations.relation import Relation


class Rules(Writer):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._tables: dict[Relation, Tables] = {}
        self._named: dict[tuple[Relation, str], str] = {}

    # --- layers with weights

    def _junction(self, x: Value, weight: Value, rule: Relation) -> Value:
        """Sums of rows, each the features of one neuron over the batch, as products of matrices."""
        *front, _ = x.shape
        rows = self._raw("Transpose", self._rows(x), perm=[1, 0])
        tables = self._tables_of(rule)
        if tables.padded:
            rows = self._lengthened(rows, 2, 0, 0.0)
        sums = []
        for i, pairs in enumerate(tables.pairs):
            read = self._raw("Gather", rows, self._table(rule, f"sources{i}", sources_of(rule, pairs)), axis=0)
            shares = self._shares(weight, rule, i, (len(pairs), 1, pairs.shape[1]))
            sums.append(self._raw("Squeeze", self._raw("MatMul", shares, read), self._axes(1)))
        found = self._raw("Transpose", self._in_order(sums, rule, 0), perm=[1, 0])
        shape = (*front, prod(rule.targets))
        return self._from_rows(found, shape) if front else self._known(found, shape)

    def _junction_conv(self, x: Value, weight: Value, window: Window, rule: Relation) -> Value:
        """Convolutions whose groups are the targets, each with the channels that it reads."""
        tables, read = self._tables_of(rule), x.name
        if tables.padded:
            read = self._lengthened(read, 4, 1, 0.0)
        found = []
        for i, pairs in enumerate(tables.pairs):
            sources = self._table(rule, f"sources{i}", sources_of(rule, pairs))
            flat = self._raw("Reshape", sources, self.graph.integers("shape", [-1]))
            shares = self._shares(weight, rule, i, (*pairs.shape, *window.kernel))
            maps = self._raw("Gather", read, flat, axis=1)
            found.append(self._raw("Conv", maps, shares, group=len(pairs), **over(window)))
        shape = (prod(rule.targets), *window.places(*x.shape[1:]))
        return self._known(self._in_order(found, rule, 1), shape)

    def _shares(self, weight: Value, rule: Relation, i: int, shape: Sequence[int]) -> str:
        """The weights of the pairs in a table; 0 for the stand-in."""
        tables = self._tables_of(rule)
        name = weight.name
        if not tables.is_plain:
            if tables.padded:
                name = self._lengthened(name, len(weight.shape), 0, 0.0)
            name = self._raw("Gather", name, self._table(rule, f"pairs{i}", tables.pairs[i]), axis=0)
        return self._raw("Reshape", name, self.graph.integers("shape", shape))

    # --- what tokens read

    def _mask(self, rule: Relation) -> str:
        """Whether a token (row) reads another."""
        sources, targets = rule.pairs()
        read = np.zeros((prod(rule.targets), prod(rule.sources)), dtype=np.bool_)
        read[targets, sources] = True
        return self._table(rule, "reads", read)

    def _idle(self, rule: Relation) -> str | None:
        """Whether a token reads nothing, one a row; nothing, if there is none."""
        idle = rule.in_degrees() == 0
        return self._table(rule, "idle", idle[:, None]) if idle.any() else None

    # --- along pairs

    def gather(self, x: Value, rule: Relation, axis: int) -> Value:
        sources = self._table(rule, "sources", rule.indices)
        return self._made("Gather", resized(x.shape, axis, rule.count), x, sources, axis=axis + x.batch)

    def segment_sum(self, x: Value, rule: Relation, axis: int) -> Value:
        return self._segments("ReduceSum", x, rule, axis, 0.0)

    def segment_max(self, x: Value, rule: Relation, axis: int) -> Value:
        return self._segments("ReduceMax", x, rule, axis, -math.inf)

    def _segments(self, kind: str, x: Value, rule: Relation, axis: int, nothing: float) -> Value:
        tables, at = self._tables_of(rule), axis + x.batch
        shape = resized(x.shape, axis, prod(rule.targets))
        if tables.is_plain:
            rows = [self._laid_out(x, (*x.shape[:axis], *tables.pairs[0].shape, *x.shape[axis + 1 :]))]
        else:
            whole = self._lengthened(x.name, len(x.shape) + x.batch, at, nothing) if tables.padded else x.name
            named = [self._table(rule, f"pairs{i}", pairs) for i, pairs in enumerate(tables.pairs)]
            rows = [self._raw("Gather", whole, pairs, axis=at) for pairs in named]
        found = [self._raw(kind, each, self._axes(at + 1), keepdims=0) for each in rows]
        return self._known(self._in_order(found, rule, at), shape, x.batch)

    # --- tables

    def _tables_of(self, rule: Relation) -> Tables:
        if rule not in self._tables:
            self._tables[rule] = tables_of(rule)
        return self._tables[rule]

    def _table(self, rule: Relation, what: str, values: Numbers | NDArray[Any]) -> str:
        """An array made of a rule, once for all layers that have it."""
        if (rule, what) not in self._named:
            self._named[rule, what] = self.graph.table(what, values)
        return self._named[rule, what]

    def _in_order(self, parts: list[str], rule: Relation, axis: int) -> str:
        """What was made table by table, target by target."""
        order = self._tables_of(rule).order
        if order is None:
            return parts[0]
        return self._raw("Gather", self._raw("Concat", *parts, axis=axis), self._table(rule, "order", order), axis=axis)

    def _known(self, name: str, shape: Shape, batch: bool = True) -> Value:
        """What was made on the way as a value."""
        if batch:
            self.graph.sample(name, shape)
        return Value(name, shape, batch)


def over(window: Window) -> dict[str, Any]:
    """How a window goes over a map, in ONNX's words."""
    return {
        "kernel_shape": window.kernel,
        "strides": window.stride,
        "pads": [*window.padding, *window.padding],
        "dilations": window.dilation,
    }
