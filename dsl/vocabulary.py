"""What the language knows by name without `use`: layers, generators of rules, analyses. Handed to the checker.

The checker never names an op. Whoever defines ops, generators or analyses describes them here, and their names,
parameters and bounds are checked, suggested and listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from connc.dsl.types import Type

LARGEST_SIZE = 2**31 - 1  # of a dimension


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter: what it takes and within which bounds; `assumed` is a type that nobody has written."""

    name: str
    type: Type
    required: bool = True
    default: object = None
    least: int | Fraction | None = None
    most: int | Fraction | None = None
    choices: tuple[str, ...] = ()
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """What can be written between the parentheses behind a name, and what flows through it.

    `inputs` are its ports, None where it takes as many as come, `outputs` None where it makes several without names.
    `relates` says what a rule behind `by` connects
    ("neurons", "channels", "tokens"), empty where no rule may stand there; with `needs_rule` one must. Of the slots in
    `one_of` exactly one is to be given. What is `sized` says how large its inputs are, and can be a net.
    """

    name: str
    slots: tuple[Slot, ...] = ()
    doc: str = ""
    inputs: tuple[str, ...] | None = ("in",)
    outputs: tuple[str, ...] | None = ("out",)
    relates: str = ""
    needs_rule: bool = False
    one_of: tuple[str, ...] = ()
    sized: bool = False

    def slot(self, name: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.name == name), None)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names of the language, by what they stand for. `joins` are the layers that may stand behind `using`."""

    layers: Mapping[str, Signature] = field(default_factory=dict)
    generators: Mapping[str, Signature] = field(default_factory=dict)
    analyses: Mapping[str, Signature] = field(default_factory=dict)

    @property
    def joins(self) -> tuple[str, ...]:
        """Layers that take as many inputs as come, without a parameter that must be given."""
        return tuple(
            name
            for name, layer in self.layers.items()
            if layer.inputs is None and not any(slot.required for slot in layer.slots)
        )
