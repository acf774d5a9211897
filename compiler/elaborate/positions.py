"""What a `connect` lays end to end: layers with labels, tensors and outputs, each a position that a rule relates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connc.compiler.elaborate.labels import Index, Labels, member_name
from connc.compiler.elaborate.reader import Reader
from connc.compiler.elaborate.values import Several, Tensor
from connc.compiler.network import Ref
from connc.dsl import tree
from connc.dsl.source import Span


@dataclass(frozen=True, slots=True)
class Position:
    """A layer with a label, a tensor, or an output."""

    name: str
    span: Span
    ref: Ref
    member: tuple[str, Index] | None = None
    tensor: Tensor | None = None
    output: str = ""


def positions_of(
    operand: tree.Expr, labels: Labels, reader: Reader, is_output: Callable[[str], bool]
) -> Iterator[Position]:
    """The positions of an operand; a family is laid out member by member."""
    if isinstance(operand, tree.Name) and is_output(operand.text):
        yield Position(operand.text, operand.span, Ref("", operand.text), output=operand.text)
        return
    label, indices, _ = labels.chosen(operand)
    for index in indices:
        name = member_name(label, index)
        yield Position(name, operand.span, Ref(name), (label, index))
    if not label:
        value = reader(operand)
        for tensor in value if isinstance(value, Several) else (value,):
            yield Position(str(tensor.ref), operand.span, tensor.ref, tensor=tensor)
