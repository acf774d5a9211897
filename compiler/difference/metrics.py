"""The numbers that two networks are measured by, as far as they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isclose
from types import MappingProxyType

from connc.compiler.difference.data import Metric
from connc.compiler.difference.renames import called

Path = tuple[str, ...]
Number = int | float
_FIRST = ("params", "macs", "flops")
_TOTAL = 2  # keys at most of what is a total
_LEFT_OUT = ("costs",), ("path_length", "paths")  # the sums say enough, and there may be too many paths for a number


def metrics(
    before: Mapping[str, object], after: Mapping[str, object], names: Mapping[str, str] = MappingProxyType({})
) -> tuple[Metric, ...]:
    """Of two tables of analyses. A name is the keys with dots between; `names` are those of layers that are renamed.

    Totals stand in front of what they are made of, and of that first what both have.
    """
    old = {tuple(_called(key, names) for key in path): number for path, number in _numbers(before, ())}
    new = dict(_numbers(after, ()))
    order = {name: at for at, name in enumerate(dict.fromkeys((*_FIRST, *before, *after)))}
    paths = [path for path in {**old, **new} if not _are_same(old.get(path), new.get(path))]
    paths.sort(key=lambda path: (len(path) > _TOTAL and not (path in old and path in new), len(path), order[path[0]]))
    return tuple(Metric(".".join(path), old.get(path), new.get(path), len(path) <= _TOTAL) for path in paths)


def _are_same(before: Number | None, after: Number | None) -> bool:
    """Whether they differ by no more than rounding."""
    return before == after or (isinstance(before, float) and isinstance(after, float) and isclose(before, after))


def _called(key: str, names: Mapping[str, str]) -> str:
    """A key as the layers are called after; two layers stand there as `fc1:fc2`."""
    return ":".join(called(name, names) for name in key.split(":"))


def _numbers(table: object, path: Path) -> Iterator[tuple[Path, Number]]:
    if isinstance(table, Mapping):
        for key, value in table.items():
            if (*path, key) not in _LEFT_OUT:
                yield from _numbers(value, (*path, key))
    elif isinstance(table, int | float) and not isinstance(table, bool):
        yield path, table
