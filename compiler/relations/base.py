"""Where a rule is asked for its pairs, and what every rule is."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from connc.compiler.draws import Draws, Words, key, uniform
from connc.compiler.relations.forms import Space
from connc.compiler.relations.relation import Relation
from connc.dsl.diagnostic import Code
from connc.dsl.source import Span


@dataclass(frozen=True)
class At:
    """The place of a rule: its spaces, what its draws are keyed by, and what may be spent.

    `spend` is called with a number of pairs or rows before they are made, `steps` with the work that is done one by
    one; both raise when the limit is passed. `folder` is where tables lie.
    """

    sources: Space
    targets: Space
    seed: int
    name: str
    spend: Callable[[int], None]
    steps: Callable[[int], None]
    folder: Path | None = None
    drawn: Callable[[], object] = lambda: None  # told of each draw

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of positions on both sides."""
        return math.prod(self.sources), math.prod(self.targets)

    @property
    def words(self) -> str:
        """The sizes, for a message."""
        return f"{self.sizes[0]} sources and {self.sizes[1]} targets"

    def between(self, sources: Space, targets: Space) -> At:
        """The same place with other spaces."""
        return replace(self, sources=sources, targets=targets)

    def draws(self, what: str, seed: int) -> Draws:
        """The draws of a generator, one after the other; `seed` is the one that the spec writes beside it."""
        self.drawn()
        return Draws(self.seed, self.name, f"{what} {seed}")

    def hashes(self, what: str, seed: int) -> Callable[[Words], Words]:
        """The draws of a generator that has one for each number."""
        self.drawn()
        return partial(uniform, self.seed, self.name, f"{what} {seed}")

    def root(self, what: str, seed: int) -> int:
        """A seed for a generator of another library."""
        self.drawn()
        return int.from_bytes(key(self.seed, self.name, f"{what} {seed}")[:8], "little")


class Rule(ABC):
    """A relation that waits for its spaces. Each rule is equal to itself only."""

    span: Span

    @abstractmethod
    def relate(self, at: At) -> Relation:
        """The pairs, clipped to the spaces; raises `Refusal` where there is no such relation."""

    def own_sizes(self, at: At) -> tuple[int, int] | None:
        """The numbers of sources and targets, where the rule alone decides them, as a table does."""
        return None


class Unfit(Exception):
    """A generator cannot relate these spaces; says why, without a place."""

    def __init__(self, code: Code, message: str, help: str | Sequence[str] = ()) -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help
