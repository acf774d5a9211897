"""The primitives as nodes of ONNX, as they are in evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from connc.backends.onnx.rules import Rules, over
from connc.backends.onnx.values import Value, behind, resized
from connc.compiler.ops.base import Shape
from connc.compiler.ops.window import Window
from connc.compiler.relations.relation import Relation


class OnnxPrims(Rules):
    # --- layers with weights

    def linear(self, x: Value, weight: Value, bias: Value | None) -> Value:
        """A product of two matrices, the tokens of all samples being rows of one."""
        units, (*front, _) = weight.shape[0], x.shape
        added = [] if bias is None or bias.batch else [bias]
        y = self._made("Gemm", (units,), self._rows(x), weight, *added, batch=not front, transB=1)
        found = self._from_rows(y.name, (*front, units)) if front else y
        return self.add(found, bias) if bias and not added else found

    def conv(self, x: Value, weight: Value, bias: Value | None, window: Window, groups: int) -> Value:
        shape = (weight.shape[0], *window.places(*x.shape[1:]))
        tensors = (self._sample(x), weight, *([bias] if bias else []))
        return self._made("Conv", shape, *tensors, group=groups, **over(window))

    def junction(self, x: Value, weight: Value, bias: Value | None, rule: Relation) -> Value:
        if rule.count == prod(sizes := (prod(rule.targets), prod(rule.sources))):
            return self.linear(x, self.reshape(weight, sizes), bias)
        y = self._junction(x, weight, rule)
        return self.add(y, bias) if bias else y

    def junction_conv(self, x: Value, weight: Value, bias: Value | None, window: Window, rule: Relation) -> Value:
        if rule.count == prod(sizes := (prod(rule.targets), prod(rule.sources))):
            return self.conv(x, self.reshape(weight, (*sizes, *window.kernel)), bias, window, 1)
        y = self._junction_conv(self._sample(x), weight, window, rule)
        return self.add(y, self.reshape(bias, (*bias.shape, 1, 1))) if bias else y

    def batch_norm(
        self,
        x: Value,
        running_mean: Value,
        running_var: Value,
        num_batches_tracked: Value,
        weight: Value | None,
        bias: Value | None,
        eps: float,
        momentum: float,
    ) -> Value:
        size = x.shape[:1]
        scale, shift = weight or self._full(1.0, size), bias or self._full(0.0, size)
        tensors = self._sample(x), scale, shift, running_mean, running_var
        return self._made("BatchNormalization", x.shape, *tensors, epsilon=eps)

    def layer_norm(self, x: Value, axes: int, weight: Value | None, bias: Value | None, eps: float) -> Value:
        scale = weight or self._full(1.0, x.shape[-axes:])
        tensors = (x, scale, *([bias] if bias else []))
        return self._made("LayerNormalization", x.shape, *tensors, axis=-axes, epsilon=eps)

    # --- what tokens read

    def attend(self, query: Value, key: Value, value: Value, rule: Relation | None) -> Value:
        *front, _, size = query.shape
        turned = self.permute(key, (*range(len(front)), len(front) + 1, len(front)))
        scores = self.matmul(self.mul(query, size**-0.5), turned)
        if rule is not None:
            scores = self._made("Where", scores.shape, self._mask(rule), scores, self.graph.number(-np.inf))
        read = self.matmul(self.softmax(scores, len(front) + 1), value)
        if rule is None or (idle := self._idle(rule)) is None:
            return read
        return self._made("Where", read.shape, idle, self.graph.number(0.0), read)

    def matmul(self, x: Value, y: Value) -> Value:
        return self._made("MatMul", (*x.shape[:-1], y.shape[-1]), x, y)

    # --- point by point

    def _pointwise(self, kind: str, x: Value | float, y: Value | float) -> Value:
        values = [each for each in (x, y) if isinstance(each, Value)]
        shape = np.broadcast_shapes(*(each.shape for each in values))
        batch = any(each.batch for each in values)
        return self._made(kind, shape, *(self._lined_up(each, len(shape)) for each in (x, y)), batch=batch)

    def _lined_up(self, x: Value | float, rank: int) -> Value | str:
        """With so many axes behind its batch that the last ones meet."""
        if not isinstance(x, Value):
            return self.graph.number(x)
        missing = rank - len(x.shape)
        return self.reshape(x, (*[1] * missing, *x.shape)) if x.batch and missing else x

    def add(self, x: Value | float, y: Value | float) -> Value:
        return self._pointwise("Add", x, y)

    def sub(self, x: Value | float, y: Value | float) -> Value:
        return self._pointwise("Sub", x, y)

    def mul(self, x: Value | float, y: Value | float) -> Value:
        return self._pointwise("Mul", x, y)

    def div(self, x: Value | float, y: Value | float) -> Value:
        return self._pointwise("Div", x, y)

    def maximum(self, x: Value, y: Value) -> Value:
        return self._pointwise("Max", x, y)

    def at_least(self, x: Value, y: Value | float) -> Value:
        shape = np.broadcast_shapes(x.shape, y.shape if isinstance(y, Value) else ())
        sides = self._lined_up(x, len(shape)), self._lined_up(y, len(shape))
        batch = x.batch or (isinstance(y, Value) and y.batch)
        return self._made("Cast", shape, self._raw("GreaterOrEqual", *sides), batch=batch, to=self.graph.type)

    def clamp(self, x: Value, least: float, most: float) -> Value:
        return self._made("Clip", x.shape, x, self.graph.number(least), self.graph.number(most))

    def exp(self, x: Value) -> Value:
        return self._made("Exp", x.shape, x)

    def log(self, x: Value) -> Value:
        return self._made("Log", x.shape, x)

    def sqrt(self, x: Value) -> Value:
        return self._made("Sqrt", x.shape, x)

    def relu(self, x: Value) -> Value:
        return self._made("Relu", x.shape, x)

    def sigmoid(self, x: Value) -> Value:
        return self._made("Sigmoid", x.shape, x)

    def tanh(self, x: Value) -> Value:
        return self._made("Tanh", x.shape, x)

    def dropout(self, x: Value, share: float) -> Value:
        return x

    # --- along axes

    def softmax(self, x: Value, axis: int) -> Value:
        return self._made("Softmax", x.shape, x, axis=axis + x.batch)

    def sum(self, x: Value, axes: Sequence[int]) -> Value:
        return self._reduced("ReduceSum", x, axes)

    def mean(self, x: Value, axes: Sequence[int]) -> Value:
        return self._reduced("ReduceMean", x, axes)

    def max(self, x: Value, axes: Sequence[int]) -> Value:
        return self._reduced("ReduceMax", x, axes)

    def _reduced(self, kind: str, x: Value, axes: Sequence[int]) -> Value:
        shape = tuple(size for axis, size in enumerate(x.shape) if axis not in axes)
        return self._made(kind, shape, x, self._axes(*behind(x, axes)), keepdims=0, noop_with_empty_axes=1)

    # --- of maps

    def max_pool(self, x: Value, window: Window) -> Value:
        return self._made("MaxPool", self._places(x, window), self._sample(x), **over(window))

    def avg_pool(self, x: Value, window: Window) -> Value:
        how = over(window)
        del how["dilations"]  # which ONNX's has not yet in this version
        return self._made("AveragePool", self._places(x, window), self._sample(x), count_include_pad=1, **how)

    def _places(self, x: Value, window: Window) -> Shape:
        return (x.shape[0], *window.places(*x.shape[1:]))

    def upsample(self, x: Value, scale: tuple[int, int], mode: str) -> Value:
        channels, height, width = x.shape
        shape = (channels, height * scale[0], width * scale[1])
        name = f"constant/scales[{scale[0]},{scale[1]}]"
        factors = self.graph.array(name, np.array([1, 1, *scale], dtype=np.float32))
        kinds: dict[str, Any] = {
            "bilinear": {"mode": "linear"},
            "nearest": {"mode": "nearest", "nearest_mode": "round_prefer_floor"},
        }
        where = {"coordinate_transformation_mode": "half_pixel", **kinds[mode]}
        return self._made("Resize", shape, self._sample(x), "", factors, **where)

    def windows(self, x: Value, window: Window) -> Value:
        """Rows are taken out by a table of their numbers, then columns."""
        places, padding = window.places(*x.shape[1:]), [0, 0, *window.padding]
        room = self._padded(self._sample(x).name, padding, padding, 0.0) if any(padding) else self._sample(x)
        for axis, (count, size, stride, step) in enumerate(
            zip(places, window.kernel, window.stride, window.dilation, strict=True)
        ):
            points = np.add.outer(np.arange(count) * stride, np.arange(size) * step)
            room = self._raw("Gather", room, self.graph.table("points", points), axis=2 + 2 * axis)
        return self._made("Transpose", (*places, x.shape[0], *window.kernel), room, batch=True, perm=[0, 2, 4, 1, 3, 5])

    # --- laid out anew

    def reshape(self, x: Value, shape: Shape) -> Value:
        return self._known(self._laid_out(x, shape), tuple(shape), x.batch)

    def permute(self, x: Value, axes: Sequence[int]) -> Value:
        order = [*range(x.batch), *behind(x, axes)]
        return self._made("Transpose", [x.shape[axis] for axis in axes], x, perm=order)

    def expand(self, x: Value, shape: Shape) -> Value:
        return self._made("Expand", shape, x, self.graph.integers("shape", [*[1] * x.batch, *shape]))

    def slice(self, x: Value, axis: int, start: int, size: int) -> Value:
        ends = self.graph.integers("starts", [start]), self.graph.integers("ends", [start + size])
        return self._made("Slice", resized(x.shape, axis, size), x, *ends, self._axes(*behind(x, [axis])))

    def concat(self, xs: Sequence[Value], axis: int) -> Value:
        shape = resized(xs[0].shape, axis, sum(x.shape[axis] for x in xs))
        parts = [self.batched(x) for x in xs] if any(x.batch for x in xs) else xs
        return self._made("Concat", shape, *parts, axis=axis + parts[0].batch)

    def pad(self, x: Value, before: Sequence[int], after: Sequence[int], value: float) -> Value:
        shape = tuple(map(sum, zip(before, x.shape, after, strict=True)))
        none = [0] * x.batch
        return self._known(self._padded(x.name, [*none, *before], [*none, *after], value), shape, x.batch)
