"""CIFAR-10 and CIFAR-100 from their binary versions: records of labels and an image, one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connc.backends.data.files import folder_of, listed, read, shown
from connc.backends.data.parts import Data, DataError, Inputs, Labels, Part

_SHAPE, _BYTES = (3, 32, 32), 3 * 32 * 32
_MEANS = np.array([125.3, 123.0, 113.9], dtype=np.float32).reshape(3, 1, 1)
_DEVIATIONS = np.array([63.3, 62.1, 66.7], dtype=np.float32).reshape(3, 1, 1)


class _Version(NamedTuple):
    """Where the files lie, which there are, and how many there are of each label; the last is learned."""

    name: str
    folder: str
    train: tuple[str, ...]
    validation: str
    classes: tuple[int, ...]
    most: int  # images in a file


_CIFAR10 = _Version(
    "cifar10",
    "cifar-10-batches-bin",
    tuple(f"data_batch_{n}.bin" for n in range(1, 6)),
    "test_batch.bin",
    (10,),
    10_000,
)
_CIFAR100 = _Version("cifar100", "cifar-100-binary", ("train.bin",), "test.bin", (20, 100), 50_000)


def cifar10(text: str) -> Data:
    """Inputs `[n, 3, 32, 32]`, normalised; the five batches to learn from, `test_batch.bin` to check with."""
    return _data(_CIFAR10, text)


def cifar100(text: str) -> Data:
    """The same by the 100 fine labels; `train.bin` to learn from, `test.bin` to check with."""
    return _data(_CIFAR100, text)


def _data(version: _Version, text: str) -> Data:
    folder = _find(version, folder_of(text, version.name))
    train, validation = _part(version, folder, version.train), _part(version, folder, (version.validation,))
    return Data(f"{version.name}:{text}", train, validation, version.classes[-1])


def _find(version: _Version, folder: Path) -> Path:
    """The folder, or the one inside it that unpacking makes, if all files are there."""
    names, there = (*version.train, version.validation), listed(folder)
    if version.folder in there and there.isdisjoint(names):
        folder = folder / version.folder
        there = listed(folder)
    if missing := [name for name in names if name not in there]:
        help_ = f"the binary version has it, in a folder `{version.folder}`; pickles of other versions are not read"
        raise DataError(f"{shown(folder)}: there is no {missing[0]}; {help_}")
    return folder


def _part(version: _Version, folder: Path, names: tuple[str, ...]) -> Part:
    inputs, labels = zip(*(_records(version, folder / name) for name in names), strict=True)
    return Part(np.concatenate(inputs), np.concatenate(labels))


def _records(version: _Version, path: Path) -> tuple[Inputs, Labels]:
    length = len(version.classes) + _BYTES
    data = read(path, version.most * length)
    if not data or len(data) % length:
        raise DataError(f"{shown(path)}: it has {len(data):,} bytes, and images of {length:,} bytes each were expected")
    records = np.frombuffer(data, dtype=np.uint8).reshape(-1, length)
    for column, classes in enumerate(version.classes):
        _check(path, records[:, column], classes)
    inputs = records[:, len(version.classes) :].reshape(-1, *_SHAPE).astype(np.float32)
    inputs -= _MEANS
    inputs /= _DEVIATIONS
    return inputs, records[:, len(version.classes) - 1].astype(np.int64)


def _check(path: Path, labels: NDArray[np.uint8], classes: int) -> None:
    if (wrong := labels >= classes).any():
        place = int(wrong.argmax())
        found = f"a label of image {place:,} is {labels[place]}"
        raise DataError(f"{shown(path)}: {found}, and 0 to {classes - 1} were expected")
