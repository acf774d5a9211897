"""Tables of connections that know the relation which they are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import torch
from torch import Tensor

from connc.backends.torch.junction import Edges
from connc.compiler.relations.relation import Relation

CONNECTIONS = "connections"


class Connections(Edges):
    """The pairs of a relation.

    Tables move with the module and are no part of its state: the relation knows them, whatever is done to tensors.
    """

    def __init__(self, relation: Relation) -> None:
        super().__init__(torch.empty(0), torch.empty(0), torch.empty(0))
        self.relation = relation
        self.fill(self.sources.device)

    def fill(self, device: torch.device) -> None:
        """Make the tables anew, on a device."""
        sources, targets = self.relation.pairs()
        for name, table in (("sources", sources), ("targets", targets), ("starts", self.relation.starts)):
            setattr(self, name, torch.tensor(table, dtype=torch.int32, device=device))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Connections:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.fill(self.sources.device)
        return self

    def digest(self) -> str:
        return self.relation.digest()

    def extra_repr(self) -> str:
        return f"{prod(self.relation.sources)} -> {prod(self.relation.targets)}, {self.relation.count} connections"


def connections(relation: Relation) -> Connections | None:
    """Those of a relation, none where it connects all with all, as that needs no table."""
    dense = relation.count == prod(relation.targets) * prod(relation.sources)
    return None if dense else Connections(relation)


def connections_in(state: Mapping[str, Tensor]) -> dict[str, str]:
    """The digests of the connections whose weights a `state_dict` holds, by the paths of their tables."""
    about: Mapping[str, Any] = getattr(state, "_metadata", {})
    return {path: each[CONNECTIONS] for path, each in about.items() if each.get(CONNECTIONS)}
