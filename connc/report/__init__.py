"""Diagnostics rendered: for people, for programs, for the places that show them beside the code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from connc.dsl.diagnostic import Diagnostic
from connc.report import github, json, sarif, text
from connc.report.places import in_order

FORMATS: dict[str, Callable[[Sequence[Diagnostic]], str]] = {
    "text": text.render,
    "json": json.render,
    "sarif": sarif.render,
    "github": github.render,
}


def render(diagnostics: Iterable[Diagnostic], format: str = "text", *, color: bool = False) -> str:
    """The diagnostics in order, in one of `FORMATS`; ends with a line end unless it is empty. Only text has colors."""
    told = in_order(diagnostics)
    return text.render(told, color=color) if format == "text" else FORMATS[format](told)
