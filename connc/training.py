"""Nets that learn: a net made for the data, trained, kept, and taken up again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from math import isfinite, prod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from connc.api import SpecError, load_network, parameters_of, settings_of
from connc.dsl.diagnostic import Diagnostic
from connc.dsl.limits import Limits
from connc.dsl.tree import Argument
from connc.target import Target
from connc.target import target as target_of

if TYPE_CHECKING:
    from connc.backends.data import Data
    from connc.backends.torch.module import Module
    from connc.backends.torch.training import Epoch, Plan
    from connc.compiler.network import Network

Folder = str | os.PathLike[str]


class TrainError(ValueError):
    """A net and data that do not fit, in words for people."""


class Trained(NamedTuple):
    """A module that has learned, and what each epoch came to."""

    module: Module
    history: Sequence[Epoch]


def train(
    target: str | Module,
    data: str | Data,
    params: Mapping[str, object] | None = None,
    *,
    recipe: str = "plain",
    optimizer: str = "",
    schedule: str = "",
    epochs: int | None = None,
    batch: int | None = None,
    augment: bool | None = None,
    patches: int | None = None,
    limit: int | None = None,
    seed: int = 0,
    folder: Folder | None = None,
    resume: bool = False,
    told: Callable[[Epoch], None] = lambda epoch: None,
) -> Trained:
    """Train a net, or a module that `connc.compile` made, on data that `connc.load_data` knows or gave, or on your own.

    A net gets its parameters `input` and `classes` from the data unless `params` has them. `recipe` is a plan by name,
    which the others change. `limit` is how many samples are learned from, and checked with, at most. After each epoch
    `told` is called, and all is kept in `folder`; `resume` goes on there as if there had been no end.
    """
    from connc.backends.data import checked, load_data
    from connc.backends.torch import compile_network
    from connc.backends.torch.module import Module
    from connc.backends.torch.training import planned

    plan = planned(recipe, optimizer, schedule, epochs=epochs, batch=batch, augment=augment, patches=patches)
    for name, count in (("epochs", epochs), ("batch", batch), ("limit", limit), ("patches", patches)):
        if count is not None and (type(count) is not int or count < 1):
            raise TrainError(f"`{name}` is a whole number from 1 on, not {count!r}")
    found = load_data(data, seed=seed) if isinstance(data, str) else checked(data, "data")
    if isinstance(target, str):
        settings, wrong = settings_of(params or {})
        fitted = network_for(target_of(target), settings, found, plan, seed=seed) if not wrong else None
        if fitted is None or fitted.network is None:
            raise SpecError(wrong if fitted is None else fitted.found)
        module, found = compile_network(fitted.network, seed), fitted.data
    elif not isinstance(target, Module):
        raise TypeError(f"train takes a target or a module that `connc.compile` made, not {type(target).__name__}")
    elif params:
        raise TrainError("params are those of a target: a module has been made with its own")
    else:
        module, found = target, fitting(target.network, found)
    where = None if folder is None else Path(folder)
    history = learn(module, found.first(limit), plan, seed=seed, folder=where, resume=resume, told=told)
    return Trained(module, history)


class Fitted(NamedTuple):
    """A net made for data, the data as it takes them, which parameters the data gave, and what is wrong."""

    network: Network | None
    data: Data
    given: Mapping[str, object]
    found: list[Diagnostic]


def network_for(
    target: Target,
    settings: Sequence[Argument],
    data: Data,
    plan: Plan,
    limits: Limits = Limits(),
    seed: int = 0,
) -> Fitted:
    """A net whose `input` and `classes` are the data's where nobody has set them, and the data as it takes them."""
    network, found = load_network(target, settings, limits, seed)
    open_ = parameters_of(target, limits) - {each.name.text for each in settings if each.name}
    flat = network is not None and len(network.inputs) == 1 and len(network.inputs[0].shapes[0]) == 1
    tries = []
    for each in [data.flat()] if flat else [data] if network is not None else [data, data.flat()]:
        wanted = {"input": list(each.shape), "classes": plan.outputs(data.classes)}
        given = {name: value for name, value in wanted.items() if name in open_}
        if given:
            network, found = load_network(target, [*settings, *settings_of(given)[0]], limits, seed)
        tries.append(Fitted(network, each, given, found))
    made = min(tries, key=_unfit)
    return made if made.network is None else made._replace(data=fitting(made.network, made.data))


