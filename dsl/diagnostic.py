"""Diagnostics: what is wrong, as data. They are rendered at the edge, by `connc.report`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from connc.dsl.source import Span


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of mistake: its stable name, what it means, a spec that makes it and the same spec mended."""

    id: str
    title: str
    meaning: str
    wrong: str
    right: str
    flags: tuple[str, ...] = ()  # of `connc check`, where the examples need one

    @property
    def severity(self) -> str:
        return "warning" if self.id.startswith("W") else "error"

    def at(self, span: Span, message: str, label: str = "", *more: Label, help: str | Sequence[str] = ()) -> Diagnostic:
        """This mistake at a place; `label` stands under the place, `more` are other places of the same cause."""
        helps = (help,) if isinstance(help, str) else tuple(help)
        return Diagnostic(self, message, (Label(span, label), *more), tuple(h for h in helps if h))


class Label(NamedTuple):
    """A place and a few words that stand under it."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake; its first label is where it is, the others are what it has to do with."""

    code: Code
    message: str
    labels: tuple[Label, ...]
    help: tuple[str, ...] = ()

    @property
    def span(self) -> Span:
        return self.labels[0].span

    @property
    def is_error(self) -> bool:
        return self.code.severity == "error"

    def __str__(self) -> str:
        return f"{self.span}: {self.code.severity}[{self.code.id}]: {self.message}"


class Refusal(Exception):
    """Nothing can be made of this input; the diagnostic says why. Never reaches a user as an exception."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic
