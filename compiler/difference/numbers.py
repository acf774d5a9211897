"""Numbers that differ, as columns: with as many digits as it takes to see that they do."""

from __future__ import annotations

from collections.abc import Sequence

from connc.compiler.difference.data import Metric

_DIGITS = range(3, 18)


def measured(metrics: Sequence[Metric]) -> list[str]:
    """A line for each: its name, before, after, and how many times as much that is."""
    rows = [(each.name, *_both(each.before, each.after), _times(each.ratio)) for each in metrics]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [_row(row, widths) for row in rows]


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    name, before, after, times = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
    return f"{name.strip():<{widths[0]}}  {before} -> {after}  {times}".rstrip()


def _both(before: float | None, after: float | None) -> tuple[str, str]:
    pairs = ((_shown(before, digits), _shown(after, digits)) for digits in _DIGITS[1:])
    return next((pair for pair in pairs if pair[0] != pair[1]), (str(before), str(after)))


def _shown(number: float | None, digits: int) -> str:
    if number is None:
        return "none"
    return f"{number:,}" if isinstance(number, int) else f"{number:,.{digits}g}"


def _times(ratio: float | None) -> str:
    """`x1.77`; one that is near 1 does not read as 1."""
    if ratio is None or ratio == 1:
        return ""
    texts = (f"{ratio:.{digits}g}" for digits in _DIGITS)
    return "x" + next((text for text in texts if float(text) != 1), str(ratio))
