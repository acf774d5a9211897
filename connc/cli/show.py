"""`connc show`: the source of a file or of one declaration in it."""

from __future__ import annotations

from pathlib import Path

import click

from connc.cli.options import complete_target, tell, with_limits
from connc.describe import page
from connc.dsl.limits import Limits
from connc.dsl.tree import Declaration
from connc.dsl.words import did_you_mean
from connc.specs import load_units
from connc.target import target as target_of


@click.command(short_help="Print the source of a declaration.")
@click.argument("target", shell_complete=complete_target)
@with_limits
def show(target: str, limits: Limits) -> None:
    """Print the source of a declaration (FILE:NAME, std.MODULE:NAME) or of a whole file, or explain a word.

    \b
    connc show std.blocks:bottleneck
    connc show std.rules
    connc show conv
    """
    if not Path(target).exists() and (found_page := page(target)):
        click.echo(found_page)
        return
    chosen = target_of(target)
    units, found = load_units(chosen, limits)
    if found:
        tell(found)
        raise click.exceptions.Exit(1)
    file = units[-1].file
    if not chosen.net:
        click.echo(file.source.text, nl=False)
        return
    named = {declaration.name.text: declaration for declaration in file.declarations}
    if chosen.net not in named:
        hint = did_you_mean(chosen.net, named) or f"it declares {', '.join(named)}"
        raise click.UsageError(f"{chosen.shown} declares no {chosen.net}; {hint}")
    click.echo(_with_doc(named[chosen.net]))


def _with_doc(declaration: Declaration) -> str:
    doc = "".join(f"## {line}".rstrip() + "\n" for line in declaration.doc.splitlines())
    return doc + declaration.span.text
