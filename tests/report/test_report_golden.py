"""The whole of what is rendered, as data: `golden.md`."""

import json
from functools import partial
from pathlib import Path

import pytest

from connc.dsl.source import Source
from connc.report import github, places, sarif, text
from connc.report import json as json_format
from tests.golden import BLOCK, sections, title, with_outputs
from tests.report.samples import read

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
    return with_outputs(section, {kind: RENDER[kind](told) for kind, _, _ in blocks if kind in RENDER})


@pytest.mark.parametrize("section", sections(Path(__file__).with_name("golden.md"), rendered), ids=title)
def test_golden(section):
    assert section.count("\n```") >= 6  # a file, diagnostics and an output
    assert rendered(section) == section
