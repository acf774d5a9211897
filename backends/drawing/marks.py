"""Elements of SVG as text, with all that comes from a network escaped."""

from __future__ import annotations

from connc.backends.drawing.lines import Line
from connc.backends.drawing.theme import COLORS

_HALO = {"stroke": "#ffffff", "stroke_width": 3.0, "paint_order": "stroke", "stroke_linejoin": "round"}


def number(value: float) -> str:
    """With at most one digit behind the point."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def escaped(text: str) -> str:
    """Any text as content or as the value of an attribute; what XML cannot hold is a question mark."""
    found = "".join(letter if _is_lawful(ord(letter)) else "?" for letter in text)
    return found.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _is_lawful(code: int) -> bool:
    if 0x7F <= code <= 0x9F:
        return False
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def attributes(**values: object) -> str:
    """`stroke_width=2` as `stroke-width="2"`"""
    said = ((name.replace("_", "-"), number(v) if isinstance(v, float) else str(v)) for name, v in values.items())
    return " ".join(f'{name}="{escaped(value)}"' for name, value in said)


def text(x: float, y: float, line: Line, anchor: str = "start", halo: bool = False) -> str:
    """A line of text; a `halo` keeps it readable where lines pass under it."""
    style = {"x": x, "y": y, "font_size": line.size, "fill": COLORS[line.shade]}
    style |= {"font_weight": 600} if line.bold else {}
    style |= {"text_anchor": anchor} if anchor != "start" else {}
    style |= _HALO if halo else {}
    return f"<text {attributes(**style)}>{escaped(line.text)}</text>"
