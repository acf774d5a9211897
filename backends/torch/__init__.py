"""Networks as modules of torch: fx graphs that run, train, copy, and say which line of a spec failed."""

from connc.backends.torch.lower import compile_network
from connc.backends.torch.module import Module

__all__ = ["Module", "compile_network"]
