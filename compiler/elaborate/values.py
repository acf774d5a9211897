"""Values that only a network needs: layers that are not put in yet, rules with open parameters, tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from connc.compiler.network import Ref
from connc.compiler.ops.base import Op, Shape
from connc.compiler.relations.rule import Rule
from connc.dsl import codes
from connc.dsl.check import Declared
from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import FREE, Value
from connc.dsl.source import Span
from connc.dsl.types import Type
from connc.dsl.vocabulary import Signature

Given = tuple[tuple[str, Value], ...]


POISON = object()  # stands where a value would, had there been no mistake


class Poisoned(Exception):
    """What is asked for depends on a mistake that has been reported."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A layer that is not put into a net yet, some of its parameters filled. `maker`: an op, or what declares it."""

    maker: type[Op] | Declared
    given: Given = ()
    by: Rule | None = None
    called: str = ""  # by which net, where that is another one with parameters filled
    declared: Span | None = field(default=None, compare=False)  # where a label stands for it

    @property
    def signature(self) -> Signature:
        assert self.maker.signature is not None
        return self.maker.signature

    @property
    def kind(self) -> str:
        """What a layer without a label is called by."""
        return self.called or self.signature.name


@dataclass(frozen=True, eq=False, slots=True)
class OpenRule:
    """A rule or generator that is to be called; where it stands alone, it is called with nothing."""

    signature: Signature
    make: Callable[[Given, Span], Rule]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One output of a node; the shapes of all of them, so that the others can be read too."""

    node: str
    shapes: Mapping[str, Shape]
    port: str = "out"

    @property
    def ref(self) -> Ref:
        return Ref(self.node, self.port)

    @property
    def shape(self) -> Shape:
        return self.shapes[self.port]


@dataclass(frozen=True, slots=True)
class Several:
    """Tensors side by side: what a family makes, what `split` makes, an input `xs[]`."""

    tensors: tuple[Tensor, ...]

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.tensors)


def is_a(value: Value, type_: Type) -> bool:
    """Whether a value is of a type; one value may stand where a list is due, and whole numbers are told by value."""
    if type_.listed and isinstance(value, tuple):
        return all(is_a(item, type_.item) for item in value)
    match type_.name:
        case "int" | "float":
            return isinstance(value, int | Fraction) and not isinstance(value, bool)
        case "bool":
            return isinstance(value, bool)
        case "str":
            return isinstance(value, str)
        case "shape":
            return isinstance(value, tuple) and all(item is FREE or is_a(item, Type("int")) for item in value)
        case "rule":
            return isinstance(value, Rule)
        case "module":
            return isinstance(value, Recipe)
    return True


def in_words(value: Value) -> str:
    """The kind of a value, for a message."""
    kinds = {bool: "a truth value", str: "a string", tuple: "a list", Recipe: "a module"}
    if isinstance(value, Rule | OpenRule):
        return "a rule"
    if isinstance(value, Tensor | Several):
        return "a tensor"
    return kinds.get(type(value), "a number")


def side_by_side(value: Value) -> tuple[Tensor, ...]:
    """What is read where several tensors may stand."""
    if isinstance(value, tuple):  # a list of them
        return tuple(tensor for each in value for tensor in side_by_side(each))
    return value.tensors if isinstance(value, Several) else (value,)


def check_one(value: Value, span: Span) -> None:
    """One tensor is due, and one is there."""
    if isinstance(value, Several | tuple):
        value = Several(side_by_side(value))
        message = f"{len(value.tensors)} tensors stand side by side, and one is due"
        raise Refusal(
            codes.PORTS.at(span, message, help="join them first, as in `-> concat ->`, or choose one: `y[0]`")
        )
    if value is None:
        raise Refusal(codes.NO_SOURCE.at(span, f"`{span.shown}` was left out, for it has no source"))
    if value.port not in value.shapes:
        named = " or ".join(f"`y.{port}`" for port in value.shapes)
        message = f"`{value.node}` has no output `out`"
        raise Refusal(codes.PORTS.at(span, message, help=f"read one by its name: {named} of `y = …`"))
