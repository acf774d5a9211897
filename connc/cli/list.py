"""`connc list`: what files and the standard library declare."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from connc import describe
from connc.cli.options import complete_target, tell, with_limits
from connc.dsl.functions import FUNCTIONS
from connc.dsl.limits import Limits
from connc.dsl.tree import Binding, Declaration, Module, Net, Rule
from connc.specs import load_units
from connc.target import Target, every_std, targets

KINDS: dict[type[Declaration], str] = {Rule: "rule", Module: "module", Net: "net", Binding: "value"}


@click.command("list", short_help="List what files or the standard library declare.")
@click.argument("target", nargs=-1, shell_complete=complete_target)
@click.option("--language", is_flag=True, help="List the layers, generators, analyses and functions of the language.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@with_limits
def list_(target: tuple[str, ...], language: bool, format_: str, limits: Limits) -> None:
    """List rules, modules, nets and values with the first line of their documentation.

    Without a target, or for `std`, it lists the whole standard library.

    \b
    connc list
    connc list net.conn
    connc list --language
    """
    if language and target:
        raise click.UsageError("--language lists the language, not a target")
    rows = list(_of_the_language()) if language else [row for file in _files(target) for row in _rows(file, limits)]
    if format_ == "json":
        click.echo(json.dumps({"format_version": 1, "names": rows}, indent=2, sort_keys=True))
    else:
        _print(rows)


def _files(texts: tuple[str, ...]) -> Iterator[Target]:
    for text in texts or ("std",):
        yield from every_std() if text == "std" else targets(text)


def _rows(file: Target, limits: Limits) -> Iterator[dict[str, str]]:
    units, found = load_units(file, limits)
    if found:
        tell(found)
        raise click.exceptions.Exit(1)
    for declaration in units[-1].file.declarations:
        head = declaration.span.text.partition("{")[0].partition("\n")[0]
        yield {
            "file": file.shown,
            "kind": KINDS[type(declaration)],
            "name": declaration.name.text,
            "head": head.strip(),
            "doc": declaration.doc.partition("\n")[0],
        }


def _of_the_language() -> Iterator[dict[str, str]]:
    for kind, signatures in describe.kinds().items():
        for name, signature in signatures.items():
            doc = signature.doc.strip().partition("\n")[0]
            yield {"file": kind, "kind": kind, "name": name, "head": describe.head(signature), "doc": doc}
    for name, function in FUNCTIONS.items():
        yield {"file": "function", "kind": "function", "name": name, "head": name, "doc": function.doc}


def _print(rows: list[dict[str, str]]) -> None:
    """One block a file, the names in a column."""
    width = min(max((len(row["name"]) for row in rows), default=0), 24)
    shown = ""
    for row in rows:
        if row["file"] != shown:
            click.echo(("\n" if shown else "") + row["file"])
            shown = row["file"]
        kind = "" if row["kind"] == row["file"] else f"{row['kind']:<6}  "
        click.echo(f"  {kind}{row['name']:<{width}}  {row['doc']}".rstrip())
        if kind == "" and "(" in row["head"]:
            click.echo(f"  {'':<{width}}  {row['head']}")
