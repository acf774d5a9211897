"""Labelled layers and families: how many there are, which of them are meant, and what each is made of."""

from __future__ import annotations

import itertools
import math
from collections import ChainMap
from collections.abc import Callable
from dataclasses import replace

from connc.compiler.elaborate.demand import Compute, Key
from connc.compiler.elaborate.outline import Outline
from connc.compiler.elaborate.reader import Reader
from connc.compiler.elaborate.values import Recipe
from connc.compiler.network import Family
from connc.dsl import codes, tree
from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import Value
from connc.dsl.tree import Expr

Index = tuple[int, ...]  # the coordinates of a member; none for a layer that is no family
Axes = list[list[int]]  # the coordinates that are chosen


def member_name(label: str, index: Index) -> str:
    return f"{label}[{','.join(map(str, index))}]" if index else label


class Labels:
    """`ask` computes what is known only when the shapes of others are."""

    def __init__(self, text: Outline, reader: Reader, ask: Callable[[Key, Compute], Value]) -> None:
        self.text, self.reader, self.ask = text, reader, ask

    def counts(self, label: str) -> tuple[int, ...]:
        """How many members a family has along each coordinate."""
        found: tuple[int, ...] = self.ask(("counts", label), lambda: self._counts(label))
        return found

    def _counts(self, label: str) -> tuple[int, ...]:
        instance = self.text.labels[label]
        counts = tuple(self.reader.whole_value(coordinate.count) for coordinate in instance.coordinates)
        if any(count < 0 for count in counts):
            raise Refusal(codes.RANGE.at(instance.span, f"`{label}` has {min(counts)} members, and 0 is the least"))
        self.reader.world.spend_layers(math.prod(counts), instance.name.span)
        return counts

    def indices(self, label: str) -> list[Index]:
        """All members, the last coordinate running fastest."""
        return list(itertools.product(*map(range, self.counts(label))))

    def chosen(self, expr: Expr, reader: Reader | None = None) -> tuple[str, list[Index], tuple[int, ...]]:
        """The label that an expression names, the members that are meant, and how many along each open coordinate.

        `reader` is one that is in the middle of a loop, whose names the expression may have.
        """
        match expr:
            case tree.Instance(name=tree.Name(text=text)) | tree.Name(text=text) if text in self.text.labels:
                return text, self.indices(text), self.counts(text)
            case tree.Subscript(base=tree.Name(text=text), items=items) if text in self.text.labels:
                axes = [
                    self._axis(item, count, reader or self.reader)
                    for item, count in zip(items, self.counts(text), strict=True)
                ]
                is_open = [isinstance(item, tree.Range | tree.Every) for item in items]
                counts = tuple(len(axis) for axis, each in zip(axes, is_open, strict=True) if each)
                return text, list(itertools.product(*axes)), counts
        return "", [], ()

    def _axis(self, item: Expr, count: int, reader: Reader) -> list[int]:
        if isinstance(item, tree.Every):
            return list(range(count))
        chosen = reader.chosen(range(count), item)
        return [chosen] if isinstance(chosen, int) else list(chosen)

    def recipe(self, label: str, index: Index) -> Recipe:
        """What a member is made of; one for all where it does not depend on the coordinates."""
        instance = self.text.labels[label]
        key = ("member", label, index if self._depends(label) else ())
        recipe: Recipe = self.ask(key, lambda: self._recipe(instance, index))
        return recipe

    def _depends(self, label: str) -> bool:
        found: bool = self.ask(("depends", label), lambda: mentions_coordinates(self.text.labels[label]))
        return found

    def _recipe(self, instance: tree.Instance, index: Index) -> Recipe:
        names = [coordinate.name.text if coordinate.name else "" for coordinate in instance.coordinates]
        place = dict(zip(names, index, strict=True))
        reader = self.reader.inside(ChainMap(place, *self.reader.names.maps[1:]))
        layer = instance.layer
        expr = layer if instance.by is None else tree.Ruled(instance.span, layer, instance.by)
        recipe: Recipe = reader(expr)
        return replace(recipe, declared=instance.span)

    def families(self) -> list[Family]:
        """What is known of all families of the body."""
        found = []
        for label, instance in self.text.labels.items():
            if 0 not in self.counts(label) and instance.coordinates:
                names = [coordinate.name.text if coordinate.name else "" for coordinate in instance.coordinates]
                found.append(Family(label, tuple(zip(names, self.counts(label), strict=True))))
        return sorted(found, key=lambda family: family.name)


def mentions_coordinates(instance: tree.Instance) -> bool:
    """Whether the members of a family may differ."""
    names = {coordinate.name.text for coordinate in instance.coordinates if coordinate.name}
    nodes = [instance.layer, *([instance.by] if instance.by else [])]
    return any(isinstance(each, tree.Name) and each.text in names for node in nodes for each in tree.walk(node))
