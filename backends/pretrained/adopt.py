"""The tensors of another implementation put into a module: which is which, whether each fits, and the same outputs.

Nothing is put in before all of it is known to fit, and what computes something else afterwards is taken out again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log, prod
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from connc.backends.pretrained.adopted import Adopted, Left, MatchError, Pair, is_count, shown
from connc.backends.pretrained.alignment import Layer, prefixes
from connc.backends.pretrained.compared import compared
from connc.backends.pretrained.matching import NAME, ORDER, Matched, Uncertain, match
from connc.backends.pretrained.sides import WRAPPERS, Given, Slot, fitted, given_by, slots_of
from connc.backends.torch.connections import connections_in
from connc.backends.torch.module import Module
from connc.compiler.ops.base import Shape
from connc.dsl.words import did_you_mean

__all__ = ["Adopted", "MatchError", "adopt"]

PINNED = "pinned"
_SHOWN, _COMPARED = 8, 50
_PIN = 'say which is which by `names={"a layer of theirs": "a layer of ours"}`'


def adopt(
    module: Module,
    source: Mapping[str, Tensor] | nn.Module,
    *,
    partial: bool = False,
    names: Mapping[str, str] | None = None,
) -> Adopted:
    """Give a module the weights of another implementation of its net, by structure and shape; what was done.

    `source` is a module of torch or a `state_dict`. `names` say which layers correspond where that cannot be decided:
    what their names begin with to what ours do. Without `partial` each of our tensors has to get a value; with it what
    nothing fits stays as it is. A module and what it gives its weights to are compared by their outputs.

    Raises `MatchError`, and then nothing has changed.
    """
    if not isinstance(module, Module):
        raise TypeError(f"adopt fills a module that `connc.compile` made, not a {type(module).__name__}")
    slots, state = slots_of(module), source.state_dict() if isinstance(source, nn.Module) else source
    given = given_by(state)
    paired, uncertain = _paired(slots, given, names or {}, _is_ordered(source, given))
    _check_connections(module, state, given, paired)
    values, reasons = dict[str, Tensor](), dict[str, str]()
    for ours, (theirs, _) in paired.items():
        found = fitted(slots[ours], given[theirs].value)
        if isinstance(found, str):
            reasons[ours] = f"`{theirs}` does not fit: {found}"
        else:
            values[ours] = found
    taken = {ours: each for ours, each in paired.items() if ours in values}
    adopted = _report(slots, given, taken, uncertain, reasons)
    _check(adopted, partial)
    return _filled(module, source, slots, values, adopted)


def _check_connections(module: Module, state: Mapping[str, Tensor], given: Mapping[str, Given], paired: Paired) -> None:
    """Weights of a net of ours say whose connections they are; as many weights of others would fit as well."""
    digests, own = connections_in(state), connections_in(module.state_dict())
    for ours, (theirs, _) in paired.items():
        mine, other = (f"{key.rpartition('.')[0]}.edges" for key in (ours, given[theirs].keys[0]))
        if mine in own and digests.get(other, own[mine]) != own[mine]:
            raise MatchError(
                f"the weights of `{ours.rpartition('.')[0]}` are those of other connections: "
                "compile the module with the parameters and the seed of the one that they come from"
            )


# --- which is which

Paired = dict[str, tuple[str, str]]
Each = TypeVar("Each", Slot, Given)


def _is_ordered(source: object, given: Mapping[str, Given]) -> bool:
    """Whether tensors stand as they are defined. Files have them by name, some by type and then by name."""
    if isinstance(source, nn.Module):
        return True
    keys = list(given)
    place = {key: i for i, key in enumerate(keys)}
    for key, i in place.items():
        if key.endswith(".weight") and place.get(f"{key.removesuffix('weight')}bias", i) < i:
            return False  # by name at least in parts, as where several files were put together
    by_type = list(dict.fromkeys(each.value.dtype for each in given.values()))
    return keys != sorted(keys) and keys != sorted(keys, key=lambda key: (by_type.index(given[key].value.dtype), key))


def _paired(
    slots: Mapping[str, Slot], given: Mapping[str, Given], names: Mapping[str, str], ordered: bool
) -> tuple[Paired, list[Uncertain]]:
    """Theirs and what decided, by ours."""
    found, uncertain = Paired(), list[Uncertain]()
    ours, theirs = dict(slots), dict(given)
    for prefix, our_prefix in sorted(_pins(names, slots, given).items(), key=lambda pin: -len(pin[0])):
        inside = {key: theirs[key] for key in theirs if _is_below(key, prefix)}
        our_inside = {key: ours[key] for key in ours if _is_below(key, our_prefix)}
        matched, doubts = _matched(our_inside, inside, ordered, prefix, our_prefix)
        found |= {key: (other, PINNED) for key, (other, _) in matched.items()}
        uncertain += doubts
        ours, theirs = _without(ours, our_inside), _without(theirs, inside)
    wanted, there = ({key for key in side if not is_count(key)} for side in (ours, theirs))
    if wanted <= there or there <= wanted:
        matched, doubts = {key: (key, NAME) for key in ours if key in theirs}, []
    else:
        matched, doubts = _matched(ours, theirs, ordered)
    found |= matched
    return {key: found[key] for key in slots if key in found}, uncertain + doubts


def _matched(
    slots: Mapping[str, Slot], given: Mapping[str, Given], ordered: bool, prefix: str = "", our_prefix: str = ""
) -> tuple[Paired, list[Uncertain]]:
    """By layers; a tensor that is pinned as such, and a layer, are what the other name says."""
    if prefix in given and our_prefix in slots:
        return {our_prefix: (prefix, NAME)}, []
    ours, theirs = _layers(slots), _layers(given)
    pinned = [each.path for each in ours] == [our_prefix] and [each.path for each in theirs] == [prefix]
    found = Matched([(0, 0, NAME)], []) if pinned else match(ours, theirs, ordered)
    pairs = {
        _key(ours[i].path, leaf): (_key(theirs[j].path, leaf), how)
        for i, j, how in found.pairs
        for leaf in ours[i].shapes
        if leaf in theirs[j].shapes
    }
    return pairs, found.uncertain


def _layers(tensors: Mapping[str, Slot] | Mapping[str, Given]) -> list[Layer]:
    shapes, whole = dict[str, dict[str, Shape]](), dict[str, dict[str, Shape]]()
    for key, each in tensors.items():
        path, _, leaf = key.rpartition(".")
        shapes.setdefault(path, {})[leaf] = each.shape
        if isinstance(each, Slot) and each.dense:
            whole.setdefault(path, {})[leaf] = each.dense
    return [Layer(path, found, found | whole[path] if path in whole else {}) for path, found in shapes.items()]


def _key(path: str, leaf: str) -> str:
    return f"{path}.{leaf}" if path else leaf


def _pins(names: Mapping[str, str], slots: Mapping[str, Slot], given: Mapping[str, Given]) -> dict[str, str]:
    """What `names` say, of names that there are."""
    found = dict[str, str]()
    for theirs, ours in names.items():
        for wrapper in WRAPPERS:
            theirs = theirs if _known(theirs, given) else theirs.removeprefix(wrapper)
        for whose, name, known in (("the source", theirs, given), ("the module", ours, slots)):
            if not _known(name, known):
                near = did_you_mean(name, {each for key in known for each in prefixes(key)})
                raise MatchError(f"nothing of {whose} is called `{name}`" + (f"; {near}" if near else ""))
        if ours in found.values():
            raise MatchError(f"`names` give `{ours}` twice: each layer of ours gets one of theirs")
        found[theirs] = ours
    return found


def _without(tensors: Mapping[str, Each], gone: Mapping[str, Each]) -> dict[str, Each]:
    return {key: each for key, each in tensors.items() if key not in gone}


def _is_below(key: str, prefix: str) -> bool:
    return key == prefix or key.startswith(f"{prefix}.")


def _known(name: str, keys: Mapping[str, Any]) -> bool:
    return any(_is_below(key, name) for key in keys)


# --- the report


def _report(
    slots: Mapping[str, Slot],
    given: Mapping[str, Given],
    taken: Paired,
    uncertain: Sequence[Uncertain],
    reasons: Mapping[str, str],
) -> Adopted:
    used = {theirs for theirs, _ in taken.values()}
    left = {key: each.shape for key, each in given.items() if key not in used}
    rivals = [Left(key, shape) for key, shape in left.items() if not is_count(key)]
    missing = [Left(key, slot.shape, reasons.get(key, "")) for key, slot in slots.items() if key not in taken]
    doubted = {each.ours for each in uncertain}
    for i, each in enumerate(missing[:_COMPARED]):
        if not each.why:
            unsure = each.name.rpartition(".")[0] in doubted
            missing[i] = each._replace(why="uncertain" if unsure else _nearest(each, rivals))
    pairs = [Pair(given[theirs].keys[0], ours, slots[ours].shape, how) for ours, (theirs, how) in taken.items()]
    unused = [Left(given[key].keys[0], shape) for key, shape in left.items()]
    return Adopted(tuple(pairs), tuple(missing), tuple(unused), tuple(uncertain))


def _nearest(missing: Left, rivals: Sequence[Left]) -> str:
    """What of theirs is left and comes nearest, by its name in the layer, its axes and its size."""

    def distance(other: Left) -> tuple[bool, int, float]:
        equal = sum(mine == theirs for mine, theirs in zip(missing.shape, other.shape, strict=False))
        size = abs(log(1 + prod(missing.shape)) - log(1 + prod(other.shape)))
        same_name = missing.name.rpartition(".")[2] == other.name.rpartition(".")[2]
        return not same_name, abs(len(missing.shape) - len(other.shape)) - equal, size

    if not rivals:
        return "nothing of theirs is left"
    found = min(rivals, key=distance)
    return f"nearest is {found.name} {shown(found.shape)}"


def _check(adopted: Adopted, partial: bool) -> None:
    if adopted.uncertain:
        each = adopted.uncertain[0]
        example = f'names={{"{each.theirs[0]}": "{each.ours}"}}'
        layers = "layer is" if len(adopted.uncertain) == 1 else "layers are"
        reason = f"{len(adopted.uncertain):,} {layers} uncertain: say which is which, such as `{example}`"
        raise MatchError(_told(reason, adopted))
    if adopted.lacking and not partial:
        way_out = f"with `partial=True` they stay as they are, or {_PIN}"
        raise MatchError(_told(f"nothing fits {len(adopted.lacking):,} of our tensors: {way_out}", adopted))


def _told(reason: str, adopted: Adopted) -> str:
    return "\n".join([reason, adopted.summary, *adopted.problems(_SHOWN)])


# --- filling


def _filled(
    module: Module, source: object, slots: Mapping[str, Slot], values: Mapping[str, Tensor], adopted: Adopted
) -> Adopted:
    """Give the module its values, and take them out again if it then differs from where they come from."""
    before = {key: slots[key].value.clone() for key in values} if isinstance(source, nn.Module) else {}
    _copy(slots, values)
    if not isinstance(source, nn.Module):
        return adopted
    if adopted.lacking:
        return replace(adopted, remarks=("outputs were not compared, as not all was taken",))
    try:
        found = compared(module, source)
    except BaseException:
        _copy(slots, before)
        raise
    if found.differs:
        _copy(slots, before)
        raise MatchError("\n".join([f"{found.said}: nothing was kept; {_PIN}", *_weak(adopted)]))
    return replace(adopted, remarks=(found.said,))


def _copy(slots: Mapping[str, Slot], values: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for key, value in values.items():
            slots[key].value.copy_(value)


def _weak(adopted: Adopted) -> list[str]:
    """Pairs of layers that rest on order alone, as others have the same shapes."""
    found = dict.fromkeys(
        (each.theirs.rpartition(".")[0], each.ours.rpartition(".")[0]) for each in adopted.pairs if each.how == ORDER
    )
    lines = [f"  {theirs} -> {ours}" for theirs, ours in found]
    more = [f"  … and {len(lines) - _SHOWN:,} more"] if len(lines) > _SHOWN else []
    return ["", "decided by order alone:", *lines[:_SHOWN], *more] if lines else []
