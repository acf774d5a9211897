"""Where a diagnostic is, in lines and columns, and the order in which diagnostics are told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from connc.dsl.diagnostic import Diagnostic
from connc.dsl.source import Span


class Place(NamedTuple):
    """A place in a file, from 1, in characters; the end lies just behind it."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


def place_of(span: Span) -> Place:
    """The lines and columns of a span, kept inside its text."""
    source = span.source
    start = min(max(span.start, 0), len(source.text))
    stop = min(max(span.stop, start), len(source.text))
    return Place(source.name, *source.position(start), *source.position(stop))


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By file, by place, by code; equals stay as they came."""
    return sorted(diagnostics, key=lambda d: (d.span.source.name, d.span.start, d.code.id))


def counts(diagnostics: Iterable[Diagnostic]) -> dict[str, int]:
    """How many errors and warnings there are, and in how many files."""
    told = list(diagnostics)
    errors = sum(d.is_error for d in told)
    files = {d.span.source.name for d in told}
    return {"errors": errors, "warnings": len(told) - errors, "files": len(files)}