def _unfit(made: Fitted) -> int:
    """Less for what is nearer to a net that gives a number for each class."""
    return 2 if made.network is None else int([len(shape) for shape in made.network.shapes] != [1])


def fitting(network: Network, data: Data) -> Data:
    """Data in the shape that a network takes. Raises `TrainError` where they do not fit."""
    if len(network.inputs) != 1 or len(network.shapes) != 1:
        has = f"{len(network.inputs)} inputs and {len(network.shapes)} outputs"
        raise TrainError(f"{network.kind} has {has}, and training needs one of each")
    (entry,), (out,) = network.inputs, network.shapes
    shape = entry.shapes[0]
    if shape == (prod(data.shape),):
        data = data.flat()
    if shape != data.shape:
        raise TrainError(
            f"{network.kind} takes inputs of the shape {_shown(shape)}, {data.name} has {_shown(data.shape)}"
        )
    if len(out) != 1 or out[0] < data.classes:
        raise TrainError(
            f"{network.kind} gives {_shown(out)}, {data.name} needs a number for each of {data.classes} classes"
        )
    return data


def learn(
    module: Module,
    data: Data,
    plan: Plan,
    *,
    seed: int,
    folder: Path | None = None,
    resume: bool = False,
    told: Callable[[Epoch], None] = lambda epoch: None,
    tick: Callable[[int, float], None] = lambda number, done: None,
) -> Sequence[Epoch]:
    """Train a module by a plan, from the start or from where a folder has it; `told` hears of each epoch there is."""
    from connc.backends.torch.training import Learner, keep, take_up

    if not any(True for _ in module.parameters()):
        raise TrainError(f"{module.network.kind} has nothing to learn: no parameters")
    if plan.augment and len(data.shape) != 3:
        raise TrainError(
            f"{data.name} has rows of numbers here, which are not shifted and mirrored: leave out `augment`"
        )
    learner = Learner(module, data, plan, seed=seed)
    if folder is not None:
        _check_folder(folder, resume)
    if resume:
        if folder is None:
            raise TrainError("to go on, say where the training was kept")
        take_up(learner, folder, data.digest)
        for epoch in learner.history:
            told(epoch)
    for epoch in learner.epochs(tick):
        if not (isfinite(epoch.loss) and isfinite(epoch.val_loss)):
            kept = f"; what was kept is epoch {epoch.epoch - 1}" if folder is not None and epoch.epoch > 1 else ""
            raise TrainError(f"the loss of epoch {epoch.epoch} is no number any more: try a lower rate{kept}")
        if folder is not None:
            keep(learner, folder, data.digest)
        told(epoch)
    return learner.history


def _check_folder(folder: Path, resume: bool) -> None:
    """What stands in the way of keeping a training is told before there is one."""
    there = folder.is_dir() and any(folder.iterdir())
    if folder.exists() and not folder.is_dir():
        raise TrainError(f"{folder} is a file, and a training is kept in a folder")
    if there and not resume:
        raise TrainError(f"{folder} is not empty: go on with what it keeps by `resume`, or name a new folder")
    if resume and not there:
        raise TrainError(f"{folder} keeps no training that could go on")


def line(epoch: Epoch) -> str:
    """An epoch as a line of JSON."""
    return json.dumps(epoch._asdict()) + "\n"


def _shown(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) if len(shape) > 1 else f"[{shape[0]}]" if shape else "a single value"
