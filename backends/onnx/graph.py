"""A graph of ONNX while it is written: nodes named by their layers, and the arrays that they read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, ValueInfoProto, helper, numpy_helper

from connc.compiler.ops.base import Shape

BATCH = "batch"
LIMIT = 2**31 - 1  # the bytes that protobuf's messages hold at most


class Graph:
    """Nodes in order. `layer` and `says` are what those that follow are called by and described as.

    A value is called as the node that makes it, `block[1].conv/Conv`; neither is the name of anything in a spec or of
    a weight, since those have no `/`.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype, self.type = dtype, helper.np_dtype_to_tensor_dtype(dtype)
        self.layer = self.says = ""
        self.nodes: list[NodeProto] = []
        self.arrays: dict[str, NDArray[Any]] = {}
        self.inputs: list[ValueInfoProto] = []
        self._shapes: dict[str, Shape] = {}
        self._names: Counter[str] = Counter()

    def input(self, name: str, shape: Shape) -> str:
        self.inputs.append(self._typed(name, shape))
        return name

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Another node; what it makes."""
        name = self._fresh(kind)
        self.nodes.append(helper.make_node(kind, inputs, [name], name, self.says, **attributes))
        return name

    def sample(self, value: str, shape: Shape) -> None:
        """Note the shape of what a node makes of each sample."""
        self._shapes[value] = shape

    # --- arrays

    def array(self, name: str, values: NDArray[Any]) -> str:
        """An array under a name of its own."""
        self.arrays[name] = values
        return name

    def table(self, what: str, values: NDArray[Any]) -> str:
        """An array that belongs to a layer."""
        return self.array(self._fresh(what), values)

    def integers(self, what: str, values: Sequence[int]) -> str:
        """Sizes and the like, which say what they are: `constant/axes[1,2]`."""
        name = f"constant/{what}[{','.join(map(str, values))}]"
        return self.array(name, np.array(values, dtype=np.int64))

    def number(self, value: float) -> str:
        return self.array(f"constant/{value!r}", np.array(value, dtype=self.dtype))

    def _fresh(self, word: str) -> str:
        name = f"{self.layer}/{word}"
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}_{self._names[name]}"

    # --- the end

    def finish(self, name: str, outputs: Mapping[str, tuple[str, Shape]]) -> GraphProto:
        """The whole graph, without arrays that nothing reads; outputs by name, each a value and its shape."""
        self._rename(self._free({port: value for port, (value, _) in outputs.items()}))
        read = {value for node in self.nodes for value in node.input}
        arrays = {key: values for key, values in self.arrays.items() if key in read}
        check_size(name, sum(values.nbytes for values in arrays.values()))
        return helper.make_graph(
            self.nodes,
            name,
            self.inputs,
            [self._typed(port, shape) for port, (_, shape) in outputs.items()],
            [numpy_helper.from_array(np.ascontiguousarray(values), key) for key, values in arrays.items()],
            value_info=[self._typed(value, shape) for value, shape in self._shapes.items()],
        )

    def _free(self, outputs: Mapping[str, str]) -> dict[str, str]:
        """The output that each value becomes: none of a node's own may be an input, or two outputs."""
        made, found = {value for node in self.nodes for value in node.output}, dict[str, str]()
        for port, value in outputs.items():
            if port in {each.name for each in self.inputs}:
                raise ValueError(f"`{port}` is an input and an output, and ONNX has one name for each value")
            if value not in made or value in found:
                self.layer, self.says = port, ""
                value = self.node("Identity", value)
            found[value] = port
        return found

    def _rename(self, names: Mapping[str, str]) -> None:
        for node in self.nodes:
            for values in (node.input, node.output):
                for i, value in enumerate(values):
                    if value in names:
                        values[i] = names[value]
        self._shapes = {value: shape for value, shape in self._shapes.items() if value not in names}

    def _typed(self, name: str, shape: Shape) -> ValueInfoProto:
        return helper.make_tensor_value_info(name, self.type, [BATCH, *shape])


def check_size(name: str, size: int) -> None:
    if size > LIMIT:
        raise ValueError(f"the arrays of `{name}` take {size:,} bytes, and an ONNX model holds at most {LIMIT:,}")
