"""How the catalogue is written down: texts are indented like the code around them."""

from inspect import cleandoc

from connc.dsl.diagnostic import Code


def define(id: str, title: str, meaning: str, *, wrong: str, right: str, flags: tuple[str, ...] = ()) -> Code:
    """A code; `flags` are those of `connc check` that its examples need."""
    return Code(id, title, cleandoc(meaning), cleandoc(wrong) + "\n", cleandoc(right) + "\n", flags)
