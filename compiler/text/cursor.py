"""A line of the text of a network, token by token."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NoReturn, TypeVar

from connc.compiler.names import NAME
from connc.compiler.places import Ref
from connc.dsl import codes
from connc.dsl.diagnostic import Code, Refusal
from connc.dsl.source import Source, Span

T = TypeVar("T")
LONGEST = 2500  # digits of a number; a fraction of the language has fewer
DEEPEST = 4  # lists in lists
_TOKEN = re.compile(
    rf"""(?P<ref>%{NAME}(?:\[\*\])?(?::(?:[A-Za-z0-9_]+|\*))?)
    | (?P<relation>\#[0-9]+)
    | (?P<number>-?[0-9]+(?:\.[0-9]+|/[0-9]+)?)
    | (?P<string>"(?:[^"\\]|\\.)*+"?)  # an open one is refused later, or looking for its end could take for ever
    | (?P<name>{NAME})
    | (?P<mark>->|[=:,{{}}()\[\]])
    | (?P<other>\S)""",
    re.VERBOSE | re.ASCII,
)
_NOUNS = {
    "ref": "a node",
    "relation": "a relation",
    "number": "a number",
    "string": "a string",
    "name": "a name",
}


class Cursor:
    """The place in a line up to which it is read."""

    def __init__(self, source: Source, start: int, stop: int) -> None:
        self.source, self.start, self.stop = source, start, stop
        self.tokens = list(_TOKEN.finditer(source.text, start, stop))
        self.at = 0

    # --- looking

    @property
    def kind(self) -> str | None:
        """The kind of the next token, nothing at the end."""
        return self.tokens[self.at].lastgroup if self.at < len(self.tokens) else None

    @property
    def text(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    @property
    def here(self) -> Span:
        """The next token, or the end of the line."""
        if self.at < len(self.tokens):
            return Span(self.source, *self.tokens[self.at].span())
        return Span(self.source, self.stop, self.stop)

    @property
    def last(self) -> Span:
        """The token that was read last."""
        return Span(self.source, *self.tokens[self.at - 1].span())

    @property
    def span(self) -> Span:
        """All of the line."""
        return Span(self.source, self.tokens[0].start(), self.stop) if self.tokens else self.here

    # --- reading

    def take(self, text: str) -> bool:
        """Go on if this comes next."""
        if self.at < len(self.tokens) and self.tokens[self.at][0] == text:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            self.wrong(f"`{text}`")

    def need(self, kind: str) -> str:
        """The text of the next token, which is of this kind."""
        if self.at >= len(self.tokens) or self.tokens[self.at].lastgroup != kind:
            self.wrong(_NOUNS[kind])
        self.at += 1
        return self.tokens[self.at - 1][0]

    def end(self) -> None:
        if self.at < len(self.tokens):
            self.wrong("the end of the line")

    def listed(self, item: Callable[[], T]) -> list[T]:
        """One or more, with commas between them."""
        found = [item()]
        while self.take(","):
            found.append(item())
        return found

    def ref(self) -> Ref:
        """An output of a node, `out` where none is named."""
        name, _, port = self.need("ref")[1:].partition(":")
        return Ref(name, port or "out")

    def op_words(self) -> tuple[str, int]:
        """The words of an op whose name was read last, and where they stop."""
        at = self.at
        if self.text == "{":
            at = next((i for i in range(at, len(self.tokens)) if self.tokens[i][0] == "}"), at) + 1
        if at < len(self.tokens) and self.tokens[at][0] == "by":
            at = min(at + 2, len(self.tokens))
        return self.source.text[self.tokens[self.at - 1].start() : self.tokens[at - 1].end()], at

    # --- values

    def count(self) -> int:
        """A whole number, not below zero."""
        value = self.number() if self.kind == "number" else None
        if not isinstance(value, int) or value < 0:
            self.at -= value is not None
            self.wrong("a whole number")
        return value

    def number(self) -> int | Fraction:
        text = self.need("number")
        if text.isdigit() and len(text) < LONGEST:
            return int(text)
        top, slash, bottom = text.partition("/")
        if len(text) > LONGEST or (slash and not bottom.strip("0")):
            self.at -= 1
            self.wrong("a number")
        value = Fraction(int(top), int(bottom)) if slash else Fraction(top)
        return value.numerator if value.denominator == 1 else value

    def shape(self) -> tuple[int, ...]:
        """Sizes in brackets."""
        self.expect("[")
        sizes = [] if self.text == "]" else self.listed(self.count)
        self.expect("]")
        return tuple(sizes)

    def value(self, depth: int = 0) -> object:
        match self.kind:
            case "number":
                return self.number()
            case "string":
                return self.string()
        if self.take("true") or self.take("false"):
            return self.tokens[self.at - 1][0] == "true"
        if depth >= DEEPEST or not self.take("["):
            self.wrong("a value")
        items = [] if self.text == "]" else self.listed(lambda: self.value(depth + 1))
        self.expect("]")
        return tuple(items)

    def string(self) -> str:
        try:
            return str(json.loads(self.need("string")))
        except ValueError:
            self.at -= 1
            self.wrong("a string")

    # --- refusing

    def wrong(self, *wanted: str) -> NoReturn:
        """Something else should have come next."""
        found = f"not `{self.here.shown}`" if self.kind else "not the end of the line"
        raise Refusal(codes.IR_SYNTAX.at(self.here, f"{' or '.join(wanted)} should stand here, {found}"))


def refuse(code: Code, span: Span, message: str, help: str | Sequence[str] = ()) -> NoReturn:
    raise Refusal(code.at(span, message, help=help))
