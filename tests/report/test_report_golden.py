"""The whole of what is rendered, as data: `golden.md`. `UPDATE_GOLDENS=1` writes the outputs anew; read the change."""

import json
import os
import re
from functools import partial
from pathlib import Path

import pytest

from connc.dsl.source import Source
from connc.report import github, places, sarif, text
from connc.report import json as json_format
from tests.report.samples import read

GOLDEN = Path(__file__).with_name("golden.md")
BLOCK = re.compile(r"^```(\S+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RENDER = {
    "text": text.render,
    "json-output": json_format.render,
    "sarif-output": partial(sarif.render, version="1.2.3", catalogue={}),
    "github-output": github.render,
}


def rendered(section: str) -> str:
    """A section with its outputs made anew from its files and diagnostics."""
    blocks = BLOCK.findall(section)
    texts = {name: body if kind == "conn" else json.loads(body) for kind, name, body in blocks if name}
    sources = {name: Source(name, body) for name, body in texts.items()}
    told = places.in_order(d for kind, _, body in blocks if kind == "told" for d in read(body, sources))
    outputs = {kind: RENDER[kind](told) for kind, _, _ in blocks if kind in RENDER}
    return BLOCK.sub(
        lambda block: f"```{block[1]}\n{outputs[block[1]]}```" if block[1] in outputs else block[0], section
    )


def sections() -> list[str]:
    return re.split(r"^(?=## )", GOLDEN.read_text(encoding="utf-8"), flags=re.MULTILINE)


if os.environ.get("UPDATE_GOLDENS"):
    GOLDEN.write_text("".join(map(rendered, sections())), encoding="utf-8")


@pytest.mark.parametrize("section", sections()[1:], ids=lambda section: section[3 : section.index("\n")])
def test_golden(section):
    assert section.count("\n```") >= 6  # a file, diagnostics and an output
    assert rendered(section) == section
