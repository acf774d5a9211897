"""Where in a `.conn` file a node of a graph comes from: the line of its layer, and the rule that connects it."""

from __future__ import annotations

from collections.abc import Iterator

from torch import fx

from connc.compiler.network import Network, Node
from connc.dsl.source import Span

_LONGEST = 100
_TRACE, _WORDS, _REMARK = "stack_trace", "conn", "conn_remark"  # the first is what torch's own tools look at


def place_of(node: fx.Node) -> str:
    """Which layer a node of a graph belongs to, in words; nothing where that is not known."""
    return str(node.meta.get(_WORDS, ""))


def remark_of(node: fx.Node) -> str:
    """The same in a few words, for a line of code."""
    return str(node.meta.get(_REMARK, ""))


class Places:
    """What can be said of the layers of a network, by their names when it is laid out flat."""

    def __init__(self, network: Network) -> None:
        self._rules: dict[str, Span] = {}
        self._collect(network, "")

    def _collect(self, network: Network, prefix: str) -> None:
        for connect in network.connects:
            if connect.span is not None:
                for position, degree in zip(connect.positions, connect.relation.in_degrees().tolist(), strict=True):
                    if degree and position.node:
                        self._rules.setdefault(prefix + position.node, connect.span)
        for node in network:
            if isinstance(node.what, Network):
                self._collect(node.what, f"{prefix}{node.name}.")

    def meta(self, node: Node) -> dict[str, str]:
        """What the nodes of a graph carry that come from a node of the flat network."""
        rule = next((self._rules[name] for name in _outwards(node.name) if name in self._rules), None)
        name, span = _printable(node.name), node.span
        words = [f"`{name}` ({_line(span)}): `{_text(span)}`" if span else f"`{name}`"]
        words += [f"connected by {_line(rule)}: `{_statement(rule)}`"] if rule else []
        trace = [_frame(rule, name, _statement(rule))] if rule else []
        trace += [_frame(span, name, _text(span))] if span else []
        remark = f"{name} ({_line(span)})" if span else name
        return {_WORDS: "\n".join(words), _TRACE: "\n".join(trace), _REMARK: remark}


def _outwards(name: str) -> Iterator[str]:
    """A name and those of all that it stands in, the nearest first."""
    yield name
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _line(span: Span) -> str:
    return f"{_printable(span.source.name)}:{span.line}"


def _frame(span: Span, name: str, text: str) -> str:
    """As Python shows a place in a traceback."""
    return f'  File "{_printable(span.source.name)}", line {span.line}, in {name}\n    {text}'


def _text(span: Span) -> str:
    first, *rest = span.text.split("\n", 1)
    return _printable(first[:_LONGEST].rstrip() + (" …" if rest or len(first) > _LONGEST else ""))


def _statement(span: Span) -> str:
    """The line that a place is in."""
    return _printable(span.source.line(span.line).strip()[:_LONGEST])


def _printable(text: str) -> str:
    """Without what could end a line or lead astray who reads it."""
    return text if text.isprintable() else "".join(each if each.isprintable() else "?" for each in text)
