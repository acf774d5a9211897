"""All forms of a net compute the same: reference, module, the file of Python, ONNX Runtime, the exported program."""

import io
from functools import partial

import pytest
import torch
from hypothesis import HealthCheck, given, settings

from connc.backends.torch.program import program_of
from connc.testing import Undecided, assert_agrees, nets
from tests.onnx_backend import onnx_backend
from tests.python_backend import by_file
from tests.torch_backend import torch_backend

many = partial(settings, deadline=None, suppress_health_check=list(HealthCheck))


def by_program(module):
    """What the exported program computes, as it is read from its file."""
    return torch.export.load(io.BytesIO(program_of(module))).module()


FORMS = {
    "module": torch_backend,
    "python": partial(torch_backend, way=by_file),
    "onnx": onnx_backend,
    "program": partial(torch_backend, way=by_program),
}


def all_agree(net):
    for backend in FORMS.values():
        try:
            assert_agrees(net, backend)
        except Undecided:  # `lateral` decides by a hair
            continue


@many(max_examples=5)
@given(nets(layers=6))
def test_all_forms_compute_the_same(net):
    all_agree(net)


@pytest.mark.slow
@many(max_examples=20)
@given(nets(layers=8))
def test_all_forms_compute_the_same_many_times(net):
    all_agree(net)
