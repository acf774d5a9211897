"""A plain backend: each op's body by the primitives of torch, one node of the flat network behind the other."""

import torch

from connc.compiler.expand import expand
from connc.compiler.network import ALL
from connc.compiler.ops.structure import Bundle, Input
from tests.prims_torch import TorchPrims


def torch_backend(net, weights, inputs, *, training=False):
    """Outputs, and in training the buffers that have changed."""
    kernel, prims = expand(net), TorchPrims(training=training)
    tensors = {name: torch.as_tensor(value).clone() for name, value in weights.items()}
    made = {(name, "out"): [torch.as_tensor(value)] for name, value in inputs.items()}
    touched = {}
    with torch.no_grad():
        for node in kernel:
            if not isinstance(node.what, Input):
                x = [value for source in kernel.sources(node.name) for value in made[source.ref]]
                made.update(outputs(node, x, tensors, prims, touched))
    found = {port: made[ref][0].numpy() for port, ref in kernel.outputs.items()}
    return found | ({name: tensors[name].numpy() for name in touched} if training else {})


def outputs(node, x, tensors, prims, touched):
    op = node.what
    if isinstance(op, Bundle):
        return {(node.name, ALL): x}
    shapes = [prims.shape(value) for value in x]
    learned, kept = ({} if not op.signature.inputs else f(*shapes) for f in (op.params, op.buffers))
    if op.name == "bn":
        touched.update({f"{node.owner}.{key}": None for key in kept})
    made = op.body(prims, *x, **{key: tensors[f"{node.owner}.{key}"] for key in (*learned, *kept)})
    made = made if isinstance(made, tuple) else (made,)
    return {(node.name, port): [value] for port, value in zip(node.ports, made, strict=True)}
