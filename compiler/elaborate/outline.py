"""What the text of a body says, whatever it is put in for: its ports, names, chains and layers without a label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from connc.dsl import tree
from connc.dsl.source import Span
from connc.dsl.tree import Expr

_MEASURES = frozenset({"shape", "channels", "features", "height", "width"})


@dataclass(frozen=True, slots=True)
class Site:
    """Where layers without a label stand: a link of a chain, or arithmetic of tensors with the kinds that it makes."""

    expr: Expr
    kinds: tuple[str, ...] = ()


@dataclass(eq=False)
class Outline:
    """`chains`: all that flow, `labels`: what stands behind a `:`, `values`: what stands behind a `=`, by name.

    `sites` stand in the order of the text, by which they are numbered.
    """

    inputs: list[tree.Port] = field(default_factory=list)
    outputs: dict[str, tree.Port | None] = field(default_factory=dict)
    chains: list[tree.Chain] = field(default_factory=list)
    labels: dict[str, tree.Instance] = field(default_factory=dict)
    values: dict[str, Expr] = field(default_factory=dict)
    fed: dict[str, Expr] = field(default_factory=dict)  # outputs behind which a `=` stands
    connects: list[tree.Connect] = field(default_factory=list)
    requires: list[tree.Require] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    numbers: dict[Span, int] = field(default_factory=dict)  # of chains
    tensors: set[str] = field(default_factory=set)


def outline(body: tree.Body) -> Outline:
    found = Outline()
    _ports(body, found)
    for statement in body.statements:
        match statement:
            case tree.Binding(name=name, value=value):
                (found.fed if name.text in found.outputs else found.values)[name.text] = value
                _flowing(value, found)
            case tree.Flow(value=value):
                _flowing(value, found)
            case tree.Connect():
                found.connects.append(statement)
            case tree.Require():
                found.requires.append(statement)
    _tensors(found)
    _sites(found)
    return found


def _ports(body: tree.Body, found: Outline) -> None:
    ports = [statement for statement in body.statements if isinstance(statement, tree.Port)]
    found.inputs = [port for port in ports if port.direction == "in"]
    named: dict[str, tree.Port | None] = {port.name.text: port for port in ports if port.direction == "out"}
    found.outputs = {"out": named.pop("out", None)} | named


def _flowing(value: Expr, found: Outline) -> None:
    if isinstance(value, tree.Chain):
        found.numbers[value.span] = len(found.chains)
        found.chains.append(value)
    for link in value.links if isinstance(value, tree.Chain) else (value,):
        if isinstance(link, tree.Instance):
            found.labels[link.name.text] = link


def _sites(found: Outline) -> None:
    links = [link for chain in found.chains for link in chain.links[1:] if not _is_named(link, found)]
    sites = [Site(link) for link in links]
    heads = [chain.links[0] for chain in found.chains]
    operands = [operand for connect in found.connects for operand in connect.operands]
    for expr in [*heads, *found.values.values(), *found.fed.values(), *operands]:
        sites += _arithmetic(expr, found)
    found.sites = sorted(sites, key=lambda site: (site.expr.span.start, site.expr.span.stop))


def _is_named(link: Expr, found: Outline) -> bool:
    """Whether a link is a layer with a label, or an output."""
    match link:
        case tree.Instance():
            return True
        case tree.Name(text=text):
            return text in found.labels or text in found.outputs
        case tree.Subscript(base=tree.Name(text=text)):
            return text in found.labels
    return False


# --- arithmetic of tensors


def _arithmetic(expr: Expr, found: Outline) -> Iterator[Site]:
    for node in tree.walk(expr) if not isinstance(expr, tree.Chain) else ():
        if isinstance(node, tree.Operation | tree.Unary) and is_tensor(node, found):
            yield Site(node, tuple(kinds(node, found)))


def kinds(expr: tree.Operation | tree.Unary, found: Outline) -> Iterator[str]:
    """The layers that arithmetic of tensors makes, in order."""
    if isinstance(expr, tree.Unary):
        yield "gain"
    elif expr.operators[0] in "+-":
        yield from ("gain" for operator in expr.operators if operator == "-")
        yield "sum"
    else:
        tensors = [is_tensor(operand, found) for operand in expr.operands]
        if sum(tensors) > 1:
            yield "mul"
        if not all(tensors):
            yield "gain"


def is_tensor(expr: Expr, found: Outline) -> bool:
    """Whether an expression is a tensor, by its text."""
    match expr:
        case tree.Name(text=text):
            return text in found.tensors
        case tree.Chain():
            return True
        case tree.Attribute(base=base, name=name):
            return name.text not in _MEASURES and is_tensor(base, found)
        case tree.Subscript(base=base):
            return is_tensor(base, found)
        case tree.Unary(operator="-", operand=operand):
            return is_tensor(operand, found)
        case tree.Operation(operators=operators, operands=operands):
            return operators[0] in "+-*/" and any(is_tensor(operand, found) for operand in operands)
    return False


def _tensors(found: Outline) -> None:
    """Find the names that stand for tensors, over the values that are made of one another."""
    found.tensors = {port.name.text for port in found.inputs} or {"in"}
    found.tensors |= found.labels.keys()
    rest = list(found.values.items())
    while True:
        left = []
        for name, value in rest:
            if is_tensor(value, found):
                found.tensors.add(name)
            else:
                left.append((name, value))
        if len(left) == len(rest):
            return
        rest = left[::-1]  # those in front of what they are made of are found from behind
