"""Reports: the same numbers in each format, and no more of them than one can read."""

import csv
import io
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import connc
from connc.backends.report.bars import histogram
from connc.backends.report.distances import distances
from connc.backends.report.figures import decimal, part, share, size, some, spread, whole
from connc.backends.report.formats import REPORTS, SUFFIXES
from connc.backends.report.rows import rows
from connc.backends.report.sections import sections
from connc.backends.report.several import joined
from connc.backends.report.shares import held
from connc.compiler.analyze.junctions import chains
from connc.compiler.expand import expand
from connc.testing import nets

ROOT = Path(__file__).resolve().parent.parent
FILES = [*sorted((ROOT / "tests" / "data" / "nets").glob("*.conn")), *sorted((ROOT / "examples").glob("*.conn"))]
STD = ["std.sparsenet", "std.densenet", "std.sdmn", "std.predefined:morse", "std.resnet"]
NETS = [
    f"{path.relative_to(ROOT)}:{net}"
    for path in FILES
    for net in re.findall(r"^net (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)[:1]
]
TARGETS = [*STD, *NETS]
FOUR = "net four {\n    in: [16]\n    in -> linear(8) by random(fan_in = 4) -> relu -> linear(4) -> out\n}\n"


@cache
def measured(target):
    """A network and its tables; each is put together once."""
    network = connc.load(target if target.startswith("std.") else str(ROOT / target))
    return network, connc.analyze(network)


def numbers(tables):
    """The numbers that a summary is about, as they are written."""
    yield from (whole(tables[name]) for name in ("params", "macs", "flops", "usual_flops"))
    yield from (size(count) for count in tables["memory"].values())
    if tables["density"] and tables["density"]["overall"] is not None:
        yield share(tables["density"]["overall"])
    if tables["scatter"]:
        yield decimal(tables["scatter"]["value"])
    if tables["path_length"]:
        yield from (whole(tables["path_length"][name]) for name in ("shortest", "longest", "layers"))
        yield decimal(tables["path_length"]["mean"])
    if tables["receptive_field"]:
        yield f"{tables['receptive_field']['height']} × {tables['receptive_field']['width']}"
    yield from (whole(tables["graph"][name]) for name in ("nodes", "edges"))


def all_agree(network, tables):
    """That what is wanted of each format holds."""
    found = {name: report(network, tables) for name, report in REPORTS.items()}
    for name in ("text", "md", "html"):
        assert [each for each in numbers(tables) if each not in found[name]] == [], name
        assert found[name].endswith("\n")
    assert max(map(len, found["text"].splitlines())) <= 100
    assert len(found["text"].splitlines()) <= 75
    assert read(found["csv"]) == {name: {k: v for k, v in each.items() if k in READ} for name, each in costs(tables)}
    for name, report in REPORTS.items():
        assert report(network, tables) == found[name]


READ = ("kind", "params", "macs", "dense_macs", "flops", "memory")


def costs(tables):
    return tables["costs"].items()


def read(text):
    """The costs that a CSV tells."""
    lines = csv.DictReader(io.StringIO(text, newline=""))
    return {line.pop("name"): {k: v if k == "kind" else int(v) for k, v in line.items()} for line in lines}


# --- of nets


@pytest.mark.parametrize("target", TARGETS)
def test_all_formats_say_the_same_numbers(target):
    all_agree(*measured(target))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nets())
def test_any_network_has_reports(network):
    all_agree(network, connc.analyze(network))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nets(level="kernel"))
def test_a_flat_network_has_them_too(network):
    all_agree(network, connc.analyze(network))


@pytest.mark.parametrize("target", TARGETS)
def test_the_outermost_rows_cost_what_the_network_costs(target):
    _, tables = measured(target)
    for most in (8, 24, 200):
        found = [row for row in rows(tables, most, levels=3) if row.level == 0]
        for column in ("params", "macs", "flops"):
            assert sum(row.sum(column) for row in found) == tables[column]


@pytest.mark.parametrize("target", STD)
def test_rows_that_are_opened_are_no_more_than_wanted(target):
    _, tables = measured(target)
    top = len(rows(tables, 1000, levels=1))
    assert all(len(rows(tables, most, levels=9)) <= max(most, top) for most in (8, 20, 60, 200))


def test_what_a_net_has_nothing_of_is_not_told():
    network = connc.loads("net a {\n    in: [3, 8, 8]\n    in -> relu -> out\n}\n")
    tables = connc.analyze(network)
    told = REPORTS["text"](network, tables)
    assert [each for each in ("Junctions", "Links", "Without effect", "  cost ") if each in told] == []
    assert "graph" in told


def test_what_has_no_effect_is_told():
    network = connc.loads("net a {\n    in: [4]\n    in -> linear(4) -> linear(2) by (i -> i) -> out\n}\n")
    tables = connc.analyze(network)
    assert tables["dead"]["neurons"]["linear2"]["dead"] == 2
    tables["dead"] |= {"left_out": [f"spare[{n}]" for n in range(20)]}
    for name in ("text", "md", "html"):
        told = REPORTS[name](network, tables)
        assert "dead neurons on its left" in told
        assert "spare[0], spare[1]" in told
        assert "spare[10]" not in told


