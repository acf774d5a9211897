"""Whether what one network has learned can be loaded into another: the tensors of both, by name and shape."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from connc.compiler.difference.data import Weights
from connc.compiler.difference.renames import called
from connc.compiler.expand import expand
from connc.compiler.network import Network
from connc.compiler.ops.base import Op, Shape
from connc.compiler.parameters import Parameter, parameters


def weights(before: Network, after: Network, names: Mapping[str, str]) -> Weights:
    """`names` are the new ones of layers that are renamed, by the old ones."""
    old, new = _Tensors(before), _Tensors(after)
    both = {name: (old.shapes[name], shape) for name, shape in new.shapes.items() if name in old.shapes}
    alike = [name for name, (shape, other) in both.items() if shape == other]
    rewired = {name for name in alike if _are_others(old.rule(name), new.rule(name))}
    moved = {called(name, names): name for name in old.shapes if name not in both}
    renamed = {name: was for name, was in moved.items() if new.takes(name, old, was) and name not in both}
    taken = set(renamed.values())
    return Weights(
        fits={name: new.shapes[name] for name in alike if name not in rewired},
        new={name: shape for name, shape in new.shapes.items() if name not in both and name not in renamed},
        gone={was: old.shapes[was] for was in old.shapes if was not in both and was not in taken},
        reshaped={name: shapes for name, shapes in both.items() if shapes[0] != shapes[1]},
        rewired={name: new.shapes[name] for name in alike if name in rewired},
        renamed=renamed,
        wanted=sum(map(prod, new.shapes.values())),
    )


class _Tensors:
    """Those of a network, and the rules of the layers that they belong to."""

    def __init__(self, network: Network) -> None:
        kernel = expand(network)
        found: list[Parameter] = parameters(kernel)
        self.shapes: dict[str, Shape] = {each.name: each.shape for each in found}
        self.layers = {each.name: each.layer for each in found}
        self.rules = {node.owner: _table(node.what) for node in kernel if isinstance(node.what, Op)}

    def rule(self, name: str) -> str | None:
        return self.rules.get(self.layers[name])

    def takes(self, name: str, other: _Tensors, was: str) -> bool:
        """Whether a tensor of another network has a value for one of this."""
        fits = self.shapes.get(name) == other.shapes[was]
        return fits and not _are_others(other.rule(was), self.rule(name))


def _table(op: Op) -> str | None:
    """What is known of the connections that weights belong to; where all are connected there is nothing to know."""
    rule = op.rule
    full = rule is None or rule.count == prod(rule.sources) * prod(rule.targets)
    return None if rule is None or full else rule.digest()


def _are_others(before: str | None, after: str | None) -> bool:
    return before is not None and after is not None and before != after
