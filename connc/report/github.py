"""Diagnostics as workflow commands of GitHub, which shows them beside the lines of a change."""

from __future__ import annotations

from collections.abc import Sequence

from connc.dsl.diagnostic import Diagnostic
from connc.report.places import Place, place_of
from connc.report.visible import flat, visible

DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = DATA | {":": "%3A", ",": "%2C"}


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """A line for each diagnostic."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    properties = {**_range(place_of(diagnostic.span)), "title": diagnostic.code.id}
    told = ",".join(f"{name}={_escaped(visible(value), PROPERTY)}" for name, value in properties.items())
    return f"::{diagnostic.code.severity} {told}::{_escaped(_message(diagnostic), DATA)}"


def _range(place: Place) -> dict[str, str]:
    """GitHub takes columns only where the first line is the last."""
    lines = {"file": place.file, "line": str(place.line), "endLine": str(place.end_line)}
    if place.line != place.end_line:
        return lines
    return lines | {"col": str(place.column), "endColumn": str(place.end_column)}


def _message(diagnostic: Diagnostic) -> str:
    lines = [diagnostic.message, diagnostic.labels[0].text, *(f"help: {help}" for help in diagnostic.help)]
    return "\n".join(flat(line) for line in lines if line)


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
