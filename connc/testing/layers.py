"""Layers that take tensors of given shapes, drawn from all ops there are."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from math import prod

from hypothesis import strategies as st

from connc.compiler.make import make_op
from connc.compiler.ops import OPS
from connc.compiler.ops.base import Op, Shape, ShapeError
from connc.compiler.relations.generators import GENERATORS
from connc.dsl.vocabulary import Signature
from connc.testing.rules import POSITIONS, Between, Bounds, everything, related, rules
from connc.testing.values import Draw, arguments, first, fitting, pick, written

LARGEST = 256  # numbers in a tensor
PROBED = 64  # choices of parameters, to see whether an op takes a shape
DRAWS = re.compile("|".join(name for name, cls in GENERATORS.items() if cls.signature.slot("seed")))


@dataclass(frozen=True, slots=True)
class Bounded:
    """What may be drawn: `ops` and `joins` by name, how many layers, the densities of rules behind layers."""

    layers: int
    ops: Collection[str]
    joins: Collection[str]
    densities: Bounds

    def fitting(self, x: tuple[Shape, ...], *, cuts: bool = False) -> list[str]:
        """Layers that take tensors of these shapes, those that cut one into pieces or all others; simple ones first."""
        found = [name for name, cls in OPS.items() if name in self.ops and (cls.signature.outputs is None) == cuts]
        taking = [name for name in found if _takes(OPS[name].signature, x)]
        return sorted(taking, key=lambda name: len(OPS[name].signature.slots))


@lru_cache(maxsize=4096)
def _takes(signature: Signature, x: tuple[Shape, ...]) -> bool:
    """Whether an op takes tensors of these shapes with some of the values that are drawn."""
    if signature.inputs is None or len(signature.inputs) != len(x):
        return False
    return any(shapes_of(make_op(signature.name, given), x) for given in islice(first(signature, x[0]), PROBED))


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as a spec writes it, and the shapes that it makes of those that it was drawn for."""

    text: str
    name: str
    shapes: tuple[Shape, ...]


def layer(draw: Draw, bounded: Bounded, *x: Shape, keeps: bool = False, cuts: bool = False) -> Layer | None:
    """A layer for tensors of these shapes; one that `keeps` their shape, one that `cuts` them into pieces.

    Nothing where no op that is allowed fits.
    """
    names = bounded.fitting(x, cuts=cuts)
    if not names:
        return None

    def candidate() -> Layer | None:
        found = _layer(draw, bounded, pick(draw, names), x)
        return None if found is None or (keeps and found.shapes != x) else found

    return fitting(candidate, lambda: next(filter(None, (_plain(name, x) for name in names)), None))


def _plain(name: str, x: Sequence[Shape]) -> Layer | None:
    """A layer without parameters that keeps the shape of what comes."""
    signature = OPS[name].signature
    open_ = signature.needs_rule or signature.one_of or any(slot.required for slot in signature.slots)
    shapes = None if open_ else shapes_of(make_op(name, {}), x)
    return Layer(name, name, shapes) if shapes == x[:1] else None


def _layer(draw: Draw, bounded: Bounded, name: str, x: Sequence[Shape]) -> Layer | None:
    """A layer with parameters that these shapes suggest, should they fit."""
    signature = OPS[name].signature
    given = arguments(draw, signature, x[0])
    op, by = make_op(name, given), ""
    if shapes_of(op, x) is None:
        return None
    if signature.needs_rule or (signature.relates and draw(st.booleans())):
        rule = _rule(draw, bounded, name, op.spaces(*x))
        op, by = make_op(name, given, related(rule, op.spaces(*x))), f" by {rule}"
    shapes = shapes_of(op, x)
    return Layer(name + written(signature, given) + by, name, shapes) if shapes else None


def shapes_of(op: Op, x: Sequence[Shape]) -> tuple[Shape, ...] | None:
    """What it makes of these shapes, should it take them and stay small."""
    try:
        found = op.shapes(*x)
    except ShapeError:
        return None
    return found if all(shape and prod(shape) <= LARGEST for shape in found) else None


def _rule(draw: Draw, bounded: Bounded, name: str, between: Between) -> str:
    """A rule that has a pair, and that lets each token read itself; wherever the layer stands, for draws differ."""
    low, high = bounded.densities
    one = Fraction(1, prod(between[0]) * prod(between[1]))
    rule: str = draw(rules(*between, densities=(max(Fraction(low), one), high)))
    if OPS[name].signature.relates == "tokens":
        return f"({rule} | (i -> i))"
    return f"({rule} | {_first(between)})" if DRAWS.search(rule) and not rule.startswith("random") else rule


def _first(between: Between) -> str:
    """The pair of the first positions."""
    return everything(between, f" where {' + '.join(POSITIONS[: len(between[0] + between[1])])} == 0")
