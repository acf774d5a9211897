"""What a save says of itself: a manifest in one exact form, so that whatever else is read was changed, and how.

From its tensors follows the head of the weights' file, byte by byte, so that no head is ever parsed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import torch

from connc.backends.torch.folder import DAMAGED, Entry, SaveError

VERSION = 1
LIMIT = 16 * 2**20  # bytes of a manifest: some 150,000 tensors
TRAINING = "training/"  # what the names of tensors begin with that no network has
_MOST_AXES, _LARGEST = 16, 2**63
_HASH = re.compile(r"[0-9a-f]{64}")
_LISTS = re.compile(r"\[\n[\s\d,]*\]")

# What a tensor may hold: as torch calls it, as safetensors does. In a file the last of these come first.
TYPES = {
    "float16": "F16",
    "bfloat16": "BF16",
    "int32": "I32",
    "float32": "F32",
    "float64": "F64",
    "int64": "I64",
}
_RANK = {name: rank for rank, name in enumerate(TYPES)}


class Kind(NamedTuple):
    """The type and the shape of a tensor."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def type(self) -> torch.dtype:
        found = getattr(torch, self.dtype)
        assert isinstance(found, torch.dtype)
        return found

    @property
    def size(self) -> int:
        """In bytes."""
        return self.type.itemsize * prod(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype} {list(self.shape)}"


class Manifest(NamedTuple):
    """What a save holds, and who made it."""

    connc: str
    net: str
    seed: int
    network: Entry
    weights: Entry
    tensors: Mapping[str, Kind]
    training: str = ""  # how far it was trained, and how, as who trains says it

    @property
    def own(self) -> dict[str, Kind]:
        """The tensors of the network; the others are those of its training."""
        return {name: kind for name, kind in self.tensors.items() if not name.startswith(TRAINING)}


def own_version() -> str:
    try:
        return version("connc")
    except PackageNotFoundError:  # a clone that is not installed
        return ""


# --- as text


def printed(manifest: Manifest) -> bytes:
    """The manifest as it stands in its file, the hash of all the rest among it."""
    said: dict[str, object] = {
        "connc": manifest.connc,
        "files": {each.kind: _entry_said(each) for each in (manifest.network, manifest.weights)},
        "format_version": VERSION,
        "net": manifest.net,
        "seed": manifest.seed,
        "tensors": {name: {"dtype": kind.dtype, "shape": kind.shape} for name, kind in manifest.tensors.items()},
    }
    if manifest.training:
        said["training"] = manifest.training
    return _json(said | {"sha256": sha256(_json(said)).hexdigest()})


def _entry_said(entry: Entry) -> dict[str, object]:
    return {"name": entry.name, "sha256": entry.sha256, "size": entry.size}


def _json(said: Mapping[str, object]) -> bytes:
    text = json.dumps(said, indent=1, sort_keys=True)
    return (_LISTS.sub(_in_a_line, text) + "\n").encode()


def _in_a_line(numbers: re.Match[str]) -> str:
    return " ".join(numbers[0].split()).replace("[ ", "[").replace(" ]", "]")


def parsed(data: bytes | bytearray, path: Path) -> Manifest:
    """What a manifest says; one that connc has not written just so is refused."""
    try:
        said = json.loads(data.decode())
    except (ValueError, RecursionError):
        raise SaveError(path, "it is no JSON", DAMAGED) from None
    if not isinstance(said, dict) or "format_version" not in said:
        raise SaveError(path, "it is not the manifest of a save", "restore a folder that `connc.save` has written")
    if (found_version := said["format_version"]) != VERSION:
        shown = ascii(found_version)[:40] if isinstance(found_version, int | str) else "no number"
        found = f"its format_version is {shown}, and this connc reads {VERSION}"
        raise SaveError(path, found, "restore it by the connc that saved it, and save it anew")
    try:
        manifest = _manifest(said)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise SaveError(path, "it does not say what a manifest says", DAMAGED) from None
    if printed(manifest) != data:
        raise SaveError(path, "it is not as connc wrote it: its own SHA-256 or its form differs", DAMAGED)
    if manifest.weights.size != len(head(manifest.tensors)) + sum(each.size for each in manifest.tensors.values()):
        raise SaveError(path, "the size of the weights is not that of their tensors", DAMAGED)
    return manifest


def _manifest(said: dict[str, Any]) -> Manifest:
    """Of values of any kind; what is not said here differs from what is printed again."""
    tensors = {name: Kind(_type(each["dtype"]), _shape(each["shape"])) for name, each in said["tensors"].items()}
    network, weights = (_entry(kind, said["files"][kind]) for kind in ("network", "weights"))
    training = _text(said.get("training", ""))
    return Manifest(_text(said["connc"]), _text(said["net"]), _whole(said["seed"]), network, weights, tensors, training)


def _entry(kind: str, said: dict[str, Any]) -> Entry:
    if not _HASH.fullmatch(said["sha256"]):
        raise ValueError
    return Entry(kind, said["sha256"], _size(said["size"]))


def _text(said: object) -> str:
    if not isinstance(said, str):
        raise ValueError
    return said


def _whole(said: object) -> int:
    if type(said) is not int or said < 0:
        raise ValueError
    return said


def _size(said: object) -> int:
    if (size := _whole(said)) >= _LARGEST:
        raise ValueError
    return size


def _type(said: object) -> str:
    if _text(said) not in TYPES:
        raise ValueError
    return _text(said)


def _shape(said: list[object]) -> tuple[int, ...]:
    if type(said) is not list or len(said) > _MOST_AXES:
        raise ValueError
    return tuple(map(_size, said))


# --- the weights' file


def laid_out(tensors: Mapping[str, Kind]) -> list[str]:
    """The order of tensors in a file: by type, so that each begins where its type may, then by name."""
    return sorted(tensors, key=lambda name: (-_RANK[tensors[name].dtype], name))


def head(tensors: Mapping[str, Kind], remarks: Mapping[str, str] | None = None) -> bytes:
    """What stands before the values in a file of safetensors: a length, remarks, and which tensor lies where."""
    said: dict[str, Any] = {"__metadata__": dict(remarks)} if remarks else {}
    start = 0
    for name in laid_out(tensors):
        kind = tensors[name]
        stop = start + kind.size
        said[name] = {"dtype": TYPES[kind.dtype], "shape": kind.shape, "data_offsets": (start, stop)}
        start = stop
    text = json.dumps(said, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text
