"""What the verifier raises: a fault of connc, unless the network was read as text."""

from __future__ import annotations

from connc.compiler.network import Node


class Invalid(ValueError):
    """A law that a network breaks, and the node that does."""

    def __init__(self, message: str, node: Node | None = None, help: str = "") -> None:
        self.message = f"`{node.name}`: {message}" if node else message
        self.node, self.help = node, help
        super().__init__(self.message)


class WrongShape(Invalid):
    """What flows does not fit."""
