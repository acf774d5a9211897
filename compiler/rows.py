"""Fingerprints of rows that can be put together and cut: of what bundles hold, of runs of positions.

That of a row is its length and the value of a polynomial whose coefficients are its items, numbered from 1, at a fixed
place in a field of prime size. So a row of bundles of bundles is not laid out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

Row = tuple[int, int]  # value and length

EMPTY: Row = (0, 0)
_PRIME = 2**127 - 1
_PLACE = 0x5B1D_93C7_2F60_8E4A_D917_6C35_A0F2_4B81 % _PRIME


def item(number: int) -> Row:
    return number, 1


def together(rows: Iterable[Row]) -> Row:
    """One behind the other."""
    value, length = EMPTY
    for more, count in rows:
        value, length = (value * _power(count) + more) % _PRIME, length + count
    return value, length


def between(before: Sequence[Row], first: int, stop: int) -> Row:
    """A part of a row; `before` has the rows of its first items: none, one, two, …"""
    (head, some), (value, all_) = before[first], before[stop]
    return (value - head * _power(all_ - some)) % _PRIME, all_ - some


@lru_cache(maxsize=4096)
def _power(length: int) -> int:
    return pow(_PLACE, length, _PRIME)
