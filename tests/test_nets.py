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


@pytest.mark.parametrize(
    ("net", "params", "flops"),
    [  # from the papers, counted anew: parameters exactly, operations as they are printed
        ("std.densenet:densenet121", 7_978_856, "5.70"),
        ("std.densenet:densenet169", 14_149_480, "6.76"),
        ("std.densenet:densenet201", 20_013_928, "8.63"),
        ("std.sparsenet:sparsenet121", 4_513_576, "3.46"),
        ("std.sparsenet:sparsenet169", 6_228_616, "3.74"),
        ("std.sparsenet:sparsenet201", 7_221_896, "4.13"),
        ("std.sparsenet:sparsenet201_48", 14_907_736, "9.19"),
    ],
)
def test_a_net_is_as_large_as_its_paper_says(net, params, flops):
    found = connc.analyze(load(net))
    assert (found["params"], f"{found['flops'] / 1e9:.2f}") == (params, flops)


def test_morse_has_half_of_all_connections():
    found = connc.analyze(load("std.predefined:morse"))
    assert found == {"params": 65_536 + 1024 + 64, "macs": 65_536, "flops": 2 * 65_536}


@pytest.mark.parametrize(
    ("growth", "links", "millions"),
    [(12, "parallel", 3.36), (12, "forward", 3.94), (32, "parallel", 23.46)],
)
def test_dense_modules_are_as_large_as_counted_by_hand(growth, links, millions):
    found = connc.analyze(connc.load("std.sdmn", {"growth": growth, "links": links}))
    assert round(found["params"] / 1e6, 2) == millions


def test_a_seed_changes_what_is_drawn_and_not_how_much():
    first, second = (connc.load("std.predefined:morse", seed=seed) for seed in (0, 1))
    assert first == load("std.predefined:morse") != second
    assert connc.analyze(first) == connc.analyze(second)
