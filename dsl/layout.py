"""The tokens of a source as the parser wants them: undamaged, within the limits, no line ends inside brackets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lark import Token

from connc.dsl import codes
from connc.dsl.diagnostic import Diagnostic, Refusal
from connc.dsl.limits import Limits
from connc.dsl.source import Source, Span, shown_text

CLOSERS = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_CLOSING = frozenset(CLOSERS.values())
_TERMS = frozenset({"NAME", "NUMBER", "STRING", "IN", "OUT", "TRUE", "FALSE"})
_OTHERS = 4  # operators, commas and arrows to a term: no statement has more
_SUFFIXES = _CLOSING | {"DOT"}  # what makes an operand one step deeper: a call, a subscript, an attribute
_DAMAGED = frozenset({"BAD_NUMBER", "BAD_NAME", "BAD_STRING", "BAD_CHARACTER"})
# What never stands inside parentheses or square brackets: where it comes, one of them was left open.
STARTS = frozenset({"CONNECT", "REQUIRE", "USE", "NET", "LBRACE", "RBRACE"})
MOST_MISTAKES = 100  # in the syntax of one file; behind them people read no further


def stop_at_many(mistakes: int, span: Span) -> None:
    """Read no further where that many were found."""
    if mistakes >= MOST_MISTAKES:
        raise Refusal(codes.SYNTAX.at(span, f"reading stopped here, after {MOST_MISTAKES} mistakes"))


class Layout:
    """Iterates over the tokens of one source; `open` are the brackets that are open so far."""

    def __init__(self, tokens: Iterable[Token], source: Source, limits: Limits, report: list[Diagnostic]) -> None:
        self._tokens, self._source, self._limits, self._report = tokens, source, limits, report
        self.open: list[Token] = []
        self.closed: Token | None = None  # what closed the last of them
        self._bad_names: set[str] = set()  # reported already
        self._mistakes = 0  # damaged tokens, told or not
        self._complained = -1  # the start of the statement with the last bad character
        self.start = self.before = 0  # where this statement starts, and the one before it
        self.deepest = 0  # that brackets and suffixes nest anywhere

    def __iter__(self) -> Iterator[Token]:
        terms, others, powered = 0, 0, False
        suffixes, deep = [0], 0  # and powers of the operand at hand, for each open bracket; how many that is in all
        most_terms, brackets = self._limits.terms, self.open
        for token in self._tokens:
            kind = token.type
            if kind in _TERMS:
                terms += 1
                powered = False
                if terms > most_terms:
                    raise Refusal(self._limits.exceeded("terms", self.span(token), terms))
            elif kind in CLOSERS:
                if kind == "LBRACE":
                    self.before, self.start = self.start, token.end_pos or 0
                brackets.append(token)
                suffixes.append(0)
                self._descend(len(brackets) + deep, token)
            elif kind in _SUFFIXES:
                if kind != "DOT" and brackets and CLOSERS[brackets[-1].type] == kind:
                    self.closed = token
                    brackets.pop()
                    deep -= suffixes.pop() if len(suffixes) > 1 else 0
                suffixes[-1] += 1
                deep += 1
                self._descend(deep, token)
            elif kind == "OPERATOR" and token.value == "^":  # powers nest, to the right
                suffixes[-1] += 1
                deep += 1
                powered = True
                self._descend(deep, token)
            elif kind == "_NL":
                if brackets and brackets[-1].type != "LBRACE":
                    continue
                terms, others, deep, suffixes = 0, 0, 0, [0] * (len(brackets) + 1)
                self.before, self.start = self.start, token.end_pos or 0
            elif kind in _DAMAGED:
                token = self._mended(token)
            elif not powered:  # an operator or a comma: the next operand starts
                deep -= suffixes[-1]
                suffixes[-1] = 0
                others += 1
                if others > _OTHERS * most_terms:
                    raise Refusal(self._limits.exceeded("terms", self.span(token), others))
            yield token

    def _descend(self, depth: int, token: Token) -> None:
        if depth > self.deepest:
            self.deepest = depth
            if depth > self._limits.nesting:
                raise Refusal(self._limits.exceeded("nesting", self.span(token), depth))

    def span(self, token: Token) -> Span:
        return Span(self._source, token.start_pos or 0, token.end_pos or 0)

    def brackets(self, token: Token) -> list[Token]:
        """The parentheses and square brackets that are open in front of `token`."""
        return [bracket for bracket in self.open if bracket.type != "LBRACE" and bracket is not token]

    def close_brackets(self, token: Token) -> None:
        """Take the open parentheses for closed, since `token` cannot stand in them."""
        self.open[:] = [bracket for bracket in self.open if bracket.type == "LBRACE"]
        if token.type == "RBRACE" and self.open:
            self.open.pop()

    def _mended(self, token: Token) -> Token:
        """Report a damaged token. A number or name is taken for one; any other ends its statement, silently."""
        span, text = self.span(token), token.value
        stop_at_many(max(self._mistakes, len(self._report)), span)
        self._mistakes += 1
        if token.type == "BAD_NUMBER":
            help_ = "numbers look like 3, 0.5, 1e-3, 50% and 4.51M"
            self._report.append(
                codes.NUMBER.at(span, f"`{shown_text(text)}` is neither a number nor a name", help=help_)
            )
            return Token("NUMBER", "1", token.start_pos, end_pos=token.end_pos)
        if token.type == "BAD_STRING":
            self._report.append(
                codes.TEXT.at(span, "this string does not end", help='close it with `"` on the same line')
            )
            return token
        if token.type == "BAD_NAME":
            if text not in self._bad_names:
                message = f"names are made of the letters a to z, digits and `_`; `{shown_text(text)}` is not"
                self._report.append(codes.ASCII.at(span, message))
            self._bad_names.add(text)
            return Token("NAME", text, token.start_pos, end_pos=token.end_pos)
        if self._complained == self.start:  # once a statement: quotes come in pairs
            return token
        self._complained = self.start
        message = f"no word of the language holds `{text}`"
        self._report.append(codes.CHARACTER.at(span, message, help=_INSTEAD.get(text, "")))
        return token


_INSTEAD = {
    "%": "the remainder is `mod(a, b)`; a percentage is written without a space, `50%`",
    ";": "a statement ends with its line",
    "'": 'strings stand between `"` and `"`',
    "“": 'strings stand between `"` and `"`',
    "”": 'strings stand between `"` and `"`',
    "—": "an arrow is written `->`, a minus `-`",
    "\u00a0": "this space is of the kind that does not break lines; write a plain one",
    "→": "an arrow is written `->`",
    "⇒": "an arrow is written `->`",
    "×": "a product is written `*`",
    "≤": "write `<=`",
    "≥": "write `>=`",
    "≠": "write `!=`",
    "−": "a minus is written `-`",
    "–": "a minus is written `-`",
    "…": "a range is written `0..n`",
    "!": "negation is written `not`",
    "?": "a choice is written `if a then b else c`",
    "$": "a name stands alone, without `$`",
}
