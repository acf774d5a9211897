"""Morse code as a signal of 64 cells, of which a net is to tell the symbol: made, not downloaded.

The procedure is that of the published data: each symbol of a code sounds for some cells, with silence between. A sample
follows from its label alone, so that labels are shuffled first and all samples of a split are then made at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple, TypeAlias

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng
from numpy.typing import NDArray

from connc.backends.data.codebook import CODEBOOK
from connc.backends.data.parts import Data, DataError, Inputs, Labels, Part

# By the names that stand behind `morse:`; `morse(**SETTINGS["difficult"])`.
SETTINGS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"baseline": {}, "difficult": {"noise": 4.0, "leading": True, "dash": (3, 9)}}
)

Lengths: TypeAlias = tuple[int, int]  # the shortest and the longest, drawn uniformly

_CELLS = 64
_LEVEL, _DEVIATION, _TOP = 12.0, 1.34, 16.0  # of a cell that sounds, before all is divided by the highest level
_STEPS = 1000  # three decimals
_LONGEST = max(map(len, CODEBOOK.values()))
_DOT, _DASH = 1, 2
_SYMBOLS = np.array(
    [[".-".index(symbol) + 1 for symbol in code] + [0] * (_LONGEST - len(code)) for code in CODEBOOK.values()]
)


class Splits(NamedTuple):
    train: Part
    validation: Part
    test: Part


def morse(
    per_class: tuple[int, int, int] = (5000, 1000, 1000),
    *,
    style: str = "grey",
    noise: float = 0.0,
    noise_mean: float = 0.0,
    leading: bool = False,
    dash: Lengths = (4, 9),
    dot: Lengths = (1, 3),
    gap: Lengths = (1, 3),
    dilation: int = 1,
    flips: int = 0,
    seed: int = 0,
) -> Splits:
    """Samples of all 64 classes, so many of each, to learn from, to check with and to test.

    In style `grey`, a cell that sounds is about .75, and normal `noise` is added to all, of a deviation where the
    highest level is 16; in style `bw`, cells are 0 or 1, and up to `flips` of them are turned around. `leading` puts
    silence in front. `dash`, `dot` and `gap` are the shortest and longest lengths, which `dilation` multiplies as it
    does the 64 cells.
    """
    signal = _Signal(style, noise, noise_mean, leading, dash, dot, gap, dilation, flips)
    _check(signal, per_class, seed)
    return Splits(
        *(_part(signal, count, _Draws(seed, name)) for name, count in zip(Splits._fields, per_class, strict=True))
    )


def morse_data(setting: str, seed: int, name: str) -> Data:
    """A named setting, without the samples for tests, which no training may see."""
    if setting not in SETTINGS:
        raise DataError(
            f"there is no `morse:{setting}`: there are {' and '.join(f'`morse:{each}`' for each in SETTINGS)}"
        )
    train, validation, _ = morse((5000, 1000, 0), seed=seed, **SETTINGS[setting])
    return Data(name, train, validation, len(CODEBOOK))


def save_morse(file: BinaryIO, splits: Splits) -> None:
    """All parts and the codebook as an .npz, which numpy reads without pickle; equal parts give equal bytes."""
    parts = zip(Splits._fields, splits, strict=True)
    arrays = {f"{name}_{kind}": getattr(part, kind) for name, part in parts for kind in ("inputs", "labels")}
    np.savez_compressed(file, **arrays, symbols=np.array([*CODEBOOK]), codes=np.array([*CODEBOOK.values()]))


# --- what is asked for


@dataclass(frozen=True)
class _Signal:
    style: str
    noise: float
    noise_mean: float
    leading: bool
    dash: Lengths
    dot: Lengths
    gap: Lengths
    dilation: int
    flips: int

    @property
    def cells(self) -> int:
        return _CELLS * self.dilation

    def longest(self, code: str) -> int:
        """How many cells a code can take before dilation."""
        return code.count("-") * self.dash[1] + code.count(".") * self.dot[1] + (len(code) - 1) * self.gap[1]


def _check(signal: _Signal, per_class: object, seed: object) -> None:
    if signal.style not in ("grey", "bw"):
        raise DataError(f"the style is `grey` or `bw`, not {signal.style!r}")
    if not _wholes(per_class, 3, 0):
        raise DataError(f"`per_class` is three whole numbers, to learn from, to check with, to test, not {per_class!r}")
    for name in ("dash", "dot", "gap"):
        _check_lengths(name, getattr(signal, name))
    for name, value, least in (("dilation", signal.dilation, 1), ("flips", signal.flips, 0), ("seed", seed, 0)):
        if not _whole(value, least):
            raise DataError(f"`{name}` is a whole number from {least} on, not {value!r}")
    if (need := max(map(signal.longest, CODEBOOK.values()))) > _CELLS:
        raise DataError(f"the longest code would take {need} cells, and there are {_CELLS}: make its parts shorter")
    _check_noise(signal)


def _check_lengths(name: str, lengths: Any) -> None:
    if not _wholes(lengths, 2, 1) or lengths[0] > lengths[1]:
        raise DataError(f"`{name}` is the shortest and the longest length, whole numbers from 1 on, not {lengths!r}")


def _check_noise(signal: _Signal) -> None:
    if not (_finite(signal.noise) and _finite(signal.noise_mean) and signal.noise >= 0):
        raise DataError("`noise` is a finite number from 0 on, `noise_mean` any finite number")
    if signal.style == "bw" and (signal.noise or signal.noise_mean):
        raise DataError("`noise` is for the style `grey`; in the style `bw` there are `flips`")
    if signal.style == "grey" and signal.flips:
        raise DataError("`flips` is for the style `bw`; in the style `grey` there is `noise`")
    if signal.flips > signal.cells:
        raise DataError(f"`flips` is {signal.flips}, and a sample has {signal.cells} cells")


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= least


def _wholes(values: object, count: int, least: int) -> bool:
    return isinstance(values, tuple | list) and len(values) == count and all(_whole(each, least) for each in values)


def _finite(value: object) -> bool:
    return isinstance(value, int | float | np.number) and isfinite(value)


# --- how it is made


@dataclass(frozen=True)
class _Draws:
    """A generator for each purpose, so that what one draws changes nothing of another: noise leaves lengths alone."""

    seed: int
    split: str

    def of(self, purpose: str) -> Generator:
        return default_rng(SeedSequence(int(self.seed), spawn_key=tuple(f"morse {self.split} {purpose}".encode())))


def _part(signal: _Signal, count: int, draws: _Draws) -> Part:
    labels = draws.of("order").permutation(np.repeat(np.arange(len(CODEBOOK)), count))
    sounds = _sounds(_runs(signal, labels, draws), signal.cells)
    return Part((_grey if signal.style == "grey" else _black_and_white)(signal, sounds, draws), labels)


def _runs(signal: _Signal, labels: Labels, draws: _Draws) -> NDArray[np.int64]:
    """How many cells are silent, sound, are silent, and so on to the end, for each sample; symbols at odd places."""
    symbols = _SYMBOLS[labels]
    runs = np.zeros((len(labels), 2 * _LONGEST + 1), dtype=np.int64)
    for lengths, purpose, place, where in (
        (signal.dot, "dot", slice(1, None, 2), symbols == _DOT),
        (signal.dash, "dash", slice(1, None, 2), symbols == _DASH),
        (signal.gap, "gap", slice(2, -1, 2), symbols[:, 1:] > 0),
    ):
        low, high = (each * signal.dilation for each in lengths)
        drawn = draws.of(purpose).integers(low, high, size=where.shape, endpoint=True)
        np.copyto(runs[:, place], drawn, where=where)
    left = signal.cells - runs.sum(axis=1)
    if signal.leading:
        runs[:, 0] = draws.of("leading").integers(0, left, endpoint=True)
    runs[:, -1] = left - runs[:, 0]
    return runs


def _sounds(runs: NDArray[np.int64], cells: int) -> NDArray[np.bool_]:
    """Which cells sound."""
    samples, places = runs.shape
    return np.repeat(np.tile(np.arange(places) % 2 == 1, samples), runs.ravel()).reshape(samples, cells)


def _grey(signal: _Signal, sounds: NDArray[np.bool_], draws: _Draws) -> Inputs:
    found = np.zeros(sounds.shape, dtype=np.float32)
    levels = draws.of("level").standard_normal(np.count_nonzero(sounds), dtype=np.float32)
    found[sounds] = levels * np.float32(_DEVIATION) + np.float32(_LEVEL)
    if signal.noise:
        found += draws.of("noise").standard_normal(found.shape, dtype=np.float32) * np.float32(signal.noise)
    found += np.float32(signal.noise_mean)
    np.clip(found, 0, _TOP, out=found)
    found *= np.float32(_STEPS / _TOP)
    np.rint(found, out=found)
    found /= np.float32(_STEPS)
    return found


def _black_and_white(signal: _Signal, sounds: NDArray[np.bool_], draws: _Draws) -> Inputs:
    found = sounds.astype(np.float32)
    if signal.flips:
        order = draws.of("flips").random(found.shape, dtype=np.float32).argsort(axis=1)[:, : signal.flips]
        count = draws.of("how many flips").integers(0, signal.flips, size=(len(found), 1), endpoint=True)
        turned = np.zeros(found.shape, dtype=np.bool_)
        np.put_along_axis(turned, order, np.arange(signal.flips) < count, axis=1)
        found[turned] = 1 - found[turned]
    return found
