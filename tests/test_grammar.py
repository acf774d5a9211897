"""The grammar is LALR without conflicts, no two terminals can be confused, and its words are the ones we name."""

from lark import Lark

from connc.dsl.parser import GRAMMAR
from connc.dsl.words import KEYWORDS

TEXT = GRAMMAR.read_text(encoding="utf-8")
OPTIONS = {"parser": "lalr", "lexer": "basic", "start": ["file", "setting", "damage"], "maybe_placeholders": False}


def test_the_grammar_is_strict():
    Lark(TEXT, strict=True, **OPTIONS)


def test_the_keywords_are_those_of_the_grammar():
    patterns = [terminal.pattern for terminal in Lark(TEXT, **OPTIONS).terminals]
    assert {pattern.value for pattern in patterns if pattern.type == "str" and pattern.value.isalpha()} == KEYWORDS
