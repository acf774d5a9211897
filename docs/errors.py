"""Writes errors.md from the catalogue of diagnostics: `make docs`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from connc.dsl.codes import CATALOGUE
from connc.dsl.diagnostic import Code
from connc.report.visible import visible

PAGE = Path(__file__).with_name("errors.md")
GROUPS = {
    "E1": "Text and syntax",
    "E2": "Shapes",
    "E3": "Names and files",
    "E4": "Values and calls",
    "E5": "Bodies",
    "E7": "Rules",
    "E8": "Wiring",
    "E9": "Texts of networks",
    "W6": "Warnings",
}
HEAD = """\
# Diagnostics

Every message of connc has a code. `connc explain E301` prints what stands here. A code keeps its meaning; its words may
change. What cannot be seen in an example is written out, as in `<U+202E>`.

This page is made from the catalogue in `dsl/codes/` by `make docs`.
"""


def page(codes: Iterable[Code] = CATALOGUE.values()) -> str:
    """The whole page: a group a kind, each with an index and a section a code."""
    found: dict[str, list[Code]] = {}
    for code in codes:
        found.setdefault(code.id[:2], []).append(code)
    groups = (_group(GROUPS[group], found[group]) for group in found)
    return "\n".join((HEAD, *groups))


def _group(title: str, codes: list[Code]) -> str:
    index = "".join(f"- [{code.id}](#{code.id.lower()}) {code.title}\n" for code in codes)
    return f"## {title}\n\n{index}\n" + "\n".join(map(_section, codes))


def _section(code: Code) -> str:
    flags = f", with `{' '.join(code.flags)}`" if code.flags else ""
    examples = f"Wrong{flags}:\n\n{_block(code.wrong)}\nRight:\n\n{_block(code.right)}"
    return f"### {code.id}\n\n**{code.title[0].upper()}{code.title[1:]}**\n\n{code.meaning}\n\n{examples}"


def _block(spec: str) -> str:
    """An example as it is, but for what cannot be seen or is no text."""
    text = spec.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    lines = "".join(f"{visible(line)}\n" for line in text.splitlines())
    return f"```text\n{lines}```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
