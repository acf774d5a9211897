"""From a checked tree to a Network: values, shapes, rules and names of every layer that a net is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from connc.compiler.elaborate.build import build
from connc.compiler.elaborate.estimate import Estimate
from connc.compiler.elaborate.reader import Reader, body_of, file_names, language, settled
from connc.compiler.elaborate.values import Poisoned, Recipe
from connc.compiler.elaborate.world import World
from connc.compiler.network import Network
from connc.compiler.ops.base import Shape
from connc.compiler.relations.forms import Space
from connc.compiler.relations.relation import Relation
from connc.compiler.relations.rule import Rule
from connc.compiler.verify import verify
from connc.dsl import codes, tree
from connc.dsl.check import Checked
from connc.dsl.diagnostic import Diagnostic
from connc.dsl.limits import Limits
from connc.dsl.parser import uncollected
from connc.dsl.source import Span

__all__ = ["Elaborated", "check_nets", "elaborate", "relate"]

Settings = Sequence[tree.Argument]


@dataclass(frozen=True, slots=True)
class Elaborated:
    """A network, unless there are mistakes; warnings may stand beside it."""

    network: Network | None
    diagnostics: tuple[Diagnostic, ...]


def elaborate(
    checked: Checked, net: str, settings: Settings = (), limits: Limits = Limits(), seed: int = 0
) -> Elaborated:
    """Put a net together that was checked and found without mistakes; `settings` fill its parameters."""
    world = _world(checked, limits, seed)
    network = _put_together(checked, net, settings, world)
    return Elaborated(network, tuple(world.report.values()))


def check_nets(
    checked: Checked, nets: Mapping[str, Settings], limits: Limits = Limits(), seed: int = 0
) -> tuple[Diagnostic, ...]:
    """What is found when several nets are put together; what they have in common is put together once."""
    world = _world(checked, limits, seed)
    for net, settings in nets.items():
        _put_together(checked, net, settings, world)
    return tuple(world.report.values())


def relate(
    checked: Checked, rule: str, sources: Space, targets: Space, limits: Limits = Limits(), seed: int = 0
) -> tuple[Relation | None, tuple[Diagnostic, ...]]:
    """The pairs of a rule that a file declares without parameters, between spaces that no layer has."""
    world = _world(checked, limits, seed)
    span = checked.names[checked.entry.name][rule].declaration.name.span
    try:
        with world.attempt():
            found: Rule = file_names(checked.entry.name, world)[rule]
            return found.relate(world.place(sources, targets, rule, span)), ()
    except Poisoned:
        return None, tuple(world.report.values())


def _world(checked: Checked, limits: Limits, seed: int) -> World:
    world = World(checked.names, language(), limits, seed)
    world.build = partial(build, world)
    return world


def _put_together(checked: Checked, net: str, settings: Settings, world: World) -> Network | None:
    try:
        with uncollected(), world.attempt():
            network = _network(checked, net, settings, world)
            verify(network)
    except Poisoned:
        return None
    return network


def _network(checked: Checked, net: str, settings: Settings, world: World) -> Network:
    unit = checked.entry.name
    span = checked.names[unit][net].declaration.name.span
    names = file_names(unit, world)
    recipe: Recipe = names[net]
    given = {s.name.text: Reader(names, world)(s.value) for s in settings if s.name}
    recipe = Recipe(recipe.maker, tuple((dict(recipe.given) | given).items()), None, net)
    if lacking := [s.name for s in recipe.signature.slots if s.required and s.name not in dict(recipe.given)]:
        message = f"`{net}` is not put together: {' and '.join(f'`{name}`' for name in lacking)} has no value"
        world.say(codes.NOT_VERIFIED.at(span, message, help=f"`--set {lacking[0]}=…` gives it one"))
        raise Poisoned
    Estimate(world).check(recipe, span)
    return build(world, recipe, tuple(_input_shapes(world, recipe, span)), "", span)


def _input_shapes(world: World, recipe: Recipe, span: Span) -> list[Shape]:
    """The shapes that a net says its inputs have."""
    behind, names = settled(world, recipe, span)
    ports = [s for s in body_of(behind).statements if isinstance(s, tree.Port) and s.direction == "in"]
    return [Reader(names, world)(port.shape) for port in ports if port.shape is not None]
