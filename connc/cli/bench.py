"""`connc bench`: what two nets take, in turns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import click

from connc.cli.arrays import MOST_SAMPLES, arrays_of
from connc.cli.computing import Machine, computing, module_of, size_text, time_text, with_machine
from connc.cli.options import complete_target, network_of, with_limits, with_settings
from connc.dsl.limits import Limits

if TYPE_CHECKING:
    from connc.backends.torch.module import Module
    from connc.backends.torch.trial import Trial
    from connc.compiler.network import Network

INFERENCE, TRAINING = "inference", "training"
ROLES = ("target", "against")
_SIZES = (("params", "parameters", "{:,}".format), ("weights", "weights", size_text))


@click.command(short_help="Time two nets in turns.")
@click.argument("target", shell_complete=complete_target)
@click.option(
    "--against", required=True, metavar="OTHER", shell_complete=complete_target, help="The net to compare to."
)
@click.option(
    "--against-set", "against_settings", multiple=True, metavar="NAME=VALUE", help="Fill a parameter of OTHER."
)
@click.option(
    "--batch",
    "batches",
    type=click.IntRange(1, MOST_SAMPLES),
    multiple=True,
    default=(1, 16),
    show_default=True,
    help="How many samples; can be given several times.",
)
@click.option("--rounds", type=click.IntRange(1), default=9, show_default=True, help="How often each is timed.")
@click.option("--train/--no-train", default=False, show_default=True, help="Time steps of training as well.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@with_machine
@with_settings
@with_limits
def bench(
    target: str,
    against: str,
    against_settings: tuple[str, ...],
    batches: tuple[int, ...],
    rounds: int,
    train: bool,
    format_: str,
    device: str,
    threads: int | None,
    settings: tuple[str, ...],
    seed: int,
    limits: Limits,
) -> None:
    """Time two nets in one process, in turns, so that what slows the machine down for a while falls on both: median
    times, their ratio with its quartiles over the rounds, parameters, memory.

    --set fills parameters of TARGET, --against-set those of OTHER. More --rounds make a ratio surer; an odd number has
    a round in its middle. A ratio whose quartiles lie on both sides of 1 says that the nets take alike.

    \b
    connc bench std.sparsenet --against std.densenet
    connc bench std.sparsenet --against std.densenet --train --batch 4 --rounds 31
    connc bench net.conn --set width=32 --against net.conn
    """
    networks = network_of(target, settings, seed, limits), network_of(against, against_settings, seed, limits)
    labels = _label(target, settings), _label(against, against_settings)
    ways = (INFERENCE, TRAINING) if train else (INFERENCE,)
    with computing(device, threads) as machine:
        modules = [module_of(network, seed) for network in networks]
        nets = [_net(*each) for each in zip(labels, networks, modules, strict=True)]
        runs = list(_runs(networks, modules, batches, ways, rounds, seed, device))
    if format_ == "json":
        found = {"format_version": 1, "rounds": rounds, "nets": dict(zip(ROLES, nets, strict=True)), "runs": runs}
        click.echo(json.dumps(found | machine._asdict(), indent=2, sort_keys=True))
    else:
        click.echo(_text(nets, runs, rounds, machine))


def _label(target: str, settings: Sequence[str]) -> str:
    return " ".join([target, *settings])


def _net(label: str, network: Network, module: Module) -> dict[str, Any]:
    from connc.backends.torch.measure import bytes_of
    from connc.backends.torch.trial import parameters_of, state_of

    weights = bytes_of(state_of(module))
    return {"target": label, "net": network.kind, "params": parameters_of(module), "weights": weights}


def _runs(
    networks: Sequence[Network],
    modules: Sequence[Module],
    batches: Sequence[int],
    ways: Sequence[str],
    rounds: int,
    seed: int,
    device: str,
) -> Iterator[dict[str, Any]]:
    """Each batch in each way."""
    from connc.backends.torch.trial import trial

    for batch in batches:
        arrays = [arrays_of(network, (), batch, seed).values() for network in networks]
        for way in ways:
            trials = [trial(*each, device, train=way == TRAINING) for each in zip(modules, arrays, strict=True)]
            yield {"batch": batch, "way": way} | _compared(trials, rounds)


def _compared(trials: Sequence[Trial], rounds: int) -> dict[str, Any]:
    """Two trials against one another."""
    from connc.backends.torch.measure import ratios
    from connc.backends.torch.trial import times

    taken = times(trials, rounds)
    low, ratio, high = ratios(*taken)
    sides = {
        role: {"seconds": median(seconds), "peak": trial.peak()}
        for role, seconds, trial in zip(ROLES, taken, trials, strict=True)
    }
    return sides | {"ratio": ratio, "quartiles": [low, high]}


# --- in print


def _text(nets: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any]], rounds: int, machine: Machine) -> str:
    first, second = nets
    lines = [f"{first['target']} against {second['target']}: {machine}, {rounds} rounds in turns", ""]
    names = [each["net"] for each in nets]
    heads = ["", *(names if len(set(names)) == 2 else ROLES), "ratio", "quartiles"]
    lines += _table([heads, *map(_time_row, runs)])
    lines += ["", *_table([["", *heads[1:4]], *_size_rows(first, second, runs)])]
    return "\n".join(lines)


def _time_row(run: Mapping[str, Any]) -> list[str]:
    low, high = run["quartiles"]
    times = [time_text(run[role]["seconds"]) for role in ROLES]
    return [f"{run['way']}, batch {run['batch']}", *times, f"{run['ratio']:.2f}", f"{low:.2f} to {high:.2f}"]


def _size_rows(
    first: Mapping[str, Any], second: Mapping[str, Any], runs: Sequence[Mapping[str, Any]]
) -> Iterator[list[str]]:
    for key, name, text in _SIZES:
        yield [name, *(text(each[key]) for each in (first, second)), _ratio(first[key], second[key])]
    for run in runs:
        peaks = [run[role]["peak"] for role in ROLES]
        yield [f"peak, {run['way']}, batch {run['batch']}", *map(size_text, peaks), _ratio(*peaks)]


def _ratio(first: int, second: int) -> str:
    return f"{first / second:.2f}" if second else ""


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names to the left, all else to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"  {row[0]:<{widths[0]}}"
        + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
