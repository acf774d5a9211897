"""How a parameter of the language is annotated in Python: its type, and what its values are bounded by."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from connc.dsl.vocabulary import LARGEST_SIZE

AXES = 64  # no array library takes more


@dataclass(frozen=True, slots=True)
class Within:
    """Bounds, both included; of a list or a shape, the bounds of each of its items."""

    least: int | Fraction
    most: int | Fraction


@dataclass(frozen=True, slots=True)
class OneOf:
    """The strings that will do."""

    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Takes:
    """A type of the language that Python has no type for."""

    name: str


Count = Annotated[int, Within(1, LARGEST_SIZE)]
Index = Annotated[int, Within(0, LARGEST_SIZE)]
Offset = Annotated[int, Within(-LARGEST_SIZE, LARGEST_SIZE)]  # a negative one counts from the end
Axis = Annotated[int, Within(-AXES, AXES - 1)]
Seed = Annotated[int, Within(0, 2**63 - 1)]
Real = Annotated[float, Within(-(2**127), 2**127)]  # what single precision holds
Share = Annotated[float, Within(0, 1)]
Epsilon = Annotated[float, Within(Fraction(1, 10**12), 1)]  # what keeps a quotient from being one by zero

Pair = tuple[Count, Count]  # height and width
Margin = tuple[Index, Index]

Shape = Annotated[tuple[int, ...], Takes("shape"), Within(1, LARGEST_SIZE)]
Rule = Annotated[object, Takes("rule")]
Table = Annotated[tuple[tuple[int, ...], ...] | str, Takes("table")]  # rows of 0 and 1, or the name of a file of them
Part = Annotated[object, Takes("part")]  # what a net has a name for: a layer, a family or a slice of one, a tensor
