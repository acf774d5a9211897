"""Text to tree. A statement that cannot be read is reported and left out; reading goes on behind it."""

from __future__ import annotations

import gc
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lark import Lark, Token, UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser
from lark.parsers.lalr_parser_state import ParserState

from connc.dsl import codes, hints, words
from connc.dsl.builder import NOBODY, Builder
from connc.dsl.diagnostic import Code, Diagnostic, Label, Refusal
from connc.dsl.layout import CLOSERS, STARTS, Layout, stop_at_many
from connc.dsl.limits import Limits
from connc.dsl.source import Source, Span
from connc.dsl.tree import Argument, Choice, Expr, File, Node, Operation, Unary

GRAMMAR = Path(__file__).with_name("grammar.lark")
DECLARES = frozenset({"USE", "RULE", "MODULE", "NET"})
_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MARGIN = re.compile(r"[ \t]{0,200}")
_NAMED = re.compile(r"[ \t]*[=:](?!=)")  # a word in front of this was to be a name
_threads = threading.local()


def parse(source: Source, limits: Limits = Limits()) -> tuple[File, list[Diagnostic]]:
    """The tree of a file, as much of it as can be read, and what is wrong with the rest."""
    reading = _Reading(source, limits, "file")
    file = reading.run() or File(Span(source, 0, 0), (), (), "", refused=True)
    return replace(file, lost=frozenset(reading.lost)), reading.sorted_report()


def parse_setting(source: Source, limits: Limits = Limits()) -> tuple[Argument | None, list[Diagnostic]]:
    """The tree of `name = value`, as `--set` takes it; nothing if it cannot be read."""
    reading = _Reading(source, limits, "setting")
    setting = reading.run()
    return (None if reading.report else setting), reading.sorted_report()[:1]


def lex(source: Source) -> Iterator[Token]:
    """The tokens of a source as they stand, its line ends too, before anything is checked."""
    interactive = _parser().lark.parse_interactive(source.text, "file")
    return _tokens(interactive)


def _tokens(interactive: InteractiveParser) -> Iterator[Token]:
    """The lexer of a parser that was made already; `Lark.lex` would make another each time."""
    lex_all: Callable[[ParserState[int]], Iterator[Token]] = interactive.lexer_thread.lex
    return lex_all(interactive.parser_state)


def _levels(node: Node) -> int:
    """How many levels a node adds: conditions two, whose checks take twice as much of Python's stack."""
    match node:
        case Choice() | Unary(operator="not") | Operation(operators=("and" | "or", *_)):
            return 2
    return isinstance(node, Expr)


class _Parser:
    """The tables and the builder; made once a thread, because a builder knows the source it is at."""

    def __init__(self) -> None:
        self.builder = Builder()
        self.lark = Lark(
            GRAMMAR.read_text(encoding="utf-8"),
            parser="lalr",
            lexer="basic",
            start=["file", "setting", "damage"],
            maybe_placeholders=False,
            transformer=self.builder,
        )


def _parser() -> _Parser:
    if not hasattr(_threads, "parser"):
        _threads.parser = _Parser()
    return _threads.parser  # type: ignore[no-any-return]


@contextmanager
def uncollected() -> Iterator[None]:
    """Without Python's cyclic garbage collector, which makes building a large tree twice as slow and finds nothing."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


class _Reading:
    """One run over one source: feeds the parser, and where it balks, reports, skips and resumes."""

    def __init__(self, source: Source, limits: Limits, start: str) -> None:
        parser = _parser()
        self.source, self.limits = source, limits
        self.report: list[Diagnostic] = []
        self.lost: set[str] = set()
        self.misused: set[str] = set()  # keywords as names, told once
        self.builder = parser.builder
        self.builder.start(source, limits, self.report)
        self.whole_file = start == "file"
        self.interactive: InteractiveParser = parser.lark.parse_interactive(source.text, start)
        self.state = self.interactive.parser_state
        self.layout = Layout(_tokens(self.interactive), source, limits, self.report)
        self.tokens = iter(self.layout)
        self.table = self.state.parse_conf.states

    def run(self) -> Any:
        """What the start symbol stands for, or nothing where that cannot be read."""
        with uncollected():
            try:
                found = self._feed_all()
                self._check_levels(found)
                return found
            except Refusal as refusal:
                self.report.append(refusal.diagnostic)
                return None

    def _feed_all(self) -> Any:
        feed, last = self.state.feed_token, None
        for token in self.tokens:
            try:
                feed(token)
            except UnexpectedToken:
                self._recover(token, last)
            last = token
        end = Token("$END", "", len(self.source.text), end_pos=len(self.source.text))
        try:
            return feed(end, True)
        except UnexpectedToken:
            return self._finish(end, last)

    def _check_levels(self, found: Any) -> None:
        """Refuse a tree that later steps could not follow: operators nest too, and not every bracket tells how much."""
        if found is None or 8 * self.layout.deepest <= self.limits.nesting:
            return
        most = 2 * (self.limits.nesting + 2)
        waiting: list[tuple[Node, int]] = [(found, 0)]
        while waiting:
            node, levels = waiting.pop()
            if below := tuple(node.children()):
                levels += _levels(node)
                if levels > most:
                    raise Refusal(self.limits.exceeded("nesting", node.span, levels // 2))
                waiting += [(each, levels) for each in below]

    def sorted_report(self) -> list[Diagnostic]:
        return sorted(self.report, key=lambda diagnostic: diagnostic.span.start)

    # --- recovery

    def _recover(self, token: Token, last: Token | None) -> None:
        """Report what `token` does not fit, drop the statement it stands in, and go on behind that."""
        if token.type == "_NL" and last is not None and self._goes_on(token, last):
            return
        start = self._statement(token)
        if not token.type.startswith("BAD"):
            self._complain(token, last)
        stop_at_many(len(self.report), self.layout.span(token))
        braces = self._braces() - (token.type == "LBRACE")
        braces += token.type == "RBRACE" and self.layout.closed is token
        if self._leaves_body(token):
            self._feed_missing_brace()
            self._try(token)
            return
        self._rewind("CONNECT" if braces else "USE")
        end = self._skip(token, braces)
        self.builder.damaged = bool(braces)
        self.lost.update(_NAMES.findall(self.source.text, start, end.end_pos or 0))

    def _goes_on(self, token: Token, last: Token) -> bool:
        """Read over a line end behind an arrow, or in front of the `{` of a body; people are told the first time."""
        text, end = self.source.text, token.end_pos or 0
        if last.type == "_ARROW":
            goes_on = self._margin(end) > self._margin(_statement_start(text, self.layout.before))
        else:
            goes_on = text[end : end + 1] == "{" and "LBRACE" in self.table[self.state.state_stack[-1]]
        if not goes_on:
            return False
        if last.type not in self.misused:
            message = "this line ends with an arrow" if last.type == "_ARROW" else "this line ends in front of its `{`"
            help_ = "begin the next line with `->`" if last.type == "_ARROW" else "write `{` on the same line"
            self._say(codes.SYNTAX, self.layout.span(last), message, help=help_)
        self.misused.add(last.type)
        return True

    def _margin(self, offset: int) -> int:
        """How far the line of an offset is indented."""
        blanks = _MARGIN.match(self.source.text, offset - self.source.position(offset)[1] + 1)
        return len(blanks[0]) if blanks else 0

    def _skip(self, token: Token, braces: int) -> Token:
        """Go to the end of the statement, `braces` deep, that `token` stands in; that end is the last token taken."""
        each = token
        for each in itertools.chain([token], self.tokens):
            if leaves := self._leaves_brackets(each):
                self.layout.close_brackets(each)
            if each.type == "LBRACE" and not braces:  # the body is read all the same, behind a head made up for it
                self._feed(("MODULE", "module"), ("NAME", NOBODY))
                self._try(each)
                break
            if leaves and each.type != "RBRACE":
                self._try(each, last=None)
                break
            if (each.type == "_NL" and self._braces() == braces) or (each.type == "RBRACE" and self._braces() < braces):
                self._try(each)
                break
        return each

    def _finish(self, end: Token, last: Token | None) -> Any:
        """Report what is missing at the end of the text, and make the tree of what there is."""
        if not (last and last.type.startswith("BAD")):
            self._complain(end, last)
        if self._braces():
            self._feed_missing_brace()
        self._rewind("USE")
        return self._try(end)

    def _feed_missing_brace(self) -> None:
        self._rewind("CONNECT")
        self.builder.damaged = True
        self._feed(("RBRACE", "}"), ("_NL", ""))
        self.layout.open.clear()

    def _rewind(self, starter: str) -> None:
        """Go back to where a statement (`CONNECT`) or a declaration (`USE`) may start."""
        states, values = self.state.state_stack, self.state.value_stack
        while starter not in self.table[states[-1]] and values:
            states.pop()
            values.pop()

    def _feed(self, *tokens: tuple[str, str]) -> None:
        for kind, text in tokens:
            self._try(Token(kind, text, self.layout.start, end_pos=self.layout.start))

    def _try(self, token: Token, **recover: None) -> Any:
        """Feed a token if it fits here; else recover from it, where that is asked for."""
        try:
            return self.state.feed_token(token, token.type == "$END")
        except UnexpectedToken:
            if recover:
                self._recover(token, **recover)
        return None

    def _braces(self) -> int:
        return sum(bracket.type == "LBRACE" for bracket in self.layout.open)

    def _leaves_brackets(self, token: Token) -> bool:
        """Whether parentheses were left open in front of `token`: it starts what cannot stand in them."""
        left_open = self.layout.brackets(token)
        return bool(left_open) and (token.type in STARTS or self._outdented(token, left_open[0]))

    def _leaves_body(self, token: Token) -> bool:
        """Whether a declaration begins though the body above it is still open."""
        braces = [bracket for bracket in self.layout.open if bracket.type == "LBRACE"]
        return token.type in DECLARES and bool(braces) and self._outdented(token, braces[0])

    def _outdented(self, token: Token, bracket: Token) -> bool:
        """Whether `token` leads its line and stands no further right than the line that `bracket` is in."""
        start, text = token.start_pos or 0, self.source.text
        margin = start
        while margin and text[margin - 1] in " \t":
            margin -= 1
        if token.type == "_NL" or (margin and text[margin - 1] != "\n"):
            return False
        return start - margin <= self._margin(bracket.start_pos or 0)

    # --- messages

    def _complain(self, token: Token, last: Token | None) -> None:
        span, open_ = self.layout.span(token), self.layout.open
        at_end = token.type == "$END"
        unclosed = open_[-1:] if at_end else self.layout.brackets(token)[:1] if self._leaves_brackets(token) else []
        if self._leaves_body(token):
            unclosed = [b for b in open_ if b.type == "LBRACE"][:1]
        if unclosed:
            bracket, found = unclosed[0], words.found(token.type, token.value)
            message, label = f"this `{bracket.value}` is never closed", Label(span, f"{found} comes first")
            self._say(codes.UNCLOSED, self.layout.span(bracket), message, "", label)
            return
        accepted: set[str] = self.interactive.accepts()  # type: ignore[no-untyped-call]
        if token.value in self.misused:
            return
        if (
            token.value in words.KEYWORDS
            and "NAME" in accepted
            and ("NUMBER" not in accepted or _NAMED.match(self.source.text, span.stop))
        ):
            self.misused.add(token.value)
            message = f"`{token.value}` is a word of the language and cannot be a name"
            self._say(codes.RESERVED, span, message, help=f"`{token.value}_` could be one")
            return
        message = f"expected {words.expected(accepted)}, found {words.found(token.type, token.value)}"
        if not self.whole_file:
            message = message.replace("the end of the file", "the end")
        inner = [b for b in open_[-1:] if b.type != "LBRACE" or token.type == "RBRACE"]
        opened = [Label(self.layout.span(b), "opened here") for b in inner if token.type in CLOSERS.values()]
        self._say(codes.SYNTAX, span, message, "", *opened, help=hints.way_out(self._slip(token, last, accepted)))

    def _slip(self, token: Token, last: Token | None, accepted: set[str]) -> hints.Slip:
        text = self.source.text
        return hints.Slip(
            text=text,
            start=token.start_pos or 0,
            kind=token.type,
            word=token.value,
            statement=_statement_start(text, self._statement(token)),
            last=last.type if last else "",
            last_word=last.value if last else "",
            accepted=accepted,
            in_brackets=bool(self.layout.brackets(token)),
            in_body=bool(self._braces()),
        )

    def _statement(self, token: Token) -> int:
        """Where the statement starts that `token` belongs to."""
        return self.layout.before if token.type in ("_NL", "LBRACE") else self.layout.start

    def _say(self, code: Code, span: Span, message: str, label: str = "", *more: Label, help: str = "") -> None:
        self.report.append(code.at(span, message, label, *more, help=help))


def _statement_start(text: str, start: int) -> int:
    """The first character of a statement, blanks left out."""
    while start < len(text) and text[start] in " \t\r\n":
        start += 1
    return start
