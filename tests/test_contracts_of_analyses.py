"""Every analysis in contracts: of a whole net, of parts, and what is said where one does not hold."""

from fractions import Fraction

import pytest

import connc
from connc.compiler.analyze import ANALYSES, Subject

NET = """
module fit(to: shape) {
    in -> conv(to[0], 1) -> out
}

net a(width = 4) {
    in: [3, 8, 8]
    layer[5]: conv(width, 3)
    connect in, layer by (i -> i + 2 ^ k for k in 0..) using sum via fit
    layer[4] -> flatten
        -> fc1: linear(16) by random(fan_in = 16)
        -> relu
        -> fc2: linear(4) by matrix([[1, 1, 1, 1], [0, 0, 0, 0]REST])
        -> out
    require CONDITION
}
""".replace("REST", ", [0, 1, 0, 0]" * 14)

# What holds of it, counted by hand.
HOLDS = [
    "params(layer[0]) == 3 * 4 * 9 and params(fc2) == 18 + 4",
    "macs(layer[2]) == dense_macs(layer[2]) + 0 and dense_macs(fc1) == 4096 and macs(fc1) == 256",
    "flops(layer[0]) == usual_flops(layer[0])",
    "memory < training_memory and training_memory(layer[0]) == 4 * 4 * 64",
    "density(fc1) == 1 / 16 and density(fc2) == 18 / 64 and density(layer) == 8 / 10",
    "density == (256 + 18) / (4096 + 64)",
    "scatter(fc1) > 0 and scatter(fc1, left = [1, 8, 8], right = [16]) > 0.8",
    "path(in, layer) == 1 and path(in, layer[2]) == 2 and path(in, fc1) == 4",
    "path == path(in, out) and path(layer[4], out) == 5 and longest_path == 10",
    "paths(in, layer[1]) == 2 and mean_path(in, layer[1]) == 3 / 2",
    "fan_in(layer) == 3 and fan_in(layer[0]) == 1 and fan_in(fc1) == 16 and fan_out(fc2) == 4 and fan_out(in) == 3",
    "features(layer[3]) == 3 + 4 + 4 and features(fc2) == 16",
    "receptive_field(layer[0]) == 3 and receptive_field(layer) == 8 and receptive_field == 8",
    "dead(fc2) == 1 and dead(fc1) == 0 and dead == 1 + 16",
    "clustering > 0 and spectral_gap > 0",
    "path(in, out) < width + 10",
]

# What does not, and what the message says.
BROKEN = {
    "params < 10": "fc1 alone takes 272",
    "path(in, layer[2]) <= 1": "path(in, layer[2]) is 2 (in -> layer[0] -> layer[2])",
    "path(layer[3], layer[1]) <= 9": "no path leads from layer[3] to layer[1]",
    "longest_path(in, layer) < 5": "in -> layer[0] -> layer[1] -> layer[2] -> layer[3] -> layer[4]",
    "fan_in(layer) <= 2": "fan_in(layer) is 3 (that of layer[3])",
    "fan_out(in) < 3": "fan_out(in) is 3 (that of in)",
    "fan_out(fc2) <= 3": "fan_out(fc2) is 4 (that of place 0 of fc2)",
    "density(fc1) > 50%": "density(fc1) is 0.0625",
    "scatter(fc2) == 1": "of fc2)",
    "scatter(fc1, left = [2, 2]) == 1": "windows [2, 2] cannot cut [4, 8, 8]",
    "receptive_field(fc1) < 3": "receptive_field(fc1) is 8 (that of fc1)",
    "dead == 0": "16 on the left of fc1 lead nowhere, 0 on its right are not reached",
    "memory < 10": "while ",
    "spectral_gap > 2": "spectral_gap is about 0.",
    "scatter(layer) > 0": "there is nothing here of which `scatter` is a number",
}


def loaded(condition):
    return connc.loads(NET.replace("CONDITION", condition))


@pytest.mark.parametrize("condition", HOLDS)
def test_what_holds(condition):
    assert loaded(condition).kind == "a"


@pytest.mark.parametrize("condition", BROKEN)
def test_what_does_not_hold_shows_why(condition):
    with pytest.raises(connc.SpecError) as caught:
        loaded(condition)
    assert "E510" in str(caught.value)
    assert BROKEN[condition] in str(caught.value)


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_is_a_number_of_the_whole(name):
    value = ANALYSES[name]().measure(Subject(loaded("true")))
    assert value is not None
    assert loaded(f"{name} == {value.numerator} / {value.denominator}").kind == "a"
    with pytest.raises(connc.SpecError, match=f"{name} is"):
        loaded(f"{name} < {value.numerator} / {value.denominator}")


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_is_in_the_examples(name):
    assert any(name in condition.replace("(", " ").split() for condition in HOLDS)


