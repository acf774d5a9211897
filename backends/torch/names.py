"""What things of a spec are called in torch: modules, tensors, arguments, the class.

`block[1].cell[2,3].conv` is the module `block.1.cell.2.3.conv`, and so begin the keys of its tensors. A name that
torch's modules or Python need is followed by one more `_`: `forward` is `forward_`, `forward_` is `forward__`. The same
holds of names that begin with `_`. Inputs are arguments of `forward`; they make way for Python's functions too.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from functools import lru_cache
from keyword import iskeyword
from typing import NamedTuple

from connc.compiler.names import owner

# What torch.nn.Module, torch.fx.GraphModule and ours have, without `_` in front or behind.
TAKEN = frozenset(
    [
        "T_destination",
        "add_module",
        "add_submodule",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "code",
        "compile",
        "cpu",
        "cuda",
        "delete_all_unused_submodules",
        "delete_submodule",
        "double",
        "dump_patches",
        "eval",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "graph",
        "half",
        "ipu",
        "load_state_dict",
        "meta",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "network",
        "parameters",
        "print_readable",
        "recompile",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad",
        "reset_parameters",
        "seed",
        "set_extra_state",
        "set_submodule",
        "shape_env",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "to_folder",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    ]
)
_SCOPE = frozenset(
    ["self", "torch", "device", "inf", "nan", "NoneType", "fx_pytree", "pytree"]
)  # what generated code speaks of
_MADE_UP = re.compile(r"v[0-9]+")
_INDICES = re.compile(r"[0-9]+")
_PARTED = re.compile(r"(\w+)_(weight|bias)")


class Place(NamedTuple):
    """A tensor: the module that holds it, and what that calls it."""

    module: str
    attribute: str

    @property
    def key(self) -> str:
        return f"{self.module}.{self.attribute}"


def made_up(number: int) -> str:
    """The name of a value that no spec names."""
    return f"v{number}"


def child(word: str) -> str:
    """A word of a spec as the name of a module."""
    return _escaped(word, word.rstrip("_") in TAKEN or _needs_way(word))


def argument(word: str) -> str:
    """A word of a spec as an argument of `forward`."""
    bare = word.rstrip("_")
    taken = hasattr(builtins, bare) or bare in _SCOPE or _MADE_UP.fullmatch(bare) is not None
    return _escaped(word, taken or _needs_way(word))


@lru_cache(maxsize=1)  # a layer is asked for by each of its tensors
def module_path(name: str) -> str:
    """Where in the tree of modules a layer stands; a layer that is used again stands where it did."""
    return ".".join(part for word in owner(name).split(".") for part in _parts(word))


def tensor_place(layer: str, key: str) -> Place:
    """Where a tensor stands, which the layer calls `key`: one made of several has `depth_weight` in `depth.weight`."""
    path, parted = module_path(layer), _PARTED.fullmatch(key)
    return Place(f"{path}.{child(parted[1])}", parted[2]) if parted else Place(path, child(key))


def class_name(kind: str) -> str:
    """`ResnetCifar` for `resnet_cifar`."""
    found = "".join(word[:1].upper() + word[1:] for word in kind.split("_"))
    return found if found.isidentifier() and not iskeyword(found) else f"_{found}"


def _parts(word: str) -> Iterator[str]:
    name, _, rest = word.partition("[")
    yield child(name)
    yield from _INDICES.findall(rest)


def _needs_way(word: str) -> bool:
    return word.startswith("_") or iskeyword(word.rstrip("_"))


def _escaped(word: str, taken: bool) -> str:
    return f"{word}_" if taken else word
