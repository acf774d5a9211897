"""Tables of 0 and 1, from lists and from files. A file is hostile: nothing of it runs, and none of it is shown."""

from __future__ import annotations

import io
import os
import stat
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from connc.compiler.relations.base import Unfit
from connc.dsl import codes
from connc.dsl.limits import Limits

Bits = NDArray[np.bool_]
LARGEST = Limits().size
_MAGIC = b"\x93NUMPY"


def of_rows(rows: Sequence[Sequence[int]]) -> Bits:
    """A table that a spec writes as a list."""
    if not rows or not rows[0]:
        raise Unfit(codes.TABLE, "the table is empty", "it needs a row for each source and a column for each target")
    for number, row in enumerate(rows):
        _check_length(number, len(row), len(rows[0]))
        if bad := [column for column, cell in enumerate(row) if cell not in (0, 1)]:
            raise _neither(number, bad[0])
    return np.array(rows, dtype=np.bool_)


def _check_length(number: int, found: int, wanted: int) -> None:
    if found != wanted:
        message = f"row {number} of the table has {found} {_cells(found)}, and row 0 has {wanted}"
        raise Unfit(codes.TABLE, message, "all rows have one cell for each target")


def _cells(count: int) -> str:
    return "cell" if count == 1 else "cells"


def _neither(row: int, column: int) -> Unfit:
    message = f"row {row}, column {column} of the table is neither 0 nor 1"
    return Unfit(codes.TABLE, message, "1 connects a source, the row, to a target, the column; both count from 0")


def read(folder: Path | None, name: str) -> Bits:
    """A table in a CSV or NPY file of a folder."""
    data = _contents(folder, name)
    return _npy(name, data) if data.startswith(_MAGIC) or name.lower().endswith(".npy") else _csv(name, data)


# --- opening


def _contents(folder: Path | None, name: str) -> bytes:
    if name in ("", ".", "..") or any(character in "/\\:\0" or character < " " for character in name):
        message = "the name of a table has no folders in it"
        raise Unfit(codes.TABLE, message, "the file lies beside the spec, and is named without its folder")
    if folder is None:
        message = f"`{name}` cannot be found: this text is not in a file that it could lie beside"
        raise Unfit(codes.TABLE, message, "write the table as a list, or keep the spec in a file")
    try:
        return _opened(folder / name, name)
    except IsADirectoryError:
        raise _unreadable(name, "it is a folder") from None
    except OSError as error:
        reason = "it is a link" if folder.joinpath(name).is_symlink() else (error.strerror or "").lower()
        raise _unreadable(name, reason or "it cannot be opened") from None


def _opened(path: Path, name: str) -> bytes:
    """The bytes of a regular file; a link, a pipe or a device is none."""
    flags = (getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
    descriptor = os.open(path, os.O_RDONLY | sum(flags))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _unreadable(name, "it is not a regular file")
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise _unreadable(name, f"it has more than {LARGEST:,} bytes")
    return data


def _unreadable(name: str, reason: str) -> Unfit:
    return Unfit(codes.TABLE, f"`{name}` cannot be read: {reason}", "a table is a CSV or NPY file beside the spec")


# --- CSV


def _csv(name: str, data: bytes) -> Bits:
    """Lines of 0 and 1 with commas between; blanks and empty lines do not count."""
    lines = data.removeprefix(b"\xef\xbb\xbf").translate(None, b" \t\r").split(b"\n")
    rows = [line for line in lines if line]
    if not rows:
        raise _unreadable(name, "it holds no row")
    for number, row in enumerate(rows):
        if row[1::2].strip(b",") or row[::2].strip(b"01") or len(row) % 2 == 0:
            raise _neither(number, _first_bad(row))
        _check_length(number, len(row) // 2 + 1, len(rows[0]) // 2 + 1)
    cells = np.frombuffer(b"".join(row[::2] for row in rows), dtype=np.uint8)
    bits: Bits = cells == ord("1")
    return bits.reshape(len(rows), -1)


def _first_bad(row: bytes) -> int:
    cells = row.split(b",")
    return next(column for column, cell in enumerate(cells) if cell not in (b"0", b"1"))


# --- NPY


def _npy(name: str, data: bytes) -> Bits:
    """A matrix of whole numbers or truth values. The header is read first, so that no claim in it costs memory."""
    file = io.BytesIO(data)
    try:
        shape, columns_first, dtype = _header(file)
    except Exception:  # the header is text that numpy evaluates as a literal, and what that raises is nowhere listed
        raise _unreadable(name, "it is no NPY file") from None
    if len(shape) != 2 or dtype.kind not in "biu":
        kind = f"{len(shape)} dimensions of {dtype.name}"
        raise _unreadable(name, f"it holds {kind}, and a matrix of whole numbers or truth values is due")
    if min(shape) < 1 or len(data) - file.tell() != shape[0] * shape[1] * dtype.itemsize:
        raise _unreadable(name, "it does not hold as many numbers as it says")
    cells = np.frombuffer(data, dtype, offset=file.tell()).reshape(shape, order="F" if columns_first else "C")
    if bool((bad := (cells != 0) & (cells != 1)).any()):
        raise _neither(*(int(at[0]) for at in np.nonzero(bad)))
    return cells.astype(np.bool_)


def _header(file: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        version = np.lib.format.read_magic(file)
        readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        return readers[version](file)
