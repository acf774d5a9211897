"""What files that connc writes may need beside torch: as they are here, those are copied into them that are called."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from connc.backends.torch.junction import Edges

TYPES = {
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
    "I32": torch.int32,
    "I64": torch.int64,
}


def put(module: nn.Module, path: str, inner: nn.Module) -> None:
    """Let a module stand below another one, some steps away."""
    *steps, last = path.split(".")
    for step in steps:
        if not hasattr(module, step):
            module.add_module(step, nn.Module())
        module = module.get_submodule(step)
    module.add_module(last, inner)


def concat(values: list[Tensor], axis: int) -> Tensor:
    """Values one behind the other; one alone as it is, in its own layout."""
    return torch.cat(values, axis) if len(values) > 1 else values[0]


def edges(rows: Sequence[Sequence[int]]) -> Edges:
    """Connections by the sources of each target."""
    sources = torch.tensor([source for row in rows for source in row])
    return connected(sources, torch.tensor([len(row) for row in rows]))


def stored(name: str) -> Edges:
    """Connections that stand beside this file."""
    tensors, remarks = read()
    if f"{name}.sources" not in tensors:
        raise ValueError(f"{name} is not in the file beside this one: it is another's")
    tables = tensors[f"{name}.sources"], tensors[f"{name}.counts"]
    return connected(*tables, remarks[f"connections:{name}"])


def connected(sources: Tensor, counts: Tensor, digest: str = "") -> Edges:
    """Connections by the sources of all targets, one behind the other."""
    targets = torch.arange(len(counts)).repeat_interleave(counts)
    starts = nn.functional.pad(counts.cumsum(0), (1, 0))
    return Edges(sources.int(), targets.int(), starts.int(), digest)


@cache
def read() -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and remarks beside this file, in a file of its name, as safetensors."""
    data = bytearray(Path(__file__).with_suffix(".safetensors").read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    head = json.loads(data[8:start])
    remarks, found = head.pop("__metadata__", {}), {}
    for name, about in head.items():
        begin, end = about["data_offsets"]
        kept = data[start + begin : start + end]
        kind = TYPES[about["dtype"]]
        values = torch.frombuffer(kept, dtype=kind) if kept else torch.empty(0)
        found[name] = values.to(kind).reshape(about["shape"])
    return found, remarks
