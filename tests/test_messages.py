"""What people are told, whole: `data/messages.md`."""

from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from connc import report
from connc.api import check_target
from connc.target import targets
from tests.golden import BLOCK, sections, title, with_outputs


def rendered(section):
    """A section with its message made anew from its files; the first one is checked."""
    files = {name: body for kind, name, body in BLOCK.findall(section) if kind == "conn"}
    with TemporaryDirectory() as folder, chdir(folder):
        Path("connc.toml").touch()
        for name, body in files.items():
            Path(name).write_text(body, encoding="utf-8")
        (target,) = targets(next(iter(files)))
        return with_outputs(section, {"text": report.render(check_target(target))})


@pytest.mark.parametrize("section", sections(Path(__file__).with_name("data") / "messages.md", rendered), ids=title)
def test_message(section):
    assert rendered(section) == section