def test_python_measures_parts_by_the_same_names():
    network = loaded("true")
    assert connc.measure(network, "path", end="layer[2]") == 2
    assert connc.measure(network, "path", start=["layer[0]", "layer[1]"], end="out") == 6
    assert connc.measure(network, "fan_in", of="layer") == 3
    assert connc.measure(network, "density", of="fc1") == Fraction(1, 16)
    assert connc.measure(network, "scatter", of="fc1", left=[1, 8, 8], right=[16]) > 0.8
    assert connc.measure(network, "scatter", of="fc1", left=[2, 2]) is None
    assert connc.measure(network, "path", start="layer[3]", end="layer[1]") is None
    with pytest.raises(ValueError, match=r"a has no part 'layr'; did you mean `layer`\?"):
        connc.measure(network, "path", end="layr")
    with pytest.raises(ValueError, match="there is no analysis 'pth'; there are clustering, "):
        connc.measure(network, "pth")


# --- what a name stands for

OPENED = """
module m {
    a: linear(4)
    b: linear(4)
    connect in, a, b, out by (i -> i + 1)
}

module two {
    out hint
    a: linear(4)
    b: linear(4)
    connect in, a, b, out by (i -> i + 1)
    in -> hint
}

net n {
    in: [4]
    block[4]: m
    end: linear(2)
    connect in, block, end by (i -> j where i < j) using sum
    other: two
    y = in -> other
    y.hint -> sink: linear(3) -> aside: linear(2)
    (y, aside, end) -> concat -> out
    require CONDITION
}
"""


@pytest.mark.parametrize(
    "condition",
    [
        "fan_in(block) == 4 and features(block) == 16 and fan_in(block[2]) == 3 and fan_out(block[0]) == 4",
        "fan_in(end) == 5 and fan_out(block[3]) == 1",
        "path(in, y) == 4 and path(in, y.hint) == 2 and path(in, sink) == 3 and path(in, other) == 4",
        "path(in, block[0]) == 4 and density(block[0..1]) == 1 and density(block) == 1",
        "max([fan_in(block[k]) for k in 0..3]) == 4",
    ],
)
def test_a_module_that_is_opened_is_a_layer_of_what_feeds_it(condition):
    assert connc.loads(OPENED.replace("CONDITION", condition)).kind == "n"


def test_nothing_leads_from_one_output_of_a_module_to_the_reader_of_another():
    with pytest.raises(connc.SpecError, match="no path leads from other:hint to end"):
        connc.loads(OPENED.replace("CONDITION", "path(y.hint, end) > 0"))


def test_modules_that_a_connect_feeds_are_in_the_table_of_layers():
    found = connc.analyze(connc.loads(OPENED.replace("CONDITION", "true")), "fan_in", "fan_out", "features")
    assert found["fan_in"]["layers"]["histogram"]["4"] == 1
    assert (found["fan_in"]["layers"]["most"], found["fan_out"]["layers"]["most"]) == (5, 4)
    assert found["features"]["most"] == 20


PARTS = """
net n {
    in left: [4]
    in right: [4]
    layer[5]: linear(4)
    connect left, layer by (i -> j where j == i + 2 or (i == 0 and j == 1)) using sum
    tower: linear(4)
    a = left -> tower
    b = right -> tower
    (a, b, layer[3], layer[4]) -> concat -> out
    require CONDITION
}
"""


@pytest.mark.parametrize(
    "condition",
    [
        "density(layer[0..1]) == 0 and density(layer) == 3 / 10 and density(layer[1]) == 1",
        "params(tower) == 20 and path(left, tower) == 1 and path(right, tower) == 1 and path(right, b) == 1",
        "fan_out(tower) == 4 and paths(left, tower) == 1",
    ],
)
def test_parts_that_are_slices_and_shared_layers(condition):
    assert connc.loads(PARTS.replace("CONDITION", condition)).kind == "n"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("density(layer[0..1]) > 0", "density(layer[0..1]) is 0"),
        ("params(layer[3..2]) < 9", "`layer[3..2]` is no layer"),
        ("max([params(layer[k]) for k in 0..4]) < 9", "does not hold"),
        ("params(tower) == 21", "params(tower) is 20"),
        ("path(left, tower) > 1", "path(left, tower) is 1 (left -> tower)"),
        ("path(right, a) > 1", "no path leads from right to tower"),
        ("memory(tower) > 1", "`memory` is measured of the whole"),
        ("params(tower, left) > 1", "`params` is measured of one part"),
    ],
)
def test_what_is_said_of_parts(condition, said):
    with pytest.raises(connc.SpecError) as caught:
        connc.loads(PARTS.replace("CONDITION", condition))
    assert said in str(caught.value)


def test_the_way_out_of_too_many_parts_is_a_command_that_says_what_there_is(call):
    with pytest.raises(connc.SpecError, match="`connc show memory` says what it takes"):
        connc.loads(PARTS.replace("CONDITION", "memory(tower) > 1"))
    status, out, _ = call("show", "memory")
    assert status == 0
    assert out.startswith("analysis memory\n")


def test_left_out_cells_count_among_what_could_be_connected():
    links = "(d, w) -> (d + 1, w) where w == 0"
    network = connc.load("std.sdmn:sdmn_small", {"links": links})
    assert connc.measure(network, "density", of="cell") == Fraction(3, 54)
    assert connc.analyze(network, "density")["density"]["links"]["cell[0,0].connect"]["possible"] == 54
