"""What `connc.compile` makes, as a backend that the oracles can judge."""

from functools import lru_cache

import torch

from connc.backends.torch import compile_network
from connc.backends.torch.names import argument, tensor_place
from connc.compiler.parameters import parameters

once = lru_cache(maxsize=1)(compile_network)  # the oracles ask for one network several times


def torch_backend(net, weights, inputs, *, training=False, make=once, way=lambda module: module):
    """Outputs, and in training the buffers that have changed; `make` and `way` say how the module is made and run."""
    module = loaded(make(net), weights).train(training)
    given = {argument(name): torch.as_tensor(value) for name, value in inputs.items()}
    with torch.no_grad():
        found = way(module)(*(given[argument(node.name)] for node in net.inputs))
    found = found if isinstance(found, dict) else dict.fromkeys(net.outputs, found)
    return {name: value.numpy() for name, value in found.items()} | (running(module) if training else {})


def loaded(module, weights):
    """A module with these weights, in their precision."""
    state = {key_of(each): torch.as_tensor(weights[each.name]) for each in parameters(module.network)}
    precisions = {value.dtype for value in state.values() if value.is_floating_point()} or {torch.float32}
    (precision,) = precisions
    module.to(precision).load_state_dict(state)
    return module


def key_of(parameter):
    return tensor_place(parameter.layer, parameter.key).key


def running(module):
    """What batch normalisation keeps."""
    kept = [each for each in parameters(module.network) if not each.learned and each.key != "signs"]
    state = module.state_dict()
    return {each.name: state[key_of(each)].clone().numpy() for each in kept}
