"""A learner kept in a folder after an epoch, and taken up again as if nothing had been between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from connc.backends.torch.saving import SaveError, Training, restore_training, save
from connc.backends.torch.training.loop import Epoch, Learner

WAY_OUT = "resume with what the training was started with, or train into another folder"


def keep(learner: Learner, folder: Path, data: str) -> None:
    """Save the module with all that its next epoch depends on; `data` says what it learns from."""
    said = _record(learner, data) | {"history": learner.history}
    save(learner.module, folder, training=Training(json.dumps(said), _state(learner)))


def take_up(learner: Learner, folder: Path, data: str) -> None:
    """Go on where the save in a folder ended. Raises `SaveError` where that was another training."""
    kept, training = restore_training(folder)
    try:
        said = json.loads(training.said)
        history = [Epoch(int(each[0]), *map(float, each[1:])) for each in said.pop("history")]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        raise SaveError(folder, "it says nothing of a training that could go on", WAY_OUT) from None
    if kept.network != learner.module.network:
        raise SaveError(folder, f"it holds another network, called {kept.network.kind}", WAY_OUT)
    for name, value in _record(learner, data).items():
        if said.get(name) != value:
            was = "other data" if name == "data" else f"{name} {str(said.get(name))[:200]} and not {value}"
            raise SaveError(folder, f"it was trained with {was}", WAY_OUT)
    learner.module.load_state_dict(kept.state_dict())
    learner.history = history
    _fill(learner, training.tensors, folder)


def _record(learner: Learner, data: str) -> dict[str, object]:
    return {**learner.plan.said, "seed": learner.seed, "data": data}


def _state(learner: Learner) -> dict[str, Tensor]:
    """The tensors of an optimiser, by the number of their parameter."""
    state: Mapping[int, Mapping[str, object]] = learner.optimizer.state_dict()["state"]
    return {f"{i}/{key}": x for i, each in state.items() for key, x in each.items() if isinstance(x, Tensor)}


def _fill(learner: Learner, tensors: Mapping[str, Tensor], folder: Path) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    sizes = [each.shape for group in learner.optimizer.param_groups for each in group["params"]]
    for name, value in tensors.items():
        number, _, key = name.partition("/")
        if not number.isdecimal() or int(number) >= len(sizes) or value.shape not in ((), sizes[int(number)]):
            raise SaveError(folder, f"its optimiser has {name[:80]!a}, which this one has not", WAY_OUT)
        state.setdefault(int(number), {})[key] = value
    learner.optimizer.load_state_dict(learner.optimizer.state_dict() | {"state": state})
