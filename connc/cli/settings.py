"""Settings, `[tool.connc]` in pyproject.toml or connc.toml: a table a verb, its keys the verb's options."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click

from connc.dsl.words import did_you_mean
from connc.target import project_root


class SettingsError(Exception):
    """A settings file that cannot be used; says which and why."""


def settings(folder: Path, command: click.Group) -> dict[str, dict[str, Any]]:
    """What the project around a folder sets for the verbs of a command, as click takes it."""
    found: dict[str, Any] = {}
    origin = ""
    for name in ("pyproject.toml", "connc.toml"):
        path = project_root(folder) / name
        if path.is_file():
            table = _read(path)
            table = table.get("tool", {}).get("connc", {}) if name == "pyproject.toml" else table
            found, origin = (table, name) if table else (found, origin)
    return {verb: _options(verb, table, command, origin) for verb, table in found.items()}


def _options(verb: str, table: object, command: click.Group, origin: str) -> dict[str, Any]:
    if verb not in command.commands or not isinstance(table, dict):
        hint = did_you_mean(verb, command.commands) or "each table is named like a command"
        raise SettingsError(f"{origin}: connc has no command {verb}; {hint}")
    names = {option.lstrip("-"): p.name for p in command.commands[verb].params for option in p.opts if p.name}
    for key in table:
        if key not in names:
            hint = did_you_mean(key, names) or f"it has {', '.join(sorted(names))}"
            raise SettingsError(f"{origin}: connc {verb} has no option {key}; {hint}")
    return {names[key]: value for key, value in table.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path.name}: {error}") from None
