"""Which figures there are, and what of a net they show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from connc.backends.drawing.find import Junction, find
from connc.backends.drawing.matrix import matrix_of
from connc.backends.plots import MEASURED, matrices, tables
from connc.backends.plots.pairs import MOST, Layer, Weights, layers, norms
from connc.backends.plots.sheet import Panel
from connc.backends.plots.strengths import Strengths, layer_strengths
from connc.compiler.names import above, owner
from connc.compiler.network import Network
from connc.compiler.relations.relation import Relation
from connc.dsl.words import did_you_mean

Table = Mapping[str, Any]
Panels = tuple[list[Panel], list[str]]
T = TypeVar("T")

MOST_PANELS = 6  # of one figure
_SQUARE = 3.0  # inches


class NoFigure(ValueError):
    """Nothing that a figure could show; says what there is."""


# --- of tables


def _paths(table: Table) -> Iterator[Panel]:
    found = table["path_length"]
    if found and found["distribution"]:
        yield Panel("Lengths of paths", partial(tables.path_lengths, path_length=found))
    if found and found["from_input"]:
        yield Panel("Distance from the input", partial(tables.depths, path_length=found))


def _fan_in(table: Table) -> Iterator[Panel]:
    found = table["fan_in"]
    if found and found["layers"]:
        yield Panel("Fan-in", partial(tables.fan_in, fans=found))


def _cost(table: Table) -> Iterator[Panel]:
    found = table["costs"]
    if found:
        yield Panel("Cost", partial(tables.cost, costs=found), height=3.4)


def _density(table: Table) -> Iterator[Panel]:
    found = table["density"] or {"junctions": {}, "links": {}}
    if found["junctions"]:
        draw = partial(tables.junction_density, density=found)
        yield Panel("Density of junctions", draw, tells=min(found["junctions"].values()) < 1)
    if any(link["distances"] for link in found["links"].values()):
        yield Panel("Density of links", partial(tables.link_density, links=found["links"]))


def _scatter(table: Table) -> Iterator[Panel]:
    if found := table["scatter"]:
        yield Panel("Scatter", partial(tables.scatter, found=found), tells=found["value"] < 1)


_DRAWN: dict[str, Callable[[Table], Iterator[Panel]]] = dict(
    zip(MEASURED, (_paths, _fan_in, _cost, _density, _scatter), strict=True)
)


def measured(network: Network, table: Table, figure: str = "") -> Panels:
    """The panels of a figure of what `connc.analyze` gave, or of all of them and the matrices; and what to say."""
    found = {name: [*draw(table)] for name, draw in _DRAWN.items() if figure in ("", name)}
    panels = [panel for each in found.values() for panel in each if figure or panel.tells]
    if figure and not panels:
        there = [name for name, draw in _DRAWN.items() if [*draw(table)]]
        raise NoFigure(f"{network.kind} has nothing for the figure {figure}; it has {', '.join(there)}")
    more, notes = _some_matrices(network) if not figure else ([], [])
    return panels + more, notes


# --- of what is connected


class _Rule(NamedTuple):
    """What a rule connects, and how often it does just so."""

    name: str
    relation: Relation
    bound: Relation | None
    names: tuple[str, ...]


def matrix(network: Network, module: str = "") -> Panels:
    """The matrix of a `connect` or of a layer with a rule, or of all that differ."""
    if not module:
        panels, notes = _some_matrices(network)
        if not panels:
            raise NoFigure(f"{network.kind} has no layer with a rule and no `connect`")
        return panels, notes
    found = find(network, module)
    if not isinstance(found, Junction):
        names = [rule.name for rule in _rules(network, "")]
        inside = [name for name in names if name.startswith(f"{module}.")] or names
        there = f"; there is {', '.join(inside[:4])}" if inside else ""
        raise NoFigure(f"{module} is no layer with a rule and no `connect`{there}")
    return [_matrix(_Rule(module, found.relation, found.bound, found.names), 1)], []


def _some_matrices(network: Network) -> Panels:
    """Rules that connect the same are shown once, the first of them."""
    alike: dict[tuple[object, ...], list[_Rule]] = {}
    for rule in _rules(network, ""):
        key = rule.relation.digest(), rule.bound.digest() if rule.bound else "", rule.names
        alike.setdefault(key, []).append(rule)
    panels = [_matrix(rules[0], len(rules)) for rules in alike.values()]
    return panels[:MOST_PANELS], _note(len(panels), "matrices")


def _rules(network: Network, prefix: str) -> Iterator[_Rule]:
    for connect in network.connects:
        names = tuple(ref.node or ref.port for ref in connect.positions)
        yield _Rule(prefix + connect.name, connect.relation, connect.bound, names)
    for node in network:
        if owner(node.name) != node.name:
            continue
        if isinstance(node.what, Network):
            yield from _rules(node.what, f"{prefix}{node.name}.")
        elif node.what.rule is not None:
            yield _Rule(prefix + node.name, node.what.rule, None, ())


def _matrix(rule: _Rule, count: int) -> Panel:
    made = matrix_of(rule.relation, rule.bound, rule.names)
    title = tables.alike_name([rule.name] * count)
    return Panel(title, partial(matrices.adjacency, matrix=made), height=_SQUARE)


# --- of weights


def weighed(network: Network, weights: Weights, figure: str = "", module: str = "") -> Panels:
    """How strongly layers and channels are connected, of a whole network or of a layer, module or `connect` of it."""
    links = layer_strengths(network, weights) if figure != "norms" else {}
    known = {each.name: each for each in layers(network)} if figure != "strengths" else {}
    if module:
        links = {name: each for name, each in links.items() if module in above(name)}
        known = {name: each for name, each in known.items() if module in above(name)}
    if not links and not known:
        raise NoFigure(_nothing(network, weights, figure, module))
    if any(each.pairs > MOST for each in known.values()) and len(known) == 1 and not links:
        (layer,) = known.values()
        raise NoFigure(f"{layer.name} has {layer.pairs:,} pairs, and at most {MOST:,} are drawn")
    return _shown(links, [each for each in known.values() if each.pairs <= MOST], weights)


def _shown(links: Mapping[str, Strengths], known: Sequence[Layer], weights: Weights) -> Panels:
    """The largest of both, in the order of computation."""
    some = _largest([*links.values()], lambda each: each.values.size)
    panels = [Panel(each.connect, partial(matrices.strengths, found=each), height=_SQUARE) for each in some]
    panels += [_norms(layer, weights) for layer in _largest(known, lambda each: each.pairs)]
    return panels, _note(len(links), "tables of strengths") + _note(len(known), "layers")


def _norms(layer: Layer, weights: Weights) -> Panel:
    draw = partial(matrices.norms, layer=layer, values=norms(layer, weights))
    return Panel(layer.name, draw, height=_SQUARE)


def _largest(found: Sequence[T], size: Callable[[T], int]) -> list[T]:
    chosen = sorted(range(len(found)), key=lambda at: (-size(found[at]), at))[:MOST_PANELS]
    return [found[at] for at in sorted(chosen)]


def _note(count: int, what: str) -> list[str]:
    """What is said where some are left out."""
    return [f"shown are {MOST_PANELS} of {count:,} {what}; --module shows others"] if count > MOST_PANELS else []


def _nothing(network: Network, weights: Weights, figure: str, module: str) -> str:
    """Why there is no figure of weights."""
    if not module:
        what = {"strengths": "`connect` that puts sources behind each other"}.get(figure, "layer with weights")
        return f"{network.kind} has no {what}"
    names = [*layer_strengths(network, weights)] if figure != "norms" else []
    names += [each.name for each in layers(network)] if figure != "strengths" else []
    hint = did_you_mean(module, names) or "`connc expand` prints its names"
    return f"{network.kind} has no weights in {module}; {hint}"
