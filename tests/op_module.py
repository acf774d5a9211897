"""One op as a module of torch, for tests of what its body computes."""

import torch
from torch import fx, nn

from connc.backends.torch.names import tensor_place
from connc.backends.torch.prims import FxPrims
from connc.backends.torch.tree import planted
from connc.compiler.parameters import Parameter


def computed(op, *inputs, training=False, **kept):
    """What an op makes of tensors, with these parameters and buffers; running means are changed in place."""
    with torch.device(inputs[0].device if inputs else "cpu"):
        module = module_of(op, [tuple(x.shape[1:]) for x in inputs], kept).train(training)
    found = module(*inputs)
    return found[0] if len(found) == 1 else tuple(found)


def module_of(op, shapes, kept):
    prims = FxPrims()
    prims.enter("op", {})
    x = [prims.input(f"x{i}", shape) for i, shape in enumerate(shapes)]
    learned = op.params(*shapes) if kept else {}
    held = {key: prims.held(Parameter("op", key, tuple(value.shape), key in learned)) for key, value in kept.items()}
    made = op.body(prims, *x, **held)
    prims.graph.output([value.node for value in (made if isinstance(made, tuple) else (made,))])
    root = nn.Module()
    planted(root, prims.modules)
    module = fx.GraphModule(root, prims.graph)
    for key, value in kept.items():
        place = tensor_place("op", key)
        layer = module.get_submodule(place.module)
        (layer._parameters if key in learned else layer._buffers)[place.attribute] = (
            nn.Parameter(value, requires_grad=value.requires_grad) if key in learned else value
        )
    return module
