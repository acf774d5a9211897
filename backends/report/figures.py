"""How numbers are written in reports: the same in each format, so that one finds them again."""

from __future__ import annotations

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
_MOST = 10**18  # from here on nobody counts digits


def whole(value: int) -> str:
    """`4,513,576`"""
    return f"{value:,}" if abs(value) < _MOST else f"{value:.4g}"


def decimal(value: float) -> str:
    """`0.748`, `3`, `12.5`: four digits, or all of a number's whole part."""
    if abs(value) >= 1000:
        return whole(round(value))
    return f"{value:.4g}"


def share(value: float) -> str:
    """`12.5%`: as many digits as tell it from nothing and from all."""
    if 0 < value < 0.0001:
        return "<0.01%"
    if 0.9995 <= value < 1:
        return ">99.9%"
    return f"{100 * value:.3g}%"


def part(value: int, total: int) -> str:
    """`51.5%` in a column of them, `<0.1%` for what is less; nothing of nothing."""
    if not total:
        return ""
    return "<0.1%" if 0 < value / total < 0.0005 else f"{100 * value / total:.1f}%"


def size(count: int) -> str:
    """Bytes: `17.2 MiB`."""
    if count < 1024:
        return f"{count} B"
    value = count / 1024
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1024
    return f"{value:.3g} {unit}" if value < 999.5 else f"{value:,.0f} {unit}"


def spread(found: dict[str, float]) -> str:
    """`from 1 to 12, 4.5 on average`; `all 3`."""
    least, most = found["least"], found["most"]
    if least == most:
        return f"{decimal(least)} everywhere"
    return f"{decimal(least)} to {decimal(most)}, {decimal(found['mean'])} on average"


def times(count: int) -> str:
    """` × 12` behind what there are several of."""
    return f" × {count:,}" if count > 1 else ""


def some(words: list[str], most: int, between: str = ", ") -> str:
    """The first and the last of many."""
    if len(words) <= most:
        return between.join(words)
    ahead, behind = (most + 1) // 2, most // 2
    left = f"… {len(words) - ahead - behind:,} more …"
    return between.join([*words[:ahead], left, *words[len(words) - behind :]])
