"""A module as an exported program, which torch runs without connc."""

from __future__ import annotations

import io

import torch

from connc.backends.torch.agreement import BATCHES, Disagreement, check_agreement, evaluating, outputs_of, samples
from connc.backends.torch.module import Module


def program_of(module: Module) -> bytes:
    """The file that `torch.export` writes of a module in evaluation, for any batch; it has been loaded and tried."""
    with evaluating(module):
        x, batch = samples(module, BATCHES[0]), torch.export.Dim("batch", min=0)
        try:
            made = torch.export.export(module, tuple(x), dynamic_shapes=tuple({0: batch} for _ in x))
        except Exception as error:  # of any kind, as it follows what the module calls
            first = str(error).strip().split("\n")[0]
            raise Disagreement(f"torch.export does not take the module: {first}") from error
        file = io.BytesIO()
        torch.export.save(made, file)
        again = torch.export.load(io.BytesIO(file.getvalue())).module()
        check_agreement(module, lambda *x: outputs_of(again(*x)), "the exported program")
    return file.getvalue()
