"""Text as a terminal may have it: no character acts on the terminal, reorders the text or hides in it.

Whatever Unicode calls unprintable (controls, bidi marks, zero-width and unusual spaces, lone surrogates) is written
out, as in `<U+202E>`; a tab is four spaces wide wherever it stands.
"""

from __future__ import annotations

from unicodedata import category, east_asian_width

TAB = "    "


def visible(text: str) -> str:
    """The text with what cannot be seen written out."""
    return text if text.isprintable() else "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if character.isprintable():
        return character
    return TAB if character == "\t" else f"<U+{ord(character):04X}>"


def flat(text: str) -> str:
    """The text on one line."""
    return visible(" ".join(text.splitlines()))


def columns(text: str) -> int:
    """How many columns of a terminal a visible text takes."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
