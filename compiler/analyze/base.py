"""What every analysis is, and how it gets its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, dataclass_transform

from connc.compiler.network import Network
from connc.compiler.registry import Described, Registry
from connc.dsl.vocabulary import Signature


class Analysis(Described):
    """A number that a net is measured by. A part is the names of its nodes; where it is left out, all count."""

    def measure(self, network: Network) -> int:
        """The number, of a network at either level."""
        raise NotImplementedError


ANALYSES: Registry[Analysis] = Registry("analysis")
T = TypeVar("T", bound=Analysis)


@dataclass_transform(frozen_default=True)
def analysis(name: str) -> Callable[[type[T]], type[T]]:
    """Make a class the analysis `name`."""

    def define(cls: type[T]) -> type[T]:
        ANALYSES.define(cls, Signature(name, inputs=(), outputs=()))
        return cls

    return define
