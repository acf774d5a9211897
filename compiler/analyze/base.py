"""What every analysis is, and how it gets its name."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar, dataclass_transform

from connc.compiler.network import Network
from connc.compiler.registry import Described, Registry
from connc.dsl.vocabulary import Signature


class Analysis(Described):
    """A number that a net is measured by. A part is the names of its nodes; where it is left out, all count."""

    def measure(self, network: Network) -> int | Fraction | None:
        """The number, of a network at either level; none where the network has nothing that it is a number of."""
        raise NotImplementedError

    def table(self, network: Network) -> object:
        """All that is told of a whole network, in lists, names and numbers; the number itself, if that is all."""
        return plain(self.measure(network))


def plain(value: int | Fraction | None) -> int | float | None:
    """As other languages have numbers."""
    return float(value) if isinstance(value, Fraction) else value


ANALYSES: Registry[Analysis] = Registry("analysis")
T = TypeVar("T", bound=Analysis)


@dataclass_transform(frozen_default=True)
def analysis(name: str) -> Callable[[type[T]], type[T]]:
    """Make a class the analysis `name`."""

    def define(cls: type[T]) -> type[T]:
        ANALYSES.define(cls, Signature(name, inputs=(), outputs=()))
        return cls

    return define
