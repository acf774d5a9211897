"""Two modules on the same inputs, left as they were."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from connc.backends.torch.agreement import difference, evaluating
from connc.backends.torch.module import Module

_SAMPLES, _SEED = 2, 0
_TOLERANCES = {torch.float64: 1e-8, torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}


class Comparison(NamedTuple):
    """What was found, in words, and whether it is a difference."""

    said: str
    differs: bool = False


def compared(module: Module, source: nn.Module) -> Comparison:
    """Both in evaluation, on inputs that are the same in each run; the difference is to the size of the outputs."""
    random = torch.Generator().manual_seed(_SEED)
    inputs = [torch.randn(_SAMPLES, *node.shapes[0], generator=random) for node in module.network.inputs]
    if not _takes(source, len(inputs)):
        return Comparison("outputs were not compared, as the source takes other inputs")
    with evaluating(module), evaluating(source), torch.random.fork_rng(devices=[]), torch.no_grad():
        found = _outputs(module(*_moved(inputs, module)))
        try:
            wanted = _outputs(source(*_moved(inputs, source)))
        except Exception as error:
            shapes = ", ".join(str(list(each.shape)) for each in inputs)
            raised = f"the source fails on inputs of our shapes, {shapes}, with a {type(error).__name__}"
            return Comparison(f"{raised}; its `state_dict()` is taken without running it", True)
    return _difference(found, wanted, max(_tolerance(module), _tolerance(source)))


def _difference(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], tolerance: float) -> Comparison:
    if len(found) != len(wanted):
        return Comparison(f"outputs were not compared, as the source has {len(wanted)} and we have {len(found)}")
    pairs = found.keys() if found.keys() == wanted.keys() else wanted.keys()
    worst = 0.0
    for name, mine in zip(
        pairs, [found[key] for key in pairs] if pairs == found.keys() else found.values(), strict=True
    ):
        theirs = wanted[name]
        if not bool(theirs.isfinite().all()):
            return Comparison("outputs were not compared, as those of the source are not all finite")
        if mine.squeeze().shape != theirs.squeeze().shape:
            shapes = f"{list(mine.shape)} and {list(theirs.shape)}"
            return Comparison(f"the outputs have other shapes than those of the source, {shapes}", True)
        worst = max(worst, difference(mine.squeeze(), theirs.squeeze()))
    if worst <= tolerance:
        same = "equal" if worst == 0 else f"equal up to {worst:.1g} of their size, {tolerance:g} being allowed"
        return Comparison(f"outputs compared: {same}")
    return Comparison(
        f"the outputs differ from those of the source by {worst:.2g} of their size, {tolerance:g} allowed", True
    )


def _takes(source: nn.Module, inputs: int) -> bool:
    try:
        inspect.signature(source.forward).bind(*range(inputs))
    except (TypeError, ValueError):
        return False
    return True


def _outputs(made: object) -> dict[str, Tensor]:
    """The tensors among what a module gives, by name or by place."""
    if isinstance(made, Tensor):
        return {"0": made}
    parts = made.items() if isinstance(made, Mapping) else enumerate(made) if isinstance(made, list | tuple) else ()
    return {str(name): each for name, each in parts if isinstance(each, Tensor)}


def _moved(inputs: list[Tensor], module: nn.Module) -> list[Tensor]:
    """Inputs where a module computes, in its precision."""
    first = next((each for each in module.parameters() if each.is_floating_point()), torch.empty(0))
    return [each.to(first.device, first.dtype) for each in inputs]


def _tolerance(module: nn.Module) -> float:
    kinds = {each.dtype for each in module.parameters() if each.is_floating_point()} or {torch.float32}
    return max(_TOLERANCES.get(kind, 0.1) for kind in kinds)
