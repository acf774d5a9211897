"""Values for the parameters of layers and generators, from what their signatures say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import permutations, product
from math import gcd, prod
from typing import Any, TypeVar

from hypothesis import strategies as st

from connc.compiler.text.values import show
from connc.dsl.vocabulary import Signature, Slot

Draw = st.DrawFn
Given = dict[str, Any]  # arguments by name
Sizes = Sequence[int]
T = TypeVar("T")

TRIES = 4  # how often something that may not fit is drawn before something that fits is taken
SPREAD = 2**10 - 1
SMALL = (1, 2, 3, 4, 0, -1)
SHARES = tuple(map(Fraction, ("1/2", "1/4", "1", "0", "3/4", "2", "-1")))


def pick(draw: Draw, found: Sequence[T]) -> T:
    """One of some. The first is the simplest; else all are alike, where Hypothesis by itself prefers early ones."""
    return found[draw(st.integers(0, SPREAD)) % len(found)]


def fitting(candidate: Callable[[], T | None], otherwise: Callable[[], T]) -> T:
    """The first candidate that fits, so that nothing that was drawn is ever thrown away as a whole."""
    for _ in range(TRIES):
        found = candidate()
        if found is not None:
            return found
    return otherwise()


def arguments(draw: Draw, signature: Signature, sizes: Sizes, common: Sizes = ()) -> Given:
    """Values for what must be given and, now and then, for what may be."""
    chosen = draw(st.sampled_from(signature.one_of)) if signature.one_of else ""
    given: Given = {}
    for slot in signature.slots:
        is_one_of = slot.name in signature.one_of
        if slot.name == chosen or (not is_one_of and (slot.required or draw(st.booleans()))):
            given[slot.name] = draw(_values(slot, choices(slot, sizes, common)))
    return given


def first(signature: Signature, sizes: Sizes, common: Sizes = ()) -> Iterator[Given]:
    """Values for what must be given, one choice behind the other, to see whether any of them fits."""
    needed = [slot for slot in signature.slots if slot.required or slot.name == (*signature.one_of, "")[0]]
    names = [slot.name for slot in needed]
    for values in product(*(choices(slot, sizes, common) for slot in needed)):
        yield dict(zip(names, values, strict=True))


def _values(slot: Slot, found: Sequence[object]) -> st.SearchStrategy[object]:
    """One of some; of a list of fixed length also such as have different items."""
    alike = st.sampled_from(found)
    if slot.type.length is None:
        return alike
    items = st.sampled_from([one[0] for one in found if isinstance(one, tuple)])
    return alike | st.tuples(*[items] * slot.type.length)


def choices(slot: Slot, sizes: Sizes, common: Sizes = ()) -> list[Any]:
    """Values of one parameter of something whose inputs have these sizes: small ones, and such as sizes suggest."""
    if slot.type.name == "shape":
        return _rearranged(sizes)
    if slot.type.listed and slot.type.length is None:
        return [found for found in _lists(sizes) if all(_within(slot, one) for one in found)] or [(1,)]
    found = [one for one in _items(slot, sizes, common) if isinstance(one, str) or _within(slot, one)]
    return [(one,) * (slot.type.length or 0) for one in found] if slot.type.listed else found


def _items(slot: Slot, sizes: Sizes, common: Sizes) -> Sequence[Any]:
    match slot.type.name:
        case "str":
            return slot.choices
        case "bool":
            return [False, True]
        case "float":
            return SHARES
        case "int":
            return list(dict.fromkeys((*SMALL, *common, *sizes, *(d for size in sizes for d in divisors(size)))))
    raise TypeError(f"no values are known for a parameter of type {slot.type.name}")


def _within(slot: Slot, value: int | Fraction) -> bool:
    return (slot.least is None or value >= slot.least) and (slot.most is None or value <= slot.most)


def divisors(size: int) -> list[int]:
    return [d for d in range(1, size + 1) if size % d == 0]


def _rearranged(sizes: Sizes) -> list[tuple[int, ...]]:
    """Shapes of as many values, and some that are filled by repeating them."""
    total = prod(sizes)
    halved = [(total // 2, 2)] if total % 2 == 0 else []
    alike = [tuple(sizes), tuple(reversed(sizes)), (total,), (1, total), *halved]
    return list(dict.fromkeys([*alike, (*sizes, 2), (*sizes, 2, 2)]))


def _lists(sizes: Sizes) -> list[tuple[int, ...]]:
    """The axes in some order, a number for each axis, an axis cut into pieces, a size as a product."""
    rank = len(sizes)
    orders = list(permutations(range(rank)))[: 4 * rank]
    few = list(product((0, 1, 2), repeat=rank))[: 4 * rank]
    pieces = [(size - 1, 1) for size in sizes if size > 1] + [(1,) * size for size in sizes]
    factors = [(d, size // d) for size in sizes for d in divisors(size)[1:-1]]
    return [*orders, *few, *pieces, *factors]


def degrees(sources: int, targets: int) -> list[int]:
    """Fan-ins and fan-outs that both sides can have."""
    both = gcd(sources, targets)
    return [k * size // both for k in (1, 2) for size in (sources, targets)] + divisors(both)


def written(signature: Signature, given: Given) -> str:
    """Arguments as a spec writes them: by name, one value where it stands for all of a list."""
    parts = []
    for name, value in given.items():
        slot = signature.slot(name)
        alike = slot is not None and slot.type.length and len(set(value)) == 1
        parts.append(f"{name} = {show(value[0] if alike else value)}")
    return f"({', '.join(parts)})" if parts else ""
