"""A module and what it is fed, to be computed as often as one likes: for its outputs, its time, its memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from connc.backends.torch.measure import CPU, Live, interleaved
from connc.backends.torch.module import Module


@dataclass(frozen=True)
class Trial:
    """Called, it computes once, in training with the gradients of all parameters."""

    module: Module
    inputs: tuple[Tensor, ...]
    train: bool = False

    @property
    def device(self) -> torch.device:
        return self.inputs[0].device if self.inputs else CPU

    def __call__(self) -> dict[str, Tensor]:
        self.prepare()
        return self.compute()

    def prepare(self) -> None:
        """What stands before each computation and is no part of it; gradients are those of one step."""
        self.module.train(self.train)
        if self.train:
            self.module.zero_grad()

    def compute(self) -> dict[str, Tensor]:
        with torch.set_grad_enabled(self.train):
            outputs = named(self.module, self.module(*self.inputs))
        if self.train:
            backward(loss(outputs.values()))
        return outputs

    def repeatable(self, seed: int) -> dict[str, Tensor]:
        """What it computes, whatever was drawn before: `dropout` draws."""
        torch.manual_seed(seed)
        return {name: value.detach() for name, value in self().items()}

    def peak(self) -> int:
        """The bytes that it holds at most beside the weights: its inputs, what it makes, and in training gradients."""
        self.prepare()
        live = Live(state_of(self.module), self.inputs)
        with live:
            self.compute()
        self.module.zero_grad()
        return live.peak


def trial(module: Module, arrays: Iterable[NDArray[np.float32]], device: str, *, train: bool) -> Trial:
    """A module on a device, which is fed these arrays; like them it computes in float32."""
    inputs = tuple(torch.from_numpy(array).to(device) for array in arrays)
    return Trial(module.to(device, torch.float32), inputs, train)


def times(trials: Sequence[Trial], rounds: int) -> list[list[float]]:
    """The seconds of each trial in each round, in turns."""
    steps, before = [each.compute for each in trials], [each.prepare for each in trials]
    return interleaved(steps, rounds, trials[0].device, before)


# --- what a module makes


def named(module: Module, outputs: Any) -> dict[str, Any]:
    """What flows out, by name; a module of one output returns it bare."""
    return dict(outputs) if isinstance(outputs, Mapping) else {next(iter(module.network.outputs)): outputs}


def loss(outputs: Iterable[Tensor]) -> Tensor:
    """What a step of training is measured with: the mean of all squares."""
    flat = [each.flatten() for each in outputs]
    return (flat[0] if len(flat) == 1 else torch.cat(flat)).square().mean()


def backward(value: Tensor) -> None:
    """All gradients; a module without parameters has none."""
    if value.requires_grad:
        value.backward()  # type: ignore[no-untyped-call]


# --- what a module holds


def state_of(module: Module) -> list[Tensor]:
    """What belongs to a module: parameters and buffers."""
    return [*module.parameters(), *module.buffers()]


def parameters_of(module: Module) -> int:
    """How many numbers are learned."""
    return sum(each.numel() for each in module.parameters())
