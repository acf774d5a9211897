"""Which sources a target has, and where its weights stand: by a rule one a pair, otherwise a row a target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from connc.backends.reference.numbers import Array
from connc.compiler.relations.relation import Relation

At = Any  # what an array is indexed with


def fans(rule: Relation | None, targets: int) -> list[tuple[At, At]]:
    """Of each target the positions of its sources, and those of its pairs among the weights."""
    if rule is None:
        return [(slice(None), target) for target in range(targets)]
    starts = rule.starts.tolist()
    return [(rule.sources_of(target), slice(starts[target], starts[target + 1])) for target in range(targets)]


def per_target(rule: Relation | None, targets: int, of: Callable[[At, At], Array], axis: int) -> Array:
    """What each target makes of its sources, one behind the other along an axis."""
    return np.stack([of(sources, pairs) for sources, pairs in fans(rule, targets)], axis=axis)


def fan_in(rule: Relation | None, sources: int) -> int:
    """How many sources a target has at most."""
    return sources if rule is None else int(rule.in_degrees().max())
