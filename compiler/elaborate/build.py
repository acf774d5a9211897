"""Modules put together where they are used, once for the same parameters and shapes."""

from __future__ import annotations

from connc.compiler.elaborate.body import Body
from connc.compiler.elaborate.reader import body_of, settled
from connc.compiler.elaborate.values import POISON, Poisoned, Recipe
from connc.compiler.elaborate.world import Use, World
from connc.compiler.network import Network
from connc.compiler.ops.base import Shape
from connc.dsl import tree
from connc.dsl.check import Declared
from connc.dsl.source import Span


def build(world: World, recipe: Recipe, shapes: tuple[Shape, ...], path: str, span: Span) -> Network:
    """The network that a module is, for inputs of these shapes; `path` is its full name, `span` where it is put in."""
    recipe, names = settled(world, recipe, span)
    assert isinstance(recipe.maker, Declared)
    key = (recipe.maker.unit.name, recipe.kind, recipe.signature.name, tuple(names.maps[0].items()), shapes)
    found = world.bodies.get(key) or world.bodies.get((*key, path))
    if found is None:
        before = world.draws
        with world.inside(Use(path, span)):
            found = _run(Body(recipe.kind, _doc_of(recipe), body_of(recipe), names, shapes, path, world))
        world.bodies[key if world.draws == before else (*key, path)] = found
    if not isinstance(found, Network):
        raise Poisoned
    return found


def _run(body: Body) -> object:
    try:
        return body.run()
    except Poisoned:
        return POISON


def _doc_of(recipe: Recipe) -> str:
    """What a file says of a module; a net without words of its own goes by those of its file."""
    assert isinstance(recipe.maker, Declared)
    declaration = recipe.maker.declaration
    assert isinstance(declaration, tree.Module | tree.Net)
    return declaration.doc or (recipe.maker.unit.file.doc if isinstance(declaration, tree.Net) else "")
