"""The weights of other implementations, matched to a module by structure and shape."""

from connc.backends.pretrained.adopt import Adopted, MatchError, adopt

__all__ = ["Adopted", "MatchError", "adopt"]
