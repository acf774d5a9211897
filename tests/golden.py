"""Goldens: Markdown files whose sections say what to see, and hold what goes in and the whole of what comes out.

`UPDATE_GOLDENS=1` writes the outputs anew; read the change before it is kept.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

BLOCK = re.compile(r"^```(\S+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
Render = Callable[[str], str]


def sections(path: Path, rendered: Render) -> list[str]:
    """The sections of a file, each from its `## ` on; all outputs are made anew first where that is asked for."""
    found = re.split(r"^(?=## )", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if os.environ.get("UPDATE_GOLDENS"):
        found = [found[0], *map(rendered, found[1:])]
        path.write_text("".join(found), encoding="utf-8")
    return found[1:]


def title(section: str) -> str:
    return section[3 : section.index("\n")]


def with_outputs(section: str, outputs: dict[str, str]) -> str:
    """A section with the blocks of these kinds replaced."""
    return BLOCK.sub(lambda b: f"```{b[1]}\n{outputs[b[1]]}```" if b[1] in outputs else b[0], section)
