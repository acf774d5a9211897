"""What a module takes: time, taken in turns so that all meet the same moods of a machine, and memory, which is counted.

Memory is not sampled: a mode sees every tensor that torch makes and when its storage is given back, so a figure is the
same on each run and each device. What a kernel holds for itself while it runs is in no tensor, and not counted.
"""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from connc.backends.torch.module import Module

CPU = torch.device("cpu")
VERSION = str(torch.__version__)
_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")

# --- what is measured


@dataclass(frozen=True)
class Trial:
    """A module and what it is fed; called, it computes once, in training with the gradients of all parameters."""

    module: Module
    inputs: tuple[Tensor, ...]
    train: bool = False

    @property
    def device(self) -> torch.device:
        return self.inputs[0].device if self.inputs else CPU

    def __call__(self) -> dict[str, Tensor]:
        self.module.train(self.train)
        self.module.zero_grad()
        with torch.set_grad_enabled(self.train):
            outputs = named(self.module, self.module(*self.inputs))
        if self.train:
            backward(loss(outputs.values()))
        return outputs

    def repeatable(self, seed: int) -> dict[str, Tensor]:
        """What it computes, whatever was drawn before: `dropout` draws."""
        torch.manual_seed(seed)
        return self()

    def peak(self) -> int:
        """The bytes that it holds at most beside the weights: its inputs, what it makes, and in training gradients."""
        self.module.zero_grad()
        live = Live(state_of(self.module), self.inputs)
        with live:
            self()
        self.module.zero_grad()
        return live.peak


def trial(module: Module, arrays: Iterable[NDArray[np.float32]], device: str, *, train: bool) -> Trial:
    """A module on a device, which is fed these arrays; like them it computes in float32."""
    inputs = tuple(torch.from_numpy(array).to(device) for array in arrays)
    return Trial(module.to(device, torch.float32), inputs, train)


def named(module: Module, outputs: Any) -> dict[str, Tensor]:
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


def state_of(module: Module) -> list[Tensor]:
    """What belongs to a module: parameters and buffers."""
    return [*module.parameters(), *module.buffers()]


def parameters_of(module: Module) -> int:
    """How many numbers are learned."""
    return sum(each.numel() for each in module.parameters())


# --- time


def interleaved(actions: Sequence[Callable[[], object]], rounds: int, device: torch.device = CPU) -> list[list[float]]:
    """The seconds of each action in each round, after one round that is not counted.

    The actions take turns, so that what slows the machine down for a while falls on all of them; nothing is collected
    as garbage meanwhile.
    """
    for action in actions:
        action()
    with _without_gc():
        turns = [[_seconds(action, device) for action in actions] for _ in range(rounds)]
    return [list(times) for times in zip(*turns, strict=True)]


def _seconds(action: Callable[[], object], device: torch.device) -> float:
    _settle(device)
    start = time.perf_counter()
    made = action()
    _settle(device)
    taken = time.perf_counter() - start
    del made  # giving memory back is not part of it
    return taken


def _settle(device: torch.device) -> None:
    """Wait until a device has done all that it was told."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


@contextmanager
def _without_gc() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def ratios(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """The quartiles of first to second, round by round; the middle one is the median."""
    each = sorted(a / b for a, b in zip(first, second, strict=True))
    middle = len(each) // 2
    return [median(each[: middle + len(each) % 2]), median(each), median(each[middle:])]


# --- memory


class Live(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows which storages are alive; `peak` is the most that they held at once.

    `known` count nothing, `held` count from the start on. A storage counts once, however many tensors look at it.
    """

    def __init__(self, known: Iterable[Tensor] = (), held: Iterable[Tensor] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self._known = {storage._cdata: storage for storage in storages(known)}
        self._sizes: dict[int, int] = {}
        self._see(held)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        self._see(each for each in tree_leaves(made) if isinstance(each, Tensor))
        return made

    def _see(self, tensors: Iterable[Tensor]) -> None:
        for storage in storages(tensors):
            key = storage._cdata
            if key in self._known:
                continue
            if key not in self._sizes:
                weakref.finalize(storage, self._gone, key).atexit = False
            self.now += storage.nbytes() - self._sizes.get(key, 0)
            self._sizes[key] = storage.nbytes()
        self.peak = max(self.peak, self.now)

    def _gone(self, key: int) -> None:
        self.now -= self._sizes.pop(key)


def bytes_of(tensors: Iterable[Tensor]) -> int:
    """What tensors hold, shared storages once."""
    return sum({storage._cdata: storage.nbytes() for storage in storages(tensors)}.values())


def storages(tensors: Iterable[Tensor]) -> Iterator[torch.UntypedStorage]:
    for tensor in tensors:
        for part in _parts(tensor):
            yield part.untyped_storage()


def _parts(tensor: Tensor) -> tuple[Tensor, ...]:
    """The plain tensors of which one is made: a sparse one of its indices and values."""
    if tensor.layout == torch.strided:
        return (tensor,)
    if tensor.layout == torch.sparse_coo:
        return tensor._indices(), tensor._values()
    if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
        return tensor.crow_indices(), tensor.col_indices(), tensor.values()
    if tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
        return tensor.ccol_indices(), tensor.row_indices(), tensor.values()
    return ()  # in the layout of a kernel's own library, which shows nothing


# --- the machine


def devices() -> list[str]:
    """The devices that this machine has, as they are named."""
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if accelerator is None:
        return ["cpu"]
    kind = accelerator.type
    return ["cpu", kind, *(f"{kind}:{index}" for index in range(torch.accelerator.device_count()))]


@contextmanager
def threads(count: int | None) -> Iterator[int]:
    """How many threads torch computes with meanwhile; without a count as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


@contextmanager
def memory_named() -> Iterator[None]:
    """Makes one kind of error of the several that torch has where memory does not suffice."""
    try:
        yield
    except RuntimeError as error:
        if not any(words in str(error) for words in _NO_MEMORY):
            raise
        raise MemoryError(str(error)) from None
