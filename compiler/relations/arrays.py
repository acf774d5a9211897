"""Arrays of pairs: two indices in one number, and ranges of different lengths one behind the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Indices = NDArray[np.int32]
Bools = NDArray[np.bool_]

CHUNK = 1 << 18  # rows that are held at once; what is kept of them is small


def pack(high: NDArray[Any], low: NDArray[Any], bits: int) -> Ints:
    """One number of two, `low` in its lowest `bits`."""
    keys = high.astype(np.int64)
    keys <<= bits
    keys |= low
    return keys


def distinct(keys: Ints) -> Ints:
    """The keys sorted, each once. The argument is used up."""
    if keys.size < 2:
        return keys
    if not bool((keys[1:] >= keys[:-1]).all()):
        keys.sort()
    fresh = keys[1:] != keys[:-1]
    return keys if bool(fresh.all()) else keys[np.concatenate((np.ones(1, dtype=np.bool_), fresh))]


def among(keys: Ints, others: Ints) -> Bools:
    """Which keys are among the others, which are sorted."""
    if not others.size:
        return np.zeros(keys.size, dtype=np.bool_)
    at = np.searchsorted(others, keys)
    at[at == others.size] = 0
    found: Bools = others[at] == keys
    return found


def starts_of(lengths: NDArray[Any]) -> Ints:
    """Where each part starts when parts of these lengths lie one behind the other, and where the last one ends."""
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def ranges(firsts: NDArray[Any], lengths: NDArray[Any]) -> Ints:
    """`first, first + 1, …` for each first, as many as its length, one behind the other."""
    before = starts_of(lengths)
    result = np.repeat(firsts - before[:-1], lengths)
    result += np.arange(int(before[-1]))
    return result


def portions(lengths: Ints) -> Iterator[tuple[Ints, Ints]]:
    """The rows of parts of these lengths, `CHUNK` at a time: of which part each is, and its place in the part."""
    starts = starts_of(lengths)
    for low in range(0, int(starts[-1]), CHUNK):
        high = min(low + CHUNK, int(starts[-1]))
        first, last = np.searchsorted(starts, (low, high - 1), side="right") - 1
        edges = np.clip(starts[first : last + 2], low, high)
        part = np.repeat(np.arange(first, last + 1), np.diff(edges))
        yield part, np.arange(low, high) - starts[part]
