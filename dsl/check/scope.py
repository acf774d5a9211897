"""Which names stand for what in a file, in a declaration, in a body; and what refers to what."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from connc.dsl import codes
from connc.dsl.check.meaning import ANY, FUNCTION, LAYER, RULED, Meaning
from connc.dsl.diagnostic import Code, Diagnostic, Label
from connc.dsl.evaluate import Budget, Evaluator, Value
from connc.dsl.functions import FUNCTIONS
from connc.dsl.library import Unit
from connc.dsl.limits import Limits
from connc.dsl.source import Span
from connc.dsl.tree import Name
from connc.dsl.vocabulary import Vocabulary
from connc.dsl.words import closest, did_you_mean

MOST_HINTS = 50  # mistakes of a file; finding what was meant takes time, and the first ones teach enough
_WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class World:
    """What a check is given: the names of the language, the limits, and which file of the library declares what."""

    vocabulary: Vocabulary
    limits: Limits = Limits()
    elsewhere: Callable[[], Mapping[str, str]] = dict
    budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "budget", Budget(self.limits))


class Scope:
    """The names of one place, and of the places around it."""

    def __init__(self, unit: Unit, world: World, outer: Scope | None = None) -> None:
        self.unit, self.world, self.outer = unit, world, outer
        self.report: list[Diagnostic] = unit.report
        self.refused: set[Diagnostic] = outer.refused if outer else set()  # by the evaluator, told once
        self.names: dict[str, Meaning] = {}
        self.exports: dict[str, Meaning] = {}  # of a file, what others may use
        self.places: dict[str, Span] = {}
        self.refers: dict[str, dict[str, Span]] = {}  # who mentions whom, and where first
        self.quiet: bool = outer.quiet if outer else False
        self.used: set[str] = set()
        self.connected: set[str] = set()  # labelled layers that a `connect` may feed
        self.applied: dict[str, list[Span]] = {}  # labelled layers, by where something flows into them
        self.reads: dict[str, Span] = {}  # labelled layers whose output is read, and where first
        self.current = ""  # the definition that is being looked at
        self.values: ChainMap[str, Value] = outer.values.new_child() if outer else ChainMap({})
        self.evaluate = Evaluator(self.values, world.budget)

    @contextmanager
    def quietly(self, quiet: bool = True) -> Iterator[None]:
        """Without looking at values, which would be those of what is passed over."""
        before, self.quiet = self.quiet, self.quiet or quiet
        try:
            yield
        finally:
            self.quiet = before

    def inner(self) -> Scope:
        return Scope(self.unit, self.world, self)

    @property
    def file(self) -> Scope:
        return self.outer.file if self.outer else self

    def say(self, code: Code, span: Span, message: str, label: str = "", *more: Label, help: str = "") -> None:
        self.report.append(code.at(span, message, label, *more, help=help))

    # --- declaring

    def declare(self, name: Name, meaning: Meaning = ANY) -> bool:
        """Take a name, unless it is taken or none."""
        text = name.text
        if text == "_":
            self.say(codes.LABEL, name.span, "`_` stands for nothing in particular and cannot be declared")
        if text in ("_", ""):
            return False
        if text in self.places:
            first = Label(self.places[text], "first here")
            self.say(codes.DUPLICATE, name.span, f"`{text}` is declared twice", "and again here", first)
            return False
        if self.outer and (hidden := self._hidden(text)):
            message = f"`{text}` stands for something else here already"
            self.say(codes.HIDES, name.span, message, "", Label(hidden, "here"), help="choose another name")
        self.names[text], self.places[text] = meaning, name.span
        return True

    def _hidden(self, text: str) -> Span | None:
        scope = self.outer
        while scope:
            if text in scope.places:
                return scope.places[text]
            scope = scope.outer
        return None

    def define(self, name: str, meaning: Meaning) -> None:
        """Say what a declared name means."""
        self.names[name] = meaning

    # --- finding

    def find(self, name: Name) -> Meaning | None:
        """What a name means here, from the inside out; the names of the language come last."""
        text = name.text
        scope: Scope | None = self
        while scope:
            if text in scope.names:
                scope.used.add(text)
                if scope.current:
                    scope.refers.setdefault(scope.current, {}).setdefault(text, name.span)
                return scope.names[text]
            scope = scope.outer
        return self._of_the_language(text)

    def is_free(self, text: str) -> bool:
        """Whether nothing of this file has taken a name."""
        return text not in self.names and (self.outer is None or self.outer.is_free(text))

    def is_of_the_language(self, text: str) -> bool:
        """Whether a name means what it means in the language."""
        return self.is_free(text) and self._of_the_language(text) is not None

    def is_a_word(self, text: str) -> bool:
        """Whether the language has this name, taken here or not."""
        return self._of_the_language(text) is not None

    def _of_the_language(self, text: str) -> Meaning | None:
        if layer := self.world.vocabulary.layers.get(text):
            return Meaning(LAYER.type, layer)
        if generator := self.world.vocabulary.generators.get(text):
            return Meaning(RULED.type, generator)
        return FUNCTION if text in FUNCTIONS else None

    def known(self) -> set[str]:
        """All names that would mean something here."""
        if self.outer:
            return self.outer.known() | set(self.names)
        return {*self.world.vocabulary.layers, *self.world.vocabulary.generators, *FUNCTIONS, *self.names}

    def unknown(self, name: Name, also: Iterable[str] = ()) -> None:
        """Report a name that means nothing, unless what could not be read may have declared it."""
        file = self.unit.file
        if file.refused or name.text in file.lost:
            return
        if len(self.report) >= MOST_HINTS:
            self.say(codes.UNKNOWN_NAME, name.span, f"`{name.text}` is not known here")
            return
        std = self.world.elsewhere()
        near = did_you_mean(name.text, {*self.known(), *also, "true", "false"})
        if name.text in std:
            near = f"`use {std[name.text]} ({name.text})` makes it known"
        elif not near and (other := closest(name.text, std)):
            near = f"did you mean `{other}` of `{std[other]}`?"
        self.say(codes.UNKNOWN_NAME, name.span, f"`{name.text}` is not known here", help=near)

    # --- what builds on what

    def in_order(self, definitions: Sequence[tuple[str, Sequence[Span]]]) -> list[int]:
        """The indices of the definitions, each behind those whose names its text mentions, circles aside."""
        index = {name: i for i, (name, _) in enumerate(definitions)}
        order: list[int] = []
        seen = [False] * len(definitions)
        for first in range(len(definitions)):
            stack = [] if seen[first] else [(first, self._mentioned(definitions[first][1], index))]
            seen[first] = True
            while stack:
                rest = stack[-1][1]
                step = next((i for i in rest if not seen[i]), None)
                if step is None:
                    order.append(stack.pop()[0])
                else:
                    seen[step] = True
                    stack.append((step, self._mentioned(definitions[step][1], index)))
        return order

    def _mentioned(self, spans: Sequence[Span], index: dict[str, int]) -> Iterable[int]:
        words = (word for span in spans for word in _WORDS.findall(span.source.text, span.start, span.stop))
        return iter([index[word] for word in words if word in index])


def circles(refers: Mapping[str, Iterable[str]]) -> Iterator[list[str]]:
    """Circles among what refers to what, none through a name that an earlier one goes through."""
    graph = {name: sorted(other for other in others if other in refers) for name, others in refers.items()}
    seen: set[str] = set()
    for start in sorted(graph):
        path, at, told = [start], {start: 0}, [-1]  # `told[k]`: the last name of path[: k + 1] that is in a circle
        waiting = [iter(graph[start] if start not in seen else ())]
        seen.add(start)
        while waiting:
            for name in waiting[-1]:
                if name in at and at[name] > told[-1]:
                    ring = path[at[name] :]
                    told[at[name] :] = range(at[name], len(path))
                    smallest = ring.index(min(ring))
                    yield ring[smallest:] + ring[:smallest]
                elif name not in seen:
                    seen.add(name)
                    at[name] = len(path)
                    path.append(name)
                    told.append(told[-1])
                    waiting.append(iter(graph[name]))
                    break
            else:
                waiting.pop()
                told.pop()
                del at[path.pop()]
