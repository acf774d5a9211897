"""How a net is trained: by which optimiser, with which rates, for how long; and what is known to work by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import torch

from connc.backends.data.parts import Inputs
from connc.backends.torch.module import Module
from connc.backends.torch.training.bounded import bounded_layers
from connc.backends.torch.training.rule import ETA, TAU, XI, BoundedRule
from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import Budget, Evaluator
from connc.dsl.limits import Limits
from connc.dsl.parser import parse_setting
from connc.dsl.source import Source
from connc.dsl.tree import Call, Expr, Name
from connc.dsl.words import alternatives, did_you_mean


class PlanError(ValueError):
    """Words for a plan that nothing stands for."""


# --- optimisers


@dataclass(frozen=True)
class Sgd:
    """Stochastic gradient descent."""

    lr: float = 0.1
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0

    def make(self, module: Module) -> torch.optim.Optimizer:
        return torch.optim.SGD(module.parameters(), **vars(self))


@dataclass(frozen=True)
class Adam:
    """Adam."""

    lr: float = 0.001
    weight_decay: float = 0.0

    def make(self, module: Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(module.parameters(), **vars(self))


@dataclass(frozen=True)
class Bounded:
    """The rule of bounded connections; other parameters stay as they are."""

    xi: float = XI
    eta: float = ETA
    tau: float = TAU

    @property
    def lr(self) -> float:
        return self.xi

    def make(self, module: Module) -> torch.optim.Optimizer:
        return BoundedRule(module, **vars(self))


Optimizer = Sgd | Adam | Bounded

# --- rates, as a share of the first one, by how much of all epochs is over


@dataclass(frozen=True)
class Constant:
    """Always the same."""

    def __call__(self, over: float) -> float:
        return 1.0


@dataclass(frozen=True)
class Step:
    """From each share `at` of all epochs on, the share `to` of the first rate."""

    at: tuple[float, ...] = (0.5, 0.75)
    to: tuple[float, ...] = (0.1, 0.01)

    def __post_init__(self) -> None:
        if len(self.at) != len(self.to) or list(self.at) != sorted(self.at):
            raise PlanError("`at` rises, and has as many shares as `to`")
        if not all(0 < share < 1 for share in self.at):
            raise PlanError("`at` are shares of all epochs, between 0 and 1")

    def __call__(self, over: float) -> float:
        return [1.0, *self.to][sum(over >= share - 1e-9 for share in self.at)]


@dataclass(frozen=True)
class Cosine:
    """Falls to 0 along half a cosine."""

    def __call__(self, over: float) -> float:
        return float((1 + torch.cos(torch.tensor(over * torch.pi, dtype=torch.float64))) / 2)


Schedule = Constant | Step | Cosine
OPTIMIZERS: Mapping[str, type[Optimizer]] = {"sgd": Sgd, "adam": Adam, "bounded": Bounded}
SCHEDULES: Mapping[str, type[Schedule]] = {"constant": Constant, "step": Step, "cosine": Cosine}


# --- plans


@dataclass(frozen=True)
class Plan:
    """How a net is trained.

    `optimizer`: none for the one that suits the module. `augment`: whether images are shifted and mirrored at random.
    `padded`: whether outputs are a power of two, so that the fan-outs of junctions divide; those that stand for no
    class are never right. `patches`: from how many random patches each layer whose neurons compete learns before all
    else, without labels.
    """

    optimizer: Optimizer | None = None
    schedule: Schedule = Constant()
    epochs: int = 10
    batch: int = 64
    augment: bool = False
    padded: bool = False
    patches: int = 0

    def suited(self, module: Module) -> Plan:
        """With an optimiser: the rule where all that is learned belongs to bounded connections, Adam elsewhere."""
        if self.optimizer is not None:
            return self
        thresholds = sum(2 for _ in bounded_layers(module))
        every = len(list(module.parameters()))
        return replace(self, optimizer=Bounded() if thresholds == every > 0 else Adam())

    def started(self, module: Module) -> torch.optim.Optimizer:
        """Its optimiser for a module. Raises `PlanError` where that does not take the module or its numbers."""
        assert self.optimizer is not None, "suit it first"
        try:
            return self.optimizer.make(module)
        except ValueError as error:
            raise PlanError(f"{self.optimizer}: {error}") from None

    def rate(self, over: float) -> float:
        """The rate where so much of all epochs is over."""
        assert self.optimizer is not None, "suit it first"
        return self.optimizer.lr * self.schedule(over)

    def outputs(self, classes: int) -> int:
        """How many outputs a net has for so many classes."""
        return 1 << (classes - 1).bit_length() if self.padded else classes

    @property
    def said(self) -> dict[str, str]:
        """All that decides how an epoch goes, and for rates that change, how many there are."""
        said = {each.name: str(getattr(self, each.name)) for each in fields(self)}
        return said if self.schedule != Constant() else {name: text for name, text in said.items() if name != "epochs"}


def unmoved(module: Module, plan: Plan) -> int:
    """How many numbers of a module a plan leaves as they are."""
    if not isinstance(plan.optimizer, Bounded):
        return 0
    learned = [each for layer in bounded_layers(module) for each in (layer.threshold, layer.neuron)]
    return sum(each.numel() for each in module.parameters()) - sum(each.numel() for each in learned)


def out_of_bounds(module: Module, inputs: Inputs) -> bool:
    """Whether a net in which bounded connections learn alone gets inputs that are not between 0 and 1."""
    bounded = isinstance(Plan().suited(module).optimizer, Bounded)
    return bounded and bool(inputs.min() < 0 or inputs.max() > 1)


_BY_TENS = (0.1, 0.01)
RECIPES: Mapping[str, Plan] = {
    "plain": Plan(),
    "adam30": Plan(Adam(), epochs=30, batch=256, padded=True),
    "sgd30": Plan(Sgd(lr=0.1), epochs=30, batch=256),
    "steps160": Plan(Sgd(weight_decay=5e-4), Step((90 / 160, 140 / 160), _BY_TENS), 160, augment=True),
    "steps300": Plan(Sgd(nesterov=True, weight_decay=1e-4), Step((0.5, 0.75), _BY_TENS), 300, augment=True),
    "steps280": Plan(
        Sgd(nesterov=True, weight_decay=1e-4),
        Step((150 / 280, 200 / 280, 250 / 280), (0.1, 0.01, 0.002)),
        280,
        augment=True,
    ),
    "steps40": Plan(Sgd(nesterov=True, weight_decay=1e-4), Step((0.5, 0.75), _BY_TENS), 40),
}


def planned(recipe: str = "plain", optimizer: str = "", schedule: str = "", **others: Any) -> Plan:
    """A recipe, changed where something else is told; `optimizer` and `schedule` as `sgd(lr = 0.1)`."""
    plan: Plan = _chosen(recipe, RECIPES, "recipe")
    if optimizer:
        others["optimizer"] = _called(optimizer, OPTIMIZERS, "optimizer")
    if schedule:
        others["schedule"] = _called(schedule, SCHEDULES, "schedule")
    return replace(plan, **{name: value for name, value in others.items() if value is not None})


C = TypeVar("C")


def _chosen(name: str, known: Mapping[str, C], noun: str) -> C:
    if name not in known:
        hint = did_you_mean(name, known) or f"there is {alternatives(sorted(known))}"
        raise PlanError(f"there is no {noun} `{name}`; {hint}")
    return known[name]


def _called(text: str, known: Mapping[str, type[C]], noun: str) -> C:
    """`sgd` or `sgd(lr = 0.1)`, written as a call of the language is."""
    setting, found = parse_setting(Source(f"--{noun}", f"{noun}={text}"))
    if setting is None:
        raise PlanError(f"`{text}` is no {noun}: {found[0].message}")
    call = setting.value
    callee, arguments = (call.callee, call.arguments) if isinstance(call, Call) else (call, ())
    cls = _chosen(callee.text if isinstance(callee, Name) else text, known, noun)
    types = {each.name: str(each.type) for each in fields(cls)}  # type: ignore[arg-type]
    given = {}
    for each in arguments:
        if each.name is None:
            raise PlanError(f"`{text}`: name what is given, as in `lr = 0.1`")
        if each.name.text not in types:
            hint = did_you_mean(each.name.text, types) or f"it has {', '.join(types) or 'none'}"
            raise PlanError(f"`{text}`: there is no `{each.name.text}`; {hint}")
        given[each.name.text] = _value(each.value, types[each.name.text], text)
    try:
        return cls(**given)
    except PlanError as error:
        raise PlanError(f"`{text}`: {error}") from None


def _value(expr: Expr, type_: str, text: str) -> Any:
    try:
        value = Evaluator({}, Budget(Limits()))(expr)
        if type_ == "bool" and isinstance(value, bool):
            return value
        if type_ == "float" and not isinstance(value, bool):
            return float(value)
        if type_.startswith("tuple") and isinstance(value, tuple):
            return tuple(map(float, value))
    except (Refusal, LookupError, OverflowError, TypeError, ValueError):
        pass
    words = {"bool": "true or false", "float": "a number"}.get(type_, "a list of numbers")
    raise PlanError(f"`{text}`: `{expr.span.shown}` is not {words}")
