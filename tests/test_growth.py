"""How numbers grow, where it is known."""

import math

import pytest

from connc.compiler.analyze.growth import CLASSES, LEAST, growth

SIZES = [10, 16, 25, 40, 63, 100, 158, 251, 398, 631, 1000]
KNOWN = {
    "1": lambda n: 7 - 3 / n,
    "log n": lambda n: 2 + math.floor(math.log2(n)),
    "n": lambda n: 40 + 3 * n,
    "n log n": lambda n: n * math.floor(math.log2(n)) - n,
    "n^2": lambda n: n * (n - 1) // 2 + 9 * n,
    "n^2 log n": lambda n: n * n * math.log2(n) + n,
    "n^3": lambda n: n**3 + 7 * n**2,
}


@pytest.mark.parametrize("name", CLASSES)
def test_known_functions_are_of_their_class(name):
    found = growth(SIZES, [KNOWN[name](n) for n in SIZES])
    assert found.name == name
    assert found.off < 0.05


def test_what_does_not_change_is_constant():
    assert growth(SIZES, [3] * len(SIZES)) == ("1", 0)
    assert growth(SIZES, [0] * len(SIZES)) == ("1", 0)
    assert growth(SIZES, [2 + 50 / n for n in SIZES]).name == "1"


@pytest.mark.parametrize("scale", [1e-6, 1, 1e12])
def test_the_scale_changes_nothing(scale):
    values = [KNOWN["n log n"](n) for n in SIZES]
    assert growth(SIZES, [scale * each for each in values]).off == pytest.approx(growth(SIZES, values).off)


def test_few_sizes_and_what_is_like_nothing_have_no_class():
    assert growth(SIZES[: LEAST - 1], [1, 2, 3][: LEAST - 1]) is None
    assert growth(SIZES, [1 + (at % 2) * 50 for at in range(len(SIZES))]) is None
    assert growth(SIZES, [3001 - 3 * n for n in SIZES]) is None
