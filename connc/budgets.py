"""Contracts that are given from outside: `params <= 5M`, as a `require` in the net itself would say it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from connc.dsl.diagnostic import Diagnostic
from connc.dsl.library import Unit
from connc.dsl.limits import Limits
from connc.dsl.parser import parse_setting
from connc.dsl.source import Source
from connc.dsl.tree import Call, Declaration, Expr, Module, Name, Net, Require


def parse_budgets(texts: Iterable[str], limits: Limits = Limits()) -> tuple[list[Require], list[Diagnostic]]:
    """What `--budget` was given, and what is wrong with it."""
    budgets, report = [], []
    for text in texts:
        setting, found = parse_setting(Source("--budget", f"budget = {text}"), limits)
        report += found
        if setting:
            budgets.append(Require(setting.value.span, setting.value, None))
    return budgets, report


def with_budgets(units: Sequence[Unit], net: str, budgets: Sequence[Require]) -> list[Unit]:
    """The units, where the net's body, or that of what it is another name for, requires all these too."""
    unit, declaration = _with_body(units[-1], net)
    if not budgets or not isinstance(declaration, Module | Net) or declaration.body is None:
        return list(units)
    body = replace(declaration.body, statements=(*declaration.body.statements, *budgets))
    declarations = [replace(declaration, body=body) if each is declaration else each for each in unit.file.declarations]
    held = replace(unit, file=replace(unit.file, declarations=tuple(declarations)))
    return [held if each is unit else each for each in units]


def _with_body(unit: Unit, name: str) -> tuple[Unit, Declaration | None]:
    """Where what a name stands for is written down, behind all its other names."""
    while True:
        unit, name = _imported(unit, name)
        found = next((each for each in unit.file.declarations if each.name.text == name), None)
        if not isinstance(found, Net) or found.alias is None:
            return unit, found
        name = _called(found.alias)


def _imported(unit: Unit, name: str) -> tuple[Unit, str]:
    for use in unit.file.uses:
        for each in use.names:
            if each.local.text == name and use.dotted in unit.uses:
                return unit.uses[use.dotted], each.name.text
    return unit, name


def _called(expr: Expr) -> str:
    callee = expr.callee if isinstance(expr, Call) else expr
    return callee.text if isinstance(callee, Name) else ""
