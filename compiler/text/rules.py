"""Relations as text: in a line where their form is known, else the sources of each target, runs as `0..3`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from connc.compiler.relations.forms import Affine, Blocks, Full, PermutedBlocks
from connc.compiler.relations.relation import Relation


def relation_lines(name: str, relation: Relation) -> Iterator[str]:
    head = f"relation {name}: {list(relation.sources)} -> {list(relation.targets)}"
    form = _form(relation)
    yield f"{head} = {form}" if form else head
    if not form:
        yield from _rows(relation)


def _form(relation: Relation) -> str:
    match relation.form:
        case Full():
            return "full"
        case Affine(scale, offsets):
            return f"affine {scale} {list(offsets)}"
        case Blocks(count):
            return f"blocks {count}"
        case PermutedBlocks(count, sources, targets):
            return f"blocks {count} {sources.tolist()} {targets.tolist()}"
    return ""


def _rows(relation: Relation) -> Iterator[str]:
    """`2..5: 0, 3..7` for each run of targets that have the same sources; those without sources are left out."""
    first, before = 0, ""
    for target, row in enumerate([*_listed(relation), ""]):
        if row != before:
            if before:
                yield f"  {_run(first, target - 1)}: {before}"
            first, before = target, row


def _listed(relation: Relation) -> Iterator[str]:
    """The sources of each target."""
    starts, firsts, lasts = (array.tolist() for array in relation.runs())
    runs = list(map(_run, firsts, lasts))
    for start, stop in pairwise(starts):
        yield ", ".join(runs[start:stop])


def _run(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}..{last}"