def test_the_text_of_a_small_net_reads_well():
    network = connc.loads(FOUR)
    told = REPORTS["text"](network, connc.analyze(network))
    lines = told.splitlines()
    assert lines[:5] == [
        "four",
        "",
        "Size",
        "  parameters                76  (304 B in single precision)",
        "  multiply-accumulates      64  (for one sample, as all that follows)",
    ]
    assert lines[-3:] == [
        "  linear           40  52.6%    32  50.0%     64    32 B",
        "  linear2          36  47.4%    32  50.0%     64    16 B",
        "  all              76           64           128",
    ]


def test_a_witness_that_is_long_is_shortened():
    _, tables = measured("std.sparsenet")
    paths = next(each for each in sections(tables) if each.title == "Paths")
    (said,) = (fact.note for fact in paths.facts if fact.name == "shortest")
    ahead, behind = said.split(" → … ")
    assert tables["path_length"]["witness"][:5] == ahead.split(" → ")
    assert tables["path_length"]["witness"][-4:] == behind.partition("… → ")[2].split(" → ")


@pytest.mark.parametrize("target", ["std.predefined:morse", "std.predefined:fig4"])
def test_the_image_of_windows_has_the_scatter_as_its_mean(target):
    network, tables = measured(target)
    for junction in (each for chain in chains(expand(network)) for each in chain):
        for way, side in (("forward", junction), ("backward", junction.transposed)):
            shares = held(side)
            if shares is not None and shares.shape[0] in (side.sizes[1], 256):
                assert np.isclose(shares.mean(), tables["scatter"]["junctions"][junction.name][way], atol=0.02)


def test_reports_are_the_same_in_each_process_and_need_no_torch():
    script = (
        "import sys, hashlib, connc\nfrom connc.backends.report.formats import REPORTS\n"
        "net = connc.load('std.sparsenet')\ntables = connc.analyze(net)\n"
        "told = ''.join(REPORTS[name](net, tables) for name in sorted(REPORTS))\n"
        "print(hashlib.sha256(told.encode()).hexdigest(), 'torch' in sys.modules)"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
    assert found.pop().endswith("False\n")


def test_suffixes_name_formats():
    assert {*SUFFIXES.values()} == {*REPORTS, "json"}


# --- of figures


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (whole(4_513_576), "4,513,576"),
        (whole(10**30), "1e+30"),
        (decimal(0.74831), "0.7483"),
        (decimal(1234567.8), "1,234,568"),
        (decimal(3), "3"),
        (share(0.125), "12.5%"),
        (share(1.0), "100%"),
        (share(0.99999), ">99.9%"),
        (share(0.000001), "<0.01%"),
        (share(0.0), "0%"),
        (part(1, 3), "33.3%"),
        (part(1, 10**6), "<0.1%"),
        (part(0, 3), "0.0%"),
        (part(0, 0), ""),
        (size(0), "0 B"),
        (size(1023), "1023 B"),
        (size(1024), "1 KiB"),
        (size(1023 * 1024), "0.999 MiB"),
        (size(18_054_304), "17.2 MiB"),
        (size(2**70), "1,048,576 PiB"),
        (spread({"least": 1, "mean": 2.5, "most": 4}), "1 to 4, 2.5 on average"),
        (spread({"least": 3, "mean": 3.0, "most": 3}), "3 everywhere"),
        (some(list("abc"), 3), "a, b, c"),
        (some(list("abcdefg"), 3), "a, b, … 4 more …, g"),
    ],
)
def test_figures_are_short_and_true(said, wanted):
    assert said == wanted


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["head"], "head"),
        (["step[0]", "step[1]", "step[2]"], "step[0..2]"),
        (["cell[1,0]", "cell[1,1]"], "cell[1,0..1]"),
        (["part[0].conv", "part[1].conv"], "part[0..1].conv"),
        ([f"a[{i}].b[{j}]" for i in range(2) for j in range(3)], "a[0..1].b[0..2]"),
        (["step[0]", "step[2]"], "step[0], step[2]"),
        (["a", "b", "c", "d"], "a … d"),
        (["a[0].x", "a[1].y"], "a[0].x, a[1].y"),
        (["tower", "tower@2"], "tower, tower@2"),
    ],
)
def test_several_are_called_by_what_they_share(names, wanted):
    assert joined(names) == wanted


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ({1: (3, 3), 2: (1, 2)}, "1, 2 (1 of 2)"),
        ({1: (0, 3), 4: (2, 2)}, "4"),
        (dict.fromkeys(range(1, 13), (1, 1)), "1–12"),
        (dict.fromkeys((1, 2, 4, 8), (1, 2)), "1, 2, 4, 8"),
        ({}, ""),
    ],
)
def test_distances_are_told_in_short(counts, wanted):
    assert distances({str(n): {"count": a, "possible": b} for n, (a, b) in counts.items()}) == wanted


def test_a_histogram_of_one_number_is_none():
    assert histogram("a", "b", {"3": 7}) == ""
    assert histogram("a", "b", {"3": 7, "4": 0}) == ""


def test_bars_of_a_histogram_hold_all():
    told = histogram("a", "b", {str(n): 1 for n in range(1, 1001)})
    assert told.count("<rect") == 40
    assert "<title>976–1,000: 25</title>" in told
