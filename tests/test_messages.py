"""What people are told, whole: `data/messages.md`."""

from pathlib import Path

import pytest

from connc import report
from connc.api import check_target
from connc.target import targets
from tests.golden import BLOCK, sections, title, with_outputs


def rendered(section):
    """A section with its message made anew from its files; the first one is checked."""
    blocks = BLOCK.findall(section)
    files = {name: body for kind, name, body in blocks if kind == "conn"}
    Path("connc.toml").touch()
    for name, body in files.items():
        Path(name).write_text(body, encoding="utf-8")
    (target,) = targets(next(iter(files)))
    return with_outputs(section, {"text": report.render(check_target(target).diagnostics)})


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("section", sections(Path(__file__).with_name("data") / "messages.md", rendered), ids=title)
def test_message(section):
    assert rendered(section) == section
