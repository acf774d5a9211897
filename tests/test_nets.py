"""Real specs, from the seeds to what others have built: put together, in the house format, as large as published."""

from functools import cache
from pathlib import Path

import pytest

import connc
from connc.api import check_target
from connc.compiler.expand import expand
from connc.dsl.tree import Net
from connc.specs import format_target, load_units
from connc.target import STDLIB, targets

ROOT = Path(__file__).resolve().parent.parent
SPECS = sorted([*STDLIB.glob("*.conn"), *ROOT.glob("examples/*.conn"), *ROOT.glob("tests/data/nets/*.conn")])


def nets(path):
    """All nets of a file, as one would name them."""
    (target,) = targets(str(path))
    (*_, unit), _ = load_units(target)
    return [f"{path}:{each.name.text}" for each in unit.file.declarations if isinstance(each, Net)]


def short(net):
    """`std/sparsenet.conn:sparsenet` of a name that begins with folders."""
    return "/".join(Path(net).parts[-2:])


NETS = [net for path in SPECS for net in nets(path)]
load = cache(connc.load)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_real_spec_has_no_mistakes(path):
    for target in targets(str(path)):
        assert check_target(target) == []


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_real_spec_stands_in_the_house_format(path):
    for target in targets(str(path)):
        source, text, _ = format_target(target)
        assert text == source.text


@pytest.mark.parametrize("net", NETS, ids=short)
def test_the_text_of_a_real_net_says_all_of_it(net):
    network = load(net)
    flat = expand(network)
    assert connc.parse_ir(str(network)) == network
    assert connc.parse_ir(str(flat)) == flat


def test_a_seed_changes_what_is_drawn_and_not_how_much():
    first, second = (connc.load("std.predefined:morse", seed=seed) for seed in (0, 1))
    assert first == load("std.predefined:morse") != second
    one, two = (connc.analyze(each) for each in (first, second))
    assert one.pop("scatter") != two.pop("scatter")
    assert one == two
