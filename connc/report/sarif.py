"""Diagnostics as SARIF 2.1.0, the exchange format of code scanners. The rules are the catalogue of mistakes.

Braces in messages stay single: only messages with arguments, which ours never have, are expanded by what shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from connc.dsl.codes import CATALOGUE
from connc.dsl.diagnostic import Code, Diagnostic, Label
from connc.dsl.source import Span
from connc.report.json import dump
from connc.report.places import place_of
from connc.version import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

Json = dict[str, Any]


def render(
    diagnostics: Sequence[Diagnostic], *, version: str = __version__, catalogue: Mapping[str, Code] = CATALOGUE
) -> str:
    """One document, also where there is nothing to say."""
    rules = _rules(diagnostics, catalogue)
    index = {id: number for number, id in enumerate(rules)}
    driver = {"name": "connc", "version": version, "rules": [_rule(code) for code in rules.values()]}
    results = [_result(diagnostic, index) for diagnostic in diagnostics]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rules(diagnostics: Sequence[Diagnostic], catalogue: Mapping[str, Code]) -> dict[str, Code]:
    """The catalogue, and what an extension of it has told."""
    found = {diagnostic.code.id: diagnostic.code for diagnostic in diagnostics} | dict(catalogue)
    return dict(sorted(found.items()))


def _rule(code: Code) -> Json:
    return {
        "id": code.id,
        "name": "".join(word.capitalize() for word in code.title.split()),
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": " ".join(code.meaning.split())},
        "help": _help(code),
        "defaultConfiguration": {"level": code.severity},
    }


def _help(code: Code) -> Json:
    text = f"Wrong:\n\n{code.wrong}\nRight:\n\n{code.right}"
    markdown = f"{code.meaning}\n\nWrong:\n\n```conn\n{code.wrong}```\n\nRight:\n\n```conn\n{code.right}```\n"
    return {"text": text, "markdown": markdown}


def _result(diagnostic: Diagnostic, index: Mapping[str, int]) -> Json:
    first, *others = diagnostic.labels
    related = [{"id": number, **_location(label)} for number, label in enumerate(others, 1)]
    return {
        "ruleId": diagnostic.code.id,
        "ruleIndex": index[diagnostic.code.id],
        "level": diagnostic.code.severity,
        "message": {"text": "\n".join([diagnostic.message, *(f"help: {help}" for help in diagnostic.help)])},
        "locations": [_location(first)],
        **({"relatedLocations": related} if related else {}),
    }


def _location(label: Label) -> Json:
    place = {"artifactLocation": {"uri": uri(label.span.source.name)}, "region": _region(label.span)}
    return {"physicalLocation": place} | ({"message": {"text": label.text}} if label.text else {})


def _region(span: Span) -> Json:
    place = place_of(span)
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def uri(name: str) -> str:
    """A file's name as a URI: relative where the name is; what is no file (`<stdin>`) looks like one that cannot be."""
    path = PurePath(name)
    quoted = quote(path.as_posix().encode("utf-8", "surrogatepass"), safe="/")
    return f"file:///{quoted.lstrip('/')}" if path.is_absolute() else quoted
