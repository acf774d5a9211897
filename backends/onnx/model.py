"""From a module to a model: one walk over the flat network, which writes one graph.

A model computes as the module does in evaluation, in the module's floating type: float32, float64 or float16. Its
inputs and outputs are called as in the spec, its weights as in the `state_dict`, and any batch goes through.

Where ONNX Runtime's CPU is not what torch is:

- float64: it has no convolutions, means of windows and `upsample`; a session refuses the model. The `eps` of norms
  are float32 in ONNX, whatever the others are. float16: it computes in float32 and rounds between.
- NaN: the greatest value along axes, of a target's pairs and of a window may be another, where one is NaN.
- -inf: a window of `max_pool` that reaches over the map and holds nothing else gives the least finite number.
- `attend` with a rule multiplies what is not read by 0, as torch does: an infinity there becomes NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto, helper

from connc.backends.onnx.graph import Graph, check_size
from connc.backends.onnx.prims import OnnxPrims
from connc.backends.onnx.values import Value
from connc.backends.torch.manifest import own_version
from connc.backends.torch.module import Module
from connc.backends.torch.names import tensor_place
from connc.backends.torch.places import Places
from connc.compiler.expand import expand
from connc.compiler.lowering import lowered
from connc.compiler.network import Node
from connc.compiler.parameters import Parameter
from connc.dsl.parser import uncollected

OPSET = 18  # the first in which all that goes along axes takes them alike; ONNX Runtime has it since 1.14
TYPES: dict[torch.dtype, np.dtype[Any]] = {
    torch.float32: np.dtype("float32"),
    torch.float64: np.dtype("float64"),
    torch.float16: np.dtype("float16"),
}


@uncollected()
def model_of(module: Module) -> ModelProto:
    """The model that computes what a module of `connc.compile` does in evaluation, with the values that it has now.

    Raises `ValueError` where ONNX cannot hold it: more than 2 GiB, other types, tensors without values.
    """
    network = module.network
    graph, weights, places = Graph(_type(module)), _Weights(module), Places(network)
    prims = OnnxPrims(graph)

    def enter(node: Node) -> None:
        graph.layer, graph.says = node.name, places.meta(node)["conn"]

    outputs = lowered(
        expand(network),
        prims,
        given=lambda node: Value(graph.input(node.name, node.shapes[0]), node.shapes[0]),
        enter=enter,
        held=lambda each: prims.held(*weights.of(each)),
    )
    found = {port: prims.batched(value) for port, value in outputs.items()}
    written = graph.finish(network.kind, {port: (value.name, value.shape) for port, value in found.items()})
    return _model(written, network.kind, module.seed)


def _model(graph: Any, kind: str, seed: int) -> ModelProto:
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(
        graph,
        opset_imports=[opset],
        ir_version=helper.find_min_ir_version_for([opset]),
        producer_name="connc",
        producer_version=own_version(),
        doc_string=f"net {kind}, seed {seed}",
    )
    helper.set_model_props(model, {"net": kind, "seed": str(seed)})
    return model


class _Weights:
    """The tensors of a module as arrays, by the keys of its `state_dict`."""

    def __init__(self, module: Module) -> None:
        self.state: dict[str, torch.Tensor] = module.state_dict()
        check_size(module.network.kind, sum(each.numel() * each.element_size() for each in self.state.values()))

    def of(self, parameter: Parameter) -> tuple[str, NDArray[Any]]:
        key = tensor_place(parameter.layer, parameter.key).key
        found = self.state.get(key)
        if found is None or tuple(found.shape) != parameter.shape:
            what = "is missing" if found is None else f"has the shape {list(found.shape)}"
            raise ValueError(f"`{key}` of the module {what}, and its network says {list(parameter.shape)}")
        if found.is_meta:
            raise ValueError(f"`{key}` of the module is on the meta device and has no values")
        return key, found.detach().cpu().numpy()


def _type(module: Module) -> np.dtype[Any]:
    """The one floating type of a module; without any, that of torch."""
    types = {each.dtype for each in module.state_dict().values() if each.is_floating_point()} or {torch.float32}
    if len(types) > 1 or not types <= TYPES.keys():
        found, known = (", ".join(sorted(str(each).removeprefix("torch.") for each in some)) for some in (types, TYPES))
        raise ValueError(f"the module holds {found}; an ONNX model is written of a module of one type: {known}")
    return TYPES[types.pop()]
