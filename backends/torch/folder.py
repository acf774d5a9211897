"""The files of a save: read without trust, written so that a crash at any moment leaves each whole or absent."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

if sys.platform != "win32":
    import fcntl

MANIFEST = "manifest.json"
KINDS = {"network": ".txt", "weights": ".safetensors"}
_OURS = re.compile(r"network-[0-9a-f]{16}\.txt|weights-[0-9a-f]{16}\.safetensors|\.[a-z]+-[0-9a-f]{16}\.tmp")
_FLAGS = ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK")  # not every system has each
_SAFE = sum(getattr(os, flag, 0) for flag in _FLAGS)
_WORDS = {errno.ENOENT: "there is no such file", errno.ELOOP: "it is a link", errno.ENXIO: "it is no regular file"}
DAMAGED = "it was cut or changed after it was saved: take a whole copy of the folder, or save the module again"


class SaveError(Exception):
    """A module that cannot be saved, or a save that cannot be trusted: where, what was found, the way out."""

    def __init__(self, path: Path | str, found: str, help: str = "") -> None:
        super().__init__(path, found, help)
        self.path, self.found, self.help = path, found, help

    def __str__(self) -> str:
        return f"{self.path}: {self.found}" + (f"; {self.help}" if self.help else "")

    @classmethod
    def of(cls, path: Path, error: OSError, help: str = "") -> SaveError:
        """What the system says, with the path."""
        return cls(error.filename or path, _WORDS.get(error.errno or 0) or (error.strerror or "failed").lower(), help)


class Entry(NamedTuple):
    """A file by what it holds; so its name follows from its hash, and no name is ever taken from a manifest."""

    kind: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.sha256[:16]}{KINDS[self.kind]}"


# --- reading


def read(path: Path, limit: int, size: int | None = None) -> bytearray:
    """All of a regular file, never through a link, so that no pipe or device can hang or flood who reads.

    It is refused unread when it is longer than `limit`, or not of the `size` that is known.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFE)
        try:
            found = os.fstat(descriptor)
            _check(path, found, limit, size)
            return _all(path, descriptor, found.st_size)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise SaveError.of(path, error, "restore a folder that `connc.save` has written") from None


def _check(path: Path, found: os.stat_result, limit: int, size: int | None) -> None:
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe or a device"
        raise SaveError(path, f"it is {what}, not a regular file")
    if size is not None and found.st_size != size:
        raise SaveError(path, f"it has {found.st_size:,} bytes, and the manifest says {size:,}", DAMAGED)
    if found.st_size > limit:
        raise SaveError(path, f"it has {found.st_size:,} bytes, and the limit is {limit:,}")


def _all(path: Path, descriptor: int, size: int) -> bytearray:
    try:
        data = bytearray(size)
    except MemoryError:
        raise SaveError(path, f"its {size:,} bytes do not fit into memory") from None
    with open(descriptor, "rb", closefd=False) as file:
        if file.readinto(data) != size or file.read(1):
            raise SaveError(path, "its size changes while it is read", "try again when nothing writes to it")
    return data


def read_entry(folder: Path, entry: Entry, limit: int) -> bytearray:
    """A file of the manifest, if it still is what was saved."""
    data = read(folder / entry.name, limit, entry.size)
    if (found := sha256(data).hexdigest()) != entry.sha256:
        wrong = f"its SHA-256 begins with {found[:16]}, and the manifest says {entry.sha256[:16]}"
        raise SaveError(folder / entry.name, wrong, DAMAGED)
    return data


def ours(folder: Path) -> set[str]:
    """The names in a folder that are of a form which only saves have, the manifest's aside."""
    return {name for name in os.listdir(folder) if _OURS.fullmatch(name)}


# --- writing


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder, made if need be, for one writer at a time; a second is refused at once."""
    try:
        _make(folder)
        if sys.platform == "win32":
            yield
        else:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                _lock(folder, descriptor)
                yield
            finally:
                os.close(descriptor)
    except NotADirectoryError:
        raise SaveError(folder, "it is no folder", "save into a folder that is new, empty or an older save") from None
    except OSError as error:
        raise SaveError.of(folder, error, "what was saved there before is still there") from None


def _make(folder: Path) -> None:
    """A new folder is as durable as the files in it."""
    if folder.exists() or folder == folder.parent:
        return
    _make(folder.parent)
    with suppress(FileExistsError):  # another process was faster, or it is a link to nowhere, which cannot be opened
        os.mkdir(folder)
    sync(folder.parent)


def _lock(folder: Path, descriptor: int) -> None:
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            help = "wait for it; of many processes that train one module, let one save"
            raise SaveError(folder, "something else saves into it now", help) from None
        except OSError:  # some network file systems have no locks
            pass


def add(folder: Path, kind: str, parts: Iterable[bytes | memoryview]) -> Entry:
    """A new file of what stands in `parts`; it gets its name when it is whole."""
    temporary, digest, size = write(folder, kind, parts)
    entry = Entry(kind, digest, size)
    os.replace(temporary, folder / entry.name)
    return entry


def write(folder: Path, kind: str, parts: Iterable[bytes | memoryview]) -> tuple[Path, str, int]:
    """A file under a name of no meaning yet, on the disk for sure; its hash and size."""
    path, digest, size = folder / f".{kind}-{token_hex(8)}.tmp", sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFE, 0o666)
    try:
        for part in parts:
            digest.update(part)
            size += len(part)
            while part:
                part = part[os.write(descriptor, part) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return path, digest.hexdigest(), size


def sync(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def drop(folder: Path, names: Iterable[str]) -> None:
    """Remove files that nothing needs; what cannot be removed now can be later."""
    for name in sorted(names):
        with suppress(OSError):
            os.unlink(folder / name)
