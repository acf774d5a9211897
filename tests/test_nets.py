"""Real specs, from the seeds to what others have built: the language carries them, in the house format."""

from pathlib import Path

import pytest

from connc.api import check_target, format_target
from connc.target import STDLIB, targets

ROOT = Path(__file__).resolve().parent.parent
SPECS = sorted([*STDLIB.glob("*.conn"), *ROOT.glob("examples/*.conn"), *ROOT.glob("tests/data/nets/*.conn")])


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_real_spec_has_no_mistakes(path):
    for target in targets(str(path)):
        assert [each for each in check_target(target).diagnostics if each.is_error] == []


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_real_spec_stands_in_the_house_format(path):
    for target in targets(str(path)):
        source, text, _ = format_target(target)
        assert text == source.text
