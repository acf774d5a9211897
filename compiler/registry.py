"""Names and the classes that define them. A registry is filled by importing the files of one folder."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from connc.compiler.signature import slots
from connc.dsl.vocabulary import Signature


class Described:
    """A frozen dataclass whose fields are what a spec may write, and whose docstring is its entry in the manual."""

    signature: ClassVar[Signature]


D = TypeVar("D", bound=Described)


class Registry(Mapping[str, type[D]]):
    """Sorted by name, so that nothing depends on the order of imports."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._classes: dict[str, type[D]] = {}

    def define(self, cls: type[D], signature: Signature) -> None:
        """Make `cls` what `signature.name` stands for; its fields and docstring complete the signature.

        The same class may be defined anew, as notebooks do.
        """
        known = self._classes.get(signature.name)
        if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ValueError(f"the {self.noun} `{signature.name}` is defined twice")
        doc = inspect.cleandoc(cls.__doc__ or "")
        dataclass(frozen=True)(cls)
        cls.signature = replace(signature, slots=slots(cls), doc=doc)
        self._classes[signature.name] = cls

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """By name, of what is defined when one looks, not of what was when this was asked for."""
        return Signatures(self)

    def __getitem__(self, name: str) -> type[D]:
        return self._classes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._classes))

    def __len__(self) -> int:
        return len(self._classes)


class Signatures(Mapping[str, Signature]):
    """The signatures of a registry."""

    def __init__(self, classes: Mapping[str, type[Described]]) -> None:
        self._classes = classes

    def __getitem__(self, name: str) -> Signature:
        return self._classes[name].signature

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)
