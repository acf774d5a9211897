"""Files of data sets, read without trust: regular files alone, opened once, and no more than a format can need."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from connc.backends.data.parts import DataError

_FLAGS = sum(getattr(os, flag, 0) for flag in ("O_BINARY", "O_CLOEXEC", "O_NONBLOCK"))  # not every system has each
_GZIP = b"\x1f\x8b"


def folder_of(text: str, source: str) -> Path:
    """What stands behind `source:`."""
    if not text:
        raise DataError(f"`{source}` needs the folder where its files are: `{source}:FOLDER`")
    return Path(os.path.expanduser(text))


def listed(folder: Path) -> set[str]:
    """The names in a folder."""
    try:
        return set(os.listdir(folder))
    except (OSError, ValueError) as error:
        raise DataError(f"{shown(folder)}: {_why(error)}; it has to be a folder with the files of the data") from None


def one_of(folder: Path, names: Collection[str]) -> Path:
    """The first of these that the folder has."""
    there = listed(folder)
    found = next((name for name in names if name in there), None)
    if found is None:
        raise DataError(f"{shown(folder)}: there is no {' and no '.join(names)}")
    return folder / found


def read(path: Path, limit: int) -> bytes:
    """All of a regular file up to a limit; links are followed, as caches have them."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _FLAGS)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                what = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe or a device"
                raise DataError(f"{shown(path)}: it is {what}, and a regular file was expected")
            if found.st_size > limit:
                raise DataError(f"{shown(path)}: it has {found.st_size:,} bytes, and at most {limit:,} were expected")
            with open(descriptor, "rb", closefd=False) as file:
                return file.read(found.st_size)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise DataError(f"{shown(path)}: {_why(error)}, and a regular file was expected") from None


@contextmanager
def unpacked(path: Path, limit: int) -> Iterator[io.BufferedIOBase]:
    """The bytes in a file, or in what gzip has packed there; nothing is unpacked before it is read."""
    data = read(path, limit)
    if not data.startswith(_GZIP):
        yield io.BytesIO(data)
        return
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            yield file
    except EOFError:
        raise DataError(f"{shown(path)}: it is cut off, as what gzip has packed does not end in it") from None
    except (gzip.BadGzipFile, zlib.error):
        raise DataError(f"{shown(path)}: it is damaged, as gzip cannot unpack it") from None


def shown(path: Path) -> str:
    return text if (text := str(path)).isprintable() else ascii(text)


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "it does not exist"
    return (error.strerror or "it cannot be read").lower() if isinstance(error, OSError) else "it is no path"
