"""The public strategies draw what they promise; the oracles notice planted bugs of every kind."""

import re
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from connc import loads, relate
from connc.compiler.expand import expand
from connc.compiler.network import Network, Node
from connc.compiler.ops import OPS, Op, op
from connc.compiler.ops.activation import Softmax
from connc.compiler.ops.joins import Concat
from connc.compiler.ops.structure import Bundle
from connc.compiler.vocabulary import VOCABULARY
from connc.testing import (
    Inexact,
    Undecided,
    assert_agrees,
    assert_close,
    assert_exact,
    assert_wired,
    assert_within,
    connections,
    inputs,
    nets,
    relations,
    rules,
    run,
    specs,
    weights,
)
from connc.testing.arrays import inputs_of, real
from tests.torch_backend import torch_backend

many = partial(settings, deadline=None, suppress_health_check=list(HealthCheck))
sizes = st.integers(1, 9)


# --- strategies


@many(max_examples=100)
@given(st.data(), sizes, sizes)
def test_drawn_rules_fit_their_spaces(data, sources, targets):
    relation = relate(data.draw(rules(sources, targets)), sources, targets)
    assert (relation.sources, relation.targets) == ((sources,), (targets,))


@many(max_examples=60)
@given(st.data())
def test_drawn_rules_fit_spaces_of_several_coordinates(data):
    relate(data.draw(rules([2, 3], [4])), [2, 3], [4])


