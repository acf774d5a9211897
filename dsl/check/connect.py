"""`connect`: what may be laid end to end, the rule, the join, the adapter and the bound of a search."""

from __future__ import annotations

from collections.abc import Sequence

from connc.dsl import codes, tree
from connc.dsl.check.calls import layer
from connc.dsl.check.expect import expect_rule, meaning, output
from connc.dsl.check.flow import Feeds
from connc.dsl.check.meaning import Meaning, is_any, is_layer, is_tensor, words
from connc.dsl.check.scope import Scope
from connc.dsl.tree import Expr


def check_connect(connect: tree.Connect, scope: Scope, feeds: Feeds) -> None:
    operands = _unwrapped(connect.operands, scope)
    seen: set[str] = set()
    found = [_operand(operand, scope, feeds, seen) for operand in operands]
    grids = [node for node, got in zip(operands, found, strict=True) if len(got.counts) > 1]
    if grids and len(operands) > 1:
        message = "a grid is connected alone, by its coordinates"
        help_ = "take a row of it, as in `cell[0, *]`, or write a `connect` of its own"
        scope.say(codes.OPERAND, grids[0].span, message, help=help_)
    if connect.by:
        expect_rule(connect.by, scope, "`by`")
    if connect.within:
        expect_rule(connect.within, scope, "`evolve within`")
    if connect.using:
        _check_join(connect.using, scope)
    if connect.via:
        _check_adapter(connect.via, scope)


def _unwrapped(operands: Sequence[Expr], scope: Scope) -> Sequence[Expr]:
    """The operands, out of the brackets that people put around them."""
    first = operands[0]
    if len(operands) > 1 or not isinstance(first, tree.Group | tree.ListOf):
        return operands
    scope.say(
        codes.OPERAND,
        first.span,
        "`connect` lists what it connects without brackets",
        help="as in `connect in, layer, out by …`",
    )
    return first.items if isinstance(first, tree.ListOf) else [item.value for item in first.items]


def _operand(operand: Expr, scope: Scope, feeds: Feeds, seen: set[str]) -> Meaning:
    got = meaning(operand, scope)
    if isinstance(operand, tree.Name):
        if operand.text in seen:
            scope.say(codes.OPERAND, operand.span, f"`{operand.text}` stands twice in this `connect`")
        seen.add(operand.text)
        scope.connected.add(operand.text)
    if is_tensor(got):
        output(operand, got, scope)
    if got.type.name == "output":
        feeds.setdefault(operand.text if isinstance(operand, tree.Name) else "out", []).append(operand.span)
    elif got.type.name in ("instance", "family") and got.signature and got.signature.inputs is not None:
        _check_single(operand, got, scope)
    elif not (is_any(got) or is_tensor(got) or got.type.name in ("family", "tensors")):
        message = f"`connect` takes tensors, layers and families, not {words(got.type)}"
        help_ = "name the layer, as in `stem: conv(64, 7)`" if got.type.name == "module" else ""
        scope.say(codes.OPERAND, operand.span, message, help=help_)
    return got


def _check_single(operand: Expr, got: Meaning, scope: Scope) -> None:
    signature = got.signature
    if signature and signature.inputs is not None and len(signature.inputs) != 1:
        message = f"`{signature.name}` has {len(signature.inputs)} inputs, and `connect` feeds one"
        scope.say(codes.OPERAND, operand.span, message, help="feed it with a chain, by the names of its inputs")


def _check_join(using: Expr, scope: Scope) -> None:
    got = layer(using, None, scope)
    if is_any(got):
        return
    joins = ", ".join(scope.world.vocabulary.joins)
    if not is_layer(got):
        scope.say(codes.JOIN, using.span, f"`using` takes a join, not {words(got.type)}", help=f"there are {joins}")
    elif got.signature and got.signature.inputs is not None:
        message = f"`{got.signature.name}` cannot join: it does not take as many tensors as come"
        scope.say(codes.JOIN, using.span, message, help=f"there are {joins}, and modules with `in xs[]`")


def _check_adapter(via: Expr, scope: Scope) -> None:
    got = meaning(via, scope)
    if is_any(got):
        return
    if not is_layer(got):
        scope.say(codes.ADAPTER, via.span, f"`via` takes a module, not {words(got.type)}")
    elif got.signature:
        to = got.signature.slot("to")
        missing = [slot.name for slot in got.signature.slots if slot.required and slot.name not in {"to", *got.given}]
        if to is None or to.type.name != "shape":
            message = f"`{got.signature.name}` cannot adapt: it has no parameter `to: shape`"
            help_ = "an adapter is told the shape it is to make: `module transfer(to: shape) { … }`"
            scope.say(codes.ADAPTER, via.span, message, help=help_)
        elif missing:
            names = " and ".join(f"`{name}`" for name in missing)
            scope.say(codes.MISSING, via.span, f"`{got.signature.name}` needs {names} besides `to`")
