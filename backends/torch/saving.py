"""Modules kept in folders, and made again of what a folder holds, which nobody needs to trust.

A save is a manifest and the two files that it names, the network as text and the values of its tensors. Nothing in it
is ever run: the network is read as any text is, compiled, and filled with values that fit it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from connc.backends.torch.folder import (
    DAMAGED,
    MANIFEST,
    SaveError,
    add,
    drop,
    locked,
    ours,
    read,
    read_entry,
    sync,
    write,
)
from connc.backends.torch.lower import compile_network
from connc.backends.torch.manifest import LIMIT, TRAINING, Kind, Manifest, head, laid_out, own_version, parsed, printed
from connc.backends.torch.module import Module
from connc.backends.torch.packing import kind_of, values_of
from connc.compiler.text.parser import parse_ir
from connc.dsl.diagnostic import Refusal
from connc.dsl.limits import Limits
from connc.dsl.reading import read_bytes

__all__ = ["SaveError", "restore", "save"]

MOST_WEIGHTS = 64 * 2**30  # bytes, as all of them are in memory before any is believed
Folder = str | os.PathLike[str]


class Training(NamedTuple):
    """What a training leaves beside its module: what it says of itself, and the tensors of its optimiser."""

    said: str
    tensors: Mapping[str, Tensor]


def save(module: Module, folder: Folder, *, training: Training | None = None) -> None:
    """Keep a module in a folder, which is made if there is none: its network, its seed, the values of its tensors.

    An older save there is replaced; whatever happens meanwhile, one of the two is there, whole. A module that is no
    longer what its network says is refused, as is a folder that holds other things. Raises `SaveError`.
    """
    if not isinstance(module, Module):
        raise TypeError(f"save takes a module that `connc.compile` made, not a {type(module).__name__}")
    path, text = Path(folder), str(module.network).encode()
    check_unchanged(module, path)
    state = module.state_dict()
    if training is not None:
        state |= {TRAINING + name: value for name, value in training.tensors.items()}
    tensors = {name: kind_of(name, value, path) for name, value in state.items()}
    if (size := len(head(tensors)) + sum(kind.size for kind in tensors.values())) > MOST_WEIGHTS:
        raise SaveError(path, f"its tensors would take {size:,} bytes, and the limit is {MOST_WEIGHTS:,}")
    with locked(path):
        _check_place(path)
        before = ours(path)
        try:
            network, weights = add(path, "network", [text]), add(path, "weights", values_of(state, tensors))
            who = own_version(), module.network.kind, module.seed
            said = Manifest(*who, network, weights, tensors, training.said if training else "")
            manifest = _written(path, printed(said))
        except BaseException:
            drop(path, ours(path) - before)
            raise
        # From here on the new save may count: nothing of it is removed any more, nor of the older one until it does.
        os.replace(manifest, path / MANIFEST)
        sync(path)
        drop(path, ours(path) - {network.name, weights.name})


def restore(folder: Folder) -> Module:
    """The module that a folder keeps, on the CPU, in training mode, its tensors of the types that they had.

    All that stands in the folder is checked before it is used, and nothing in it is run. Raises `SaveError`.
    """
    return restore_training(folder)[0]


def restore_training(folder: Folder) -> tuple[Module, Training]:
    """As `restore`, with what was saved of its training."""
    path = Path(folder)
    manifest, text, weights = _held(path)
    module = _made(text, path / manifest.network.name, manifest.seed)
    _check_fit(manifest, module, path / MANIFEST)
    start = head(manifest.tensors)
    if not weights.startswith(start):
        raise SaveError(path / manifest.weights.name, "its head is not what the manifest says of its tensors", DAMAGED)
    others = _fill(module, manifest.tensors, weights, len(start))
    return module, Training(manifest.training, others)


# --- saving


def check_unchanged(module: Module, path: Path) -> None:
    """Raises `SaveError` unless a module is what its network says, which is what another will make of `path`."""
    made = _made(str(module.network).encode(), path, module.seed)
    way_out = "save what `connc.compile` made, or keep the `state_dict` of what it has become"
    state, wanted = module.state_dict(), made.state_dict()
    if differing := sorted(state.keys() ^ wanted.keys()):
        what = "has {}, which its network has not" if differing[0] in state else "lacks {}, which its network has"
        raise SaveError(path, f"the module {what.format(f'`{differing[0]}`')}", way_out)
    layers, others = _layers(module), _layers(made)
    if differing := sorted(name for name in layers.keys() | others.keys() if layers.get(name) != others.get(name)):
        name = differing[0]
        found = f"`{name}` of the module is {layers.get(name)}, and its network says {others.get(name)}"
        raise SaveError(path, found, way_out)
    if str(module.graph) != str(made.graph):
        raise SaveError(path, "the graph of the module was changed after it was compiled", way_out)
    for name in wanted:
        if state[name].shape != wanted[name].shape:
            found = f"`{name}` has the shape {list(state[name].shape)}, and its network says {list(wanted[name].shape)}"
            raise SaveError(path, found, way_out)


def _layers(module: nn.Module) -> dict[str, str]:
    """What each module below one is, in its own words."""
    return {name: f"{_class(each)}({each.extra_repr()})" for name, each in module.named_modules() if name}


def _class(module: nn.Module) -> str:
    """Torch's own layers by their names; who calls another class so says where it is from."""
    kind = type(module)
    return kind.__name__ if kind.__module__.startswith("torch.nn.") else f"{kind.__module__}.{kind.__qualname__}"


