"""How far apart layers are that a `connect` joins."""

from __future__ import annotations

from collections.abc import Mapping

from connc.backends.report.figures import some, whole

_FEW, _MOST = 3, 8  # that are told with their numbers, and at all


def distances(found: Mapping[str, Mapping[str, int]]) -> str:
    """Those at which there are links: `1, 2, 4`, `1–12`; with how many of a few where it is not all."""
    there = {int(name): (each["count"], each["possible"]) for name, each in found.items() if each["count"]}
    if len(there) <= _FEW:
        return ", ".join(f"{name}{_of(*counts)}" for name, counts in sorted(there.items()))
    return some([_range(first, last) for first, last in _ranges(sorted(there))], _MOST)


def _of(count: int, possible: int) -> str:
    return "" if count == possible else f" ({whole(count)} of {whole(possible)})"


def _ranges(numbers: list[int]) -> list[tuple[int, int]]:
    """The first and the last of each run of numbers that follow one another."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        first = found.pop()[0] if found and found[-1][1] == number - 1 else number
        found.append((first, number))
    return found


def _range(first: int, last: int) -> str:
    if last - first < 2:
        return ", ".join(map(str, range(first, last + 1)))
    return f"{first}–{last}"
