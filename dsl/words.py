"""What the parser expected, in the words of a person who writes specs, and the mistakes that people make often."""

from __future__ import annotations

import difflib
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


_MANY = 1_000


def closest(name: str, names: Iterable[str]) -> str:
    """The one of `names` that `name` was probably meant to be, or nothing."""
    alike = sorted({each for each in names if abs(len(each) - len(name)) <= 3})
    if len(alike) > _MANY:  # comparing takes time, and few slips are in the first letter
        alike = [each for each in alike if each[:1] == name[:1]][:_MANY]
    found = difflib.get_close_matches(name, alike, n=1, cutoff=0.7)
    return found[0] if found else ""


# What other tools and languages call a thing.
_SYNONYMS = {
    "input": "in",
    "inputs": "in",
    "output": "out",
    "outputs": "out",
    "True": "true",
    "False": "false",
    "batchnorm": "bn",
    "batch_norm": "bn",
    "BatchNorm2d": "bn",
    "fc": "linear",
    "Linear": "linear",
    "fully_connected": "linear",
    "conv2d": "conv",
    "Conv2d": "conv",
    "convolution": "conv",
    "add": "sum",
    "cat": "concat",
    "concatenate": "concat",
    "average": "mean",
    "avg": "mean",
    "avg_pool": "avgpool",
    "max_pool": "maxpool",
    "gap": "globalpool",
    "globalavgpool": "globalpool",
    "ReLU": "relu",
    "layer_norm": "layernorm",
    "LayerNorm": "layernorm",
    "multiply": "mul",
    "view": "reshape",
    "int": "floor",
    "transpose": "permute",
}


def did_you_mean(name: str, names: Iterable[str]) -> str:
    meant = _SYNONYMS.get(name, "")
    near = meant if meant in (names := set(names)) else closest(name, names)
    return f"did you mean `{near}`?" if near else ""


def is_name(text: str) -> bool:
    """Whether a spec can name something so."""
    return text.isascii() and text.isidentifier() and text not in KEYWORDS
