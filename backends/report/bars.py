"""How often each number occurs, as bars in SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connc.backends.drawing.marks import attributes, escaped, number
from connc.backends.drawing.widths import text_width
from connc.backends.report.figures import share, whole

MOST = 40  # bars
_WIDE, _HIGH, _SIDE, _TOP, _BASE = 360.0, 172.0, 8.0, 22.0, 130.0


def histogram(title: str, axis: str, found: Mapping[str, float]) -> str:
    """A figure; nothing where there is but one number. What is no whole number is a share."""
    counts = {int(key): value for key, value in found.items() if value}
    if len(counts) < 2:
        return ""
    is_share = any(isinstance(value, float) for value in counts.values())
    bars = [*_binned(counts)]
    marks = "".join(_marks(bars, axis, is_share))
    said = escaped(f"{title}: {_said(bars, is_share)}")
    box = attributes(viewBox=f"0 0 {_WIDE:.0f} {_HIGH:.0f}")
    return (
        f'<figure class="chart"><figcaption>{escaped(title)}</figcaption>'
        f'<svg {box} role="img" aria-label="{said}">{marks}</svg></figure>\n'
    )


def _binned(counts: Mapping[int, float]) -> Iterator[tuple[int, int, float]]:
    """The first and the last number of each bar, and how often they occur."""
    low, high = min(counts), max(counts)
    wide = -(-(high - low + 1) // MOST)
    for start in range(low, high + 1, wide):
        end = min(start + wide - 1, high)
        yield start, end, sum(value for key, value in counts.items() if start <= key <= end)


def _said(bars: list[tuple[int, int, float]], is_share: bool) -> str:
    """For those who do not see it."""
    low, high = bars[0][0], bars[-1][1]
    most = max(bars, key=lambda bar: bar[2])
    return f"from {whole(low)} to {whole(high)}, most often {_name(most)} ({_value(most[2], is_share)})"


def _name(bar: tuple[int, int, float]) -> str:
    first, last, _ = bar
    return whole(first) if first == last else f"{whole(first)}–{whole(last)}"


def _value(value: float, is_share: bool) -> str:
    return share(value) if is_share else whole(round(value))


def _marks(bars: list[tuple[int, int, float]], axis: str, is_share: bool) -> Iterator[str]:
    most = max(value for _, _, value in bars)
    step = (_WIDE - 2 * _SIDE) / len(bars)
    for at, bar in enumerate(bars):
        high = max(bar[2] / most * (_BASE - _TOP), 0.8) if bar[2] else 0.0
        wide = min(step * 0.86, 40.0)
        place = attributes(x=_middle(at, step) - wide / 2, y=_BASE - high, width=wide, height=high)
        yield f"<rect {place}><title>{escaped(f'{_name(bar)}: {_value(bar[2], is_share)}')}</title></rect>"
    longest = next(at for at, bar in enumerate(bars) if bar[2] == most)
    yield _text(_middle(longest, step), _TOP - 6, _value(most, is_share))
    yield f'<path d="M{number(_SIDE)} {number(_BASE)}H{number(_WIDE - _SIDE)}"/>'
    for at in sorted({0, len(bars) // 2, len(bars) - 1}):
        yield _text(_middle(at, step), _BASE + 16, _name(bars[at]))
    yield _text(_WIDE / 2, _BASE + 34, axis)


def _middle(at: int, step: float) -> float:
    return _SIDE + (at + 0.5) * step


def _text(x: float, y: float, said: str) -> str:
    """Around a place; near a border it stays inside."""
    half = text_width(said, 11) / 2
    x = min(max(x, half + 1), _WIDE - half - 1)
    return f'<text x="{number(x)}" y="{number(y)}">{escaped(said)}</text>'
