"""The loop: epochs over what is learned from, each followed by a look at what is checked with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from connc.backends.data import Data, Part
from connc.backends.torch.module import Module
from connc.backends.torch.training.patches import Competition, competitions, learn_patches
from connc.backends.torch.training.plan import Plan, PlanError
from connc.backends.torch.training.rule import BoundedRule


class Epoch(NamedTuple):
    """What an epoch came to: the mean loss and the share of right answers, while it learned and then on other data."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


class Learner:
    """A module, its optimiser and what it learns from; `history` is what there was already."""

    def __init__(self, module: Module, data: Data, plan: Plan, *, seed: int = 0) -> None:
        like = next(module.parameters())
        self.module, self.seed = module, seed
        self.plan = plan.suited(module)
        self.train, self.validation = (_as(like, part) for part in (data.train, data.validation))
        self.optimizer = self.plan.started(module)
        self.computed = self.optimizer if isinstance(self.optimizer, BoundedRule) else module
        self.competing = _competing(self.optimizer) if self.plan.patches else ()
        self.history: list[Epoch] = []

    def epochs(self, tick: Callable[[int, float], None] = lambda number, done: None) -> Iterator[Epoch]:
        """Learn on, an epoch at a time; `tick` is told which epoch it is, and which share of it is over."""
        if isinstance(self.optimizer, BoundedRule) and not self.history:
            draws = np.random.default_rng([self.seed, 0])
            learn_patches(self.optimizer, self.competing, self.train[0], self.plan.patches, self.plan.batch, draws)
        while len(self.history) < self.plan.epochs:
            number = len(self.history) + 1
            for group in self.optimizer.param_groups:
                group["lr"] = self.plan.rate((number - 1) / self.plan.epochs)
            learned = self._learn(number, tick)
            self.history.append(Epoch(number, *learned, *self._check()))
            yield self.history[-1]

    def _learn(self, number: int, tick: Callable[[int, float], None]) -> tuple[float, float]:
        """One epoch in an order of its own; all that is drawn depends on the seed and the epoch alone."""
        inputs, labels = self.train
        draws = np.random.default_rng([self.seed, number])
        parts = batches(draws.permutation(len(labels)), self.plan.batch)
        self.module.train()
        found = _Tally()
        with torch.random.fork_rng(), torch.enable_grad():  # what dropout draws from
            torch.manual_seed(int(draws.integers(2**63)))
            for i, batch in enumerate(parts):
                chosen = torch.from_numpy(batch).to(labels.device)
                x = inputs[chosen]
                outputs = self.computed(augmented(x, draws) if self.plan.augment else x)
                loss = F.cross_entropy(outputs, labels[chosen])
                self.optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                self.optimizer.step()
                found.add(loss, outputs, labels[chosen])
                tick(number, (i + 1) / len(parts))
        return found.means()

    @torch.no_grad()
    def _check(self) -> tuple[float, float]:
        """On what was not learned from."""
        inputs, labels = self.validation
        self.module.eval()
        found = _Tally()
        size = 4 * self.plan.batch
        for x, y in zip(torch.split(inputs, size), torch.split(labels, size), strict=True):
            outputs = self.module(x)
            found.add(F.cross_entropy(outputs, y), outputs, y)
        return found.means()


class _Tally:
    """Sums over batches; nothing is fetched from a device before the end."""

    def __init__(self) -> None:
        self.loss: Tensor | float = 0.0
        self.right: Tensor | float = 0.0
        self.count = 0

    def add(self, loss: Tensor, outputs: Tensor, labels: Tensor) -> None:
        self.loss = self.loss + loss.detach().double() * len(labels)
        self.right = self.right + (outputs.argmax(1) == labels).sum()
        self.count += len(labels)

    def means(self) -> tuple[float, float]:
        return float(self.loss) / self.count, float(self.right) / self.count


def _competing(optimizer: torch.optim.Optimizer) -> Sequence[Competition]:
    """What learns from patches. Raises `PlanError` where nothing does."""
    if not isinstance(optimizer, BoundedRule):
        raise PlanError("patches teach bounded connections by their rule: add the optimizer `bounded`")
    try:
        found = list(competitions(optimizer))
    except ValueError as error:
        raise PlanError(str(error)) from None
    if not found:
        raise PlanError("patches teach neurons that compete, by `lateral` behind bounded connections: there are none")
    return found


def _as(like: Tensor, part: Part) -> tuple[Tensor, Tensor]:
    """Inputs of the kind that a module has, and labels, where it is."""
    inputs, labels = (torch.from_numpy(np.require(each, requirements="W")) for each in (part.inputs, part.labels))
    return inputs.to(like), labels.to(like.device)


def batches(order: NDArray[np.int64], size: int) -> Sequence[NDArray[np.int64]]:
    """As many as it takes, all of nearly one size; fewer where one of a single sample would have no variance."""
    count = -(-len(order) // size)
    if size > 1 and len(order) // count == 1:
        count = max(1, len(order) // size)
    return np.array_split(order, count)


def augmented(images: Tensor, draws: np.random.Generator) -> Tensor:
    """Each image shifted by up to an eighth of its height, zeros coming in, and mirrored every second time."""
    count, _, height, width = images.shape
    most = height // 8
    top, left = (torch.from_numpy(draws.integers(0, 2 * most + 1, (count, 1))) for _ in range(2))
    rows, columns = top + torch.arange(height), left + torch.arange(width)
    mirrored = torch.from_numpy(draws.random((count, 1)) < 0.5)
    columns = torch.where(mirrored, columns.flip(1), columns)
    each = torch.arange(count)[:, None, None]
    wide = F.pad(images, (most,) * 4)
    return wide[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
