"""The laws of a single op: exact values, and a rule whose arrays are in order."""

from __future__ import annotations

from fractions import Fraction
from math import prod

import numpy as np

from connc.compiler.ops.base import Op
from connc.compiler.relations.relation import Relation


def fault_of(op: Op) -> str:
    """What is wrong with an op by itself, nothing if it is sound."""
    signature = op.signature
    for slot in signature.slots:
        if not _is_exact(getattr(op, slot.name)):
            return f"the value of `{slot.name}` is not exact"
    if op.rule is None:
        return "it needs a rule" if signature.needs_rule else ""
    return disorder(op.rule) if signature.relates else "it takes no rule"


def _is_exact(value: object) -> bool:
    """Numbers have one form, so that equal layers are equal."""
    match value:
        case tuple():
            return all(map(_is_exact, value))
        case Fraction():
            return value.denominator != 1
    return value is None or isinstance(value, int | str)


def disorder(relation: Relation) -> str:
    """What is wrong with the arrays of a relation."""
    starts, indices = relation.starts, relation.indices
    if len(starts) != prod(relation.targets) + 1 or starts[0] != 0 or starts[-1] != len(indices):
        return "the rows of its rule are not those of its targets"
    if bool((np.diff(starts) < 0).any()):
        return "the rows of its rule are not in order"
    if indices.size and not 0 <= int(indices.min()) <= int(indices.max()) < prod(relation.sources):
        return "its rule names a source that there is not"
    falls = np.flatnonzero(np.diff(indices) <= 0) + 1
    return "" if bool(np.isin(falls, starts).all()) else "the sources in its rule are not in order, each once"
