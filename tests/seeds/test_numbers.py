"""The numbers of the papers: each row of `docs/seeds.md` is measured, and its verdict holds."""

import re
from fractions import Fraction
from functools import cache
from math import floor
from pathlib import Path
from typing import NamedTuple

import pytest

import connc
from connc.specs import parse_settings
from connc.sweep import parse_span, sweep
from connc.target import target
from tests.seeds.measures import QUANTITIES

DOCS = Path(__file__).resolve().parents[2] / "docs" / "seeds.md"
SCALES = {"": 1, "%": 1, "M": 10**6, "G": 10**9}


class Row(NamedTuple):
    """A line of a table: the net with its parameters, what is measured, what the paper says and what is found."""

    net: str
    quantity: str
    paper: str
    here: str
    verdict: str


def rows():
    """All lines of tables whose last cells but four are a net."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if " | `std." in line]
    return [Row(net.strip("`"), *rest) for _, net, *rest in cells]


ROWS = rows()
SIZED = {row.net: int(row.here.replace(",", "")) for row in ROWS if row.quantity == "parameters"}
COMPILED = [net for net, size in SIZED.items() if size < 25e6 and "depth=2000" not in net]  # trained elsewhere


@cache
def network(net):
    name, *settings = net.split(" ")
    return connc.load(name, dict(setting.split("=", 1) for setting in settings))


def verdict(paper, value):
    """Whether a number is what is printed, in as many digits; or less than a tenth away."""
    digits, scale = re.fullmatch(r"([\d,.]+)([%MG]?)(?: \(code\))?", paper).groups()
    unit = 10 ** len(digits.partition(".")[2])
    printed, ours = Fraction(digits.replace(",", "")) * unit, Fraction(value) / SCALES[scale] * unit
    if floor(ours + Fraction(1, 2)) == printed:
        return "exact"
    return "close" if abs(ours / printed - 1) < Fraction(1, 10) else "not determinable"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.net}, {row.quantity}")
def test_a_number_is_what_the_docs_say_and_as_near_to_the_paper(row):
    measure, written = QUANTITIES[row.quantity]
    value = measure(network(row.net))
    assert written(value) == row.here
    values = value if isinstance(value, list) else [value]
    found = {verdict(*each) for each in zip(row.paper.split(", "), values, strict=True)}
    assert found == {"not determinable" if row.verdict == "misprint" else row.verdict}


def test_the_tables_are_not_empty():
    assert len(ROWS) > 90
    assert {row.quantity for row in ROWS} == set(QUANTITIES)


@pytest.mark.slow
@pytest.mark.parametrize("net", COMPILED)
def test_a_module_has_as_many_parameters_as_its_network(net):
    assert sum(each.numel() for each in connc.compile(network(net)).parameters()) == SIZED[net]


PATHS = re.findall(r"^  \| (\d+) \| ([\d:, ]+) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    ("layers", "growth", "path"),
    [(int(layers), *map(int, each.split(": "))) for layers, row in PATHS for each in row.split(", ")],
)
def test_a_path_keeps_a_net_at_a_million_parameters(layers, growth, path):
    found = parameters("basic", blocks=[(layers - 4) // 3] * 3, growth=growth, path=path)
    assert abs(found / 1e6 - 1) < 0.05


def test_narrow_shallow_nets_stay_below_a_million_even_where_they_are_dense():
    assert len(PATHS) == 3
    assert parameters("basic", blocks=[8, 8, 8], growth=16, reach="dense") < 0.9e6


def parameters(kind, **params):
    return connc.analyze(connc.load(f"std.sparsenet_ends:{kind}", params), "params")["params"]


def test_the_third_size_is_as_much_smaller_and_faster_as_the_docs_say():
    largest = {"depth": 190, "growth": 40, "bottleneck": True, "compression": 0.5, "classes": 10}
    dense = connc.analyze(connc.load("std.densenet:densenet_cifar", largest), "params", "macs")
    sparse = connc.analyze(connc.load("std.sparsenet_ends:v3", {"gate": "identity"}), "params", "macs")
    assert [f"{dense[each] / sparse[each]:.2f}" for each in ("params", "macs")] == ["2.64", "3.55"]


@pytest.mark.parametrize("depth", [38, 56, 110, 200])
def test_the_sum_form_has_as_many_parameters_as_the_residual_network(depth):
    sum_form, residual = (
        connc.load(net, {"depth": depth}) for net in ("std.sparsenet:sparsenet_sum", "std.resnet:resnet_cifar")
    )
    counts = "params", "macs", "flops"
    assert connc.analyze(sum_form, *counts) == connc.analyze(residual, *counts)


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_figure_2_keeps_12_of_24_windows(kernel):
    whole = {"kernel": kernel, "halves": "full"}
    assert connc.analyze(connc.load("std.sdmn:figure2", whole), "params") == {"params": 24 * kernel**2}
    assert connc.analyze(connc.load("std.sdmn:figure2", {"kernel": kernel}), "params") == {"params": 12 * kernel**2}


TABLE_1 = {
    ("std.sparsenet:sparsenet_cifar", "reach=chain"): ("n", "n", "1"),
    ("std.sparsenet:sparsenet_sum", "reach=dense"): ("n", "1", "n"),
    ("std.densenet:densenet_cifar", "bottleneck=false"): ("n^2", "1", "n"),
    ("std.sparsenet:sparsenet_sum", "reach=exponential"): ("n", "log n", "log n"),
    ("std.sparsenet:sparsenet_cifar", "reach=exponential"): ("n log n", "log n", "log n"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("net", "setting"), TABLE_1)
def test_table_1_of_the_poster_is_how_the_nets_grow(net, setting):
    """Plain, ResNet, DenseNet, and both forms of SparseNet: parameters, path, features."""
    found, report = sweep(target(net), parse_span("depth=10..1000"), parse_settings([setting])[0])
    assert report == []
    grows = [found.growths[each] for each in ("params", "path", "features")]
    assert tuple(each.name for each in grows) == TABLE_1[net, setting]
