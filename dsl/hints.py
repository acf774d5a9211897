"""What was probably meant where the grammar does not fit: ways out for slips, and for habits of other languages."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

from connc.dsl.words import KEYWORDS, did_you_mean

_Table = tuple[tuple[re.Pattern[str], str], ...]


def _table(*rows: tuple[str, str]) -> _Table:
    return tuple((re.compile(pattern), help_) for pattern, help_ in rows)


# Looked for at the token that was not expected, and one character before it.
_AT_THE_PLACE = _table(
    (r"=?=>|—>|–>", "an arrow is written `->`"),
    (r".?<-", "what flows is written from left to right, `in -> relu -> out`"),
    (r"\*?\*\*", "a power is written `^`"),
    (r"/?//", "a comment starts with `#`; `floor(a / b)` divides without remainder"),
    (r"/?/\*", "a comment starts with `#`"),
    (r".?:=", "`=` names a value, `:` names a layer"),
    (r".?[-+*/]=", "a name has one value; give the result a name of its own"),
    (r".?&&", "write `and`"),
    (r".?\|\|", "write `or`"),
    (r"\.\d", "a number starts with a digit, `0.5`"),
    (r".?\bel(se )?if\b", "write `else if` inside one expression, `if a then b else if c then d else e`"),
    (r".?\bif\b", "a choice is written `if condition then a else b`; lists and rules are filtered with `where`"),
    (r".?\bfor\b", "`for` stands in lists and rules only; a family `layer[n]: …` repeats a layer"),
)
# Looked for at the start of the statement.
_AT_THE_START = _table(
    (r"(import|from|include)\b", "write `use std.blocks (bottleneck)`"),
    (r"use\b", "the names that are used stand in parentheses: `use std.blocks (bottleneck)`"),
    (r"(def|func|function|fn|class|layer|block|model|network)\s+\w", "write `module name(parameters) { … }`"),
    (r"(let|var|const|val)\s", "a value needs no word in front: `name = value`"),
    (r"return\b", "what a module gives is fed to `out`: `… -> out`"),
    (r"(in|out)\s+\w+\s*->", "`->` is missing behind the first word: `in -> … -> out`"),
    (r"(for|while)\b", "statements are not repeated; a family `layer[n]: …` repeats a layer"),
    (r"if\b", "statements are not chosen; `if` chooses values, as in `if condition then a else b`"),
    (r"(net|module)\s+\w+-", "names hold letters, digits and `_`"),
    (r"(net|module)\s+\w+\s*(\([^)]*\)\s*)?(->|:)", "a body stands in braces: `net name { … }`"),
    (r"rule\s+\w+\s*(\([^)]*\)\s*)?(:|->)", "a rule is given with `=`: `rule name = i -> i + 1`"),
)
_OPERANDS = frozenset({"NAME", "NUMBER", "STRING", "IN", "OUT", "TRUE", "FALSE"})
_ENDS = _OPERANDS | {"RPAR", "RSQB"}


@dataclass(frozen=True, slots=True)
class Slip:
    """A token that does not fit: the text, where its statement starts, what was before and what could have been."""

    text: str
    start: int
    kind: str
    word: str
    statement: int
    last: str  # the kind of the token before
    last_word: str
    accepted: Set[str]
    in_brackets: bool
    in_body: bool


def way_out(slip: Slip) -> str:
    """The likeliest one, or nothing."""
    return (
        _declared_elsewhere(slip)
        or _looked_up(_AT_THE_START, slip.text, (slip.statement,))
        or _looked_up(_AT_THE_PLACE, slip.text, (slip.start, max(slip.start - 1, 0)))
        or _keyword(slip)
        or _separator(slip)
    )


def _looked_up(table: _Table, text: str, places: tuple[int, ...]) -> str:
    for place in places:
        for pattern, help_ in table:
            if pattern.match(text, place):
                return help_
    return ""


def _declared_elsewhere(slip: Slip) -> str:
    if slip.in_body and slip.kind in ("USE", "RULE", "MODULE", "NET"):
        return "declarations stand beside nets and modules, not in them"
    if not slip.in_body and (
        slip.kind in ("CONNECT", "REQUIRE") or (slip.kind == "_ARROW" and "EQUAL" in slip.accepted)
    ):
        return "this belongs into the braces of a net or a module"
    if slip.kind == "RBRACE" and not slip.in_body:
        return "no `{` is open here"
    return ""


def _keyword(slip: Slip) -> str:
    """If this word, or the one before it, is a keyword with a slip."""
    here = {terminal.lower() for terminal in slip.accepted} & KEYWORDS
    if slip.kind == "NAME" and (help_ := did_you_mean(slip.word, here)):
        return help_
    return did_you_mean(slip.last_word, KEYWORDS) if slip.last == "NAME" and slip.kind not in ("_NL", "$END") else ""


def _separator(slip: Slip) -> str:
    """If two operands meet, or two statements or arguments are not told apart as they should."""
    if slip.kind == "_ARROW":
        if slip.in_brackets:
            return "a mapping inside of an expression stands in parentheses; a chain there needs a name of its own"
        return "`connect` lists what it connects with commas" if "COMMA" in slip.accepted else ""
    if slip.kind == "LBRACE" and "EQUAL" in slip.accepted:
        return "a body stands behind `net name` or `module name`"
    if slip.kind == "COLON" and slip.in_brackets:
        return "an argument is given with `=`, a range is written `1..2`"
    if slip.kind == "COLON" or slip.word == "==":
        return "a value is named with `=`"
    if slip.kind in _OPERANDS and slip.last in _ENDS:
        if slip.in_brackets and "COMMA" in slip.accepted:
            return f"a comma is missing in front of `{slip.word}`"
        if "_ARROW" in slip.accepted and slip.in_body:
            return f"`->` is missing in front of `{slip.word}`, or a line end"
    return ""
