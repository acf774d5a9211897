"""What every op is, and how it gets its name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

from connc.compiler.ops.prims import Prims, Shape, T
from connc.compiler.registry import Described, Registry
from connc.dsl.vocabulary import Signature
from connc.dsl.words import KEYWORDS, is_name

if TYPE_CHECKING:
    from connc.compiler.relations.relation import Relation
    from connc.compiler.start import Start

__all__ = ["OPS", "Op", "Prims", "Shape", "ShapeError", "Space", "T", "op"]

Space = tuple[int, ...]  # how many positions a rule relates, in each of their coordinates


class ShapeError(Exception):
    """What an op cannot take, in the words of a spec. `inputs` are the positions of the tensors that disagree."""

    def __init__(self, message: str, help: str, inputs: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.message, self.help, self.inputs = message, help, inputs


@dataclass(frozen=True)
class Op(Described):
    """A layer of the language. Shapes and axes leave the batch out; `x` are the shapes of what comes in.

    An op of one tensor writes `shape(self, x)`, one that takes as many as come `shape(self, *x)`; the signatures here
    allow both. What needs a shape that `shape` refuses may fail in any way.
    """

    leaves_places: ClassVar[bool] = False
    """Whether each value that comes out stands for the one at the same place, row by row, that came in."""

    is_pointwise: ClassVar[bool] = False
    """Whether a point of a map that comes out depends on one point of what came in, and on no other."""

    is_view: ClassVar[bool] = False
    """Whether what comes out lies where what came in does, and takes no memory of its own."""

    rule: Relation | None = field(default=None, kw_only=True, repr=False)
    """What stands behind `by`; a spec does not write it as a parameter."""

    @property
    def name(self) -> str:
        return self.signature.name

    def shape(self, *x: Any, **_: Any) -> Shape:
        """The shape of what comes out; without a rule of its own that of what comes in."""
        first: Shape = x[0]
        return first

    def shapes(self, *x: Any, **_: Any) -> tuple[Shape, ...]:
        """One shape an output."""
        return (self.shape(*x),)

    def params(self, *x: Any, **_: Any) -> dict[str, Shape]:
        """What is learned, by the names under which `body` gets it."""
        return {}

    def buffers(self, *x: Any, **_: Any) -> dict[str, Shape]:
        """What is kept beside it and not learned by descent; `body` gets it too."""
        return {}

    def starts(self, *x: Any, **_: Any) -> dict[str, Start]:
        """What each of both starts from; without a word of it, from 0."""
        return {}

    def spaces(self, *x: Any, **_: Any) -> tuple[Space, Space]:
        """The sources and the targets that a rule behind `by` relates."""
        raise NotImplementedError(f"`{self.name}` takes no rule")

    def macs(self, *x: Any, **_: Any) -> int:
        """Weights times the places where each is used."""
        return 0

    def norms(self, *x: Any, **_: Any) -> int:
        """The values that are normalised."""
        return 0

    def flops(self, *x: Any) -> int:
        """Two for each weight used and for each value normalised; activations, pools and joins are free."""
        return 2 * (self.macs(*x) + self.norms(*x))

    def body(self, p: Prims[T], *x: Any, **params: Any) -> T | tuple[T, ...]:
        """What it computes, of tensors and parameters, in primitives; several outputs are a tuple."""
        raise NotImplementedError(f"`{self.name}` computes nothing")


OPS: Registry[Op] = Registry("op")
O = TypeVar("O", bound=Op)  # noqa: E741


@dataclass_transform(frozen_default=True)
def op(
    name: str,
    *,
    inputs: tuple[str, ...] | None = ("in",),
    outputs: tuple[str, ...] | None = ("out",),
    relates: str = "",
    needs_rule: bool = False,
    one_of: tuple[str, ...] = (),
    registry: Registry[Op] = OPS,
) -> Callable[[type[O]], type[O]]:
    """Make a class the op `name`; `inputs`, `relates` and the others are those of its signature."""
    signature = Signature(name, inputs=inputs, outputs=outputs, relates=relates, needs_rule=needs_rule, one_of=one_of)

    def define(cls: type[O]) -> type[O]:
        if not is_name(name) or name in KEYWORDS:
            raise ValueError(f"{name!r} cannot be the name of an op: a spec could not write it")
        if not issubclass(cls, Op):
            raise TypeError(f"the op `{name}` is to derive from Op")
        if taken := sorted(set(inspect.get_annotations(cls)) & set(dir(Op))):
            raise TypeError(f"a parameter of `{name}` cannot be called {', '.join(taken)}")
        registry.define(cls, signature)
        return cls

    return define