def _check_place(path: Path) -> None:
    """Only what can be told to be a save, or the rest of one that failed, is replaced."""
    names, way_out = set(os.listdir(path)), "save into a folder that is new, empty or an older save"
    if MANIFEST in names:
        try:
            parsed(read(path / MANIFEST, LIMIT), path / MANIFEST)
        except SaveError as error:
            raise SaveError(error.path, error.found, way_out) from None
    elif strangers := sorted(names - ours(path)):
        raise SaveError(path, f"the folder holds other things, {strangers[0]!a} among them", way_out)


def _written(path: Path, manifest: bytes) -> Path:
    """The manifest under another name, once all that it names is on the disk."""
    if len(manifest) > LIMIT:
        raise SaveError(path / MANIFEST, f"it would have {len(manifest):,} bytes, and the limit is {LIMIT:,}")
    temporary, _, _ = write(path, "manifest", [manifest])
    sync(path)
    return temporary


# --- restoring


def _held(path: Path) -> tuple[Manifest, bytearray, bytearray]:
    """What a save holds, as its hashes say; again from the start where a new save has come meanwhile."""
    while True:
        data = read(path / MANIFEST, LIMIT)
        manifest = parsed(data, path / MANIFEST)
        try:
            text = read_entry(path, manifest.network, Limits().size)
            return manifest, text, read_entry(path, manifest.weights, MOST_WEIGHTS)
        except SaveError:
            if read(path / MANIFEST, LIMIT) == data:
                raise


def _made(text: bytes | bytearray, path: Path, seed: int) -> Module:
    """The module of a network's text, without values: what it would take is not known to be there yet."""
    try:
        network = parse_ir(read_bytes(bytes(text), path.name, Limits()).text, path.name)
        with torch.device("meta"):
            return compile_network(network, seed)
    except Refusal as refusal:
        raise SaveError(path, f"its network cannot be read: {refusal}") from None
    except Exception as error:  # a text that nobody has compiled before
        raise SaveError(path, "its network cannot be compiled", "restore only what `connc.save` has written") from error


def _check_fit(manifest: Manifest, module: Module, path: Path) -> None:
    """The tensors that are there are those of the network, in its shapes; each float may be of any precision."""
    if manifest.net != module.network.kind:
        raise SaveError(path, f"it says net {manifest.net[:80]!a}, and the network is {module.network.kind}", DAMAGED)
    wanted = module.state_dict()
    if missing := wanted.keys() - manifest.tensors.keys():
        raise SaveError(path, f"`{min(missing)}` of the network is missing", DAMAGED)
    if extra := manifest.own.keys() - wanted.keys():
        raise SaveError(path, f"it has {min(extra)[:80]!a}, which the network has not", DAMAGED)
    for name, kind in manifest.own.items():
        same = kind.type == wanted[name].dtype or (kind.type.is_floating_point and wanted[name].is_floating_point())
        if not same or kind.shape != tuple(wanted[name].shape):
            of_network = Kind(str(wanted[name].dtype).removeprefix("torch."), tuple(wanted[name].shape))
            raise SaveError(path, f"`{name}` is {kind}, and the network says {of_network}", DAMAGED)


def _fill(module: Module, tensors: Mapping[str, Kind], weights: bytearray, start: int) -> dict[str, Tensor]:
    """Give each tensor its values, in their own type; tables of connections are filled by those who hold them.

    Gives those that are not the module's.
    """
    module.to_empty(device="cpu")
    state, rest, others = module.state_dict(keep_vars=True), memoryview(weights)[start:], {}
    for name in laid_out(tensors):
        kind = tensors[name]
        value = _tensor(kind, rest[: kind.size])
        if name in state:
            state[name].data = value
        else:
            others[name.removeprefix(TRAINING)] = value
        rest = rest[kind.size :]
    return others


def _tensor(kind: Kind, data: memoryview) -> Tensor:
    with torch.device("cpu"):
        values = torch.frombuffer(data, dtype=kind.type) if kind.size else torch.empty(0, dtype=kind.type)
        return values.clone().reshape(kind.shape)
