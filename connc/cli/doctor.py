"""`connc doctor`: what is installed, for a report or before a long run."""

from __future__ import annotations

import json
import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

import click

from connc import __version__

# What later steps use where it is installed.
OPTIONAL = ("torch", "hypothesis", "onnxruntime", "ray")


@click.command(short_help="Print versions, extras and devices.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def doctor(format_: str) -> None:
    """Print the versions of connc and what it builds on, and what this machine has.

    \b
    connc doctor
    """
    facts = _facts()
    if format_ == "json":
        click.echo(json.dumps({"format_version": 1, **facts}, indent=2, sort_keys=True))
        return
    for name, value in facts.items():
        click.echo(f"{name:<14} {value if value is not None else 'not installed'}")
    if missing := [name for name, value in facts.items() if value is None and name in required()]:
        raise click.ClickException(f"connc needs {', '.join(missing)}; install it again: pip install connc")


def _facts() -> dict[str, str | None]:
    packages = dict.fromkeys([*required(), *OPTIONAL])
    return {
        "connc": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": str(os.cpu_count()),
        "compiler": shutil.which("cc") or shutil.which("gcc") or None,
        "cuda": shutil.which("nvidia-smi") or None,
        **{name: _version(name) for name in packages},
    }


def required() -> list[str]:
    """The packages that connc cannot do without."""
    try:
        lines = requires("connc") or []
    except PackageNotFoundError:  # run from a clone that is not installed
        return ["click", "lark"]
    return sorted(line.split(">")[0].split("=")[0].split("<")[0].strip() for line in lines if ";" not in line)


def _version(name: str) -> str | None:
    """The version of a package without importing it: torch alone would take seconds."""
    try:
        return version(name) if find_spec(name) else None
    except PackageNotFoundError:
        return "unknown"
