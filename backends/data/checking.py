"""What somebody's own function gives, as data of which all is known to be right."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from connc.backends.data.parts import Data, DataError, Inputs, Labels, Part

_MOST_CLASSES = 1_000_000
_EXPECTED = (
    "a `Data`, or a tuple of four arrays was expected: train inputs, train labels, validation inputs, validation labels"
)


def checked(found: object, source: str) -> Data:
    """The data, or a `DataError` that says what of it is wrong."""
    if isinstance(found, Data):
        return _of_data(found, source)
    if not isinstance(found, tuple) or len(found) != 4:
        what = f"a tuple of {len(found)}" if isinstance(found, tuple) else f"what is of type `{type(found).__name__}`"
        raise DataError(f"`{source}` gave {what}: {_EXPECTED}")
    train = _part(found[0], found[1], f"`{source}`, train")
    validation = _part(found[2], found[3], f"`{source}`, validation")
    _check_shapes(train, validation, source)
    return Data(source, train, validation, 1 + _largest(train, validation))


def _of_data(found: Data, source: str) -> Data:
    for name in ("train", "validation"):
        if not isinstance(part := getattr(found, name), Part):
            raise DataError(f"`{source}` gave a `Data` whose {name} is of type `{type(part).__name__}`, not `Part`")
    train = _part(found.train.inputs, found.train.labels, f"`{source}`, train")
    validation = _part(found.validation.inputs, found.validation.labels, f"`{source}`, validation")
    _check_shapes(train, validation, source)
    _check_name(found.name, source)
    _check_classes(found.classes, _largest(train, validation), source)
    return Data(found.name or source, train, validation, int(found.classes))


def _check_name(name: object, source: str) -> None:
    if not isinstance(name, str) or not name.isprintable():
        raise DataError(f"`{source}` gave a `Data` whose name is no printable text")


def _check_classes(classes: object, largest: int, source: str) -> None:
    if not isinstance(classes, int | np.integer) or isinstance(classes, bool) or classes > _MOST_CLASSES:
        expected = f"a whole number up to {_MOST_CLASSES:,} was expected"
        raise DataError(f"`{source}` gave a `Data` whose number of classes is {classes!r}, and {expected}")
    if classes <= largest:
        raise DataError(f"`{source}` gave a `Data` of {classes} classes, and a label {largest}: they count from 0 on")


def _check_shapes(train: Part, validation: Part, source: str) -> None:
    ours, theirs = (list(part.inputs.shape[1:]) for part in (train, validation))
    if ours != theirs:
        raise DataError(f"`{source}`: train inputs are {ours} each, validation inputs {theirs}; one shape was expected")


def _largest(*parts: Part) -> int:
    return int(max(part.labels.max() for part in parts))


def _part(inputs: object, labels: object, what: str) -> Part:
    found = Part(_inputs(inputs, f"{what} inputs"), _labels(labels, f"{what} labels"))
    if len(found.inputs) != len(found.labels):
        raise DataError(f"{what}: {len(found.inputs):,} inputs and {len(found.labels):,} labels; one each was expected")
    return found


def _inputs(value: object, what: str) -> Inputs:
    array = _array(value, what)
    if array.ndim < 2:
        raise DataError(f"{what}: their shape is {list(array.shape)}, and [n, …] was expected, an axis for each input")
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        found = np.ascontiguousarray(array, dtype=np.float32)
    if not (finite := np.isfinite(found)).all():
        place = int(finite.reshape(len(found), -1).all(axis=1).argmin())
        raise DataError(f"{what}: number {place:,} is not finite as float32, and all were expected to be")
    return found


def _labels(value: object, what: str) -> Labels:
    array = _array(value, what)
    if array.ndim != 1:
        raise DataError(f"{what}: their shape is {list(array.shape)}, and [n] was expected, a whole number each")
    array = array.astype({"f": np.float64, "b": np.int64}.get(array.dtype.kind, array.dtype))
    fits = (array >= 0) & (array < _MOST_CLASSES) & (array == np.floor(array))
    if not fits.all():
        place = int(fits.argmin())
        expected = f"whole numbers from 0 up to {_MOST_CLASSES - 1:,} were expected"
        raise DataError(f"{what}: number {place:,} is {array[place]}, and {expected}")
    return array.astype(np.int64)


def _array(value: object, what: str) -> NDArray[Any]:
    """Whatever numpy takes for numbers, at least one."""
    try:
        found = np.asarray(value)
    except Exception:  # it asks the value itself, which may be anything
        raise DataError(f"{what}: numpy makes no array of what is of type `{type(value).__name__}`") from None
    if found.dtype.kind not in "biuf":
        raise DataError(f"{what}: they are of type `{found.dtype}`, and numbers were expected")
    if not found.size:
        raise DataError(f"{what}: their shape is {list(found.shape)}, and at least one was expected")
    return found
