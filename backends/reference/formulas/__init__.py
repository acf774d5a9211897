"""The formulas of the ops, a file a family, as their entries in the manual say them. A new family is imported here."""

from connc.backends.reference.formula import FORMULAS
from connc.backends.reference.formulas import (
    activation,
    attention,
    conv,
    cut,
    form,
    joins,
    linear,
    norm,
    pooling,
    synapse,
)

__all__ = ["FAMILIES", "FORMULAS"]

FAMILIES = (activation, attention, conv, cut, form, joins, linear, norm, pooling, synapse)
