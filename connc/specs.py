"""Specs as text and trees: what needs no more than the language, and nothing that takes long to import."""

from __future__ import annotations

from collections.abc import Iterable

from connc.dsl import codes
from connc.dsl.diagnostic import Diagnostic, Refusal
from connc.dsl.format import format_source
from connc.dsl.library import Library, Unit
from connc.dsl.limits import Limits
from connc.dsl.parser import parse_setting
from connc.dsl.source import Source
from connc.dsl.tree import Argument
from connc.target import Target


def parse_settings(
    texts: Iterable[str], limits: Limits = Limits(), origin: str = "--set"
) -> tuple[list[Argument], list[Diagnostic]]:
    """Settings as `--set` takes them, `name=value`, and what is wrong with them; messages call them by `origin`."""
    settings: dict[str, Argument] = {}
    report: list[Diagnostic] = []
    for text in texts:
        setting, found = parse_setting(Source(origin, text), limits)
        report += found
        if setting and setting.name:
            name = setting.name
            if name.text in settings:
                message = f"`{name.text}` has a value already"
                report.append(codes.TWICE.at(name.span, message, help="give each parameter one value"))
            settings[name.text] = setting
    return list(settings.values()), report


def load_units(target: Target, limits: Limits = Limits()) -> tuple[list[Unit], list[Diagnostic]]:
    """The trees of a file and of all that it uses; no trees where there are mistakes in reading them."""
    try:
        units = target.load(Library(target.roots, limits))
    except Refusal as refusal:
        return [], [refusal.diagnostic]
    found = [diagnostic for unit in units for diagnostic in unit.report if diagnostic.is_error]
    return ([] if found else units), found


def format_target(target: Target, limits: Limits = Limits()) -> tuple[Source | None, str | None, list[Diagnostic]]:
    """The text of a file, the same in the house format, and what keeps it from being formatted."""
    try:
        source = target.read(limits)
    except Refusal as refusal:
        return None, None, [refusal.diagnostic]
    return source, *format_source(source, limits)
