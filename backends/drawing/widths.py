"""How wide text is, without a font at hand: the widths of DejaVu Sans, the widest of those that will be used."""

from __future__ import annotations

import re

_GROUPS = {
    0.28: "'ijl",
    0.32: "IJ ,.·",
    0.36: "/:;\\|f-",
    0.42: "!()[]tr",
    0.5: '"*_`s–',
    0.56: "?zLc",
    0.62: "FkvxyPTYaeo",
    0.65: "$0123456789ESbdghnpqu{}K",
    0.7: "ABCRVXZ",
    0.78: "UHN&DG",
    0.84: "OQw#+<=>^~×→−≤◆",
    0.96: "Mm%",
}
_WIDTHS = {letter: width for width, letters in _GROUPS.items() for letter in letters}
_BOLD = 1.14
_INDEX = re.compile(r"\[[0-9,.]{1,9}\]$")


def text_width(text: str, size: float, bold: bool = False) -> float:
    """What a line takes at a size of type; a letter that is not known is as wide as it is high."""
    return sum(_WIDTHS.get(letter, 1.0) for letter in text) * size * (_BOLD if bold else 1.0)


def shortened(text: str, size: float, most: float, bold: bool = False) -> str:
    """As much of a line as fits, with the index that it may end with."""
    if len(text) <= most / size and text_width(text, size, bold) <= most:
        return text
    index = found[0] if (found := _INDEX.search(text)) else ""
    room = most - text_width(f"…{index}", size, bold)
    for at, letter in enumerate(text):
        room -= text_width(letter, size, bold)
        if room < 0:
            return f"{text[:at]}…{index}"
    return text
