"""What parameters and buffers start from, as ops say it; `initial.py` draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connc.compiler.relations.relation import Relation


@dataclass(frozen=True)
class Constant:
    """The same everywhere."""

    value: float


@dataclass(frozen=True)
class Between:
    """Any number from the first to the last, with the same chance."""

    least: float
    most: float


@dataclass(frozen=True)
class Signs:
    """1 with the chance `share`, else -1."""

    share: float


@dataclass(frozen=True, eq=False)
class FanIn:
    """Any number up to 1 / sqrt(fan-in) of its own neuron, either way, so that neurons of any fan-in give as much.

    `weights` are those of a neuron; with a rule as many for each of its pairs, and a tensor has one for each pair
    unless it has one a neuron, as a bias has.
    """

    weights: int
    rule: Relation | None = None
    paired: bool = False


Start = Constant | Between | Signs | FanIn


def of_neurons(sources: int, rule: Relation | None = None, area: int = 1) -> dict[str, Start]:
    """Weights and biases of neurons that read so many sources, or those of a rule, each by `area` weights."""
    weights = area if rule is not None else sources * area
    return {"weight": FanIn(weights, rule, paired=True), "bias": FanIn(weights, rule)}
