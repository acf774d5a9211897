"""The numbers of the papers: each row of `docs/seeds.md` is measured, and its verdict holds."""

import re
from fractions import Fraction
from functools import cache
from math import floor
from pathlib import Path
from typing import NamedTuple

import pytest

import connc
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


@cache
def network(net):
    name, *settings = net.split(" ")
    return connc.load(name, dict(setting.split("=", 1) for setting in settings))


def verdict(paper, value):
    """Whether a number is what is printed, in as many digits; or less than a tenth away."""
    digits, scale = re.match(r"([\d,.]+)([%MG]?)", paper).groups()
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
    assert len(ROWS) > 100
    assert {row.quantity for row in ROWS} == set(QUANTITIES)


@pytest.mark.slow
@pytest.mark.parametrize("net", SIZED)
def test_a_module_has_as_many_parameters_as_its_network(net):
    assert sum(each.numel() for each in connc.compile(network(net)).parameters()) == SIZED[net]
