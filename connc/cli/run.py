"""`connc run`: a net computes once, and what that takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import click

from connc.cli.arrays import MOST_SAMPLES, arrays_of, write_arrays
from connc.cli.computing import Machine, computing, module_of, size_text, time_text, with_machine
from connc.cli.options import complete_target, network_of, plural, with_limits, with_settings
from connc.dsl.limits import Limits
from connc.files import replaceable

if TYPE_CHECKING:
    from connc.backends.torch.trial import Trial
    from connc.compiler.network import Network


@click.command("run", short_help="Run a net once and say what that takes.")
@click.argument("target", shell_complete=complete_target)
@click.option("--batch", type=click.IntRange(1, MOST_SAMPLES), help="How many samples; 1 where no --input says it.")
@click.option("--input", "inputs", multiple=True, metavar="[NAME=]FILE.npy", help="What flows in, the batch first.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE.npz", help="Keep what flows out.")
@click.option("--weights", type=click.Path(path_type=Path), metavar="FOLDER", help="Weights that `connc.save` kept.")
@click.option("--train", is_flag=True, help="One step of training: forward, mean of squares, gradients.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="How often it is timed.")
@click.option("--detect-anomaly", is_flag=True, help="Look for the first NaN or infinity; exit with 1 if there is one.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@with_machine
@with_settings
@with_limits
def run_(
    target: str,
    batch: int | None,
    inputs: tuple[str, ...],
    output: Path | None,
    weights: Path | None,
    train: bool,
    rounds: int,
    detect_anomaly: bool,
    format_: str,
    device: str,
    threads: int | None,
    settings: tuple[str, ...],
    seed: int,
    limits: Limits,
) -> None:
    """Run a net on random numbers, or on those in NumPy files: what flows out, the time and the memory that takes.

    Without --weights these are as they start; like all that is random they depend on --seed. Time is the median of
    several rounds after one that is not counted. Memory is counted in a round of its own: the weights, and the most
    that tensors hold beside them.

    \b
    connc run std.sparsenet --batch 16
    connc run net.conn --input image.npy --output scores.npz
    connc run net.conn --train --detect-anomaly
    """
    if output is not None:
        _check_output(output)
    network = network_of(target, settings, seed, limits)
    with computing(device, threads) as machine:
        from connc.backends.torch.trial import trial

        arrays = arrays_of(network, inputs, batch, seed)
        tried = trial(module_of(network, seed, weights), arrays.values(), device, train=train)
        if detect_anomaly:
            _finish_at_an_anomaly(network, tried, seed, format_)
        outputs = tried.repeatable(seed)
        if output is not None:
            write_arrays(output, {name: value.cpu().numpy() for name, value in outputs.items()})
        found = _figures(network, tried, outputs, rounds)
    found |= {"format_version": 1} | machine._asdict() | ({"anomaly": None} if detect_anomaly else {})
    click.echo(json.dumps(found, indent=2, sort_keys=True) if format_ == "json" else _text(found, machine))


def _check_output(path: Path) -> None:
    """What can be known to go wrong is told before it takes time."""
    if path.suffix != ".npz":
        raise click.UsageError(f"{path} should end in .npz")
    replaceable(path)


def _figures(network: Network, trial: Trial, outputs: Mapping[str, Any], rounds: int) -> dict[str, Any]:
    from connc.backends.torch.measure import bytes_of
    from connc.backends.torch.trial import parameters_of, state_of, times

    [seconds] = times([trial], rounds)
    inputs = zip((node.name for node in network.inputs), trial.inputs, strict=True)
    return {
        "net": network.kind,
        "train": trial.train,
        "inputs": _shapes(inputs),
        "outputs": _shapes(outputs.items()),
        "params": parameters_of(trial.module),
        "rounds": rounds,
        "seconds": median(seconds),
        "memory": {"weights": bytes_of(state_of(trial.module)), "peak": trial.peak()},
    }


def _shapes(tensors: Iterable[tuple[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {"shape": list(each.shape), "type": str(each.dtype).split(".")[-1]} for name, each in tensors}


def _finish_at_an_anomaly(network: Network, trial: Trial, seed: int, format_: str) -> None:
    """End with 1 if there is a NaN or an infinity."""
    from connc.backends.torch.anomaly import anomaly_in

    found = anomaly_in(trial.module, trial.inputs, train=trial.train, seed=seed)
    if found is None:
        return
    if format_ == "json":
        told = {"format_version": 1, "net": network.kind, "anomaly": found._asdict()}
        click.echo(json.dumps(told, indent=2, sort_keys=True))
    else:
        click.echo(str(found), err=True)
    raise click.exceptions.Exit(1)


# --- in print


def _text(found: Mapping[str, Any], machine: Machine) -> str:
    taken, memory = time_text(found["seconds"]), found["memory"]
    rows = [(side, _flow(name, each)) for side in ("inputs", "outputs") for name, each in found[side].items()]
    rows += [
        ("parameters", f"{found['params']:,}"),
        ("time", f"{taken}, the median of {plural(found['rounds'], 'round')}"),
        ("memory", f"{size_text(memory['weights'])} of weights, beside them at most {size_text(memory['peak'])}"),
    ]
    rows += [("anomalies", "no NaN, no infinity")] if "anomaly" in found else []
    head = f"{found['net']}, {'a step of training' if found['train'] else 'inference'}: {machine}\n"
    return "\n".join([head, *(f"  {name:<12}{said}" for name, said in rows)])


def _flow(name: str, each: Mapping[str, Any]) -> str:
    return f"{name}: {each['shape']} {each['type']}"
