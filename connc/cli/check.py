"""`connc check`: what is wrong with specs, without running anything."""

from __future__ import annotations

import click

from connc.cli.options import complete_target, finish, plural, quiet, tell, with_limits, with_settings
from connc.dsl.limits import Limits
from connc.report import FORMATS
from connc.specs import parse_settings
from connc.target import targets


@click.command(short_help="Check specs and print what is wrong with them.")
@click.argument("target", nargs=-1, required=True, shell_complete=complete_target)
@with_settings
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@quiet
@with_limits
def check(
    target: tuple[str, ...], settings: tuple[str, ...], seed: int, format_: str, quiet: bool, limits: Limits
) -> None:
    """Check specs and print what is wrong with them: text, names, types, values, shapes, rules, contracts.

    \b
    connc check net.conn
    connc check std.sparsenet --set growth=48
    connc check . --format sarif > connc.sarif

    Exits with 1 if there are mistakes; warnings alone do not count.
    """
    from connc.api import check_target

    values, found = parse_settings(settings, limits)
    files = [file for text in target for file in targets(text)]
    for file in files:
        found += check_target(file, values, limits, seed)
    found = list({str(each): each for each in found}.values())  # what two targets use is told once
    tell(found, format_)
    if not found and format_ == "text" and not quiet:
        click.echo(f"checked {plural(len(files), 'file')}, nothing to report", err=True)
    finish(found)
