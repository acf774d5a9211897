"""Where a space stands between two tokens on a line: everywhere, but for what is listed here."""

from __future__ import annotations

from connc.dsl.format.pieces import Statement

SIGN = "SIGN"  # a minus that has nothing on its left
LOOP_IN = "LOOP_IN"  # the `in` of a loop, which is no port

_ATOMS = frozenset({"NAME", "NUMBER", "STRING", "IN", "OUT", "TRUE", "FALSE"})
_STARTS = _ATOMS | {"LPAR", "LSQB", SIGN}
_ENDS = _ATOMS | {"RPAR", "RSQB", "RULE", "MODULE"}  # the last two as types, `module[3]`
_NOTHING_BEHIND = frozenset({"", "LPAR", "LSQB", "DOT", SIGN})
_NOTHING_IN_FRONT = frozenset({"COMMA", "COLON", "DOT", "_DOTS", "RPAR", "RSQB", "RBRACE"})


def space(statement: Statement) -> None:
    """Tell signs from minuses and loops from ports, and say which pieces want a space in front."""
    last = before = ""
    imports = statement[0].kind == "USE"
    for piece in statement:
        kind = piece.kind
        if kind == "COMMENT":
            continue
        if kind == "MINUS" and before not in _ENDS:
            kind = piece.kind = SIGN
        elif kind == "IN" and last == "FOR":
            kind = piece.kind = LOOP_IN
        piece.space = _apart(before, kind) or (imports and kind == "LPAR")
        last, before = before, kind


def _apart(before: str, kind: str) -> bool:
    if before in _NOTHING_BEHIND or kind in _NOTHING_IN_FRONT:
        return False
    if before == "_DOTS":
        return kind not in _STARTS
    return kind not in ("LPAR", "LSQB") or before not in _ENDS
