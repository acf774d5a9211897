"""A source cut into pieces, which are its tokens and comments, statement by statement.

What stands between two tokens is blanks, line ends and comments and nothing else; so what is kept here is the whole
source but for its white space. A comment on a line of its own between two statements is a statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from connc.dsl.parser import lex
from connc.dsl.source import Source

OPENING = frozenset({"LPAR", "LSQB"})
CLOSING = frozenset({"RPAR", "RSQB"})
_GLUED = re.compile(r"(##?)(?=\w)")


@dataclass(slots=True)
class Piece:
    """A token or a comment; `ends` are the line ends in front of it, where two or more mean a blank line."""

    kind: str
    text: str
    ends: int
    space: bool = False  # in front of it, unless it starts a line
    indent: int = 0  # of the line that it is in

    @property
    def width(self) -> int:
        return len(self.text) + self.space


Statement = list[Piece]


def statements(source: Source) -> Iterator[Statement]:
    """The statements in order. The head of a body ends with its `{`, and the `}` is a statement too."""
    text, at, ended, depth = source.text, 0, True, 0
    statement: Statement = []
    for token in lex(source):
        kind = token.type
        if kind == "_NL":
            ended = not depth
            continue
        comments, ends = _gap(text[at : token.start_pos])
        if ended or kind == "RBRACE" or statement[-1].kind == "LBRACE":
            if _is_empty_body(statement, kind, comments):
                ends = 0
            else:
                yield from _finished(statement, comments)
                statement = []
        else:
            statement += comments
        statement.append(Piece(kind, token.value, ends))
        depth += (kind in OPENING) - (kind in CLOSING)
        at, ended = token.end_pos or 0, False
    yield from _finished(statement, _gap(text[at:])[0])


def _gap(gap: str) -> tuple[list[Piece], int]:
    """The comments between two tokens, and the line ends behind the last of them."""
    comments: list[Piece] = []
    if gap in ("", " "):
        return comments, 0
    ends = -1
    for line in gap.split("\n"):
        ends += 1
        if comment := line.strip():
            comments.append(Piece("COMMENT", tidy_comment(comment), ends))
            ends = 0
    return comments, ends


def tidy_comment(comment: str) -> str:
    """`#x` as `# x`; the words stay as they are."""
    return _GLUED.sub(r"\1 ", comment.rstrip(), count=1) if _GLUED.match(comment) else comment.rstrip()


def _is_empty_body(statement: Statement, kind: str, comments: list[Piece]) -> bool:
    return kind == "RBRACE" and not comments and statement[-1].kind == "LBRACE"


def _finished(statement: Statement, comments: list[Piece]) -> Iterator[Statement]:
    """A statement with the comment that stands behind it on its line, and the comments below it."""
    if statement and comments and not comments[0].ends:
        statement.append(comments.pop(0))
    if statement:
        yield statement
    yield from ([comment] for comment in comments)
