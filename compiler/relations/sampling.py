"""Random relations with exact degrees on both sides, and without a double pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from connc.compiler.draws import Draws, Words
from connc.compiler.relations.arrays import CHUNK, Bools, Ints, among
from connc.compiler.relations.forms import Space
from connc.compiler.relations.relation import Relation, low_bits

_SMALL, _STIRS = 1 << 14, 8


def regular(sources: Space, targets: Space, fan_in: int, fan_out: int, draws: Draws) -> Relation:
    """All choices about alike: ends of connections are shuffled, then doubles switch places with others.

    Above half density what is left out is drawn instead. Below it there is always a switch that removes a double, so
    that this ends. In small relations, where some would come out twice as often, single ones switch places too.
    """
    wide, high = (np.prod(space, dtype=np.int64).item() for space in (sources, targets))
    if fan_in == wide:
        return Relation.full(sources, targets)
    if 2 * fan_in > wide:
        return regular(sources, targets, wide - fan_in, high - fan_out, draws).complement()
    bits = low_bits(sources)
    rows = _shuffled(wide, high, fan_in, fan_out, bits, draws)
    keys = rows.ravel()
    while (doubles := np.flatnonzero(keys[1:] == keys[:-1])).size:
        _switch(rows, doubles, bits, draws)
    for _ in range(_STIRS if keys.size <= _SMALL else 0):
        _switch(rows, np.sort(draws.order(keys.size)[: keys.size // 2]), bits, draws)
    keys &= (1 << bits) - 1
    return Relation.of_rows(sources, targets, rows)


def _shuffled(wide: int, high: int, fan_in: int, fan_out: int, bits: int, draws: Draws) -> Ints:
    """A row for each target, of keys with its sources, sorted; some may be double."""
    source = draws.order(wide * fan_out)
    source //= fan_out
    keys = np.repeat(np.arange(high, dtype=np.int64) << bits, fan_in)
    keys |= source
    keys.sort()
    return keys.reshape(high, fan_in)


def _switch(rows: Ints, doubles: Ints, bits: int, draws: Draws) -> None:
    """Let each double change its source with that of another connection, where that makes no new double."""
    keys = rows.reshape(-1)
    others = draws.below(doubles.size, keys.size)
    low = (1 << bits) - 1
    ours = (keys[doubles] & ~low) | (keys[others] & low)
    theirs = (keys[others] & ~low) | (keys[doubles] & low)
    good = _once(others, doubles) & ~among(ours, keys) & ~among(theirs, keys)
    made = np.concatenate((ours[good], theirs[good]))
    good[good] = _single(made).reshape(2, -1).all(axis=0)
    keys[doubles[good]], keys[others[good]] = ours[good], theirs[good]
    touched = np.unique(np.concatenate((doubles[good], others[good])) // rows.shape[1])
    rows[touched] = np.sort(rows[touched], axis=1)


def _once(others: Ints, doubles: Ints) -> Bools:
    """Which connections are drawn by one double only, and are none themselves."""
    return _single(others) & ~among(others, doubles)


def _single(values: Ints) -> Bools:
    """Which values are there once."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    single: Bools = counts[inverse] == 1
    return single


def sequential(sources: Space, targets: Space, fan_in: int, fan_out: int, draws: Draws) -> Relation:
    """One target after the other draws among the sources that have connections left.

    A source that needs all targets that are left is taken without a draw. This is the published sampler of pre-defined
    sparsity, which is not uniform: the last targets get what the others have left.
    """
    wide, high = (np.prod(space, dtype=np.int64).item() for space in (sources, targets))
    needs = np.full(wide, fan_out, dtype=np.int64)
    rows = np.empty((high, fan_in), dtype=np.int32)
    for target in range(high):
        rows[target] = np.sort(_next(needs, high - target, fan_in, draws))
        needs[rows[target]] -= 1
    return Relation.of_rows(sources, targets, rows)


def _next(needs: Ints, left: int, fan_in: int, draws: Draws) -> NDArray[np.int64]:
    forced = np.flatnonzero(needs == left)
    free = np.flatnonzero((needs > 0) & (needs < left))
    return np.concatenate((forced, free[draws.order(free.size)[: fan_in - forced.size]]))


def smallest(sizes: tuple[int, int], count: int, draw: Callable[[Words], Words]) -> Ints:
    """The `count` pairs of all with the smallest draws, as target and source in one number of 64 bits.

    The draw of a pair depends on the pair alone. A bar that all of them pass, almost surely, keeps others out early.
    """
    wide, high = sizes
    found = [_below(draw, _bar(count, wide * high), wide, *part) for part in _parts(wide, high)]
    if sum(words.size for words, _ in found) < count:
        found = [_below(draw, _LAST, wide, *part) for part in _parts(wide, high)]
    words = np.concatenate([words for words, _ in found])
    words.sort()
    bar = words[count - 1]
    del words
    return np.concatenate([pairs[words <= bar] for words, pairs in found]).view(np.int64)


_LAST = 2**64 - 1


def _bar(count: int, pairs: int) -> int:
    """A word that about `count` of the draws are below, and eight standard deviations more."""
    return min(_LAST, (count + 8 * math.isqrt(count) + 64) * 2**64 // pairs)


def _parts(wide: int, high: int) -> Iterator[tuple[int, int]]:
    """Ranges of targets with about a chunk of pairs each."""
    step = max(1, CHUNK // wide)
    return ((low, min(low + step, high)) for low in range(0, high, step))


def _below(draw: Callable[[Words], Words], bar: int, wide: int, low: int, high: int) -> tuple[Words, Words]:
    """The draws up to a bar of all pairs of some targets, and the pairs."""
    targets, sources = np.arange(low, high, dtype=np.uint64), np.arange(wide, dtype=np.uint64)
    pairs = ((targets << np.uint64(32))[:, None] | sources).ravel()
    words = draw(pairs)
    kept = words <= np.uint64(bar)
    return words[kept], pairs[kept]


def clashfree(wide: int, memories: int, fan_in: int, fan_out: int, draws: Draws) -> Ints:
    """The sources that `memories` memories serve, one from each in each step, as one row a target.

    Source `a * memories + m` is at address `a` of memory `m`. A sweep reads each memory once through, from an address
    that is drawn; targets take what comes, `fan_in` at a time. Where one takes from two sweeps, the second starts so
    that it meets nothing twice: behind the addresses read last, and far enough before them.
    """
    depth, memory = wide // memories, np.arange(memories)
    start, sweeps = draws.below(memories, depth), []
    for sweep in range(fan_out):
        last = sweep * wide % fan_in  # of this target, taken in the sweep before
        first = fan_in - last if last else 0
        used = np.where(last, (last + memory) // memories + (first + memories - 1 - memory) // memories, 1)
        start = (start + draws.below(memories, depth - used + 1)) % depth
        address = (start + np.arange(depth)[:, None]) % depth
        sweeps.append((address * memories + memory).ravel())
    return np.sort(np.concatenate(sweeps).reshape(-1, fan_in), axis=1)
