"""Tensors as the bytes of a file of safetensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from connc.backends.torch.connections import CONNECTIONS, connections_in
from connc.backends.torch.folder import SaveError
from connc.backends.torch.manifest import TYPES, Kind, head, laid_out


def kind_of(name: str, value: object, path: Path) -> Kind:
    """What a tensor is; `path` is that of the file which it is for."""
    found = f"`{name}` is a {type(value).__name__}"
    if type(value) is Tensor:
        dtype = str(value.dtype).removeprefix("torch.")
        if dtype in TYPES and value.layout == torch.strided and not value.is_meta:
            return Kind(dtype, tuple(value.shape))
        found = f"`{name}` is {'without values, on `meta`' if value.is_meta else f'of {dtype}, {value.layout}'}"
    raise SaveError(path, found, f"what can be saved are dense tensors of {', '.join(TYPES)}")


def values_of(
    state: Mapping[str, Tensor], tensors: Mapping[str, Kind], remarks: Mapping[str, str] | None = None
) -> Iterator[bytes | memoryview]:
    """The file, a tensor at a time."""
    yield head(tensors, remarks)
    for name in laid_out(tensors):
        if tensors[name].size:
            value = state[name].detach().cpu().contiguous()
            yield value.reshape(-1).view(torch.uint8).numpy().data


def packed(state: Mapping[str, Tensor], path: Path) -> bytes:
    """The file as a whole; of a `state_dict` it says too whose connections its weights are."""
    tensors = {name: kind_of(name, value, path) for name, value in state.items()}
    remarks = {f"{CONNECTIONS}:{path}": digest for path, digest in connections_in(state).items()}
    return b"".join(values_of(state, tensors, remarks))
