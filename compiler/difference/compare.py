"""The difference of two networks, from what differs in their parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from connc.compiler.difference.bodies import OUTPUT, Bodies
from connc.compiler.difference.data import CHANGED, Difference, Layer, Rule, Value
from connc.compiler.difference.metrics import metrics
from connc.compiler.difference.weights import weights
from connc.compiler.expand import expand
from connc.compiler.network import Network

Table = Mapping[str, object]


def difference(before: Network, after: Network, measured: tuple[Table, Table] = ({}, {})) -> Difference:
    """What became of a network. `measured`: what analyses say of both, numbers by their names, in tables in tables.

    Networks at different levels are compared flat.
    """
    old, new = (before, after) if before.level == after.level else (expand(before), expand(after))
    found = Bodies().changes(old, new)
    rules, layers = tuple(found.rules), tuple(each for each in found.layers if not _is_port(each))
    ports = tuple(_ports(old, new))
    heads = tuple(_heads(before, after))
    same = before == after
    if not (same or heads or ports or rules or layers):
        heads = (_wording(old, new),)
    names = dict(_renamed(rules, layers))
    numbers, fit = metrics(*measured, names), weights(before, after, names)
    return Difference(before.kind, after.kind, same, heads, ports, rules, layers, numbers, fit)


def _renamed(rules: Iterable[Rule], layers: Iterable[Layer]) -> Iterator[tuple[str, str]]:
    yield from ((rule.was, rule.name) for rule in rules if rule.was)
    yield from ((layer.was, layer.name) for layer in layers if layer.was)


def _is_port(layer: Layer) -> bool:
    """One that only one of the networks has: its ports tell."""
    return layer.what in ("input", OUTPUT) and layer.change != CHANGED and "." not in layer.name


def _heads(before: Network, after: Network) -> Iterator[Value]:
    for name, old, new in (("name", before.kind, after.kind), ("level", before.level, after.level)):
        if old != new:
            yield Value(name, old, new)


def _ports(before: Network, after: Network) -> Iterator[Value]:
    """Inputs and outputs with another shape, and all of them where their order is another."""
    sides = [(_inputs(before), _inputs(after)), (_outputs(before), _outputs(after))]
    for word, (old, new) in zip(("inputs", "outputs"), sides, strict=True):
        for name in {**old, **new}:
            if old.get(name) != new.get(name):
                yield Value(name, old.get(name), new.get(name))
        if [name for name in old if name in new] != [name for name in new if name in old]:
            yield Value(f"order of {word}", ", ".join(old), ", ".join(new))


def _inputs(network: Network) -> dict[str, str]:
    return {node.name: str(list(node.shapes[0])) for node in network.inputs}


def _outputs(network: Network) -> dict[str, str]:
    return {port: str(list(network.shape(ref))) for port, ref in network.outputs.items()}


def _wording(before: Network, after: Network) -> Value:
    """The first lines in which the texts of two networks differ of which all else is the same."""
    old, new = str(before).splitlines(), str(after).splitlines()
    pairs = (pair for pair in zip(old, new, strict=False) if pair[0] != pair[1])
    first = next(pairs, ("", ""))
    return Value("text", first[0].strip() or None, first[1].strip() or None)
