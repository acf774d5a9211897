"""Values computed when somebody asks for them, each once, in whatever order they stand in the text.

What asks for something that is not there yet computes it first, a few levels deep; from there on all is put off and
taken up again from the top, so that a long chain of questions needs no deep stack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connc.dsl.evaluate import Value

Key = tuple[Any, ...]
Compute = Callable[[], Value]


class Needs(Exception):
    """Something is to be computed first."""

    def __init__(self, key: Key, compute: Compute) -> None:
        super().__init__(key)
        self.key, self.compute = key, compute


class Circle(Exception):
    """What is asked for depends on itself; `keys` stand in the order in which they ask for one another."""

    def __init__(self, keys: list[Key]) -> None:
        super().__init__(keys)
        self.keys = keys


class Demand:
    """`deepest`: how many levels may ask for one another on the stack."""

    def __init__(self, deepest: int) -> None:
        self.deepest = deepest
        self.values: dict[Key, Value] = {}
        self._running: list[Key] = []
        self._waiting: set[Key] = set()
        self._asks: dict[Key, Key] = {}

    def __call__(self, key: Key, compute: Compute) -> Value:
        """The value behind a key."""
        if key in self.values:
            return self.values[key]
        if self._running:
            self._asks[self._running[-1]] = key
        if key in self._waiting or key in self._running:
            raise Circle(self._circle(key))
        if len(self._running) > self.deepest:
            raise Needs(key, compute)
        return self._compute(key, compute) if self._running else self._from_the_top(key, compute)

    def is_running(self, key: Key) -> bool:
        return key in self._running or key in self._waiting

    def _compute(self, key: Key, compute: Compute) -> Value:
        self._running.append(key)
        try:
            value = self.values[key] = compute()
        finally:
            self._running.pop()
        return value

    def _from_the_top(self, key: Key, compute: Compute) -> Value:
        stack = [(key, compute)]
        try:
            while stack:
                key, compute = stack[-1]
                self._waiting.discard(key)
                try:
                    value = self.values[key] if key in self.values else self._compute(key, compute)
                    stack.pop()
                except Needs as needs:
                    self._waiting.add(key)
                    if needs.key in self._waiting:
                        raise Circle(self._circle(needs.key)) from None
                    stack.append((needs.key, needs.compute))
        finally:
            self._waiting.clear()
        return value

    def _circle(self, key: Key) -> list[Key]:
        ring = [key]
        while (following := self._asks.get(ring[-1])) is not None and following not in ring:
            ring.append(following)
        return ring
