"""Whether what a module was written to computes what the module does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from connc.backends.torch.module import Module

BATCHES = 3, 1
_TOLERANCE = 1e-3  # of the largest output: far more than rounding makes of it, far less than a wrong edge does


class Disagreement(Exception):
    """What was written would not compute the same, or cannot be written."""


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """In evaluation meanwhile; then each part trains or not as before, and keeps what it kept."""
    training = [(each, each.training) for each in module.modules()]
    kept = [(each, each.detach().clone()) for each in module.buffers()]
    try:
        module.eval()
        yield
    finally:
        for part, was in training:
            part.training = was
        with torch.no_grad():
            for buffer, value in kept:
                buffer.copy_(value)


def samples(module: Module, batch: int) -> list[Tensor]:
    """Random inputs of a module's own type and device, the same each time."""
    generator, state = torch.Generator().manual_seed(module.seed), module.state_dict()
    if bare := [name for name, each in state.items() if each.is_meta]:
        raise Disagreement(f"`{bare[0]}` of the module is on the meta device and has no values")
    kinds = {each.dtype: each for each in state.values() if each.is_floating_point()}
    if len(kinds) > 1:
        raise Disagreement(f"the module holds {' and '.join(map(str, kinds))}; bring it to one type first")
    like = next(iter(kinds.values()), torch.empty(0))
    shapes = [(batch, *node.shapes[0]) for node in module.network.inputs]
    return [torch.randn(shape, generator=generator).to(like) for shape in shapes]


def check_agreement(module: Module, run: Callable[..., Sequence[Tensor]], what: str) -> None:
    """Raises `Disagreement` unless something computes what the module does, for several batches."""
    for batch in BATCHES:
        x = samples(module, batch)
        with torch.no_grad():
            wanted, found = outputs_of(module(*x)), run(*x)
        for name, mine, other in zip(module.network.outputs, wanted, found, strict=True):
            if mine.shape != other.shape:
                raise Disagreement(f"{what} makes of `{name}` {list(other.shape)}, and the module {list(mine.shape)}")
            if (off := difference(other, mine)) > _TOLERANCE:
                raise Disagreement(f"{what} does not compute what the module does: `{name}` is off by {off:.2g} of it")


def outputs_of(found: Tensor | dict[str, Tensor]) -> list[Tensor]:
    return list(found.values()) if isinstance(found, dict) else [found]


def difference(mine: Tensor, theirs: Tensor) -> float:
    """The largest difference to the largest output; what is equal in being no number does not differ."""
    mine, theirs = mine.double().cpu(), theirs.double().cpu()
    differs = (mine != theirs) & ~(mine.isnan() & theirs.isnan())
    if not bool(differs.any()):
        return 0.0
    distance, size = (mine - theirs)[differs].abs().max(), theirs[theirs.isfinite()].abs()
    found = float(distance / size.max()) if len(size) else float("inf")
    return found if found == found else float("inf")
