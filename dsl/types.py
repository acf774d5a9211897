"""The types that parameters are declared with."""

from __future__ import annotations

from dataclasses import dataclass

NAMES = ("int", "float", "bool", "str", "shape", "rule", "module")
_ARTICLES = {"int": "an int", "float": "a number", "bool": "a truth value", "str": "a string"}


@dataclass(frozen=True, slots=True)
class Type:
    """`int`, `module`; with `listed` a list: `int[]` of any length, `int[3]` of three, or of one value for all three.

    The length is -1 where it depends on another parameter.
    """

    name: str
    listed: bool = False
    length: int | None = None

    def __str__(self) -> str:
        brackets = f"[{'' if self.length is None else self.length}]" if self.listed else ""
        return self.name + brackets

    @property
    def item(self) -> Type:
        return Type(self.name)

    @property
    def words(self) -> str:
        """For a message: `an int`, `a list of modules`."""
        if not self.listed:
            return _ARTICLES.get(self.name, f"a {self.name}")
        plural = {"int": "ints", "float": "numbers", "bool": "truth values", "str": "strings", "free": "sizes"}
        count = "" if self.length is None else f"{self.length} "
        return f"a list of {count}{plural.get(self.name, self.name + 's')}"


INT, FLOAT, BOOL, STR, SHAPE, RULE, MODULE = (Type(name) for name in NAMES)
