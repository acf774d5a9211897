"""The `connc` command: its verbs, its exit codes, and the net below everything that should never happen."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from connc import __version__
from connc.cli.analyze import analyze
from connc.cli.bench import bench
from connc.cli.check import check
from connc.cli.compile import compile_
from connc.cli.completion import completion
from connc.cli.data import data
from connc.cli.diff import diff
from connc.cli.doctor import doctor
from connc.cli.expand import expand_
from connc.cli.explain import explain
from connc.cli.fmt import fmt
from connc.cli.graph import graph
from connc.cli.init import init
from connc.cli.list import list_
from connc.cli.plot import plot
from connc.cli.run import run_
from connc.cli.settings import SettingsError, settings
from connc.cli.show import show
from connc.cli.train import train_
from connc.dsl.words import did_you_mean
from connc.target import TargetError

VERBS = (
    analyze,
    bench,
    check,
    compile_,
    completion,
    data,
    diff,
    doctor,
    expand_,
    explain,
    fmt,
    graph,
    init,
    list_,
    plot,
    run_,
    show,
    train_,
)
INTERRUPTED = 130


class Verbs(click.Group):
    """A group of commands that knows what was meant by one it does not have."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            names = self.list_commands(ctx)
            hint = did_you_mean(args[0], names) or f"there are {', '.join(names)}"
            raise click.UsageError(f"connc has no command {args[0]}; {hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="connc", message="%(prog)s %(version)s")
def connc() -> None:
    """A compiler for .conn, a small language for the connectivity of neural networks.

    A TARGET is a file (net.conn), a folder, a module of the standard library (std.sparsenet) or - for standard
    input; a file or module with :net behind it where one net of several is meant.
    """


for verb in VERBS:
    connc.add_command(verb)


def run(arguments: Sequence[str]) -> int:
    """Run the command; the exit status."""
    try:
        defaults = settings(Path.cwd(), connc)
        return connc.main(list(arguments), prog_name="connc", standalone_mode=False, default_map=defaults) or 0
    except click.ClickException as error:
        error.show()
        return 2
    except (TargetError, SettingsError) as error:
        click.echo(f"connc: {error}", err=True)
        return 2
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as in `connc list std | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        click.echo(f"connc: {error.filename or ''}: {(error.strerror or 'failed').lower()}", err=True)
        return 2
    except Exception:
        click.echo(f"connc: internal error; what we need to mend it is in {_bundle(arguments)}", err=True)
        return 2


def _bundle(arguments: Sequence[str]) -> str:
    """Everything about a failure of ours, in one file."""
    parts = [f"connc {__version__}", platform.platform(), f"Python {sys.version}", f"arguments: {list(arguments)}"]
    parts.append(traceback.format_exc())
    for path in map(Path, arguments):
        if path.suffix == ".conn" and path.is_file():
            parts.append(f"--- {path}\n{path.read_text(encoding='utf-8', errors='replace')[:1_000_000]}")
    with tempfile.NamedTemporaryFile("w", prefix="connc-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write("\n\n".join(parts))
    return file.name
