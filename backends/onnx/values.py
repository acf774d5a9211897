"""Values of a graph and how they are made, for all primitives alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connc.backends.onnx.graph import Graph
from connc.compiler.ops.base import Shape


@dataclass(frozen=True, slots=True)
class Value:
    """What a graph calls a tensor, and its shape; what is made of parameters alone has no batch in front."""

    name: str
    shape: Shape
    batch: bool = True


class Writer:
    """Writes into a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def shape(self, x: Value) -> Shape:
        return x.shape

    def held(self, name: str, values: NDArray[Any]) -> Value:
        """A parameter or buffer."""
        return Value(self.graph.array(name, values), values.shape, batch=False)

    def batched(self, x: Value) -> Value:
        """As it is for each sample of a batch: what is made of parameters alone is the same for all."""
        if x.batch:
            return x
        count = self.graph.node("Shape", self.graph.inputs[0].name, start=0, end=1)
        size = self.graph.node("Concat", count, self.graph.integers("shape", x.shape), axis=0)
        return self._made("Expand", x.shape, x, size, batch=True)

    # --- nodes

    def _made(
        self, kind: str, shape: Sequence[int], *inputs: Value | str, batch: bool | None = None, **at: Any
    ) -> Value:
        """What a node makes: with a batch, if something that it reads has one."""
        names = [each if isinstance(each, str) else each.name for each in inputs]
        name = self.graph.node(kind, *names, **at)
        if batch is None:
            batch = any(isinstance(each, Value) and each.batch for each in inputs)
        if batch:
            self.graph.sample(name, tuple(shape))
        return Value(name, tuple(shape), batch)

    def _raw(self, kind: str, *inputs: Value | str, **at: Any) -> str:
        """What a node makes on the way, in a layout that no primitive speaks of."""
        return self.graph.node(kind, *(each if isinstance(each, str) else each.name for each in inputs), **at)

    def _sample(self, x: Value) -> Value:
        """With a batch in front: a parameter is one sample."""
        return x if x.batch else self._made("Unsqueeze", x.shape, x, self._axes(0), batch=True)

    def _rows(self, x: Value) -> Value | str:
        """A matrix of what stands along the last axis, a row for each position of all others."""
        x = self._sample(x)
        return x if len(x.shape) == 1 else self._raw("Flatten", x, axis=len(x.shape))

    def _from_rows(self, rows: str, shape: Sequence[int]) -> Value:
        """All axes again that stand one behind the other in the rows of a matrix."""
        return self._made("Reshape", shape, rows, self.graph.integers("shape", [-1, *shape]), batch=True)

    def _laid_out(self, x: Value, shape: Sequence[int]) -> str:
        """The same values in another shape, behind the batch that there is."""
        return self._raw("Reshape", x, self.graph.integers("shape", [0, *shape] if x.batch else shape))

    def _padded(self, x: str, before: Sequence[int], after: Sequence[int], value: float) -> str:
        return self._raw("Pad", x, self.graph.integers("pads", [*before, *after]), self.graph.number(value))

    def _lengthened(self, x: str, rank: int, axis: int, value: float) -> str:
        """One more position at the end of an axis."""
        return self._padded(x, [0] * rank, [int(i == axis) for i in range(rank)], value)

    def _axes(self, *axes: int) -> str:
        return self.graph.integers("axes", axes)

    def _full(self, value: float, shape: Shape) -> Value:
        """One number as often as a shape has places."""
        array = np.full(shape, value, dtype=self.graph.dtype)
        return self.held(f"constant/{value!r}[{','.join(map(str, shape))}]", array)


def behind(x: Value, axes: Sequence[int]) -> list[int]:
    """Axes of a sample as those of the whole."""
    return [axis + x.batch for axis in axes]


def resized(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])
