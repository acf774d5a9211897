"""Numbers, strings and documentation, as people write them."""

from __future__ import annotations

import re
from fractions import Fraction

_SCALES = {
    "%": Fraction(1, 100),
    "K": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
}
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_DOC = re.compile(r"[ \t]*##(?!#) ?(.*)")
_FILE_DOC = re.compile(r"\s*+(##[^\n]*+(?:\n[ \t]*+##[^\n]*+)*+)(?:\Z|\n[ \t]*+\r?+(?:\n|\Z))")
LARGEST_EXPONENT = 308  # of a double
LONGEST_NUMBER = 400  # in characters


def number(text: str) -> int | Fraction | None:
    """The exact value of a number, whole if it is written with digits alone; nothing if it is too large or too fine."""
    if len(text) > LONGEST_NUMBER:
        return None
    if text.isdigit():
        return int(text)
    digits, scale = (text[:-1], _SCALES[text[-1]]) if text[-1] in _SCALES else (text, Fraction(1))
    exponent = digits.lower().partition("e")[2]
    return None if abs(int(exponent or 0)) > LARGEST_EXPONENT else Fraction(digits) * scale


def string(text: str) -> str:
    """What stands between the quotes, its escapes resolved."""
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[0]), text[1:-1])


def wrong_escapes(text: str) -> list[int]:
    """Where in a string a backslash stands that means nothing."""
    return [match.start() + 1 for match in _ESCAPE.finditer(text[1:-1]) if match[1] not in _ESCAPES]


def doc_above(text: str, start: int) -> str:
    """The `##` lines right above a declaration that leads its line."""
    lines: list[str] = []
    end = text.rfind("\n", 0, start)
    if text[end + 1 : start].strip():
        return ""
    while end > 0:
        begin = text.rfind("\n", 0, end) + 1
        match = _DOC.fullmatch(text[begin:end].rstrip())
        if not match:
            break
        lines.append(match[1])
        end = begin - 1
    return "\n".join(reversed(lines))


def file_doc(text: str) -> str:
    """The `##` paragraph at the top of a file, if a blank line or nothing follows it."""
    paragraph = _FILE_DOC.match(text)
    lines = (_DOC.fullmatch(line.rstrip()) for line in paragraph[1].split("\n")) if paragraph else ()
    return "\n".join(line[1] for line in lines if line)
