"""The house format of a spec. It moves white space and nothing else.

It works on tokens, not on the tree, so that comments, parentheses and numbers stay as they were written. Breaks that
the writer made stay where the language allows them; what is too long is broken further. Every result is read again
before it is handed out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connc.dsl.diagnostic import Diagnostic
from connc.dsl.format.lines import INDENT, tidy_ends, written
from connc.dsl.format.pieces import Statement, statements, tidy_comment
from connc.dsl.format.spacing import space
from connc.dsl.format.wrap import COLUMNS, wrap
from connc.dsl.limits import Limits
from connc.dsl.parser import parse, uncollected
from connc.dsl.source import Source

__all__ = ["COLUMNS", "INDENT", "Unfaithful", "comments", "format_source"]

_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\r\n]++|\\[^\r\n])*+"|#[^\n]*')


class Unfaithful(AssertionError):
    """The formatter's own mistake: what it wrote does not say what it read."""


def format_source(source: Source, limits: Limits = Limits()) -> tuple[str | None, list[Diagnostic]]:
    """The text in the house format; nothing if it cannot be read, and the report says why."""
    before, report = parse(source, limits)
    if any(diagnostic.is_error for diagnostic in report):
        return None, report
    with uncollected():
        text = "".join(_lines(list(statements(source))))
        after, mistakes = parse(Source(source.name, text, source.folder), limits)
        if len(mistakes) != len(report) or before != after:
            raise Unfaithful(f"formatting {source.name} would change what it says; it stays as it is")
        if comments(text) != comments(source.text):
            raise Unfaithful(f"formatting {source.name} would change its comments; it stays as it is")
    return text, report


def comments(text: str) -> list[str]:
    """The comments of a text without damage, tidied, in order."""
    found = (match[0] for match in _STRING_OR_COMMENT.finditer(text))
    return [tidy_comment(each) for each in found if each[0] == "#"]


def _lines(file: Sequence[Statement]) -> Iterator[str]:
    apart = _set_apart(file)
    columns = 0
    for i, statement in enumerate(file):
        if _closes(statement):
            columns -= INDENT
        space(statement)
        tidy_ends(statement)
        wrap(statement, columns)
        if i and not (_opens(file[i - 1]) or _closes(statement)) and (statement[0].ends > 1 or i in apart):
            yield "\n"
        for line in written(statement):
            yield line + "\n"
        if _opens(statement):
            columns += INDENT


def _set_apart(file: Sequence[Statement]) -> set[int]:
    """The statements that a blank line is due in front of: around each declaration with a body and its comments."""
    apart, comment, block = set(), False, 0
    for i, statement in enumerate(file):
        if not comment or statement[0].ends > 1:
            block = i
        comment = statement[0].kind == "COMMENT"
        if _opens(statement):
            apart.add(block)
        elif _closes(statement):
            apart.add(i + 1)
    return apart


def _opens(statement: Statement) -> bool:
    """Whether this is the head of a body."""
    return "LBRACE" in (piece.kind for piece in statement[-2:]) and statement[-1].kind in ("LBRACE", "COMMENT")


def _closes(statement: Statement) -> bool:
    return statement[0].kind == "RBRACE"
