"""What every op is, and how it gets its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, dataclass_transform

from connc.compiler.registry import Described, Registry
from connc.dsl.vocabulary import Signature


class Op(Described):
    """A layer of the language. Shapes and axes leave the batch out."""


OPS: Registry[Op] = Registry("op")
T = TypeVar("T", bound=Op)


@dataclass_transform(frozen_default=True)
def op(
    name: str,
    *,
    inputs: tuple[str, ...] | None = ("in",),
    outputs: tuple[str, ...] = ("out",),
    relates: str = "",
    needs_rule: bool = False,
) -> Callable[[type[T]], type[T]]:
    """Make a class the op `name`; `inputs`, `relates` and the others are those of its signature."""

    def define(cls: type[T]) -> type[T]:
        OPS.define(cls, Signature(name, inputs=inputs, outputs=outputs, relates=relates, needs_rule=needs_rule))
        return cls

    return define
