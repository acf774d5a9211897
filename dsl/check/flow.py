"""Chains: what may stand at the head, what behind an arrow, and which port it feeds in the end."""

from __future__ import annotations

from connc.dsl import codes, tree
from connc.dsl.check.calls import layer
from connc.dsl.check.expect import meaning, output
from connc.dsl.check.meaning import ANY, TENSOR, TENSORS, Meaning, is_any, is_layer, is_tensor, words
from connc.dsl.check.scope import Scope
from connc.dsl.diagnostic import Label
from connc.dsl.source import Span
from connc.dsl.tree import Expr
from connc.dsl.vocabulary import Signature
from connc.dsl.words import did_you_mean

Feeds = dict[str, list[Span]]  # which output port is fed where


def flow(chain: Expr, scope: Scope, feeds: Feeds) -> Meaning:
    """Check a chain, or a value that may be one; tells what comes out of it."""
    if not isinstance(chain, tree.Chain):
        return meaning(chain, scope)
    head, *links = chain.links
    current = _head(head, scope)
    for i, link in enumerate(links):
        before = head if not i else links[i - 1]
        if current.type.name == "tensor" and (i or not isinstance(head, tree.Name)):
            output(before, current, scope)
        if port := _output(link, scope):
            if current.type.name == "tensors":
                _wrong_count("several tensors", Signature(port), link, scope)
            feeds.setdefault(port, []).append(link.span)
            if i < len(links) - 1:
                scope.say(codes.HEAD, link.span, f"`{port}` ends a chain; nothing flows on behind it")
            return TENSOR
        if i < len(links) - 1:
            reads(link, scope)
        current = _step(current, before, link, scope)
    return current


def reads(link: Expr, scope: Scope) -> None:
    """What a labelled layer makes is read, without its name."""
    if isinstance(link, tree.Instance):
        scope.used.add(link.name.text)
    elif isinstance(link, tree.Name):
        scope.used.add(link.text)


def _head(head: Expr, scope: Scope) -> Meaning:
    """What flows into a chain."""
    if isinstance(head, tree.Group):
        for item in head.items:
            _check_source(item.value, meaning(item.value, scope), scope)
        return TENSORS
    if isinstance(head, tree.Instance | tree.Ruled):
        layer_ = head.layer
        message = f"nothing flows into `{layer_.span.shown}`"
        scope.say(codes.HEAD, head.span, message, help=f"begin with a tensor, as in `in -> {head.span.shown} -> …`")
        return ANY
    return _check_source(head, meaning(head, scope), scope)


def _check_source(expr: Expr, got: Meaning, scope: Scope) -> Meaning:
    if is_any(got) or is_tensor(got) or got.type.name in ("tensors", "family"):
        if is_tensor(got):
            output(expr, got, scope)
        return got
    help_ = ""
    if got.type.name == "module":
        message = f"a chain begins with a tensor, and `{expr.span.shown}` is a layer"
        help_ = f"begin with what flows in, as in `in -> {expr.span.shown} -> …`"
    elif got.type.name == "output":
        message = f"`{expr.span.shown}` is a port to be fed; nothing can be read from it"
    else:
        message = f"a chain begins with a tensor, not with {words(got.type)}"
    scope.say(codes.HEAD, expr.span, message, help=help_)
    return ANY


def _output(link: Expr, scope: Scope) -> str:
    """The output port that a link feeds, if it is one."""
    if isinstance(link, tree.Name):
        found = scope.names.get(link.text)
        if found and found.type.name == "output":
            return link.text
    return ""


