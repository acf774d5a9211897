"""ONNX models of what `connc.compile` makes, as a backend that the oracles can judge; ONNX Runtime computes."""

import torch

from connc.backends.onnx import model_of
from connc.backends.onnx.session import run, session_of
from connc.backends.torch.anomaly import anomaly_in
from connc.testing import Undecided
from tests.torch_backend import loaded, once


def onnx_backend(net, weights, inputs):
    """Outputs by name, in evaluation; where the module itself finds no numbers on the way, nothing can be told."""
    module, given = loaded(once(net), weights), [inputs[node.name] for node in net.inputs]
    if anomaly_in(module, [torch.tensor(x) for x in given]):
        raise Undecided("a layer makes numbers that the precision does not hold, as the squares in a norm")
    return run_model(model_of(module), given)


def run_model(model, given):
    return run(session_of(model.SerializeToString()), given)
