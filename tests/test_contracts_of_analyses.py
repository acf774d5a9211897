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
