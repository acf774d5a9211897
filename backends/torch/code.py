"""The code of a module: what fx generates, with the `.conn` line behind each line, checked before it is executed."""

from __future__ import annotations

import ast
import re
from typing import Any

from torch import fx
from torch.fx.graph import CodeGen, PythonCode

from connc.backends.torch.places import remark_of

_TARGET = re.compile(r"^    (\w+)(?: : [^=]+)? = ", re.MULTILINE)
_PYTHONS = re.compile(r"__.*[^_]__")
_EXPRESSIONS = (
    ast.Attribute | ast.BinOp | ast.Call | ast.Compare | ast.Constant | ast.Dict | ast.List | ast.Name | ast.Slice
    | ast.Starred | ast.Subscript | ast.Tuple | ast.UnaryOp | ast.keyword
)  # fmt: skip
_SYMBOLS = ast.expr_context | ast.operator | ast.unaryop | ast.cmpop
_STATEMENTS = ast.Assign | ast.AnnAssign | ast.Expr | ast.Return


class UnlawfulCode(Exception):
    """Generated code that does what no generated code needs to."""


class Checked(CodeGen):
    """fx's own code generator; what it makes goes through the check."""

    def _gen_python_code(self, nodes: Any, *arguments: Any, **options: Any) -> PythonCode:
        made = super()._gen_python_code(nodes, *arguments, **options)
        remarks = {node.name: remark_of(node) for node in nodes}
        made.src = remarked(made.src, remarks)
        check(made.src, made.globals)
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


def check(code: str, scope: dict[str, Any]) -> None:
    """Raises `UnlawfulCode` unless the code is one function that calls modules and functions of its scope."""
    forward = _function(code)
    given = {each.arg for each in (*forward.args.posonlyargs, *forward.args.args, *forward.args.kwonlyargs)}
    known = given | scope.keys() | {"getattr", "slice", "torch", "device"}
    for each in (*forward.args.defaults, *forward.args.kw_defaults, *(arg.annotation for arg in forward.args.args)):
        if each is not None:
            _check_all(each, known)
    for statement in forward.body:
        _check_statement(statement, known)


def _function(code: str) -> ast.FunctionDef:
    try:
        found = ast.parse(code).body
    except (SyntaxError, ValueError) as error:
        raise UnlawfulCode(f"no code of Python: {error}") from None
    if not found or not isinstance(found[-1], ast.FunctionDef) or found[-1].decorator_list:
        raise UnlawfulCode("a single function is due")
    if not all(map(_is_wrap, found[:-1])):
        raise UnlawfulCode("there is something in front of the function")
    return found[-1]


def _is_wrap(node: ast.stmt) -> bool:
    """`wrap('len')`, by which fx marks functions that it does not look into."""
    return re.fullmatch(r"wrap\('\w+'\)", ast.unparse(node)) is not None


def _check_statement(statement: ast.stmt, known: set[str]) -> None:
    if not isinstance(statement, _STATEMENTS):
        raise UnlawfulCode(f"a statement that is none of the lawful ones: {_shown(statement)}")
    if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant):
        raise UnlawfulCode(f"a statement without a result: {_shown(statement)}")
    _check_all(statement, known)


def _check_all(top: ast.AST, known: set[str]) -> None:
    for node in ast.walk(top):
        _check_node(node, known)


def _check_node(node: ast.AST, known: set[str]) -> None:
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Store):
            known.add(node.id)
        elif node.id not in known:
            raise UnlawfulCode(f"a name from nowhere: {_shown(node)}")
    elif isinstance(node, ast.Attribute):
        if _PYTHONS.fullmatch(node.attr):
            raise UnlawfulCode(f"an attribute of Python's own: {_shown(node)}")
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        if not (len(node.args) == 2 and isinstance(node.args[1], ast.Constant) and str(node.args[1].value).isdigit()):
            raise UnlawfulCode(f"an attribute that is no member of a family: {_shown(node)}")
    elif not isinstance(node, _EXPRESSIONS | _SYMBOLS | _STATEMENTS):
        raise UnlawfulCode(f"{type(node).__name__} in {_shown(node)}")


def _shown(node: ast.AST) -> str:
    return ast.unparse(node)[:80]
