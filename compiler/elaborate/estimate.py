"""How many layers a net will have at least, by arithmetic on the text before anything is put together.

Counts multiply along families and are remembered by module and parameters. What depends on shapes counts once.
"""

from __future__ import annotations

import itertools
import math
from collections import ChainMap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from connc.compiler.elaborate.labels import mentions_coordinates
from connc.compiler.elaborate.outline import Outline, outline
from connc.compiler.elaborate.reader import Reader, body_of, settled
from connc.compiler.elaborate.values import Poisoned, Recipe
from connc.compiler.elaborate.world import Use, World
from connc.dsl import tree
from connc.dsl.check import Declared
from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import Value
from connc.dsl.source import Span

Part = tuple[int, Span]


class Unknown(Exception):
    """A value depends on a shape."""


class TextNames(dict[str, Any]):
    """The values of a body that do not depend on what flows."""

    def __init__(self, text: Outline) -> None:
        super().__init__()
        self.text = text
        self.reader: Reader | None = None

    def __missing__(self, name: str) -> Value:
        if name in self.text.tensors or name in self.text.outputs:
            raise Unknown
        if name not in self.text.values or self.reader is None:
            raise KeyError(name)
        value = self.reader.inside(self.reader.names)(self.text.values[name])
        self[name] = value
        return value


class Estimate:
    """Counts the layers of a net. `failed`: a mistake was told on the way, and the net is not put together."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._known: dict[object, int] = {}
        self.failed = False

    def check(self, recipe: Recipe, span: Span) -> None:
        """Refuse a net that would be too large, at the part that makes it so."""
        total = self.layers(recipe, span)
        if self.failed:
            raise Poisoned
        if total > self.world.limits.layers:
            largest = max(self._parts(recipe, span), default=(0, span), key=lambda part: part[0])[1]
            raise Refusal(self.world.limits.exceeded("layers", largest, total, known=True))

    def layers(self, recipe: Recipe, span: Span) -> int:
        """How many layers a recipe becomes, itself included."""
        if not isinstance(recipe.maker, Declared):
            return 1
        if recipe not in self._known:
            self._known[recipe] = 1  # where a module is in itself, which the checker refuses
            with self.world.inside(Use(recipe.kind, span)), self._telling():
                self._known[recipe] = 1 + sum(count for count, _ in self._parts(recipe, span))
        return self._known[recipe]

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell a mistake where it is known which modules it is in, and go on with the other parts."""
        try:
            with self.world.attempt():
                yield
        except Poisoned:
            self.failed = True

    def _parts(self, recipe: Recipe, span: Span) -> Iterator[Part]:
        """The statements of a module that make layers."""
        recipe, outside = settled(self.world, recipe, span)
        body = body_of(recipe)
        text = self.world.once(("outline", body.span), lambda: outline(body))
        names = TextNames(text)
        reader = names.reader = Reader(ChainMap(names, *outside.maps), self.world)
        for label in text.labels.values():
            yield self._family(label, reader), label.name.span
        for site in text.sites:
            yield self._site(site.expr, reader), site.expr.span

    def _site(self, expr: tree.Expr, reader: Reader) -> int:
        try:
            recipe = reader(expr)
            return self.layers(recipe, expr.span) if isinstance(recipe, Recipe) else 1
        except (Unknown, Poisoned, KeyError):
            return 1

    def _family(self, label: tree.Instance, reader: Reader) -> int:
        try:
            counts = [reader.whole_value(each.count) for each in label.coordinates]
            if not mentions_coordinates(label):
                return max(math.prod(counts), 0) * self._site(label.layer, reader)
            if math.prod(counts) > self.world.limits.layers:
                return math.prod(counts)
            return self._members(label, counts, reader)
        except (Unknown, KeyError):
            self.world.unforeseen.add(label.name.span)
            return 1

    def _members(self, label: tree.Instance, counts: Sequence[int], reader: Reader) -> int:
        names = [each.name.text if each.name else "" for each in label.coordinates]
        total = 0
        for index in itertools.product(*map(range, counts)):
            place = dict(zip(names, index, strict=True))
            total += self._site(label.layer, reader.inside(ChainMap(place, *reader.names.maps[1:])))
        return total
