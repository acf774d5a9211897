"""`connc run`: a net computes once, and what that takes."""

from __future__ import annotations

import json
import os
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from connc.cli.options import Command, complete_target, network_of, plural, with_limits, with_settings
from connc.dsl.limits import Limits
from connc.dsl.words import did_you_mean, is_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from connc.backends.torch.measure import Trial
    from connc.compiler.network import Network

    Array = NDArray[np.float32]

MOST_SAMPLES = 1_000_000
_MAGIC = b"\x93NUMPY"
_ONE_SAMPLE = "more than 1 value per channel"  # what torch says where `bn` has nothing to take a mean of
_UNITS = ((1, "s"), (1e-3, "ms"), (1e-6, "µs"))


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
    _refuse_output(output)
    network = network_of(target, settings, seed, limits)
    with computing(device, threads) as machine:
        arrays = arrays_of(network, inputs, batch, seed)
        trial = trial_of(module_of(network, seed, weights), arrays, device, train)
        if detect_anomaly:
            _finish_at_an_anomaly(network, trial, seed, format_)
        outputs = {name: value.detach().cpu().numpy() for name, value in trial.repeatable(seed).items()}
        if output is not None:
            _write(output, outputs)
        found = _figures(network, trial, outputs, rounds)
    found |= {"format_version": 1} | machine._asdict() | ({"anomaly": None} if detect_anomaly else {})
    click.echo(json.dumps(found, indent=2, sort_keys=True) if format_ == "json" else _text(found, machine))


# --- what computes


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


def module_of(network: Network, seed: int, weights: Path | None = None) -> Any:
    """A network as a module; of a save only the weights are taken, as it has no lines of a spec."""
    from connc.backends.torch import compile_network
    from connc.backends.torch.saving import SaveError, restore

    module = compile_network(network, seed=seed)
    if weights is not None:
        try:
            kept = restore(weights)
        except SaveError as error:
            raise click.UsageError(str(error)) from None
        if kept.network != network:
            said = f"{weights} holds the weights of another network, called {kept.network.kind}"
            raise click.UsageError(f"{said}; run it with the --set and --seed that it was made with")
        module.load_state_dict(kept.state_dict())
    return module


def trial_of(module: Any, arrays: Mapping[str, Array], device: str, train: bool) -> Trial:
    from connc.backends.torch.measure import trial

    return trial(module, arrays.values(), device, train=train)


def _figures(network: Network, trial: Trial, outputs: Mapping[str, Array], rounds: int) -> dict[str, Any]:
    from connc.backends.torch.measure import bytes_of, interleaved, parameters_of, state_of

    [seconds] = interleaved([trial], rounds, trial.device)
    names = (node.name for node in network.inputs)
    inputs = {name: value.cpu().numpy() for name, value in zip(names, trial.inputs, strict=True)}
    return {
        "net": network.kind,
        "train": trial.train,
        "inputs": _shapes(inputs),
        "outputs": _shapes(outputs),
        "params": parameters_of(trial.module),
        "rounds": rounds,
        "seconds": median(seconds),
        "memory": {"weights": bytes_of(state_of(trial.module)), "peak": trial.peak()},
    }


def _shapes(arrays: Mapping[str, Array]) -> dict[str, dict[str, Any]]:
    return {name: {"shape": list(value.shape), "type": str(value.dtype)} for name, value in arrays.items()}


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


def time_text(seconds: float) -> str:
    """About three digits, `12.3 ms`"""
    scale, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    count = seconds / scale
    return f"{count:.{2 if count < 10 else 1 if count < 100 else 0}f} {unit}"


def size_text(count: int) -> str:
    """`512 B`, `3.4 MiB`"""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >= 2**power:
            return f"{count / 2**power:.1f} {unit}"
    return f"{count} B"


# --- what flows in


