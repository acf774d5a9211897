"""Computing nets, for `connc run` and `connc bench`: with what machine, with which weights, in which units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from connc.cli.options import Command, plural
from connc.dsl.words import did_you_mean

if TYPE_CHECKING:
    from connc.backends.torch.module import Module
    from connc.compiler.network import Network

_ONE_SAMPLE = "more than 1 value per channel"  # what torch says where `bn` has nothing to take a mean of
_OPTIONS = "For `connc compile`, `names` are --match THEIRS=OURS and `partial` is --partial."
_UNITS = ((1, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SIZES = ((30, "GiB"), (20, "MiB"), (10, "KiB"))


class Machine(NamedTuple):
    """What a net is computed with."""

    device: str
    threads: int
    torch: str

    def __str__(self) -> str:
        return f"{self.device}, {plural(self.threads, 'thread')}, torch {self.torch}"


def with_machine(command: Command) -> Command:
    """Give a verb `--device` and `--threads`."""
    threads = click.option("--threads", type=click.IntRange(1), help="How many threads compute; else as torch has it.")
    device = click.option("--device", default="cpu", show_default=True, help="Where to compute: cpu, cuda, cuda:1.")
    return device(threads(command))


@contextmanager
def computing(device: str, threads: int | None) -> Iterator[Machine]:
    """Sees to it that something can be computed here; what a machine cannot do is told in its own words."""
    if find_spec("torch") is None:
        raise click.ClickException("nets are run by torch, which is not installed; pip install torch")
    from connc.backends.torch import measure

    if device not in (here := measure.devices()):
        hint = did_you_mean(device, here) or f"there is {', '.join(here)}"
        raise click.UsageError(f"this machine has no device `{device}`; {hint}")
    try:
        with measure.memory_named(), measure.threads(threads) as count:
            yield Machine(device, count, measure.VERSION)
    except MemoryError:
        raise click.ClickException("the memory does not suffice; try a smaller --batch") from None
    except ValueError as error:
        if _ONE_SAMPLE not in str(error):
            raise
        raise click.UsageError("in training `bn` needs more than one sample here; try --batch 2") from None


class Matching(NamedTuple):
    """How the weights in a file are matched: whether some may be missing, what is which, how much is told of it."""

    partial: bool = False
    names: Mapping[str, str] = {}
    verbose: bool = False


def module_of(network: Network, seed: int, weights: Path | None = None, matching: Matching | None = None) -> Module:
    """A network as a module; of a save only the weights are taken, as it has no lines of a spec."""
    from connc.backends.torch import compile_network

    module = compile_network(network, seed=seed)
    if weights is not None and not weights.exists():
        raise click.UsageError(f"there is no {weights}, neither a folder nor a file")
    if weights is not None and weights.is_dir():
        _restore(module, weights)
    elif weights is not None:
        _adopt(module, weights, matching or Matching())
    return module


def _restore(module: Module, folder: Path) -> None:
    """Fill a module with the weights of a save."""
    from connc.backends.torch.saving import SaveError, restore

    try:
        kept = restore(folder)
    except SaveError as error:
        raise click.UsageError(str(error)) from None
    if kept.network.kind != module.network.kind:
        raise click.UsageError(f"{folder} holds the weights of the net {kept.network.kind}, not {module.network.kind}")
    if kept.network != module.network:
        said = f"{folder} holds the weights of another network, called {kept.network.kind}"
        raise click.UsageError(f"{said}; run it with the --set that it was made with, and with --seed {kept.seed}")
    module.load_state_dict(kept.state_dict())


def _adopt(module: Module, file: Path, matching: Matching) -> None:
    """Fill a module with the weights in a file, of whatever implementation; a report says how, on standard error."""
    from connc.backends.pretrained import MatchError, adopt
    from connc.backends.torch.folder import SaveError
    from connc.backends.torch.tensors import read_tensors

    try:
        found = adopt(module, read_tensors(file), partial=matching.partial, names=matching.names)
    except SaveError as error:
        raise click.UsageError(str(error)) from None
    except MatchError as error:
        raise click.ClickException(f"{file}: {error}\n\n{_OPTIONS}") from None
    said = str(found) if matching.verbose else "\n".join([found.summary, *found.remarks, *found.problems()])
    click.echo(f"{file}: {said}", err=True)


# --- units


def time_text(seconds: float) -> str:
    """About three digits, `12.3 ms`"""
    scale, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    count = seconds / scale
    return f"{count:.{2 if count < 10 else 1 if count < 100 else 0}f} {unit}"


def size_text(count: int) -> str:
    """`512 B`, `3.4 MiB`"""
    for power, unit in _SIZES:
        if count >= 2**power:
            return f"{count / 2**power:.1f} {unit}"
    return f"{count} B"
