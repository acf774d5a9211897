"""A file of safetensors as tensors, read without trust: all that its head says is checked before a value is made."""

from __future__ import annotations

import json
import os
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import torch
from torch import Tensor

from connc.backends.torch.connections import CONNECTIONS
from connc.backends.torch.folder import SaveError, read
from connc.backends.torch.manifest import LIMIT, TYPES
from connc.backends.torch.saving import MOST_WEIGHTS

_START = 8  # bytes that say how long the head is
_MOST_AXES, _LARGEST = 16, 2**63
_MOST_TENSORS, _LONGEST = 200_000, 1_000
_SHOWN = 80
_METADATA = "__metadata__"
_KNOWN = {said: getattr(torch, name) for name, said in TYPES.items()} | {
    "BOOL": torch.bool,
    "I8": torch.int8,
    "I16": torch.int16,
    "U8": torch.uint8,
}
_PROTOCOLS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))  # how pickles begin
_OTHER = "take a whole file that `safetensors.torch.save_file` has written"
_NOT_RUN = (
    "where you trust it, load it yourself by torch, and write its tensors by `safetensors.torch.save_file`; "
    "what that writes is read here"
)


class _Entry(NamedTuple):
    """A tensor as the head says it: bytes of the values from `start` up to `stop`."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    stop: int


class _Wrong(ValueError):
    """What the head says and may not."""


def read_tensors(path: Path | str) -> dict[str, Tensor]:
    """The tensors of a file of safetensors as a `state_dict`, in the order of the file, on the CPU.

    Nothing in the file is run, and a file that is not exactly what the format says is refused. Raises `SaveError`.
    """
    path = Path(path)
    data = _all(path)
    size = int.from_bytes(data[:_START], "little")
    if len(data) < _START + 2 or data[_START : _START + 1] != b"{":
        raise _no_safetensors(path, data)
    if size > min(LIMIT, len(data) - _START):
        most = f"the limit is {LIMIT:,}" if size > LIMIT else f"the file has {len(data):,}"
        raise SaveError(path, f"its head would have {size:,} bytes, and {most}", _OTHER)
    try:
        entries, remarks = _entries(data[_START : _START + size], len(data) - _START - size)
        found = OrderedDict((each.name, _tensor(each, data, _START + size)) for each in entries)
        found._metadata = _about(remarks)  # type: ignore[attr-defined]
        return found
    except _Wrong as wrong:
        raise SaveError(path, str(wrong), _OTHER) from None


def _all(path: Path) -> bytearray:
    """All of the file; a link is followed, as caches of downloads consist of them."""
    try:
        return read(Path(os.path.realpath(path)), MOST_WEIGHTS)
    except SaveError as error:
        raise SaveError(path, error.found, "give the path of a file of safetensors") from None
    except ValueError:  # a path that no system has
        raise SaveError(ascii(str(path)), "it is no path", "give the path of a file of safetensors") from None


def _no_safetensors(path: Path, data: bytearray) -> SaveError:
    if data.startswith((b"PK\x03\x04", *_PROTOCOLS)):
        return SaveError(path, "it is a pickle, which can run code when it is loaded, so it is not read", _NOT_RUN)
    return SaveError(path, "it is no file of safetensors", _OTHER)


# --- the head


def _entries(head: bytearray, size: int) -> tuple[list[_Entry], dict[str, str]]:
    """What a head says of values that take so many bytes, in order, together all of them; and its remarks."""
    said = _json(head)
    remarks = _remarks(said.pop(_METADATA, {}))
    if len(said) > _MOST_TENSORS:
        raise _Wrong(f"it has {len(said):,} tensors, and the limit is {_MOST_TENSORS:,}")
    found = sorted((_entry(name, each) for name, each in said.items()), key=lambda each: (each.start, each.stop))
    stop = 0
    for each in found:
        if each.start != stop:
            what = "overlap others" if each.start < stop else "leave a gap before them"
            raise _Wrong(f"the values of {_shown(each.name)} {what}")
        stop = each.stop
    if stop != size:
        raise _Wrong(f"its tensors take {stop:,} bytes, and {size:,} are there")
    return found, remarks


def _json(head: bytearray) -> dict[str, Any]:
    try:
        said = json.loads(head.decode(), object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number)
    except _Wrong:
        raise
    except (ValueError, RecursionError):
        raise _Wrong("its head is no JSON") from None
    assert isinstance(said, dict)  # as it begins with a brace
    return said


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise _Wrong(f"its head has {_shown(name)} twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise _Wrong(f"its head has {_shown(text)}, where whole numbers are due")


def _remarks(said: object) -> dict[str, str]:
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise _Wrong(f"`{_METADATA}` of its head is not texts by their names")
    return said


def _about(remarks: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What a `state_dict` of torch would know of modules: whose connections its weights are."""
    marked = {name.removeprefix(f"{CONNECTIONS}:"): each for name, each in remarks.items()}
    return {path: {CONNECTIONS: each} for path, each in marked.items() if f"{CONNECTIONS}:{path}" in remarks}


def _entry(name: str, said: object) -> _Entry:
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise _Wrong(f"{_shown(name)} is no name of a tensor")
    if not isinstance(said, dict) or said.keys() != {"dtype", "shape", "data_offsets"}:
        raise _Wrong(f"of {_shown(name)} its head does not say dtype, shape and data_offsets alone")
    dtype = said["dtype"]
    if not isinstance(dtype, str) or dtype not in _KNOWN:
        raise _Wrong(f"{_shown(name)} holds {_shown(dtype)}, and what is read are {', '.join(_KNOWN)}")
    shape, offsets = _sizes(name, said["shape"]), _sizes(name, said["data_offsets"])
    if len(shape) > _MOST_AXES or prod(filter(None, shape)) >= _LARGEST:
        raise _Wrong(f"{_shown(name)} has a shape that no tensor has")
    size = _KNOWN[dtype].itemsize * prod(shape)
    if len(offsets) != 2 or offsets[1] - offsets[0] != size:
        raise _Wrong(f"the offsets of {_shown(name)} are not those of {size:,} bytes, which its shape takes")
    return _Entry(name, _KNOWN[dtype], shape, *offsets)


def _sizes(name: str, said: object) -> tuple[int, ...]:
    if type(said) is not list or not all(type(each) is int and 0 <= each < _LARGEST for each in said):
        raise _Wrong(f"of {_shown(name)} its head says what is no list of sizes")
    return tuple(said)


def _shown(said: object) -> str:
    """Of a text that anybody may have written, some in ASCII."""
    return ascii(said)[:_SHOWN] if isinstance(said, str) else "what is no text"


# --- the values


def _tensor(entry: _Entry, data: bytearray, base: int) -> Tensor:
    """The values where they lie, unless they lie so that their type cannot be read there."""
    start, count, size = base + entry.start, prod(entry.shape), entry.dtype.itemsize
    with torch.device("cpu"):
        if not count:
            return torch.empty(entry.shape, dtype=entry.dtype)
        if start % size:
            data, start = data[start : base + entry.stop], 0
        dtype = torch.uint8 if entry.dtype == torch.bool else entry.dtype
        values = torch.frombuffer(data, dtype=dtype, count=count, offset=start).reshape(entry.shape)
        if entry.dtype != torch.bool:
            return values
        if int(values.max()) > 1:
            raise _Wrong(f"{_shown(entry.name)} holds truth values that are none")
        return values.bool()
