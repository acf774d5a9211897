"""The layers of the language, a file a family. A new family is imported here."""

from connc.compiler.ops import activation, attention, conv, form, joins, linear, norm, pooling, synapse
from connc.compiler.ops.base import OPS, Op

__all__ = ["FAMILIES", "OPS", "Op"]

FAMILIES = (activation, attention, conv, form, joins, linear, norm, pooling, synapse)
