"""networkx, imported when something of it is used: that takes as long as checking a spec, which seldom needs it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx
else:

    class _Late:
        """Stands for the module until then."""

        def __getattr__(self, name: str) -> Any:
            return getattr(import_module("networkx"), name)

    nx = _Late()

__all__ = ["nx"]
