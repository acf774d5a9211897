"""`connc train`: a net learns from data."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

import click

from connc.cli.computing import computing, module_of, time_text, with_machine
from connc.cli.options import complete_target, plural, tell, with_limits, with_settings
from connc.dsl.limits import Limits
from connc.files import replace_file, replaceable
from connc.specs import parse_settings
from connc.target import target as target_of

if TYPE_CHECKING:
    from connc.backends.data import Data
    from connc.backends.torch.module import Module
    from connc.backends.torch.training import Epoch, Plan
    from connc.compiler.network import Network
    from connc.training import Fitted

_ROW = "{:>5}  {:>8}  {:>8}  {:>8}  {:>12}  {:>9}"


@click.command("train", short_help="Train a net on data.")
@click.argument("target", shell_complete=complete_target)
@click.option(
    "--data", "source", required=True, metavar="SOURCE", help="digits, morse, mnist:FOLDER, cifar10:FOLDER, …"
)
@click.option("--recipe", default="plain", show_default=True, help="A plan by name, which the options below change.")
@click.option("--optimizer", default="", metavar="CALL", help="sgd(lr = 0.1, momentum = 0.9), adam(lr = 0.001), …")
@click.option(
    "--schedule", default="", metavar="CALL", help="constant, cosine or step(at = [0.5, 0.75], to = [0.1, 0.01])."
)
@click.option("--epochs", type=click.IntRange(1), help="How often all is learned from.")
@click.option("--batch", type=click.IntRange(1), help="How many samples make a step.")
@click.option("--augment/--no-augment", default=None, help="Shift and mirror images at random.")
@click.option(
    "--patches", type=click.IntRange(1), metavar="N", help="First learn from N random patches, layer by layer."
)
@click.option("--limit", type=click.IntRange(2), metavar="N", help="Learn from N samples at most, and check with N.")
@click.option("--metrics", type=click.Path(path_type=Path), metavar="FILE", help="A line of JSON for each epoch.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Keep the module after each epoch."
)
@click.option("--resume", is_flag=True, help="Go on where the training in FOLDER ended.")
@click.option("--weights", type=click.Path(path_type=Path), metavar="FOLDER", help="Start from weights that were kept.")
@with_machine
@with_settings
@with_limits
def train_(
    target: str,
    source: str,
    recipe: str,
    optimizer: str,
    schedule: str,
    metrics: Path | None,
    output: Path | None,
    resume: bool,
    weights: Path | None,
    limit: int | None,
    device: str,
    threads: int | None,
    settings: tuple[str, ...],
    seed: int,
    limits: Limits,
    **changes: Any,
) -> None:
    """Train a net to tell classes apart, and say after each epoch how well it does on what it does not learn from.

    The net gets its parameters `input` and `classes` from the data unless --set says them. With -o the module is kept
    after each epoch, with all that the next one depends on: what is cut off goes on with --resume, and ends as if it
    had not been. --recipe is one of plain, adam30, sgd30, steps40, steps160, steps280, steps300.

    \b
    connc train std.sdmn:sdmn_small --data digits --epochs 2
    connc train std.predefined:morse --data morse --limit 20000 --metrics m.jsonl
    connc train std.resnet:resnet_cifar --data cifar10:FOLDER --recipe steps160 -o trained
    """
    if resume and output is None:
        raise click.UsageError("--resume goes on in a folder: say which by -o")
    if resume and weights is not None:
        raise click.UsageError("--resume goes on with the weights of its folder; leave out --weights")
    if metrics is not None:
        replaceable(metrics)
    with computing(device, threads), _in_words():
        from connc.backends.data import load_data
        from connc.backends.torch.training import planned
        from connc.training import learn

        plan = planned(recipe, optimizer, schedule, **changes)
        fitted = _fitted(target, settings, load_data(source, seed=seed), plan, seed, limits)
        module = module_of(cast("Network", fitted.network), seed, weights).to(device)
        data = fitted.data.first(limit)
        report = _Report(plan, data, metrics)
        _say(module, fitted, plan.suited(module))
        learn(module, data, plan, seed=seed, folder=output, resume=resume, told=report.epoch, tick=report.tick)
        if output is not None:
            click.echo(f"kept in {output}", err=True)


def _fitted(target: str, settings: tuple[str, ...], data: Data, plan: Plan, seed: int, limits: Limits) -> Fitted:
    from connc.training import network_for

    values, found = parse_settings(settings, limits)
    fitted = network_for(target_of(target), values, data, plan, limits, seed) if not found else None
    tell(fitted.found if fitted else found)
    if fitted is None or fitted.network is None:
        raise click.exceptions.Exit(1)
    return fitted


def _say(module: Module, fitted: Fitted, plan: Plan) -> None:
    """What was decided for the user, and what may not be as meant."""
    from connc.backends.torch.training import out_of_bounds, unmoved

    given = "".join(f" --set {name}={value}".replace(", ", ",") for name, value in fitted.given.items())
    click.echo(f"{module.network.kind}{given}, learning by {plan.optimizer}", err=True)
    every = sum(each.numel() for each in module.parameters())
    if 0 < (still := unmoved(module, plan)) < every:
        click.echo(f"{still} of {every} parameters are none of bounded connections and stay as they are", err=True)
    if out_of_bounds(module, fitted.data.train.inputs):
        click.echo(f"{fitted.data.name} goes beyond 0 to 1, and bounded connections tell nothing apart there", err=True)


@contextmanager
def _in_words() -> Iterator[None]:
    """What does not fit is told in its own words."""
    from connc.backends.data import DataError
    from connc.backends.torch.folder import SaveError
    from connc.backends.torch.training import PlanError
    from connc.training import TrainError

    try:
        yield
    except (DataError, PlanError, SaveError, TrainError) as error:
        raise click.UsageError(str(error)) from None


class _Report:
    """A row for each epoch, in a file a line, and on a terminal how far it is and what is left."""

    def __init__(self, plan: Plan, data: Data, metrics: Path | None) -> None:
        self.plan, self.metrics, self.lines = plan, metrics, ""
        self.live, self.start, self.learns = sys.stderr.isatty(), perf_counter(), False
        count = plural(len(data.train.labels), "sample")
        click.echo(
            f"{data.name}: {count} to learn from, {len(data.validation.labels)} to check with, {data.classes} classes",
            err=True,
        )

    def epoch(self, epoch: Epoch) -> None:
        from connc.training import line

        if self.live:
            click.echo("\r\033[K", err=True, nl=False)
        if not self.lines:
            click.echo(_ROW.format("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "time"))
        losses, shares = f"{epoch.loss:.4g} {epoch.val_loss:.4g}".split(), (epoch.accuracy, epoch.val_accuracy)
        seconds = time_text(perf_counter() - self.start) if self.learns else "before"
        row = epoch.epoch, losses[0], f"{shares[0]:.2%}", losses[1], f"{shares[1]:.2%}", seconds
        click.echo(_ROW.format(*row).rstrip())
        self.lines += line(epoch)
        if self.metrics is not None:
            replace_file(self.metrics, self.lines.encode())
        self.start = perf_counter()

    def tick(self, number: int, done: float) -> None:
        self.learns = True
        if self.live:
            left = (perf_counter() - self.start) * (1 / done - 1 + self.plan.epochs - number)
            said = f"epoch {number} of {self.plan.epochs}: {done:.0%}, {_clock(left)} left"
            click.echo(f"\r\033[K{said}", err=True, nl=False)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