@many(max_examples=80)
@given(st.data(), st.fractions(0, 1), st.fractions(0, 1))
def test_drawn_relations_keep_to_densities(data, one, other):
    """Or to the next one that so many pairs can have."""
    low, high = sorted((one, other))
    relation = data.draw(relations(6, 4, densities=(low, high)))
    assert low <= relation.density <= high or relation.count == -(-low * 24 // 1)


@many(max_examples=100)
@given(relations())
def test_drawn_relations_have_spaces_of_their_own(relation):
    assert relation.count <= relation.sources[0] * relation.targets[0]


def drawn(strategy, count):
    """As many as are asked for, as Hypothesis draws them."""
    found = []

    @settings(max_examples=count, deadline=None, database=None, phases=[Phase.generate], derandomize=True)
    @given(strategy)
    def collect(one):
        found.append(one)

    collect()
    return found


@pytest.mark.parametrize("name", [name for name, cls in OPS.items() if cls.signature.inputs is not None])
def test_every_layer_is_drawn(name):
    """Also one that is new: its parameters alone say how."""
    assert any(re.search(rf"-> {name}\b", text) for text in drawn(specs(ops=[name], layers=4), 80))


def test_every_generator_and_every_join_is_drawn():
    text = "\n".join([*drawn(rules(8), 200), *drawn(rules(6, 4), 200)])
    assert [name for name in VOCABULARY.generators if name not in text] == []
    text = "\n".join(drawn(specs(ops=["relu", "concat"], joins=VOCABULARY.joins), 200))
    assert [name for name in VOCABULARY.joins if name not in text] == []


@pytest.mark.slow
def test_every_way_to_connect_is_drawn():
    seen: Counter[str] = Counter()
    for net in [*drawn(nets(layers=20), 120), *drawn(nets(layers=150, ops=["relu"], joins=["max"]), 40)]:
        for each in (net, *(node.what for node in net if isinstance(node.what, Network))):
            sources = [source for node in each for source in each.sources(node.name)]
            seen["family"] += bool(each.families)
            seen["rule"] += bool(each.connects)
            seen["search space"] += any(connect.bound is not None for connect in each.connects)
            seen["bundle"] += any(isinstance(node.what, Bundle) for node in each)
            seen["join"] += any(isinstance(node.join, Op) for node in each)
            seen["join of one's own"] += any(isinstance(node.join, Network) for node in each)
            seen["adapter"] += any(source.via is not None for source in sources)
            seen["shared"] += any("@" in node.name for node in each)
            seen["piece"] += any(source.ref.port == "1" for source in sources)
            seen["output of a part"] += any(source.ref.port.startswith("hint") for source in sources)
            seen["module in a family"] += bool(each.families) and any(isinstance(node.what, Network) for node in each)
        seen["rule in the net"] += bool(net.connects)
        seen["inputs"] += len(net.inputs) > 1
        seen["outputs"] += len(net.outputs) > 1
    assert not {name: count for name, count in seen.items() if count == 0}


@many(max_examples=60)
@given(specs(layers=30))
def test_drawn_specs_can_be_put_together(text):
    assert loads(text).kind == "drawn"


@many(max_examples=60)
@given(nets(ops=["relu", "linear"], joins=["sum"], layers=5, level="kernel", densities=(0.5, 1)))
def test_nets_keep_to_their_bounds(net):
    for node in net:
        assert node.what.name in {"relu", "linear", "sum", "input"}
        assert node.what.rule is None or node.what.rule.density >= 0.5


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"ops": ["rellu"]}, "there is no layer rellu; did you mean"),
        ({"joins": ["add"]}, "there is no join add; did you mean `sum`"),
        ({"layers": 0}, "layers is at least 1, not 0"),
        ({"densities": (0.5, 0.2)}, "the smaller first"),
        ({"level": "flat"}, "level is"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(bounds, words):
    with pytest.raises(ValueError, match=words):
        nets(**bounds)


@many(max_examples=50)
@given(nets(), st.data())
def test_drawn_numbers_fit(net, data):
    found = run(net, data.draw(weights(net)), data.draw(inputs(net, batch=2)))
    assert [value.shape for value in found.outputs.values()] == [(2, *shape) for shape in net.shapes]


def test_a_failure_shrinks_to_a_minimal_spec():
    found = find(specs(layers=16), lambda text: "concat" in text, settings=many(max_examples=2000))
    assert len(found.splitlines()) <= 8


def test_a_failing_test_prints_its_spec(tmp_path):
    """As a user runs it."""
    lines = [
        "from hypothesis import given",
        "from connc.testing import nets",
        "@given(nets(ops=['relu', 'tanh']))",
        "def test_no_tanh(net):",
        "    assert 'tanh' not in str(net)",
    ]
    (tmp_path / "test_mine.py").write_text("\n".join(lines))
    found = subprocess.run([sys.executable, "-m", "pytest", "-q", tmp_path], capture_output=True, text=True)
    assert found.returncode == 1
    assert "net drawn {" in found.stdout
    assert "-> tanh" in found.stdout


def test_an_op_of_ones_own_is_drawn(monkeypatch):
    monkeypatch.setattr(OPS, "_classes", dict(OPS._classes))

    @op("scaled")
    class Scaled(Op):
        """Multiplies by a whole number."""

        by: int

    found = find(specs(), lambda text: "scaled(by = " in text, settings=many(max_examples=3000))
    assert "scaled" in found


# --- oracles: what is right passes


def agrees(net):
    """In evaluation and in training; where `lateral` or `dropout` decide by a hair or by chance, nothing can tell."""
    with suppress(Undecided):
        assert_agrees(net, torch_backend)
    with suppress(Undecided):
        assert_agrees(net, partial(torch_backend, training=True), training=True)


@many(max_examples=40)
@given(nets(layers=12))
def test_bodies_agree_with_the_reference(net):
    agrees(net)


def test_running_means_are_not_compared_bit_by_bit():
    """Though all else is a whole number where a layer lets only the strongest pass."""
    net = loads("net a {\n in: [2]\n in -> lateral(beta = 0.5) by (i -> j) -> bn(eps = 0.25) -> out\n}")
    with pytest.raises(Inexact):
        assert_exact(net, partial(torch_backend, training=True), training=True)


@many(max_examples=40)
@given(nets(layers=6), st.sampled_from(["float64", "float16"]))
def test_the_reference_agrees_with_itself_in_any_precision(net, precision):
    with suppress(Undecided):
        assert_agrees(net, reference, precision=precision)


def reference(net, weights, inputs):
    return run(net, weights, inputs).outputs


# --- oracles: what is wrong is noticed

JUNCTIONS = """\
net a {
    in: [6]
    h = in -> first: linear(6) by random(fan_in = 3) -> relu
    g = in -> second: linear(6)
    (h, g) -> concat -> third: linear(4) -> out
    h -> hint
    out hint
}
"""
MAPS = """\
net a {
    in: [4, 4, 4]
    x = in -> conv(4, 3)
    y = in -> conv(4, 1)
    (x, y) -> concat -> flatten(1) -> linear(3) -> softmax(-1) -> out
}
"""


def with_weights(change):
    """A backend that changes some weights first."""

    def backend(net, weights, inputs):
        return reference(net, {name: change(name, value.copy()) for name, value in weights.items()}, inputs)

    return backend


def with_outputs(change):
    def backend(net, weights, inputs):
        return change(reference(net, weights, inputs))

    return backend


def with_nodes(change):
    """A backend that takes some layers for others, or their sources in another order."""

    def backend(net, weights, inputs):
        flat = expand(net)
        pairs = [change(node, list(flat.sources(node.name))) for node in flat]
        nodes, sources = [node for node, _ in pairs], {node.name: found for node, found in pairs}
        return reference(Network(flat.kind, flat.level, nodes, sources, flat.outputs), weights, inputs)

    return backend


def dropped(name, value):
    if name == "first.weight":
        value[0] = 0
    return value


def transposed(name, value):
    return value.T if name == "second.weight" else value


def rolled(name, value):
    """Each pair has the weight of the next one."""
    return np.roll(value, 1) if name == "first.weight" else value


def swapped(node, sources):
    return node, sources[::-1] if isinstance(node.what, Concat) else sources


def other_axis(node, sources):
    return Node(node.name, Softmax(0), node.shapes) if isinstance(node.what, Softmax) else node, sources


def biased(name, value):
    """A bias of the first output for all: broadcast."""
    return np.broadcast_to(value[:1], value.shape) if name == "third.bias" else value


def off_by_one(outputs):
    return {name: value * 15 / 16 for name, value in outputs.items()}


def spoilt(outputs):
    outputs["out"][0, 0] = np.nan
    return outputs


PLANTED = {
    "a dropped edge": (JUNCTIONS, with_weights(dropped)),
    "a swapped source": (JUNCTIONS, with_nodes(swapped)),
    "a transposed junction": (JUNCTIONS, with_weights(transposed)),
    "weights of other pairs": (JUNCTIONS, with_weights(rolled)),
    "NaN": (JUNCTIONS, with_outputs(spoilt)),
    "a bias for all": (JUNCTIONS, with_weights(biased)),
    "one sample for all": (JUNCTIONS, with_outputs(lambda found: {n: v[:1] + 0 * v for n, v in found.items()})),
    "a batch of one": (JUNCTIONS, with_outputs(lambda found: {n: v[:1] for n, v in found.items()})),
    "a missing batch": (JUNCTIONS, with_outputs(lambda found: {n: v[0] for n, v in found.items()})),
    "outputs swapped": (JUNCTIONS, with_outputs(lambda found: {"out": found["hint"], "hint": found["out"]})),
    "an output missing": (JUNCTIONS, with_outputs(lambda found: {"out": found["out"]})),
    "an output too many": (JUNCTIONS, with_outputs(lambda found: {**found, "more": found["out"]})),
    "no output": (JUNCTIONS, with_outputs(lambda found: {})),
    "empty outputs": (JUNCTIONS, with_outputs(lambda found: {n: v[:0] for n, v in found.items()})),
    "words for numbers": (JUNCTIONS, with_outputs(lambda found: {n: v.astype(str) for n, v in found.items()})),
    "a mean off by one": (JUNCTIONS, with_outputs(off_by_one)),
    "a swapped map": (MAPS, with_nodes(swapped)),
    "a wrong axis": (MAPS, with_nodes(other_axis)),
}
ORACLES = {"within": assert_within, "wired": assert_wired, "exact": assert_exact, "agrees": assert_agrees}


@pytest.mark.parametrize("oracle", ORACLES.values(), ids=ORACLES)
@pytest.mark.parametrize(("spec", "backend"), PLANTED.values(), ids=PLANTED)
def test_a_planted_bug_is_noticed(spec, backend, oracle):
    if spec is MAPS and oracle is assert_exact:
        pytest.skip("`softmax` of whole numbers is not exact")
    net = loads(spec)
    oracle(net, reference)
    with pytest.raises((AssertionError, ValueError)):
        oracle(net, backend)


COARSE = "net a {\n    in: [6]\n    in -> linear(6) -> softmax -> out\n}\n"


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
@pytest.mark.parametrize("oracle", ORACLES.values(), ids=ORACLES)
def test_nothing_passes_for_something_in_any_precision(precision, oracle):
    """Where rounding is as large as what comes out, no oracle says that it is right."""
    zeros = with_outputs(lambda found: {name: 0 * value for name, value in found.items()})
    with pytest.raises((AssertionError, Undecided, Inexact)):
        oracle(loads(COARSE), zeros, precision=precision)


def test_what_is_no_number_in_the_reference_is_none_in_a_backend():
    nothing, bound = np.array([np.nan, np.inf, -np.inf, 1.0]), np.ones(4)
    assert_close(nothing, nothing, bound)
    for at, value in [(0, 5.0), (1, 5.0), (1, -np.inf), (2, np.nan)]:
        wrong = nothing.copy()
        wrong[at] = value
        with pytest.raises(AssertionError):
            assert_close(wrong, nothing, bound)


def test_batches_are_counted_in_any_precision():
    net = loads("net a {\n    in: [2]\n    in -> bn -> out\n}\n")

    def forgets(net, weights, inputs):
        found = run(net, weights, inputs, training=True)
        return {**found.outputs, **found.buffers, "bn.num_batches_tracked": weights["bn.num_batches_tracked"]}

    with pytest.raises(AssertionError, match="num_batches_tracked"):
        assert_within(net, forgets, precision="bfloat16", training=True)


def test_a_message_says_where_and_what():
    with pytest.raises(
        AssertionError, match=r"out\[0, 0\] is nan, and .* is right, give or take .*; 1 of 12 are wrong"
    ):
        assert_within(loads(JUNCTIONS), with_outputs(spoilt))


def test_nothing_is_proven_by_nothing():
    """A layer of whose values rounding decides all, and no number at all."""
    with pytest.raises(Undecided):
        assert_within(loads("net a {\n    in: [2]\n    in -> lateral(0) by (i -> i) -> out\n}\n"), reference)


def test_exactness_is_not_claimed_where_numbers_are_too_long():
    long = "net a {\n    in: [4]\n    in -> " + " -> ".join(["linear(4)"] * 12) + " -> out\n}\n"
    with pytest.raises(Inexact, match="float16"):
        assert_exact(loads(long), reference, precision="float16")


def test_probing_recovers_the_connections_of_a_junction():
    net = loads("net a {\n    in: [12]\n    in -> part: linear(8) by random(fan_in = 3) -> out\n}\n")
    rule = net["part"].what.rule
    table = np.zeros((12, 8), dtype=bool)
    table[rule.pairs()] = True
    np.testing.assert_array_equal(connections(net, reference), table)
    np.testing.assert_array_equal(connections(net, torch_backend), table)


def test_what_is_below_the_smallest_normal_number_may_be_zero():
    """Machines may flush it; what is above has to be there."""
    net = loads("net a {\n    in: [40]\n    in -> gain(60) -> softmax -> out\n}\n")

    def flushing(least):
        def backend(*given):
            found = {name: np.asarray(value, np.float64) for name, value in reference(*given).items()}
            return {name: np.where(value < least, 0.0, value) for name, value in found.items()}

        return backend

    assert 0 < reference(net, {}, inputs_of(net, real))["out"].min() < 1e-38
    assert_within(net, flushing(2.0**-126))
    with pytest.raises(AssertionError):
        assert_within(net, flushing(1e-30))
