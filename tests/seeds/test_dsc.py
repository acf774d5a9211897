"""Bounded connections and lateral depression, by hand: equations 1 to 5 and 19 of the draft."""

import pytest
import torch

import connc


def module(text, **values):
    """The module of a net of one layer, its numbers as they are told."""
    made = connc.compile(connc.loads(text)).double().eval()
    state = made.state_dict()
    for name, value in values.items():
        key = f"one.{name}"
        state[key] = torch.tensor(value, dtype=state[key].dtype).reshape(state[key].shape)
    made.load_state_dict(state)
    return made


def synapse(thresholds, signs, neuron=0.0):
    """One neuron that reads as many as there are thresholds."""
    text = f"net a {{\n    in: [{len(thresholds)}]\n    in -> one: synapse(1) -> out\n}}\n"
    return module(text, threshold=thresholds, signs=signs, neuron_threshold=neuron)


def passed(made, *x):
    with torch.no_grad():
        return made(torch.tensor([x], dtype=torch.float64))[0].tolist()


@pytest.mark.parametrize(
    ("x", "expected"),
    [(0.0, 0.0), (0.3, 0.0), (0.65, 0.5), (0.86, 0.8), (1.0, 1.0), (1.4, 1.0), (-0.5, 0.0)],
)
def test_an_excitatory_connection_passes_what_exceeds_its_threshold(x, expected):
    """Equation 1 with a = 0.3: (x - 0.3) / 0.7 between 0 and 1."""
    assert passed(synapse([0.3], [1.0]), x) == pytest.approx([expected], abs=1e-12)


@pytest.mark.parametrize(("x", "y", "expected"), [(0.9, 0.0, 0.8), (0.9, 0.6, 0.3), (0.9, 1.0, 0.0), (0.5, 0.9, 0.0)])
def test_an_inhibitory_connection_takes_away_what_an_excitatory_one_would_add(x, y, expected):
    """Equations 2, 4 and 5, the thresholds 0.5 and 0.2: (x - 0.5) / 0.5 - (y - 0.2) / 0.8."""
    assert passed(synapse([0.5, 0.2], [1.0, -1.0]), x, y) == pytest.approx([expected], abs=1e-12)


@pytest.mark.parametrize(("x", "y", "expected"), [(0.5, 0.1, 0.5), (0.3, 0.1, 0.25), (0.1, 0.1, 0.0), (0.9, 0.9, 1.0)])
def test_a_neuron_passes_what_exceeds_its_own_threshold(x, y, expected):
    """Equations 3 and 4 with a = 0.2 behind connections that pass all: (x + y - 0.2) / 0.8."""
    assert passed(synapse([0.0, 0.0], [1.0, 1.0], 0.2), x, y) == pytest.approx([expected], abs=1e-12)


def test_each_neuron_has_a_threshold_of_its_own():
    text = "net a {\n    in: [1]\n    in -> one: synapse(2) -> out\n}\n"
    made = module(text, threshold=[0.0, 0.0], signs=[1.0, 1.0], neuron_threshold=[0.5, 0.75])
    assert passed(made, 0.8) == pytest.approx([0.6, 0.2], abs=1e-12)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([0.30, 0.36, 0.10, 0.90, 0.86], [0, 1, 0, 0, 0]),  # 0.90 exceeds one neighbour by 0.04 alone
        ([0.50, 0.00, 0.50, 0.00, 0.50], [1, 0, 1, 0, 1]),
        ([0.50, 0.50, 0.50, 0.50, 0.50], [0, 0, 0, 0, 0]),
        ([0.25, 0.00, 0.00, 0.00, 0.25], [1, 0, 0, 0, 1]),
    ],
)
def test_a_neuron_is_active_where_it_exceeds_each_neighbour_by_the_gap(x, expected):
    """Equation 19 with beta = 0.05, the neighbours on both sides."""
    rule = "rule near(r) = i -> i + s for s in -r..r where s != 0\n"
    text = f"{rule}net a {{\n    in: [5]\n    in -> one: lateral(0.05) by near(1) -> out\n}}\n"
    assert passed(module(text), *x) == expected


def test_a_gap_is_kept_where_it_is_met_exactly():
    text = "net a {\n    in: [2]\n    in -> one: lateral(0.25) by (i -> 1 - i) -> out\n}\n"
    assert passed(module(text), 0.75, 0.5) == [1, 0]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("", [1.0, 1 / 6, 0.0]),
        (" -> lateral(0.05) by near(2)", [1.0, 0.0, 0.0]),
        (" -> lateral(0.05) by near(2) -> synapse(2)", [1.0, 0.0]),
    ],
)
def test_a_whole_net_by_hand(layers, expected):
    """Three neurons of which the strongest depresses the others, and two classes that it excites and inhibits.

    The inputs are 0.8 and 0.5. The first neuron gets 0.6 + 0.5 and stops at 1, the second 0.75 - 0.375, of which its
    threshold of 0.25 leaves a sixth; the third is inhibited alone.
    """
    made = module(
        f"use std.rules (near)\n\nnet a {{\n    in: [2]\n    in -> one: synapse(3){layers} -> out\n}}\n",
        threshold=[0.5, 0.0, 0.2, 0.2, 0.5, 0.9],
        signs=[1.0, 1.0, 1.0, -1.0, -1.0, 1.0],
        neuron_threshold=[0.0, 0.25, 0.0],
    )
    if "synapse" in layers:
        made.synapse.signs.copy_(torch.tensor([[1.0, -1.0, -1.0], [-1.0, 1.0, 1.0]]))
    assert passed(made, 0.8, 0.5) == pytest.approx(expected, abs=1e-12)


def test_the_net_of_the_library_is_that_one():
    """Six neurons that read two numbers each, of which the winners pass on what they give; four votes a class."""
    text = """
    use std.rules (near)

    module winners {
        active = in -> lateral(0.05) by near(1)
        in * active -> out
    }

    module poll {
        in -> synapse(12) by random(density = 100%) -> reshape([3, 4, 1]) -> globalpool -> out
    }

    net dsc {
        in: [5]
        in -> synapse(6) by random(density = 40%) -> winners -> poll -> out
    }
    """
    params = {"hidden": 6, "reads": 2, "classes": 3, "votes": 4, "input": [5]}
    assert connc.load("std.dsc", params) == connc.loads(text)


def test_of_filters_that_compete_one_at_most_is_active_at_a_place():
    text = """
    use std.dsc (others)

    net a {
        in: [1, 8, 8]
        in -> synapse_conv(16, 3) -> lateral(0.05) by others -> out
    }
    """
    with torch.no_grad():
        active = connc.compile(connc.loads(text)).eval()(torch.rand(16, 1, 8, 8)).sum(1)
    assert active.max() == 1
    assert 0 < active.mean() < 1
