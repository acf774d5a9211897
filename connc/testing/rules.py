"""Rules as text and as relations: mappings, conditions, generators, and what the algebra makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from math import prod
from string import ascii_lowercase

import numpy as np
from hypothesis import strategies as st

from connc.api import RULE, SpecError, relation_in
from connc.compiler.ops.base import Space
from connc.compiler.relations.base import At, Unfit
from connc.compiler.relations.generators import GENERATORS
from connc.compiler.relations.relation import Relation
from connc.testing.values import Draw, Given, arguments, degrees, divisors, first, fitting, written

Between = tuple[Space, Space]
Sizes = int | Sequence[int]
Bounds = tuple[Fraction | float, Fraction | float]
TABLE = "matrix"
PROBED = 32  # choices of parameters, to see whether a generator fits a space
POSITIONS = ascii_lowercase[8:] + ascii_lowercase[:8]  # i, j, k first


@lru_cache(maxsize=4096)
def related(rule: str, between: Between) -> Relation | None:
    """The pairs of a rule, or nothing where it does not fit these spaces."""
    try:
        return relation_in(f"rule {RULE} = {rule}\n", *between)
    except SpecError:
        return None


def spaces(sources: Sizes, targets: Sizes | None) -> Between:
    return _space(sources), _space(sources if targets is None else targets)


def _space(size: Sizes) -> Space:
    return (size,) if isinstance(size, int) else tuple(size)


@st.composite
def rules(
    draw: Draw,
    sources: Sizes = 8,
    targets: Sizes | None = None,
    *,
    densities: Bounds = (0, 1),
    depth: int = 2,
) -> str:
    """The text of a rule that fits spaces of these sizes, for behind `by`.

    A space of several coordinates is a list of their sizes; without `targets` both spaces are the same. `densities`
    bounds the share of all pairs, `depth` how far rules are combined.
    """
    between = spaces(sources, targets)

    def candidate() -> str | None:
        text = draw(_rules(between, depth))
        found = related(text, between)
        return text if found is not None and densities[0] <= found.density <= densities[1] else None

    return fitting(candidate, lambda: _exactly(draw, between, densities))


def _exactly(draw: Draw, between: Between, densities: Bounds) -> str:
    """A rule of as many pairs as are asked for, or of the next number there is."""
    whole = prod(between[0]) * prod(between[1])
    least = -(-Fraction(densities[0]) * whole // 1)
    most = max(least, Fraction(densities[1]) * whole // 1)
    count = draw(st.integers(int(least), int(most)))
    return everything(between) if count == whole else f"random(density = {count} / {whole})"


@st.composite
def relations(
    draw: Draw, sources: Sizes | None = None, targets: Sizes | None = None, *, densities: Bounds = (0, 1)
) -> Relation:
    """Relations between spaces of these sizes, or of some: those of rules, and sets of pairs that no rule says."""
    first = draw(st.integers(1, 8)) if sources is None else sources
    between = spaces(first, draw(st.integers(1, 8)) if sources is None and targets is None else targets)
    if densities[0] <= 0 and densities[1] >= 1 and draw(st.booleans()):
        return draw(_pair_sets(between))
    found = related(draw(rules(*between, densities=densities)), between)
    assert found is not None
    return found


def _pair_sets(between: Between) -> st.SearchStrategy[Relation]:
    wide, high = map(prod, between)
    pairs = st.sets(st.tuples(st.integers(0, wide - 1), st.integers(0, high - 1)), max_size=24)
    return pairs.map(lambda found: _relation(between, sorted(found)))


def _relation(between: Between, pairs: Sequence[tuple[int, int]]) -> Relation:
    listed = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return Relation.of_pairs(*between, listed[:, 0], listed[:, 1])


# --- what a rule may be


@st.composite
def _rules(draw: Draw, between: Between, depth: int) -> str:
    """Text that most often fits."""
    kinds: list[Callable[[Draw, Between], str]] = [_mapping, _condition, _generated]
    if depth and draw(st.booleans()):
        return _combined(draw, between, depth - 1)
    chosen = draw(st.sampled_from(kinds))
    return chosen(draw, between)


def _coordinates(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _left(between: Between) -> str:
    """The names of a source's coordinates."""
    return POSITIONS[: len(between[0])]


def _right(between: Between) -> str:
    """Names for those of a target, none of which a source has."""
    first = len(between[0])
    return POSITIONS[first : first + len(between[1])]


def everything(between: Between, where: str = "") -> str:
    """All pairs, or those for which something holds."""
    return f"({_coordinates(_left(between))} -> {_coordinates(_right(between))}{where})"


