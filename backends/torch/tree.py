"""The tree of modules: layers where their names say, and parts between them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from connc.compiler.ops.base import Shape


class Part(nn.Module):
    """What holds layers: the instance of a module, or a family, whose members are `part[0]`, `part[1, 2]`."""

    def __getitem__(self, index: int | tuple[int, ...]) -> nn.Module:
        found: nn.Module = self
        for each in index if isinstance(index, tuple) else (index,):
            if str(each) not in found._modules:
                raise IndexError(index)
            found = found.get_submodule(str(each))
        return found


class Tensors(nn.Module):
    """The tensors of a layer that computes with them by itself."""


def hold(module: nn.Module, name: str, shape: Shape, learned: bool) -> None:
    """Let a module have a tensor."""
    if name not in module._parameters and name not in module._buffers:
        if learned:
            module.register_parameter(name, nn.Parameter(torch.empty(shape)))
        else:
            module.register_buffer(name, torch.empty(shape))


def planted(root: nn.Module, modules: Mapping[str, nn.Module]) -> None:
    """Put modules where their paths say, in order, with parts in between."""
    for path in modules:
        above, steps = root, path.split(".")
        for i, step in enumerate(steps):
            if above._modules.get(step) is None:
                above.add_module(step, modules.get(".".join(steps[: i + 1])) or Part())
            above = above.get_submodule(step)
