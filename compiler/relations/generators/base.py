"""What every generator is, and how it gets its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, dataclass_transform

from connc.compiler.registry import Described, Registry
from connc.compiler.relations.base import At
from connc.compiler.relations.relation import Relation
from connc.dsl.vocabulary import Signature


class Generator(Described):
    """A rule that is computed. A draw depends on the place of the rule and on `seed`, and on nothing else."""

    def relation(self, at: At) -> Relation:
        """The pairs at a place; raises `Unfit` where there are none such."""
        raise NotImplementedError

    def own_sizes(self, at: At) -> tuple[int, int] | None:
        """The numbers of sources and targets, where the generator decides them."""
        return None


GENERATORS: Registry[Generator] = Registry("generator")
T = TypeVar("T", bound=Generator)


@dataclass_transform(frozen_default=True)
def generator(name: str, *, one_of: tuple[str, ...] = ()) -> Callable[[type[T]], type[T]]:
    """Make a class the generator `name`; exactly one of the fields in `one_of` is to be given."""

    def define(cls: type[T]) -> type[T]:
        GENERATORS.define(cls, Signature(name, inputs=(), outputs=(), one_of=one_of))
        return cls

    return define