def arrays_of(network: Network, texts: Sequence[str], batch: int | None, seed: int) -> dict[str, Array]:
    """A batch for each input: what files hold, and random numbers for the others."""
    import numpy as np

    shapes = {node.name: node.shapes[0] for node in network.inputs}
    files = _files(texts, list(shapes))
    read = {name: _read(path, name, shapes[name]) for name, path in files.items()}
    samples = _samples({name: len(value) for name, value in read.items()}, batch)
    for i, (name, shape) in enumerate(shapes.items()):
        if name not in read:
            read[name] = np.random.default_rng([seed, i]).standard_normal((samples, *shape), dtype=np.float32)
    return {name: read[name] for name in shapes}


def _files(texts: Sequence[str], names: Sequence[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for text in texts:
        name, path = _parted(text, names)
        if name in files:
            raise click.UsageError(f"the input `{name}` is given twice, by {files[name]} and {path}; leave one out")
        files[name] = path
    return files


def _parted(text: str, names: Sequence[str]) -> tuple[str, Path]:
    """`image=a.npy`, or the file alone where there is no choice."""
    name, equals, path = text.partition("=")
    if equals and name in names:
        return name, Path(path)
    if equals and is_name(name) and not Path(text).exists():
        hint = did_you_mean(name, names) or f"it has {', '.join(names)}"
        raise click.UsageError(f"the net has no input `{name}`; {hint}")
    if len(names) != 1:
        raise click.UsageError(f"the net has the inputs {', '.join(names)}; say which: --input {names[0]}={text}")
    return names[0], Path(text)


def _samples(found: Mapping[str, int], batch: int | None) -> int:
    """How many samples there are."""
    counts = set(found.values()) | ({batch} if batch else set())
    if len(counts) > 1:
        said = [f"{name} holds {plural(count, 'sample')}" for name, count in found.items()]
        said += [f"--batch says {batch}"] if batch else []
        raise click.UsageError(f"{', '.join(said)}; all have to be as many")
    return counts.pop() if counts else 1


def _read(path: Path, name: str, shape: Sequence[int]) -> Array:
    """What a file holds, as numbers of the kind that a net computes with."""
    import numpy as np

    found = _mapped(path)
    if found.dtype.kind not in "biuf":
        raise click.UsageError(f"{path} holds {found.dtype}, which are no real numbers; `{name}` takes float32")
    if found.shape[1:] != tuple(shape) or found.ndim == 0:
        hint = "; a batch of one is missing in front, array[None]" if found.shape == tuple(shape) else ""
        wanted = ", ".join(["batch", *map(str, shape)])
        raise click.UsageError(f"{path} has the shape {list(found.shape)}, and `{name}` takes [{wanted}]{hint}")
    if not 0 < len(found) <= MOST_SAMPLES:
        raise click.UsageError(f"{path} holds {len(found):,} samples; 1 to {MOST_SAMPLES:,} can be run at once")
    with np.errstate(over="ignore", invalid="ignore"):  # what float32 does not hold is infinite, and that can be seen
        return np.array(found, dtype=np.float32, order="C")


def _mapped(path: Path) -> NDArray[Any]:
    """The array in a file, of which nothing is read but what it says that it is. A file is foreign, and may say much:
    an array larger than the file is refused before any memory is taken."""
    import numpy as np

    if not path.is_file():
        raise click.UsageError(f"{path}: no such file; numpy.save writes one")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise click.UsageError(f"{path} is no .npy file; numpy.save writes one")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
    except Exception:  # whatever NumPy trips over
        said = "it is cut off, damaged, empty or holds Python objects"
        raise click.UsageError(f"cannot read {path}: {said}; numpy.save writes an array of numbers") from None


# --- what flows out


def _refuse_output(path: Path | None) -> None:
    """What can be known to go wrong is told before it takes time."""
    if path is None:
        return
    if path.suffix != ".npz":
        raise click.UsageError(f"{path} should end in .npz")
    if path.is_dir():
        raise click.UsageError(f"{path} is a folder; name a file")
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent} to write {path.name} into")


def _write(path: Path, arrays: Mapping[str, Array]) -> None:
    """Put arrays into a file by their names, so that either the old or the new one is there, whole."""
    path = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _zip(file, arrays)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _zip(file: Any, arrays: Mapping[str, Array]) -> None:
    """What `numpy.savez` makes, whatever the arrays are called; alike arrays make alike files."""
    import numpy as np

    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
