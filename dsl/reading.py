"""Bytes to source text: what is opened, how much of it is read, which characters it may hold."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from connc.dsl import codes
from connc.dsl.diagnostic import Diagnostic, Refusal
from connc.dsl.limits import Limits
from connc.dsl.source import Source, Span

# Control characters, marks without width or that turn the direction of text, lone carriage returns.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|\r(?!\n)"
)
_NAMES = {"\x00": "a NUL", "\ufeff": "a byte order mark", "\r": "a carriage return without a line feed"}


class Unreadable(Exception):
    """A file that cannot be read; says why, without its name."""


def read_file(path: Path, name: str, limits: Limits) -> Source:
    """A file as a source called `name`. Regular files only, so that no pipe or device can hang or flood a run."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unreadable("it is not a regular file")
            data = file.read(limits.size + 1)
    except IsADirectoryError:
        raise Unreadable("it is a folder") from None
    except OSError as error:
        raise Unreadable((error.strerror or "it cannot be opened").lower()) from None
    return read_bytes(data, name, limits, path.parent)


def read_bytes(data: bytes, name: str, limits: Limits, folder: Path | None = None) -> Source:
    """Text as a source called `name`; a byte order mark in front is left out."""
    if len(data) > limits.size:
        raise Refusal(limits.exceeded("size", Span(Source(name, ""), 0, 0), len(data)))
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        source = Source(name, data.decode("utf-8"), folder)
    except UnicodeDecodeError as error:
        raise Refusal(_not_utf8(data, name, error)) from None
    if hidden := _INVISIBLE.search(source.text):
        raise Refusal(_invisible(source, hidden))
    return source


def _not_utf8(data: bytes, name: str, error: UnicodeDecodeError) -> Diagnostic:
    before = len(data[: error.start].decode("utf-8"))
    source = Source(name, data.decode("utf-8", "replace"))
    message = f"byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8"
    return codes.ENCODING.at(Span(source, before, before + 1), message, help="save the file as UTF-8")


def _invisible(source: Source, found: re.Match[str]) -> Diagnostic:
    character = found[0]
    span = Span(source, *found.span())
    offset = len(source.text[: span.start].encode())
    message = f"{_NAMES.get(character, 'an invisible character')} (U+{ord(character):04X}) at byte {offset}"
    help_ = "save the file with line feeds as line ends" if character == "\r" else "delete it"
    return codes.CONTROL.at(span, message, help=help_)
