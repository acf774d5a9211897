"""What all parts of an elaboration share: names of files, budgets, finished bodies, and what was found wrong."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from connc.compiler.elaborate.demand import Demand
from connc.compiler.elaborate.values import Poisoned
from connc.compiler.relations.base import At
from connc.compiler.relations.forms import Space
from connc.dsl import codes
from connc.dsl.check import Names
from connc.dsl.diagnostic import Diagnostic, Label, Refusal
from connc.dsl.evaluate import Budget, Exhausted, Value
from connc.dsl.limits import Limits
from connc.dsl.source import Span

T = TypeVar("T")
UNFORESEEN = 100  # how many times sooner the limit is reached by layers that are only counted when they are put in


@dataclass(frozen=True, slots=True)
class Use:
    """A module that is being put together: its full name, and where it is put in."""

    path: str
    span: Span


@dataclass(eq=False)
class World:
    """`names`: by unit, what each name of a file stands for. `seed`: what all draws depend on."""

    names: Mapping[str, Names]
    language: dict[str, Value]
    limits: Limits
    seed: int = 0
    build: Callable[..., Any] = field(init=False)  # puts a module together
    steps: Budget = field(init=False)
    pairs: Budget = field(init=False)
    report: dict[tuple[str, Span], Diagnostic] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)  # from the net inwards
    unforeseen: set[Span] = field(default_factory=set)  # families whose size depends on shapes
    draws: int = 0  # how many rules were drawn so far
    files: dict[str, ChainMap[str, Value]] = field(default_factory=dict)
    ask: Demand = field(default_factory=lambda: Demand(8))  # for the values of files
    bodies: dict[Hashable, object] = field(default_factory=dict)  # of modules, by what they depend on
    _made: dict[Hashable, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.steps, self.pairs = Budget(self.limits, "steps"), Budget(self.limits, "pairs")
        self._layers = self.limits.layers // UNFORESEEN

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """The same object for the same key, so that equal rules are one and bodies made with them are found again."""
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]  # type: ignore[assignment]  # what `make` of the same key gave
        return found

    def count_draw(self) -> None:
        """A body that draws is not like one that is put in elsewhere."""
        self.draws += 1

    def place(self, sources: Space, targets: Space, name: str, span: Span) -> At:
        """Where a rule stands: behind the layer or the `connect` that is called `name`."""
        return At(
            sources,
            targets,
            seed=self.seed,
            name=name,
            spend=lambda count: self.pairs.spend(count, span),
            steps=lambda count: self.steps.spend(count, span),
            folder=span.source.folder,
            drawn=self.count_draw,
        )

    def spend_layers(self, count: int, span: Span) -> None:
        """Take layers of a family that could not be counted before; the others are counted by arithmetic."""
        if span not in self.unforeseen:
            return
        self._layers -= count
        if self._layers < 0:
            message = f"more than {self.limits.layers // UNFORESEEN:,} layers in families whose size depends on shapes"
            help_ = f"give the size as a parameter; or `--max-layers {10 * self.limits.layers}` raises the limit"
            raise Refusal(codes.LAYERS.at(span, message, help=help_))

    # --- mistakes

    def say(self, diagnostic: Diagnostic) -> None:
        """Report a mistake, once a place, with the layer of the net in which it was found."""
        key = diagnostic.code.id, diagnostic.span
        if key not in self.report:
            self.report[key] = replace(diagnostic, labels=(*diagnostic.labels, *self._trail(diagnostic)))

    def _trail(self, diagnostic: Diagnostic) -> Iterator[Label]:
        """Where the module that the mistake is in was put in, unless that is the same place."""
        inner = [use for use in self.uses if use.path and use.span != diagnostic.span]
        if inner:
            yield Label(inner[-1].span, f"in `{inner[-1].path}`, put in here")

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Go on behind a mistake; what depends on it is poisoned."""
        try:
            yield
        except Refusal as refusal:
            self.say(refusal.diagnostic)
            raise Poisoned from None
        except Exhausted:
            raise Poisoned from None

    @contextmanager
    def inside(self, use: Use) -> Iterator[None]:
        """While the body of a module is put together."""
        self.uses.append(use)
        try:
            if len(self.uses) > self.limits.depth:
                found = self.limits.exceeded("depth", use.span, 2 * self.limits.depth)
                raise Refusal(found)
            yield
        finally:
            self.uses.pop()
