"""From trees to what they mean: names, types, calls, values and flow, checked without running anything."""

from connc.dsl.check.program import Checked, Declared, Names, check
from connc.dsl.check.scope import World

__all__ = ["Checked", "Declared", "Names", "World", "check"]
