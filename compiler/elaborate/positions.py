"""What a `connect` lays end to end: layers with labels, tensors and outputs, each a position that a rule relates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connc.compiler.elaborate.labels import Index, Labels, member_name
from connc.compiler.elaborate.reader import Reader
from connc.compiler.elaborate.values import Several, Tensor
from connc.dsl import tree
from connc.dsl.source import Span


@dataclass(frozen=True, slots=True)
class Position:
    """A layer with a label, a tensor, or an output; of a tensor perhaps only what it will be read from."""

    name: str
    span: Span
    member: tuple[str, Index] | None = None
    tensor: Tensor | None = None
    expr: tree.Expr | None = None
    output: str = ""

    @property
    def takes(self) -> bool:
        """Whether anything flows into it."""
        return self.member is not None or bool(self.output)


def positions_of(
    operand: tree.Expr,
    labels: Labels,
    reader: Reader,
    is_output: Callable[[str], bool],
    is_one: Callable[[tree.Expr], bool],
) -> Iterator[Position]:
    """The positions of an operand; a family is laid out member by member. What is one tensor need not be there yet."""
    if isinstance(operand, tree.Name) and is_output(operand.text):
        yield Position(operand.text, operand.span, output=operand.text)
        return
    label, indices, _ = labels.chosen(operand)
    for index in indices:
        yield Position(member_name(label, index), operand.span, (label, index))
    if not label and is_one(operand):
        yield Position(operand.span.shown, operand.span, expr=operand)
    elif not label:
        value = reader(operand)
        for tensor in value if isinstance(value, Several) else (value,):
            yield Position(str(tensor.ref), operand.span, tensor=tensor)
