"""`connc explain`: what a diagnostic's code means."""

from __future__ import annotations

import json

import click
from click.shell_completion import CompletionItem

from connc.dsl.codes import CATALOGUE
from connc.dsl.diagnostic import Code
from connc.dsl.words import did_you_mean


def _codes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(each.id, help=each.title) for each in CATALOGUE.values() if each.id.startswith(incomplete)]


@click.command(short_help="Explain a diagnostic's code.")
@click.argument("code", required=False, shell_complete=_codes)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def explain(code: str | None, format_: str) -> None:
    """Explain a diagnostic's code, with a wrong and a right example; without a code, list all.

    \b
    connc explain E301
    """
    if code is not None and code.upper() not in CATALOGUE:
        hint = did_you_mean(code.upper(), CATALOGUE) or "`connc explain` lists all codes"
        raise click.UsageError(f"there is no code {code}; {hint}")
    chosen = list(CATALOGUE.values()) if code is None else [CATALOGUE[code.upper()]]
    if format_ == "json":
        click.echo(json.dumps({"format_version": 1, "codes": [_data(c) for c in chosen]}, indent=2, sort_keys=True))
    elif code is None:
        click.echo("\n".join(f"{each.id}  {each.title}" for each in chosen))
    else:
        click.echo(_page(chosen[0]), nl=False)


def _data(code: Code) -> dict[str, object]:
    return {
        "id": code.id,
        "severity": code.severity,
        "title": code.title,
        "meaning": code.meaning,
        "wrong": code.wrong,
        "right": code.right,
        "flags": list(code.flags),
    }


def _page(code: Code) -> str:
    flags = f" (with {' '.join(code.flags)})" if code.flags else ""
    wrong, right = _shown(code.wrong), _shown(code.right)
    return f"{code.id}: {code.title}\n\n{code.meaning}\n\nWrong{flags}:\n\n{wrong}\nRight:\n\n{right}"


def _shown(spec: str) -> str:
    """An example, indented; what a terminal must not be sent is written out."""
    visible = spec.encode("utf-8", "backslashreplace").decode()
    lines = ("".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in line) for line in visible.splitlines())
    return "".join(f"    {line}\n" if line else "\n" for line in lines)
