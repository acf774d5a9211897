"""Keyed randomness: what is drawn depends on a seed, a name and a purpose, and on no generator that others use.

Draws are words of a hash of counters. No distribution of numpy stands behind them, because those may change from one of
its versions to the next.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
_GOLDEN, _FIRST, _SECOND = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_HALF = np.uint64(32)


def key(seed: int, name: str, purpose: str) -> bytes:
    """32 bytes that no other seed, name and purpose have: the length of each stands in front of it."""
    parts = (part.encode("utf-8", "surrogatepass") for part in (str(seed), name, purpose))
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "little") + part for part in parts)).digest()


def uniform(seed: int, name: str, purpose: str, counters: Words) -> Words:
    """A word for each counter, independent of all others; different counters give different words."""
    first, second = _halves(key(seed, name, purpose))
    return _mixed(_mixed(counters * _GOLDEN + first) + second)


def _halves(key_: bytes) -> tuple[np.uint64, np.uint64]:
    return np.uint64(int.from_bytes(key_[:8], "little")), np.uint64(int.from_bytes(key_[8:16], "little"))


def _mixed(words: Words) -> Words:
    """The finish of splitmix64, in place; a bijection."""
    words ^= words >> np.uint64(30)
    words *= _FIRST
    words ^= words >> np.uint64(27)
    words *= _SECOND
    words ^= words >> np.uint64(31)
    return words


class Draws:
    """Draws one after the other, for what is not drawn position by position."""

    def __init__(self, seed: int, name: str, purpose: str) -> None:
        self._key = (seed, name, purpose)
        self._taken = 0

    def words(self, count: int) -> Words:
        """The next words."""
        counters = np.arange(self._taken, self._taken + count, dtype=np.uint64)
        self._taken += count
        return uniform(*self._key, counters)

    def below(self, count: int, bounds: int | NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers from 0 up to their bounds, which are at most 2^31."""
        scaled = (self.words(count) >> _HALF) * np.asarray(bounds, dtype=np.uint64)
        return (scaled >> _HALF).astype(np.int64)

    def order(self, count: int) -> NDArray[np.int64]:
        """The numbers from 0 up to `count`, shuffled: words are sorted that carry them in their lowest bits."""
        low = np.uint64((1 << count.bit_length()) - 1)
        words = self.words(count)
        words &= ~low
        words |= np.arange(count, dtype=np.uint64)
        words.sort()
        words &= low
        return words.view(np.int64)
