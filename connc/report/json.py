"""Diagnostics for programs, as JSON: ASCII, sorted keys, `format_version` 1."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from connc.dsl.diagnostic import Diagnostic, Label
from connc.report.places import counts, place_of

FORMAT_VERSION = 1


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """One document, also where there is nothing to say."""
    told = [_diagnostic(diagnostic) for diagnostic in diagnostics]
    return dump({"format_version": FORMAT_VERSION, "diagnostics": told, "summary": counts(diagnostics)})


def dump(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    """The place is that of the first label, which is among the labels too."""
    return {
        "code": diagnostic.code.id,
        "severity": diagnostic.code.severity,
        "message": diagnostic.message,
        "labels": [_label(label) for label in diagnostic.labels],
        "help": list(diagnostic.help),
        **place_of(diagnostic.span)._asdict(),
    }


def _label(label: Label) -> dict[str, Any]:
    return {"text": label.text, **place_of(label.span)._asdict()}
