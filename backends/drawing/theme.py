"""The colours of boxes and arrows, the same in each format."""

from __future__ import annotations

from connc.backends.drawing.picture import BUNDLE, INPUT, JOIN, LAYER, OUTPUT, Box

COLORS = {
    "ink": "#1f2933",
    "soft": "#5f6b7a",
    "accent": "#8a4b08",
    "paper": "#ffffff",
    "pale": "#d5dde6",
    "line": "#6b7785",
}
# Okabe and Ito's, which people who do not tell red from green tell apart.
RULES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
# What a box is filled with, and its border.
FILLS = {
    "plain": ("#f4f5f7", "#aab3be"),
    "weight": ("#e3eefa", "#6f9cc9"),
    "map": ("#e6f3e8", "#84b18c"),
    "module": ("#ffffff", "#8793a1"),
    "join": ("#fdf1d6", "#d0a44c"),
    "port": ("#3d4a58", "#3d4a58"),
    "frame": ("#fafbfc", "#c3cad2"),
}


def style_of(box: Box) -> str:
    """By which of these a box is filled that is not opened."""
    if box.kind in (INPUT, OUTPUT):
        return "port"
    return "join" if box.kind in (JOIN, BUNDLE) else box.tone if box.kind == LAYER else "module"
