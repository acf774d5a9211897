"""Which data there is, by name."""

from __future__ import annotations

import re
from collections.abc import Callable

from connc.backends.data.cifar import cifar10, cifar100
from connc.backends.data.digits import digits
from connc.backends.data.idx import mnist
from connc.backends.data.morse import SETTINGS, morse_data
from connc.backends.data.npz import npz
from connc.backends.data.parts import Data, DataError
from connc.backends.data.user import from_function
from connc.dsl.words import alternatives, did_you_mean

_FOLDERS: dict[str, Callable[[str], Data]] = {"mnist": mnist, "cifar10": cifar10, "cifar100": cifar100}
_NAMES = ("digits", "morse", *_FOLDERS, "npz")
_ALL = ("digits", "morse", "morse:difficult", *(f"{name}:FOLDER" for name in _FOLDERS), "npz:FILE", "module:function")
_SHOWN = 80
_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def load_data(source: str, *, seed: int = 0) -> Data:
    """Data by its name, such as `digits`, `mnist:FOLDER` or `module:function`. Raises `DataError`.

    `seed` decides about what is drawn, which is `morse` alone: all other data is what it is.
    """
    name, colon, rest = source.partition(":")
    if name in _FOLDERS:
        return _FOLDERS[name](rest)
    if name == "npz":
        return npz(rest)
    if name == "morse":
        return morse_data(rest if colon else next(iter(SETTINGS)), seed, source)
    if source == "digits":
        return digits()
    if name != "digits" and _FUNCTION.fullmatch(source):
        return from_function(source, _NAMES)
    raise DataError(_unknown(source, name))


def _unknown(source: str, name: str) -> str:
    meant = did_you_mean(name.strip().lower(), _NAMES)
    there = alternatives(f"`{each}`" for each in _ALL)
    return f"there is no data {source[:_SHOWN]!r}; {f'{meant} ' if meant else ''}give {there}"
