"""What a module has learned, as arrays of numpy by the names of the spec."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray

from connc.backends.torch.module import Module
from connc.backends.torch.names import tensor_place
from connc.compiler.parameters import parameters


def weights_of(module: Module) -> dict[str, NDArray[Any]]:
    """Its parameters and buffers, `part[0].conv.weight`; what numpy has no type for becomes float32."""
    state = module.state_dict()
    found = {each.name: state[tensor_place(each.layer, each.key).key].cpu() for each in parameters(module.network)}
    return {name: (each.float() if each.dtype == torch.bfloat16 else each).numpy() for name, each in found.items()}
