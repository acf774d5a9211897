"""Rules for tests: parsed from text, generators with a place, and what is asked of both."""

import numpy as np

from connc.compiler.relations.generators import GENERATORS
from connc.compiler.relations.relation import Relation
from connc.compiler.relations.rule import At, Generated, MappingRule
from connc.dsl.parser import parse
from connc.dsl.source import Source, Span

SPAN = Span(Source("net.conn", "here"), 0, 4)


def nothing(count):
    assert count >= 0


def place(sources, targets=None, *, seed=0, name="layer", spend=nothing, steps=nothing, folder=None):
    targets = sources if targets is None else targets
    spaces = [space if isinstance(space, tuple) else (space,) for space in (sources, targets)]
    return At(*spaces, seed, name, spend, steps, folder)


def mapping(text, **names):
    file, found = parse(Source("net.conn", f"rule r = {text}\n"))
    assert found == []
    return MappingRule(file.declarations[0].value, names)


def generated(name, **fields):
    return Generated(GENERATORS[name](**fields), SPAN)


def pair_set(relation):
    """The pairs as a set, each side as one number."""
    return set(zip(*(side.tolist() for side in relation.pairs()), strict=True))


def relation_between(sources, targets, pairs):
    listed = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    return Relation.of_pairs((sources,), (targets,), listed[:, 0], listed[:, 1])
