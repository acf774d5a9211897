"""What every analysis is, and how it gets its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TypeVar, dataclass_transform

from connc.compiler.analyze.subject import Subject
from connc.compiler.registry import Described, Registry
from connc.dsl.vocabulary import Signature

Number = int | Fraction | None
SHORT = 8  # names that a message shows


class Unmeasured(Exception):
    """Why there is no number."""


class Analysis(Described):
    """A number that a net is measured by. A part is the names of its nodes; where it is left out, all count."""

    def measure(self, subject: Subject) -> Number:
        """The number, of a network at either level; none where the network has nothing that it is a number of."""
        raise NotImplementedError

    def witness(self, subject: Subject) -> str:
        """What shows that the number is what it is: a path, a layer; nothing where no single thing does."""
        return ""

    @property
    def nothing(self) -> str:
        """What is so where there is no number."""
        return f"there is nothing here of which `{self.signature.name}` is a number"


def names_of(part: object) -> tuple[str, ...]:
    """What a part is, where one is said."""
    assert isinstance(part, tuple)
    return part


def plain(value: Number) -> int | float | None:
    """As other languages have numbers."""
    return float(value) if isinstance(value, Fraction) else value


def spread(values: Iterable[int]) -> dict[str, object] | None:
    """The least, the mean and the most of some numbers, and how often each occurs."""
    return tallied(Counter(values))


def tallied(found: Counter[int]) -> dict[str, object] | None:
    """The same of numbers of which it is known how often each occurs."""
    if not found:
        return None
    total = sum(value * times for value, times in found.items())
    histogram = {str(value): found[value] for value in sorted(found)}
    return {"least": min(found), "mean": total / found.total(), "most": max(found), "histogram": histogram}


def shown(names: list[str]) -> str:
    """A path in words, its middle left out where it is long."""
    if len(names) > SHORT:
        names = [*names[: SHORT // 2], f"({len(names) - SHORT} more)", *names[-SHORT // 2 :]]
    return " -> ".join(names)


Table = Callable[[Subject], object]

ANALYSES: Registry[Analysis] = Registry("analysis")
TABLES: dict[str, Table] = {}
"""What is told of a whole network, by name: lists, names and numbers; none where a network has nothing of it."""
T = TypeVar("T", bound=Analysis)


@dataclass_transform(frozen_default=True)
def analysis(name: str, *, told: bool = False) -> Callable[[type[T]], type[T]]:
    """Make a class the analysis `name`; `told`: its number of a whole network is all that a report tells of it."""

    def define(cls: type[T]) -> type[T]:
        ANALYSES.define(cls, Signature(name, inputs=(), outputs=()))
        if told:
            table(name)(lambda subject: plain(cls().measure(subject)))
        return cls

    return define


def table(name: str) -> Callable[[Table], Table]:
    """Make a function the table `name`."""

    def define(made: Table) -> Table:
        known = TABLES.setdefault(name, made)
        if known.__module__ != made.__module__:
            raise ValueError(f"the table {name} is defined twice")
        TABLES[name] = made
        return made

    return define
