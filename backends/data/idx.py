"""MNIST, and what has its form, from files of the format IDX: a head of whole numbers, then bytes."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connc.backends.data.files import folder_of, one_of, shown, unpacked
from connc.backends.data.parts import Data, DataError, Part

_MOST = 250_000  # images in a file
_CLASSES = 10
_NUMBER = 4  # bytes of a number in the head, the largest first


class _Kind(NamedTuple):
    """What a file holds, as its name and its head say it."""

    what: str
    name: str
    magic: int
    shape: tuple[int, ...]


_IMAGES = _Kind("images", "images{}idx3-ubyte", 0x803, (28, 28))
_LABELS = _Kind("labels", "labels{}idx1-ubyte", 0x801, ())


def mnist(text: str) -> Data:
    """Inputs `[n, 1, 28, 28]` from 0 to 1; `train` files to learn from, `t10k` files to check with."""
    folder = folder_of(text, "mnist")
    return Data(f"mnist:{text}", _part(folder, "train"), _part(folder, "t10k"), _CLASSES)


def _part(folder: Path, split: str) -> Part:
    """Both files, with the labels first, as they are small."""
    label_file, image_file = _find(folder, split, _LABELS), _find(folder, split, _IMAGES)
    labels, images = _values(label_file, _LABELS), _values(image_file, _IMAGES)
    if len(images) != len(labels):
        there = f"{shown(image_file)} has {len(images):,} images"
        raise DataError(f"{there}, and {shown(label_file)} has {len(labels):,} labels: one for each was expected")
    if (wrong := labels >= _CLASSES).any():
        place = int(wrong.argmax())
        raise DataError(
            f"{shown(label_file)}: label {place:,} is {labels[place]}, and 0 to {_CLASSES - 1} were expected"
        )
    inputs = images[:, None].astype(np.float32)
    inputs /= 255
    return Part(inputs, labels.astype(np.int64))


def _find(folder: Path, split: str, kind: _Kind) -> Path:
    names = [f"{split}-{kind.name.format(dot)}" for dot in "-."]
    return one_of(folder, [name + packed for name in names for packed in ("", ".gz")])


def _values(path: Path, kind: _Kind) -> NDArray[np.uint8]:
    head, size = _NUMBER * (2 + len(kind.shape)), prod(kind.shape)
    with unpacked(path, head + _MOST * size) as file:
        start = file.read(head)
        count = _count(path, kind, start, head)
        data = file.read(count * size + 1)  # one more than there may be
    if len(data) != count * size:
        found = "more" if len(data) > count * size else f"{len(data):,}"
        expected = f"its head says {count:,} {kind.what}, {count * size:,} bytes"
        raise DataError(f"{shown(path)}: {expected}, and {found} are there")
    return np.frombuffer(data, dtype=np.uint8).reshape(count, *kind.shape)


def _count(path: Path, kind: _Kind, start: bytes, head: int) -> int:
    """How many items there should be, by a head that is right."""
    if len(start) != head:
        raise DataError(f"{shown(path)}: it has {len(start)} bytes, and the head of {kind.what} alone has {head}")
    magic, count, *shape = (int.from_bytes(start[at : at + _NUMBER], "big") for at in range(0, head, _NUMBER))
    if magic != kind.magic:
        expected = f"0x{kind.magic:08x} of {kind.what} was expected"
        raise DataError(f"{shown(path)}: it begins with 0x{magic:08x}, and {expected}")
    if tuple(shape) != kind.shape:
        found, expected = (" x ".join(map(str, each)) for each in (shape, kind.shape))
        raise DataError(f"{shown(path)}: its {kind.what} are {found}, and {expected} was expected")
    if not 0 < count <= _MOST:
        raise DataError(f"{shown(path)}: its head says {count:,} {kind.what}, and 1 to {_MOST:,} were expected")
    return count
