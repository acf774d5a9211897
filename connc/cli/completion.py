"""`connc completion`: the script that lets a shell complete verbs, options and targets."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that makes a shell complete connc's verbs and options.

    \b
    connc completion bash >> ~/.bashrc
    """
    found = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    assert found is not None
    click.echo(found(root, {}, "connc", "_CONNC_COMPLETE").source())