def _step(current: Meaning, before: Expr, link: Expr, scope: Scope) -> Meaning:
    """What comes out of a link when `current` flows into it."""
    got = _link(link, scope)
    if is_any(got):
        return ANY
    if not is_layer(got) and got.type.name not in ("instance", "family"):
        _not_a_layer(link, got, scope)
        return ANY
    if got.type.name == "family" and current.type.name == "family":
        message = "a family cannot feed a family along an arrow: it is not said who feeds whom"
        help_ = f"write `connect {before.span.shown}, {link.span.shown} by …` with a rule"
        scope.say(codes.PORTS, link.span, message, help=help_)
        return ANY
    _check_ports(current, before, got.signature, link, scope)
    label = link.name if isinstance(link, tree.Instance) else link
    if got.type.name == "instance" and isinstance(label, tree.Name):
        scope.applied.setdefault(label.text, []).append(link.span)
    if got.type.name == "family":
        return Meaning(got.type, got.signature, counts=got.counts)
    several = got.signature is not None and got.signature.outputs is None
    return Meaning((TENSORS if several else TENSOR).type, got.signature)


def _link(link: Expr, scope: Scope) -> Meaning:
    match link:
        case tree.Instance(name=name):
            return scope.names.get(name.text, ANY)
        case tree.Name(text=text) if text in scope.names and scope.names[text].type.name in ("instance", "family"):
            return scope.names[text]  # applied, which is not to read it
        case tree.Ruled(layer=layer_, by=by):
            return layer(layer_, by, scope)
        case tree.Group():
            message = "several values in parentheses stand at the head of a chain only"
            scope.say(codes.HEAD, link.span, message, help="name what flows, and begin a chain for each")
            return ANY
    return layer(link, None, scope)


def _not_a_layer(link: Expr, got: Meaning, scope: Scope) -> None:
    if is_tensor(got) or got.type.name == "tensors":
        message = f"`{link.span.shown}` is a tensor; behind an arrow stands a layer or an output"
        help_ = "to join two tensors write `(a, b) -> concat` or `a + b`"
        scope.say(codes.HEAD, link.span, message, help=help_)
    else:
        scope.say(codes.TYPE, link.span, f"behind an arrow stands a layer, not {words(got.type)}")


def _check_ports(current: Meaning, before: Expr, signature: Signature | None, link: Expr, scope: Scope) -> None:
    """Check that as many flow in as the layer has inputs, and that names are names of inputs."""
    if signature is None or signature.inputs is None:
        return
    inputs, several = signature.inputs, current.type.name in ("tensors", "family")
    if isinstance(before, tree.Group):
        _check_names(before, signature, scope)
        if len(inputs) != len(before.items):
            _wrong_count(f"{len(before.items)} tensors", signature, link, scope)
    elif several and len(inputs) == 1:
        _wrong_count("several tensors", signature, link, scope)
    elif not several and len(inputs) > 1 and not is_any(current):
        names = ", ".join(f"{name} = …" for name in inputs)
        message = f"`{signature.name}` takes {len(inputs)} tensors, and one flows in"
        scope.say(codes.PORTS, link.span, message, help=f"feed them together: `({names}) -> {link.span.shown}`")


def _wrong_count(found: str, signature: Signature, link: Expr, scope: Scope) -> None:
    count = len(signature.inputs or ())
    takes = "one tensor" if count == 1 else f"{count} tensors"
    message = f"`{signature.name}` takes {takes}, and {found} flow in"
    help_ = f"join them first, as in `-> concat -> {link.span.shown}`" if count == 1 else ""
    scope.say(codes.PORTS, link.span, message, help=help_)


def _check_names(group: tree.Group, signature: Signature, scope: Scope) -> None:
    inputs = signature.inputs or ()
    seen: dict[str, Span] = {}
    for item in group.items:
        if item.name and item.name.text not in inputs:
            help_ = did_you_mean(item.name.text, inputs) or f"it has {', '.join(inputs)}"
            message = f"`{signature.name}` has no input `{item.name.text}`"
            scope.say(codes.PORTS, item.name.span, message, help=help_)
        elif item.name and item.name.text in seen:
            first = Label(seen[item.name.text], "first here")
            scope.say(codes.PORTS, item.name.span, f"`{item.name.text}` is fed twice", "and again here", first)
        if item.name:
            seen[item.name.text] = item.name.span