few = st.integers(-3, 3)
MAPPINGS = (
    "{i}",
    "{i} + {c}",
    "{i} + {a} * {c}",
    "{a} * {i} + {c}",
    "mod({i} + {c}, {size})",
    "{size} - 1 - {i}",
)
LOOPS = ("", " for s in {c}..{c} + {a}", " for s in [{c}, {a}]", " for s in 0..{a} for t in s..{a} where s + t != {a}")
OPEN = (" + s for s in 0..", " + {b} ^ s for s in 0..", " + s for s in {c}.. where mod(s, {b}) == 0")


def _mapping(draw: Draw, between: Between) -> str:
    """A target computed from each source: coordinate by coordinate, or along a loop."""
    names = _left(between)
    one = len(between[0] + between[1]) == 2
    loop = draw(st.sampled_from((*LOOPS, *OPEN) if one else LOOPS))
    looped = _filled(draw, loop)
    if loop in OPEN:
        return f"({names} -> {names}{looped})"
    found = [_target(draw, names[k % len(names)], size) for k, size in enumerate(between[1])]
    found[0] += " + s" * bool(loop)
    return f"({_coordinates(names)} -> {_coordinates(found)}{looped})"


def _target(draw: Draw, name: str, size: int) -> str:
    return _filled(draw, draw(st.sampled_from(MAPPINGS)), i=name, size=size)


def _filled(draw: Draw, template: str, **known: object) -> str:
    """A template with numbers drawn for those that are not known."""
    given = {"a": draw(st.integers(1, 3)), "b": draw(st.integers(2, 3)), "c": draw(few)} if "{" in template else {}
    return template.format(**given, **known)


CONDITIONS = (
    "{i} < {j}",
    "{j} - {i} <= {c} or {i} == {a}",
    "abs({i} - {j}) <= {a} and not {i} == {j}",
    "mod({all}, {b}) == {c}",
    "{i} * {a} >= {j} - {c}",
)


def _condition(draw: Draw, between: Between) -> str:
    """All pairs for which something holds."""
    names, others = _left(between), _right(between)
    if not draw(st.booleans()):
        return everything(between)
    i, j = draw(st.sampled_from(names)), draw(st.sampled_from(others))
    return everything(
        between, " where " + _filled(draw, draw(st.sampled_from(CONDITIONS)), i=i, j=j, all=" + ".join(names + others))
    )


def _generated(draw: Draw, between: Between) -> str:
    """A generator with parameters that these sizes suggest."""
    known = _known_to_fit(between)
    name = draw(st.sampled_from([TABLE, *known]))
    if name == TABLE:
        return _table(draw, between)
    signature, (wide, high) = GENERATORS[name].signature, map(prod, between)

    def candidate() -> Given | None:
        given = arguments(draw, signature, (wide, high), degrees(wide, high))
        return given if _relates(name, given, between) else None

    return name + written(signature, fitting(candidate, lambda: known[name]))


@lru_cache(maxsize=1024)
def _known_to_fit(between: Between) -> Mapping[str, Given]:
    """The generators that relate these spaces, each with the first values of those that are drawn that do."""
    found: dict[str, Given] = {}
    for name, cls in GENERATORS.items():
        if not any(slot.type.name in ("rule", "table") for slot in cls.signature.slots):
            wide, high = map(prod, between)
            values = islice(first(cls.signature, (wide, high), degrees(wide, high)), PROBED)
            found |= dict(islice(((name, given) for given in values if _relates(name, given, between)), 1))
    return found


def _relates(name: str, given: Given, between: Between) -> bool:
    at = At(*between, 0, "", lambda pairs: None, lambda steps: None)
    try:
        GENERATORS[name](**given).relation(at)
    except Unfit:
        return False
    return True


def _table(draw: Draw, between: Between) -> str:
    wide, high = map(prod, between)
    row = st.lists(st.integers(0, 1), min_size=high, max_size=high)
    return f"matrix({draw(st.lists(row, min_size=wide, max_size=wide))})"


def _combined(draw: Draw, between: Between, depth: int) -> str:
    sources, targets = between
    inner = _rules(between, depth)
    ways = ["|", "&", "-", "transpose", *["@", "between"] * (sources == targets), "kron"]
    way = draw(st.sampled_from(ways))
    if way == "transpose":
        return f"transpose({draw(_rules((targets, sources), depth))})"
    if way == "between":
        return f"between({draw(inner)})"
    if way == "kron":
        return _copies(draw, between, depth)
    return f"({draw(inner)} {way} {draw(inner)})"


def _copies(draw: Draw, between: Between, depth: int) -> str:
    """A table of copies of a smaller rule."""
    wide, high = map(prod, between)
    across, down = draw(st.sampled_from(divisors(wide))), draw(st.sampled_from(divisors(high)))
    table = _table(draw, ((across,), (down,)))
    return f"kron({table}, {draw(_rules(((wide // across,), (high // down,)), depth))})"
