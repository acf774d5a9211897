"""Python in the making: text, the values that a module computes, and literals that may turn out to be parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a list of them, a path: what instances of one class may differ in. `hint`: what it would be called."""

    value: object
    hint: str


class Row(tuple[object, ...]):
    """Literals one behind the other, of members of a family."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Var:
    """What a statement has made."""

    number: int


@dataclass(frozen=True, slots=True)
class Vars:
    """Several of those, side by side."""

    numbers: tuple[int, ...]


Part = str | Literal | Var | Vars
Code = tuple[Part, ...]


@dataclass(slots=True)
class Statement:
    """`targets = code`, or a loop: a `head` and below it the code. `infix`: whether it needs parentheses in another."""

    targets: tuple[int, ...]
    code: Code
    head: Code = ()
    infix: bool = False
    layer: str = ""  # whose statement it is, as the body calls that
    named: bool = False  # whether what it makes has a name that says something
    calls: bool = False  # whether it calls a module
    module: str = ""  # the path of the module that it calls, if it is nothing but such a call


@dataclass(slots=True)
class Forward:
    """How a body computes: the names of its inputs, statements, and what it returns by name."""

    inputs: dict[int, str] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    outputs: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)  # what each value would be called
    shapes: list[tuple[int, ...]] = field(default_factory=list)  # of the inputs of a net, which are looked at

    def value(self, name: str) -> int:
        self.names.append(name)
        return len(self.names) - 1

    def say(self, name: str, code: Code, **more: object) -> int:
        """A value that some code computes."""
        made = self.value(name)
        self.statements.append(Statement((made,), code, **more))  # type: ignore[arg-type]
        return made


def joined(items: Iterable[Code], between: str = ", ") -> Code:
    found: list[Part] = []
    for item in items:
        found += [between, *item] if found else item
    return tuple(found)


def mapped(code: Code, change: Callable[[Part], Code]) -> Code:
    return tuple(part for each in code for part in change(each))


def literals(code: Code) -> Iterator[Literal]:
    return (part for part in code if isinstance(part, Literal))


def used(code: Code) -> Iterator[int]:
    """The values that it speaks of, as often as it does."""
    for part in code:
        if isinstance(part, Var):
            yield part.number
        elif isinstance(part, Vars):
            yield from part.numbers


def skeleton(code: Code) -> Code:
    """What is left without literals."""
    return tuple("?" if isinstance(part, Literal) else part for part in code)


def call(name: str, arguments: Iterable[Code]) -> Code:
    return (f"{name}(", *joined(arguments), ")")


def written(value: object) -> str:
    """A literal as people write it: rows of numbers that rise evenly, or stay, in short."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, float):
        text = repr(value).replace("e+", "e")
        return text if math.isfinite(value) else text.replace("inf", "math.inf").replace("nan", "math.nan")
    if not isinstance(value, tuple):
        return repr(value)
    if isinstance(value, Row) and len(value) >= 4 and (numbers := _rising(value)):
        return f"range({', '.join(map(str, numbers))})"
    if isinstance(value, Row) and len(value) >= 3 and len(set(map(repr, value))) == 1:
        return f"({written(value[0])},) * {len(value)}"
    return f"({', '.join(map(written, value))}{',' if len(value) == 1 else ''})"


def _rising(values: tuple[object, ...]) -> list[int]:
    """The start, end and step of whole numbers that rise or fall evenly, as far as `range` needs them."""
    numbers = [each for each in values if type(each) is int]
    steps = {after - before for before, after in pairwise(numbers)}
    if len(numbers) < len(values) or len(steps) > 1 or 0 in steps:
        return []
    (step,) = steps
    stop = numbers[-1] + (1 if step > 0 else -1)
    return [numbers[0], stop, step] if step != 1 else [numbers[0], stop] if numbers[0] else [stop]


def free(word: str, taken: Container[str], sign: str = "") -> str:
    """A name that nothing has yet."""
    found, number = word, 2
    while found in taken:
        found, number = f"{word}{sign}{number}", number + 1
    return found
