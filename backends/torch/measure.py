"""What a module takes: time, taken in turns so that all meet the same moods of a machine, and memory, which is counted.

Memory is not sampled: a mode sees every tensor that torch makes and when its storage is given back, so a figure is the
same on each run and each device. What a kernel holds for itself while it runs is in no tensor, and not counted.
"""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

Action = Callable[[], object]
CPU = torch.device("cpu")
VERSION = str(torch.__version__)
_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")

# --- time


def interleaved(
    actions: Sequence[Action], rounds: int, device: torch.device = CPU, before: Sequence[Action] | None = None
) -> list[list[float]]:
    """The seconds of each action in each round, after one round that is not counted.

    The actions take turns, so that what slows the machine down for a while falls on all of them; nothing is collected
    as garbage meanwhile. What is done `before` each of them is not timed.
    """
    pairs = list(zip(before or [_nothing] * len(actions), actions, strict=True))
    for pair in pairs:
        _seconds(*pair, device)
    with _without_gc():
        turns = [[_seconds(*pair, device) for pair in pairs] for _ in range(rounds)]
    return [list(times) for times in zip(*turns, strict=True)]


def _nothing() -> None:
    """What is done where nothing is."""


def _seconds(before: Action, action: Action, device: torch.device) -> float:
    before()
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
