"""The code of a module: what fx generates, with the `.conn` line behind each line, checked before it is executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

import torch
from torch import fx
from torch.fx.graph import CodeGen, PythonCode
from torch.fx.node import _get_qualified_name

from connc.backends.torch.places import remark_of

_TARGET = re.compile(r"^    (\w+)(?: : [^=]+)? = ", re.MULTILINE)
_WRAP = re.compile(r"(?:torch\.fx\.\w+\.)?wrap\('\w+'\)")
_PYTHONS = re.compile(r"__.*[^_]__")
_NUMBER = re.compile(r"[0-9]+")
_BREAK = "\n    "  # between the lines of a function
_EXPRESSIONS = (
    ast.Attribute, ast.BinOp, ast.Call, ast.Compare, ast.Constant, ast.Dict, ast.List, ast.Name, ast.Slice,
    ast.Starred, ast.Subscript, ast.Tuple, ast.UnaryOp, ast.keyword,
)  # fmt: skip
_SYMBOLS = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop)
_STATEMENTS = (ast.Assign, ast.AnnAssign, ast.Expr, ast.Return)
_LAWFUL = (*_EXPRESSIONS, *_SYMBOLS, *_STATEMENTS)


def _plain(text: str) -> str:
    return _NUMBER.sub("0", text)


_CONSTANTS = {
    _plain(f"torch.{name}") for name, each in vars(torch).items() if isinstance(each, torch.dtype | torch.memory_format)
}


class UnlawfulCode(Exception):
    """Generated code that does what no generated code needs to."""


class Checked(CodeGen):
    """fx's own code generator; what it makes goes through the check."""

    def _gen_python_code(self, nodes: Any, *arguments: Any, **options: Any) -> PythonCode:
        made = super()._gen_python_code(nodes, *arguments, **options)
        remarks = {node.name: remark_of(node) for node in nodes}
        made.src = remarked(made.src, remarks)
        check(
            made.src, made.globals, {_get_qualified_name(node.target) for node in nodes if node.op == "call_function"}
        )
        return made


def remarked(code: str, remarks: dict[str, str]) -> str:
    """Each line with the place in the spec behind it, where that is known."""
    lines = code.split("\n")
    for i, line in enumerate(lines):
        if (found := _TARGET.match(line)) and (remark := remarks.get(found[1])):
            lines[i] = f"{line}  # {remark}"
    return "\n".join(lines)


def node_at(module: fx.GraphModule, line: int) -> fx.Node | None:
    """The node that a line of a module's code computes."""
    lines = module.code.split("\n")
    found = _TARGET.match(lines[line - 1]) if 0 < line <= len(lines) else None
    return next((node for node in module.graph.nodes if found and node.name == found[1]), None)


def check(code: str, scope: Iterable[str], called: Iterable[str] = ()) -> None:
    """Raises `UnlawfulCode` unless the code is one function `forward` that calls what it may.

    Those are modules below `self`, names in its scope, methods of values, and of torch the functions in `called`.
    Each line has to be lawful by itself. Numbers make no difference, so lines that differ in them alone are read once.
    """
    head, _, body = code.partition(_BREAK)
    forward = _function(f"{head}{_BREAK}...")
    arguments = [each for each in ast.walk(forward.args) if isinstance(each, ast.arg)]
    known = {_plain(name) for name in (*(each.arg for each in arguments), *scope)} | {"slice", "device"}
    lawful = _Lawful(known, _CONSTANTS | set(map(_plain, called)))
    for each in (*forward.args.defaults, *forward.args.kw_defaults, *(each.annotation for each in arguments)):
        lawful.check(each)
    lawful.check(forward.returns)
    for line in dict.fromkeys(_plain(body).split(_BREAK)):
        if len(line.splitlines()) > 1:
            raise UnlawfulCode(f"a line outside the function: {line.splitlines()[1][:80]}")
        for statement in _parsed(line):
            lawful.check_statement(statement)


def _function(code: str) -> ast.FunctionDef:
    found = _parsed(code)
    if not found or not isinstance(found[-1], ast.FunctionDef) or found[-1].decorator_list or len(found[-1].body) > 1:
        raise UnlawfulCode("a single function is due")
    if found[-1].name != "forward":
        raise UnlawfulCode(f"a function {found[-1].name}, and `forward` is due")
    if not all(map(_is_wrap, found[:-1])):
        raise UnlawfulCode("there is something in front of the function")
    return found[-1]


def _parsed(code: str) -> list[ast.stmt]:
    try:
        return ast.parse(code).body
    except (SyntaxError, ValueError) as error:
        raise UnlawfulCode(f"no code of Python: {error}") from None


def _is_wrap(node: ast.stmt) -> bool:
    """`wrap('len')`, by which fx marks functions that it does not look into."""
    return _WRAP.fullmatch(ast.unparse(node)) is not None


class _Lawful:
    """What a function may say; names become known where they are assigned."""

    def __init__(self, known: set[str], called: set[str]) -> None:
        self.known, self.called = known, called

    def check_statement(self, statement: ast.stmt) -> None:
        if not isinstance(statement, _STATEMENTS):
            raise UnlawfulCode(f"a statement that is none of the lawful ones: {_shown(statement)}")
        if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant):
            raise UnlawfulCode(f"a statement without a result: {_shown(statement)}")
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if not all(isinstance(each, ast.Name) for each in targets):
            raise UnlawfulCode(f"what is assigned to is no name: {_shown(statement)}")
        self.check(statement)

    def check(self, top: ast.AST | None) -> None:
        """Look at all that something says."""
        waiting = [top] if top is not None else []
        for node in waiting:
            waiting += self._parts(node)

    def _parts(self, node: ast.AST) -> Iterable[ast.AST]:
        """Check something by itself; what is still to be checked in it."""
        if isinstance(node, ast.Name):
            self._check_name(node)
            return ()
        if isinstance(node, ast.Attribute):
            return self._of_attribute(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            return self._of_member(node)
        if not isinstance(node, _LAWFUL):
            raise UnlawfulCode(f"{type(node).__name__} in {_shown(node)}")
        return ast.iter_child_nodes(node)

    def _check_name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.known.add(node.id)
        elif node.id not in self.known:
            raise UnlawfulCode(f"a name from nowhere: {_shown(node)}")

    def _of_attribute(self, node: ast.Attribute) -> Iterable[ast.AST]:
        if _PYTHONS.fullmatch(node.attr):
            raise UnlawfulCode(f"an attribute of Python's own: {_shown(node)}")
        path = ast.unparse(node)
        if path.startswith("torch."):
            if path not in self.called:
                raise UnlawfulCode(f"a part of torch that the graph does not call: {_shown(node)}")
            return ()
        if not isinstance(node.value, ast.Name | ast.Attribute | ast.Call):
            raise UnlawfulCode(f"an attribute of what is neither module nor value: {_shown(node)}")
        return (node.value,)

    def _of_member(self, node: ast.Call) -> Iterable[ast.AST]:
        """`getattr(self.layer, "0")`, a member of a family."""
        value, *rest = node.args
        if not (len(rest) == 1 and isinstance(rest[0], ast.Constant) and str(rest[0].value).isdigit()):
            raise UnlawfulCode(f"an attribute that is no member of a family: {_shown(node)}")
        return (value,)


def _shown(node: ast.AST) -> str:
    return ast.unparse(node)[:80]
