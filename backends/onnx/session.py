"""Models of ONNX, run by ONNX Runtime on the CPU."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import torch
from numpy.typing import NDArray
from onnx import checker
from torch import Tensor

from connc.backends.onnx.model import model_of
from connc.backends.torch.agreement import Disagreement, check_agreement, evaluating
from connc.backends.torch.module import Module

_LACKING = re.compile(r"an implementation for (\w+)\(\d+\) node with name '([^']*)'")
_ERRORS = 3  # and nothing below them is told


def session_of(data: bytes, *, threads: int = 1) -> onnxruntime.InferenceSession:
    """A session that makes the same numbers each time."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level, options.use_deterministic_compute = _ERRORS, True
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def run(session: onnxruntime.InferenceSession, inputs: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """What a model makes of its inputs, given in order, by the names of its outputs."""
    given = {each.name: np.asarray(x) for each, x in zip(session.get_inputs(), inputs, strict=True)}
    return dict(zip((each.name for each in session.get_outputs()), session.run(None, given), strict=True))


def file_of(module: Module) -> bytes:
    """The file of a module's model; ONNX has checked it, and ONNX Runtime has computed with it."""
    model = model_of(module)
    checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString()
    try:
        session = session_of(data)
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented as error:
        found = _LACKING.search(str(error))
        what = f"no {found[1]} of this type on the CPU, as `{found[2]}` needs it" if found else str(error)
        raise Disagreement(f"ONNX Runtime has {what}; bring the module to float32 first") from None
    with evaluating(module):
        check_agreement(module, partial(_computed, session), "ONNX Runtime")
    return data


def _computed(session: onnxruntime.InferenceSession, *x: Tensor) -> list[Tensor]:
    return [torch.from_numpy(each) for each in run(session, [each.cpu().numpy() for each in x]).values()]
