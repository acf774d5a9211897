"""What the parser expected, in the words of a person who writes specs, and the mistakes that people make often."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable

from connc.dsl.source import shown_text

KEYWORDS = frozenset(
    [
        "use",
        "as",
        "rule",
        "module",
        "net",
        "in",
        "out",
        "connect",
        "by",
        "using",
        "via",
        "evolve",
        "within",
        "require",
        "else",
        "if",
        "then",
        "for",
        "where",
        "and",
        "or",
        "not",
        "true",
        "false",
    ]
)

# Terminals that are named together where all of them would do, most telling first.
_GROUPS: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "a declaration (`use`, `rule`, `module`, `net` or `name = value`)",
        frozenset({"USE", "RULE", "MODULE", "NET", "NAME"}),
    ),
    ("a statement", frozenset({"CONNECT", "REQUIRE", "NAME"})),
    ("a value", frozenset({"NAME", "NUMBER", "STRING", "LPAR", "LSQB"})),
    ("an operator", frozenset({"OPERATOR", "MINUS", "STAR"})),
)
# Said by their group already, wherever they are expected with it.
_IMPLIED = {
    "a declaration (`use`, `rule`, `module`, `net` or `name = value`)": frozenset(
        {"IN", "OUT", "NUMBER", "STRING", "TRUE", "FALSE", "LPAR", "LSQB", "MINUS", "_NL"}
    ),
    "a statement": frozenset({"NUMBER", "STRING", "TRUE", "FALSE", "LPAR", "LSQB", "MINUS", "_NL", "IN", "OUT"}),
    "a value": frozenset({"IN", "OUT", "TRUE", "FALSE", "MINUS", "IF", "NOT"}),
    "an operator": frozenset({"COMPARISON", "AND", "OR", "LPAR", "LSQB", "DOT"}),
}
_WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a string",
    "COMPARISON": "a comparison",
    "OPERATOR": "an operator",
    "_NL": "the end of the line",
    "$END": "the end of the file",
    "_ARROW": "`->`",
    "_DOTS": "`..`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "DOT": "`.`",
    "EQUAL": "`=`",
    "MINUS": "`-`",
    "STAR": "`*`",
}

# Looked for at the token that was not expected, and one character before it.
_HABITS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), help_)
    for pattern, help_ in (
        (r"=?=>", "an arrow is written `->`"),
        (r"\*?\*\*", "a power is written `^`"),
        (r"/?//|/?/\*", "a comment starts with `#`"),
        (r".?:=", "`=` names a value, `:` names a layer"),
        (r".?[-+*/]=", "a name has one value; give the result a name of its own"),
        (r".?&&", "write `and`"),
        (r".?\|\|", "write `or`"),
        (r".?\bel(se )?if\b", "write `else if` inside one expression, `if a then b else if c then d else e`"),
        (r".?\breturn\b", "what a module gives is fed to `out`: `… -> out`"),
        (r".?\b(import|from|include)\b", "write `use std.blocks (bottleneck)`"),
        (r".?\b(def|func|function|class|layer|block)\b", "write `module name(parameters) { … }`"),
        (r".?\b(let|var|const)\b", "a value needs no word in front: `name = value`"),
        (r".?\bfor\b", "`for` stands in lists and rules only; a family `layer[n]: …` repeats a layer"),
        (r".?\bif\b", "`if` chooses values; in a chain put it in parentheses"),
    )
)


def expected(terminals: Collection[str]) -> str:
    """`a value, `)` or `,``: what would have done, in at most a handful of words."""
    left, words = set(terminals), []
    for words_of_group, group in _GROUPS:
        if group <= left:
            words.append(words_of_group)
            left -= group | _IMPLIED[words_of_group]
    words += sorted(word(terminal) for terminal in left)
    return alternatives(words)


def word(terminal: str) -> str:
    return _WORDS.get(terminal, f"`{terminal.lower()}`")


def found(terminal: str, text: str) -> str:
    """The token that stands there instead."""
    return _WORDS[terminal] if terminal in ("_NL", "$END") else f"`{shown_text(text)}`"


def alternatives(words: Iterable[str]) -> str:
    """`a, b or c`"""
    *some, last = words
    return f"{', '.join(some)} or {last}" if some else last


def habit(text: str, offset: int) -> str:
    """A way out for what people of other languages write."""
    for start in (offset, max(offset - 1, 0)):
        for pattern, help_ in _HABITS:
            if pattern.match(text, start):
                return help_
    return ""


_MANY = 1_000


def closest(name: str, names: Iterable[str]) -> str:
    """The one of `names` that `name` was probably meant to be, or nothing."""
    alike = sorted({each for each in names if abs(len(each) - len(name)) <= 3})
    if len(alike) > _MANY:  # comparing takes time, and few slips are in the first letter
        alike = [each for each in alike if each[:1] == name[:1]][:_MANY]
    found = difflib.get_close_matches(name, alike, n=1, cutoff=0.7)
    return found[0] if found else ""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    near = closest(name, names)
    return f"did you mean `{near}`?" if near else ""


def is_name(text: str) -> bool:
    """Whether a spec can name something so."""
    return text.isascii() and text.isidentifier() and text not in KEYWORDS
