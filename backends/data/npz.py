"""Arrays that numpy has saved, as `connc data` writes them."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

from connc.backends.data.checking import checked
from connc.backends.data.files import read, shown
from connc.backends.data.parts import Data, DataError

ARRAYS = ("train_inputs", "train_labels", "validation_inputs", "validation_labels")
_LARGEST = 1 << 34  # bytes, unpacked


def npz(file: str) -> Data:
    """What a file holds under the names of `ARRAYS`; others are left alone."""
    path = Path(os.path.expanduser(file))
    content = io.BytesIO(read(path, _LARGEST))
    try:
        with zipfile.ZipFile(content) as packed:
            size = sum(each.file_size for each in packed.infolist())
        if size > _LARGEST:
            raise DataError(f"{shown(path)}: it unpacks to {size:,} bytes, and at most {_LARGEST:,} were expected")
        with np.load(content, allow_pickle=False) as found:
            if lacking := [name for name in ARRAYS if name not in found]:
                there = ", ".join(found.files[:8]) or "nothing"
                raise DataError(f"{shown(path)}: there is no {' and no '.join(lacking)}; it has {there}")
            arrays = tuple(found[name] for name in ARRAYS)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{shown(path)}: it is no whole `.npz` of plain arrays: {str(error)[:100]}") from None
    return checked(arrays, f"npz:{file}")
