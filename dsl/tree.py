"""The tree of a `.conn` file: frozen nodes that know their place.

Two trees are equal when they say the same; where they stand does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from fractions import Fraction

from connc.dsl.source import Source, Span


@dataclass(frozen=True, slots=True)
class Node:
    """What every node has: its place."""

    span: Span = field(compare=False, repr=False)

    def children(self) -> Iterator[Node]:
        """The nodes just below this one, in the order in which they are declared."""
        for each in fields(self):
            yield from _nodes(getattr(self, each.name))


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif type(value) is tuple:
        for item in value:
            yield from _nodes(item)


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, each before its children."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(tuple(top.children())))


# --- expressions


@dataclass(frozen=True, slots=True)
class Expr(Node):
    """Anything that has a value."""


@dataclass(frozen=True, slots=True)
class Name(Expr):
    """`growth`, `_`, and the ports `in` and `out`."""

    text: str


@dataclass(frozen=True, slots=True)
class Number(Expr):
    """`3`, `0.5`, `50%`, `4.51M`; a fraction unless written with digits alone."""

    value: int | Fraction


@dataclass(frozen=True, slots=True)
class String(Expr):
    value: str


@dataclass(frozen=True, slots=True)
class Truth(Expr):
    value: bool


@dataclass(frozen=True, slots=True)
class ListOf(Expr):
    """`[6, 12, 24, 16]`"""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Loop(Node):
    """`for k in 0..`, `for w in widths`"""

    name: Name
    values: Expr


@dataclass(frozen=True, slots=True)
class Comprehension(Expr):
    """`[2 * w for w in widths where w > 8]`"""

    value: Expr
    loops: tuple[Loop, ...]
    condition: Expr | None


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """One of those between parentheses, by place or by name."""

    name: Name | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Group(Expr):
    """`(a, b)` and `(left = a, right = b)`; parentheses around one value leave no node."""

    items: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """`conv(64, 3, stride = 2)`"""

    callee: Expr
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Range(Expr):
    """`1..n`, or `0..` without a last one; both ends belong to it."""

    first: Expr
    last: Expr | None


@dataclass(frozen=True, slots=True)
class Every(Expr):
    """`*` in a subscript."""


@dataclass(frozen=True, slots=True)
class Coordinate(Expr):
    """`d: 4` in the brackets of a family."""

    name: Name | None
    count: Expr


@dataclass(frozen=True, slots=True)
class Subscript(Expr):
    """`blocks[s]`, `cell[-1, *]`"""

    base: Expr
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Attribute(Expr):
    """`in.channels`, `y.hint`"""

    base: Expr
    name: Name


@dataclass(frozen=True, slots=True)
class Unary(Expr):
    """`-x`, `not x`"""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Operation(Expr):
    """Operands of one precedence, joined from left to right; `a < b <= c` means both. `^` has always two."""

    operators: tuple[str, ...]
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Case(Node):
    """`if condition then value`"""

    condition: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Choice(Expr):
    """`if a then b else if c then d else e`"""

    cases: tuple[Case, ...]
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class Mapping(Expr):
    """`(d, w) -> (d + 1, w)`, `i -> j where i < j`"""

    positions: tuple[Name, ...]
    targets: tuple[Expr, ...]
    loops: tuple[Loop, ...]
    condition: Expr | None


@dataclass(frozen=True, slots=True)
class Ruled(Expr):
    """`linear(512) by random(fan_in = 8)`"""

    layer: Expr
    by: Expr


@dataclass(frozen=True, slots=True)
class Instance(Expr):
    """`stem: conv(64, 7)`, and with coordinates a family: `cell[d: 4, w: 3]: dense_module(depths[d])`"""

    name: Name
    coordinates: tuple[Coordinate, ...]
    layer: Expr
    by: Expr | None


@dataclass(frozen=True, slots=True)
class Chain(Expr):
    """`in -> stem: conv(64, 7) -> relu -> out`"""

    links: tuple[Expr, ...]


# --- statements


@dataclass(frozen=True, slots=True)
class Port(Node):
    """`in: [64]`, `in left`, `in right: [64, 8, 8]`, `in xs[]`, `out hint`"""

    direction: str
    name: Name
    many: bool
    shape: Expr | None


@dataclass(frozen=True, slots=True)
class Flow(Node):
    """A chain or an instance that stands as a statement."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Connect(Node):
    """`connect in, layer, out by reach using concat via transfer evolve within forward`"""

    operands: tuple[Expr, ...]
    by: Expr | None  # nothing only where it was forgotten, which is reported
    using: Expr | None
    via: Expr | None
    within: Expr | None


@dataclass(frozen=True, slots=True)
class Require(Node):
    """`require params <= 4.6M else "the budget"`"""

    condition: Expr
    reason: str | None


# --- declarations


@dataclass(frozen=True, slots=True)
class Declaration(Node):
    """What a file gives a name."""

    name: Name
    doc: str


@dataclass(frozen=True, slots=True)
class Binding(Declaration):
    """`h = in -> layer(k)`; between the declarations of a file, a value that all of them know."""

    value: Expr


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """`int`, `module`, `int[]`, `int[3]`"""

    name: str
    listed: bool
    length: Expr | None


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    name: Name
    type: TypeName | None
    default: Expr | None


@dataclass(frozen=True, slots=True)
class Rule(Declaration):
    """`rule near(r) = i -> i + s for s in -r..r where s != 0`"""

    parameters: tuple[Parameter, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Body(Node):
    """What stands in braces. `damaged`: a statement of it could not be read."""

    statements: tuple[Port | Binding | Flow | Connect | Require, ...]
    damaged: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Module(Declaration):
    parameters: tuple[Parameter, ...]
    body: Body


@dataclass(frozen=True, slots=True)
class Net(Declaration):
    """A module with concrete inputs; `alias` instead of a body where it is another one with its parameters filled."""

    parameters: tuple[Parameter, ...]
    body: Body | None
    alias: Expr | None


@dataclass(frozen=True, slots=True)
class Imported(Node):
    """`bottleneck as unit`"""

    name: Name
    alias: Name | None

    @property
    def local(self) -> Name:
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class Use(Node):
    """`use std.blocks (bottleneck as unit)`"""

    path: tuple[Name, ...]
    names: tuple[Imported, ...]

    @property
    def dotted(self) -> str:
        return ".".join(name.text for name in self.path)


@dataclass(frozen=True, slots=True)
class File(Node):
    """A whole file. `lost`: the names in what could not be read; `refused`: nothing could, and any may be declared."""

    uses: tuple[Use, ...]
    declarations: tuple[Declaration, ...]
    doc: str
    lost: frozenset[str] = field(default=frozenset(), compare=False)
    refused: bool = field(default=False, compare=False)

    @property
    def source(self) -> Source:
        return self.span.source
