"""From the parser's reductions to the tree: one method a rule of the grammar, called with what the rule holds.

What the grammar lets through and no spec may say (a label that is not a name, a position that is computed) is
reported here, because here it can be said in the words of the spec.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

from lark import Token, Transformer

from connc.dsl import codes, literals, tree
from connc.dsl.diagnostic import Code, Diagnostic, Label
from connc.dsl.limits import Limits
from connc.dsl.operators import ARITHMETIC, LOGIC, Operand, fold, fold_comparisons, fold_powers
from connc.dsl.source import Source, Span, shown_text
from connc.dsl.tree import Expr, Name

_PORTS = ("in", "out")

NOBODY = ""  # the name of what has none that could be used, which is reported already

Children = list[Any]


class Clause(NamedTuple):
    """`by rule`, `using concat`, … behind a layer or a `connect`."""

    span: Span
    keyword: str
    value: Expr


class Parameters(list[tree.Parameter]):
    """What stands between the parentheses of a declaration."""


class Builder(Transformer[Token, Any]):
    """Builds the tree of one source at a time; `start` it before each."""

    def start(self, source: Source, limits: Limits, report: list[Diagnostic]) -> None:
        self.source, self.limits, self.report = source, limits, report
        self.damaged = False  # a statement of the body at hand could not be read

    # --- atoms

    def name(self, children: Children) -> Name:
        token = children[0]
        return Name(Span(self.source, token.start_pos, token.end_pos), token.value)

    def number(self, children: Children) -> tree.Number:
        span = self._span(children[0])
        return tree.Number(span, self._number(children[0].value, span))

    def string(self, children: Children) -> tree.String:
        return tree.String(self._span(children[0]), self._string(children[0]))

    def truth(self, children: Children) -> tree.Truth:
        return tree.Truth(self._span(children[0]), children[0].value == "true")

    def list_of(self, children: Children) -> tree.ListOf:
        return tree.ListOf(self._around(children), _nodes(children))

    def comprehension(self, children: Children) -> tree.Comprehension:
        value, *rest = _nodes(children)
        loops, condition = _loops(rest)
        return tree.Comprehension(self._around(children), value, loops, condition)

    def group(self, children: Children) -> Expr:
        items = self._all_arguments(children)
        if len(items) == 1 and items[0].name is None:
            return replace(items[0].value, span=self._around(children))
        return tree.Group(self._around(children), items)

    def named(self, children: Children) -> tree.Argument:
        name, value = self.name(children), children[1]
        return tree.Argument(name.span.to(value.span), name, value)

    def suffixed(self, children: Children) -> Expr:
        base, *suffixes = children
        for make, end, argument in suffixes:
            base = make(base.span.to(end), base, argument)
        return base  # type: ignore[no-any-return]

    def call(self, children: Children) -> tuple[type[Expr], Span, object]:
        return tree.Call, self._span(children[-1]), self._all_arguments(children)

    def subscript(self, children: Children) -> tuple[type[Expr], Span, object]:
        return tree.Subscript, self._span(children[-1]), _nodes(children)

    def attribute(self, children: Children) -> tuple[type[Expr], Span, object]:
        name = self.name(children)
        return tree.Attribute, name.span, name

    def every(self, children: Children) -> tree.Every:
        return tree.Every(self._span(children[0]))

    def coordinate(self, children: Children) -> tree.Coordinate:
        name, count = self.name(children), children[1]
        return tree.Coordinate(name.span.to(count.span), name, count)

    def range(self, children: Children) -> tree.Range:
        first, last = children[0], children[-1] if len(children) > 2 else None
        return tree.Range(first.span.to(last.span if last else self._span(children[1])), first, last)

    # --- operators

    def arithmetic(self, children: Children) -> Expr:
        operators, operands = self._split(children, "MINUS")
        return fold(operators, operands, ARITHMETIC, fold_powers)

    def logic(self, children: Children) -> Expr:
        operators, operands = self._split(children, "NOT")
        for operator, operand in zip(operators, operands[1:], strict=True):
            if operand.prefix and operator not in ("and", "or"):
                message = f"`not` cannot stand behind `{operator}`"
                self._say(codes.SYNTAX, operand.prefix, message, help="put `not …` in parentheses")
        return fold(operators, operands, LOGIC, fold_comparisons)

    def _split(self, children: Children, prefix: str) -> tuple[list[str], list[Operand]]:
        """Operators and operands of a flat list; a `prefix` token where an operand is due belongs to it."""
        operators: list[str] = []
        operands: list[Operand] = []
        before: Span | None = None
        for child in children:
            if not isinstance(child, Token):
                operands.append(Operand(child, before))
                before = None
            elif child.type == prefix and len(operands) == len(operators):
                before = self._span(child)
            else:
                operators.append(child.value)
        return operators, operands

    def choice(self, children: Children) -> tree.Choice:
        *parts, otherwise = _nodes(children)
        pairs = zip(parts[::2], parts[1::2], strict=True)
        cases = tuple(tree.Case(condition.span.to(value.span), condition, value) for condition, value in pairs)
        return tree.Choice(self._span(children[0]).to(otherwise.span), cases, otherwise)

    # --- rules

    def loop(self, children: Children) -> tree.Loop:
        return tree.Loop(self._span(children[0]).to(children[3].span), self.name(children[1:2]), children[3])

    def where(self, children: Children) -> Expr:
        return children[1]  # type: ignore[no-any-return]

    def mapping(self, children: Children) -> Expr:
        left, right, *rest = children
        loops, condition = _loops(rest)
        span = left.span.to(children[-1].span)
        positions = tuple(self._position(each) for each in _elements(left))
        if any(name.text == NOBODY for name in positions):
            return Name(span, NOBODY)
        return tree.Mapping(span, positions, _elements(right), loops, condition)

    def _position(self, expr: Expr) -> Name:
        if isinstance(expr, Name) and expr.text not in ("in", "out"):
            return expr
        message = f"the left side of a mapping holds names, not `{expr.span.shown}`"
        if isinstance(expr, Name):
            message = f"in parentheses an arrow is a mapping's, and `{expr.text}` is no position"
            help_ = "give the chain a name in a statement of its own, and use that"
            self._say(codes.POSITION, expr.span, message, help=help_)
            return Name(expr.span, NOBODY)
        help_ = "name the position on the left and compute on the right, as in `i -> i + 1`"
        self._say(codes.POSITION, expr.span, message, "not a name", help=help_)
        return Name(expr.span, NOBODY)

    # --- chains

    def ruled(self, children: Children) -> tree.Ruled:
        layer, clause = children
        return tree.Ruled(layer.span.to(clause.value.span), layer, clause.value)

    def labelled(self, children: Children) -> tree.Instance:
        left, layer, *clauses = children
        by = clauses[0].value if clauses else None
        name, coordinates = self._label(left)
        return tree.Instance(left.span.to((by or layer).span), name, coordinates, layer, by)

    def _label(self, left: Expr) -> tuple[Name, tuple[tree.Coordinate, ...]]:
        match left:
            case Name():
                return left, ()
            case tree.Subscript(base=Name() as name, items=items):
                return name, tuple(self._count(item) for item in items)
        message = f"a label is a name, not `{left.span.shown}`"
        help_ = "write `stem: conv(64, 7)` for one layer, `layer[n]: …` for a family, `cell[d: 4, w: 3]: …` for a grid"
        self._say(codes.LABEL, left.span, message, "not a name", help=help_)
        return Name(left.span, NOBODY), ()

    def _count(self, item: Expr) -> tree.Coordinate:
        if isinstance(item, tree.Coordinate):
            return item
        if isinstance(item, tree.Range | tree.Every):
            message = f"a family's brackets hold how many there are, not `{item.span.shown}`"
            self._say(codes.LABEL, item.span, message, "not a number", help="write `layer[n]: …`")
        return tree.Coordinate(item.span, None, item)

    def chain(self, children: Children) -> tree.Chain:
        for link in children:
            if isinstance(link, tree.Instance) and link.name.text in _PORTS:
                self._say(codes.LABEL, link.name.span, f"`{link.name.text}` is a port and cannot name a layer")
        return tree.Chain(children[0].span.to(children[-1].span), tuple(children))

    # --- statements

    def by(self, children: Children) -> Clause:
        return Clause(self._span(children[0]), children[0].value, children[-1])

    using = via = evolve = by

    def port(self, children: Children) -> tree.Port:
        shape = children[-1] if isinstance(children[-1], Expr) else None
        many = any(isinstance(child, Token) and child.type == "LSQB" for child in children)
        span = self._span(children[0]).to(shape.span if shape else self._span(children[-1]))
        return tree.Port(span, children[0].value, self.name(children[1:2]), many, shape)

    def connect(self, children: Children) -> tree.Connect:
        clauses: dict[str, Clause] = {}
        for clause in (child for child in children if isinstance(child, Clause)):
            if clause.keyword in clauses:
                first = Label(clauses[clause.keyword].span, "the first")
                self._say(codes.CLAUSE, clause.span, f"`connect` has `{clause.keyword}` twice", "the second", first)
            clauses.setdefault(clause.keyword, clause)
        start, operands = self._span(children[0]), _nodes(children)
        if "by" not in clauses:
            help_ = "say which pairs are connected, as in `connect in, layer, out by chain`"
            self._say(codes.CLAUSE, start, "`connect` needs a rule behind `by`", help=help_)
        end = list(clauses.values())[-1].value if clauses else operands[-1]
        by, using, via, within = (clauses[k].value if k in clauses else None for k in ("by", "using", "via", "evolve"))
        return tree.Connect(start.to(end.span), operands, by, using, via, within)

    def require(self, children: Children) -> tree.Require:
        start, condition = self._span(children[0]), children[1]
        reason = self._string(children[-1]) if isinstance(children[-1], Token) else None
        end = self._span(children[-1]) if reason is not None else condition.span
        return tree.Require(start.to(end), condition, reason)

    def binding(self, children: Children) -> tree.Binding | tree.Port:
        left, value = children
        if isinstance(left, Name) and left.text == "in":
            self._say(codes.LABEL, left.span, "`in` has a shape, not a value", help=f"`in: {value.span.shown}`")
            return tree.Port(left.span.to(value.span), "in", left, False, value)
        if not isinstance(left, Name):
            message = f"only a name can be given a value, not `{left.span.shown}`"
            self._say(codes.LABEL, left.span, message, "not a name", help="`==` compares, `=` names a value")
            left = Name(left.span, NOBODY)
        return tree.Binding(left.span.to(value.span), left, self._doc(left.span.start), value)

    def body(self, children: Children) -> tree.Body:
        statements = tuple(self._as_statement(child) for child in _nodes(children))
        damaged, self.damaged = self.damaged, False
        return tree.Body(self._around(children), statements, damaged)

    def _as_statement(self, node: Any) -> Any:
        """A chain or an instance where a statement is due; `in: [64]` is a port."""
        if isinstance(node, tree.Instance) and node.name.text in _PORTS and not node.coordinates:
            return tree.Port(node.span, node.name.text, node.name, False, node.layer)
        if isinstance(node, tree.Chain | tree.Instance):
            return tree.Flow(node.span, node)
        if isinstance(node, Expr):
            help_ = "feed it, as in `in -> … -> out`, or name it, as in `x = …`"
            self._say(codes.STATEMENT, node.span, f"`{node.span.shown}` alone does nothing", help=help_)
            return tree.Flow(node.span, node)
        return node

    # --- declarations

    def parameters(self, children: Children) -> Parameters:
        return Parameters(children)

    def kind(self, children: Children) -> tree.TypeName:
        length = next(iter(_nodes(children)), None)
        return tree.TypeName(self._around(children), children[0].value, len(children) > 1, length)

    def parameter(self, children: Children) -> tree.Parameter:
        name = self.name(children)
        nodes = _nodes(children)
        type_ = next((node for node in nodes if isinstance(node, tree.TypeName)), None)
        default = next((node for node in nodes if isinstance(node, Expr)), None)
        return tree.Parameter(name.span.to(nodes[-1].span if nodes else name.span), name, type_, default)

    def rule(self, children: Children) -> tree.Rule:
        value = children[-1]
        return tree.Rule(self._span(children[0]).to(value.span), *self._head(children), value)

    def module(self, children: Children) -> tree.Module:
        body = children[-1]
        return tree.Module(self._span(children[0]).to(body.span), *self._head(children), body)

    def net(self, children: Children) -> tree.Net:
        end = children[-1]
        body, alias = (end, None) if isinstance(end, tree.Body) else (None, end)
        return tree.Net(self._span(children[0]).to(end.span), *self._head(children), body, alias)

    def _head(self, children: Children) -> tuple[Name, str, tuple[tree.Parameter, ...]]:
        parameters = children[2] if isinstance(children[2], Parameters) else ()
        return self.name(children[1:2]), self._doc(children[0].start_pos), tuple(parameters)

    def dotted(self, children: Children) -> tuple[Name, ...]:
        return tuple(self.name([token]) for token in children)

    def imported(self, children: Children) -> tree.Imported:
        names = [self.name([token]) for token in children]
        return tree.Imported(names[0].span.to(names[-1].span), names[0], names[1] if len(names) > 1 else None)

    def use(self, children: Children) -> tree.Use:
        return tree.Use(self._around(children), children[1], _nodes(children))

    def file(self, children: Children) -> tree.File:
        span = Span(self.source, 0, len(self.source.text))
        uses = tuple(child for child in children if isinstance(child, tree.Use))
        declarations = tuple(c for c in children if isinstance(c, tree.Declaration) and c.name.text != NOBODY)
        return tree.File(span, uses, declarations, literals.file_doc(self.source.text))

    def setting(self, children: Children) -> tree.Argument:
        return children[0]  # type: ignore[no-any-return]

    # --- places, arguments, literals

    def _span(self, token: Token) -> Span:
        return Span(self.source, token.start_pos or 0, token.end_pos or 0)

    def _around(self, children: Children) -> Span:
        return self._span(children[0]).to(self._span(children[-1]))

    def _say(self, code: Code, span: Span, message: str, label: str = "", *more: Label, help: str = "") -> None:
        self.report.append(code.at(span, message, label, *more, help=help))

    def _all_arguments(self, children: Children) -> tuple[tree.Argument, ...]:
        return tuple(
            node if isinstance(node, tree.Argument) else tree.Argument(node.span, None, node)
            for node in _nodes(children)
        )

    def _number(self, text: str, span: Span) -> int | Fraction:
        value = literals.number(text)
        if value is None:
            message = f"`{shown_text(text)}` is too large or too fine a number"
            most, exponent = literals.LONGEST_NUMBER, literals.LARGEST_EXPONENT
            help_ = f"numbers have at most {most} characters and exponents up to {exponent}"
            self._say(codes.NUMBER, span, message, help=help_)
        return 0 if value is None else value

    def _string(self, token: Token) -> str:
        span = self._span(token)
        for at in literals.wrong_escapes(token.value):
            message = f"`{token.value[at : at + 2]}` is no escape"
            help_ = 'a string knows `\\"`, `\\\\`, `\\n` and `\\t`'
            self._say(codes.TEXT, Span(self.source, span.start + at, span.start + at + 2), message, help=help_)
        return literals.string(token.value)

    def _doc(self, start: int) -> str:
        return literals.doc_above(self.source.text, start)


def _nodes(children: Children) -> tuple[Any, ...]:
    return tuple(child for child in children if isinstance(child, tree.Node))


def _loops(nodes: Sequence[Any]) -> tuple[tuple[tree.Loop, ...], Expr | None]:
    condition = next((node for node in nodes if isinstance(node, Expr)), None)
    return tuple(node for node in nodes if isinstance(node, tree.Loop)), condition


def _elements(expr: Expr) -> tuple[Expr, ...]:
    """`(d, w)` as its two parts; anything else is one."""
    return tuple(item.value for item in expr.items) if isinstance(expr, tree.Group) else (expr,)
