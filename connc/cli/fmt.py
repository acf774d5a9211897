"""`connc fmt`: the house format, in place."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import click

from connc.cli.options import complete_target, finish, plural, quiet, tell, with_limits
from connc.dsl.library import STD
from connc.dsl.limits import Limits
from connc.files import replace_file
from connc.specs import format_target
from connc.target import Target, TargetError, targets


@click.command(short_help="Format specs.")
@click.argument("target", nargs=-1, required=True, shell_complete=complete_target)
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if a file would change.")
@click.option(
    "--diff", is_flag=True, help="Change nothing; print what would change, and exit with 1 if anything would."
)
@quiet
@with_limits
def fmt(target: tuple[str, ...], check: bool, diff: bool, quiet: bool, limits: Limits) -> None:
    """Format specs in place; `-` reads standard input and prints the result.

    Comments, meaning and the line breaks of chains stay. A file with syntax errors is left as it is.

    \b
    connc fmt net.conn
    connc fmt --check .
    """
    changed, refused = [], []
    for file in (each for text in target for each in targets(text)):
        source, formatted, found = format_target(file, limits)
        if formatted is None or source is None:
            refused += found
        elif file.path is None and not (check or diff):
            click.echo(formatted, nl=False)
        elif formatted != source.text:
            changed.append(file)
            _act(file, source.text, formatted, check, diff)
    tell(refused)
    if not quiet:
        _summarise(changed, check, diff)
    finish(refused)
    if changed and (check or diff):
        raise click.exceptions.Exit(1)


def _act(file: Target, before: str, after: str, check: bool, diff: bool) -> None:
    if diff:
        click.echo("".join(_difference(file.shown, before, after)), nl=False)
    elif not check:
        if file.name.startswith(STD + ".") or file.path is None:
            raise TargetError(f"{file.shown} is part of connc and is not rewritten")
        replace_file(file.path, after.encode())


def _difference(name: str, before: str, after: str) -> Iterator[str]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for line in difflib.unified_diff(old, new, name, f"{name} (formatted)"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _summarise(changed: list[Target], check: bool, diff: bool) -> None:
    for file in changed if check else ():
        click.echo(f"would format {file.shown}", err=True)
    if changed and not (check or diff):
        click.echo(f"formatted {plural(len(changed), 'file')}", err=True)
