"""The two sides of a match: the tensors of a module, those of a source, and a value of one as the other takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor

from connc.backends.pretrained.adopted import MatchError, shown
from connc.backends.pretrained.alignment import squeezed
from connc.backends.torch.module import Module
from connc.backends.torch.names import tensor_place
from connc.compiler.expand import expand
from connc.compiler.ops.base import Shape
from connc.compiler.parameters import parameters
from connc.compiler.relations.relation import Relation

WRAPPERS = ("module.", "_orig_mod.")  # by those that run a module on several devices, or compile it
_CONNECTED = ("weight", "threshold", "signs")  # what layers have a value of for each connection


class Given(NamedTuple):
    """A tensor of theirs. `keys` are what the source calls it; a pruned one is made of two."""

    keys: tuple[str, ...]
    value: Tensor

    @property
    def shape(self) -> Shape:
        return tuple(self.value.shape)


class Slot(NamedTuple):
    """A tensor of ours, and the relation whose connections its values belong to, where there is one."""

    key: str
    value: Tensor
    rule: Relation | None = None

    @property
    def shape(self) -> Shape:
        return tuple(self.value.shape)

    @property
    def dense(self) -> Shape | None:
        """Its shape if all were connected with all."""
        rule = self.rule
        return None if rule is None else (prod(rule.targets), prod(rule.sources), *self.shape[1:])


# --- ours


def slots_of(module: Module) -> dict[str, Slot]:
    """The tensors of a module in the order of its network."""
    state, rules, found = module.state_dict(keep_vars=True), _rules(module), dict[str, Slot]()
    for each in parameters(module.network):
        key = tensor_place(each.layer, each.key).key
        if key not in state or tuple(state[key].shape) != each.shape:
            raise MatchError(f"`{key}` of the module is no longer what its network says: compile it anew")
        if state[key].is_meta:
            raise MatchError("the module is on `meta`, without values: compile it on a device that has some")
        rule = rules.get(each.layer) if each.key in _CONNECTED else None
        found[key] = Slot(key, state[key].detach(), rule)
    return found


def _rules(module: Module) -> dict[str, Relation]:
    """The relations behind layers, by the layers."""
    found = ((node.owner, getattr(node.what, "rule", None)) for node in expand(module.network))
    return {layer: rule for layer, rule in found if rule is not None}


# --- theirs


def given_by(state: object) -> dict[str, Given]:
    """Their tensors by names without what wraps all of them; pruned ones as they compute."""
    if not isinstance(state, Mapping):
        raise TypeError(f"adopt takes a module of torch or its `state_dict`, not a {type(state).__name__}")
    for name, value in state.items():
        if isinstance(value, Mapping) and any(isinstance(each, Tensor) for each in value.values()):
            raise MatchError(f"the source is no `state_dict`, but holds one: give `source[{name!r}]`")
    found = {
        str(name): Given((str(name),), value.detach()) for name, value in state.items() if isinstance(value, Tensor)
    }
    if not found:
        raise MatchError("the source has no tensors: give a module of torch or its `state_dict`")
    while wrapper := next((each for each in WRAPPERS if all(name.startswith(each) for name in found)), ""):
        found = {name.removeprefix(wrapper): each for name, each in found.items()}
    return {name: each for key, value in found.items() for name, each in _unpruned(key, value, found)}


def _unpruned(key: str, value: Given, state: Mapping[str, Given]) -> Iterator[tuple[str, Given]]:
    """`weight_orig` and `weight_mask` of torch's pruning are `weight`."""
    name, _, part = key.rpartition("_")
    mask = state.get(f"{name}_mask")
    if part == "orig" and mask and name not in state and mask.value.shape == value.value.shape:
        yield name, Given((*value.keys, *mask.keys), value.value * mask.value.to(value.value.dtype))
    elif not (part == "mask" and f"{name}_orig" in state and name not in state):
        yield key, value


# --- values


def fitted(slot: Slot, value: Tensor) -> Tensor | str:
    """A value as ours takes it, or why it cannot."""
    ours, shape = slot.value, tuple(value.shape)
    if value.layout != torch.strided or value.is_quantized or value.is_complex() or value.is_meta:
        return "it is no dense tensor of real numbers"
    if value.is_floating_point() != ours.is_floating_point() or value.dtype == torch.bool:
        return f"it holds {_type(value)}, and ours {_type(ours)}"
    if ours.is_floating_point() and bool((value.to(ours.dtype).isinf() & ~value.isinf()).any()):
        return f"it holds numbers that are too large for {_type(ours)}"
    if squeezed(shape) == squeezed(slot.shape):
        return value.reshape(slot.shape)
    if slot.rule is None or slot.dense is None or squeezed(shape) != squeezed(slot.dense):
        return f"it is {shown(shape)}, and ours {shown(slot.shape)}"
    return _at_connections(slot.rule, value.reshape(slot.dense))


def _at_connections(rule: Relation, value: Tensor) -> Tensor | str:
    """The entries of connections, by target, then by source; there may be no others."""
    sources, targets = (torch.tensor(each, dtype=torch.int64, device=value.device) for each in rule.pairs())
    found = value[targets, sources]
    if others := int(torch.count_nonzero(value)) - int(torch.count_nonzero(found)):
        return f"{others:,} of its entries are not 0 where the rule of the layer connects nothing"
    return found


def _type(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")
