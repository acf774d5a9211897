"""The reference: networks computed by hand, at both levels, in whole numbers and in floats; what it refuses."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connc import load, loads
from connc.backends.reference.formula import FORMULAS
from connc.compiler.expand import expand
from connc.compiler.network import Network, Node
from connc.compiler.ops import OPS, Op, op
from connc.compiler.parameters import parameters
from connc.testing import Disagreement, Inexact, Undecided, formula, inputs, judge, nets, run, weights, weights_of
from connc.testing.arrays import inputs_of, real

SMALL = """\
module unit(k: int) {
    in -> linear(k) -> relu -> out
}

## Makes a source fit.
module fit(to: shape) {
    in -> linear(to[0], bias = false) -> out
}

net small {
    in: [1]
    step[2]: unit(2)
    connect in, step, out by (i -> i + s for s in [1, 2]) using sum via fit
}
"""


def test_a_net_computed_by_hand():
    net = loads(SMALL)
    values = {
        "step[0].linear.weight": [[1], [-1]],
        "step[0].linear.bias": [0, 1],
        "step[1].via.in.linear.weight": [[2], [3]],
        "step[1].linear.weight": [[1, 1], [1, -1]],
        "step[1].linear.bias": [0, 0],
    }
    given = {name: np.array(value) for name, value in values.items()}
    # in = 2: step[0] = relu(2, -1) = (2, 0); in, adapted = (4, 6); joined (6, 6); step[1] = relu(12, 0); out = both.
    # in = -1: step[0] = relu(-1, 2) = (0, 2); adapted (-2, -3); joined (-2, -1); step[1] = relu(-3, -1) = (0, 0).
    found = run(net, given, {"in": np.array([[2], [-1]])})
    assert found.outputs["out"].tolist() == [[14, 0], [0, 2]]
    assert found.buffers == {}


@pytest.mark.parametrize("level", [lambda net: net, expand], ids=["wiring", "kernel"])
@pytest.mark.parametrize("target", ["std.predefined:morse", "examples/unet.conn", "examples/resnet.conn"])
def test_nets_of_a_library_run(level, target):
    net = level(load(target))
    found = run(net, weights_of(net, real), inputs_of(net, real, batch=1))
    assert [value.shape[1:] for value in found.outputs.values()] == list(net.shapes)


@settings(max_examples=80, deadline=None)
@given(nets(layers=12), st.data())
def test_both_levels_compute_the_same(net, data):
    """The flat network has the layers, the order of sources and the names that the written one has."""
    given, values = data.draw(weights(net)), data.draw(inputs(net))
    one, other = (run(level, given, values).outputs for level in (net, expand(net)))
    assert list(one) == list(other)
    for port, value in one.items():
        np.testing.assert_array_equal(value, other[port], strict=True)


@settings(max_examples=60, deadline=None)
@given(nets(layers=12), st.data())
def test_whole_numbers_and_floats_agree(net, data):
    given, values = data.draw(weights(net, whole=True)), data.draw(inputs(net, whole=True))
    try:
        exact = run(net, given, values).outputs
    except Inexact:
        return
    rough = judge(net, *({name: value.astype(float) for name, value in each.items()} for each in (given, values)))
    for port, value in exact.items():
        found = rough.found[port]
        unsure = ~np.isfinite(found.size)
        assert (unsure | (np.abs(value.astype(float) - found.value) <= found.bound(2.0**-53))).all()


def test_whole_numbers_stay_exact():
    net = loads("net a {\n    in: [3]\n    in -> linear(1, bias = false) -> gain(1 / 3) -> out\n}\n")
    big = 10**30
    found = run(net, {"linear.weight": np.array([[big, 1, -big]], dtype=object)}, {"in": np.array([[1, 1, 1]])})
    assert found.outputs["out"].tolist() == [[Fraction(1, 3)]]


def test_what_no_fraction_tells_is_refused():
    net = loads("net a {\n    in: [2]\n    in -> sigmoid -> out\n}\n")
    with pytest.raises(Inexact, match="exp"):
        run(net, {}, {"in": np.array([[1, 2]])})
    assert run(net, {}, {"in": np.array([[0.0, 0.0]])}).outputs["out"].tolist() == [[0.5, 0.5]]


def test_training_moves_buffers_and_uses_of_a_shared_layer_move_them_in_turn():
    net = loads("net a {\n  in: [1]\n  n: bn(momentum = 0.5, affine = false)\n  x = in -> n\n  x -> n -> out\n}\n")
    given = {"n.running_mean": [0.0], "n.running_var": [1.0], "n.num_batches_tracked": 0}
    found = run(net, {name: np.array(v) for name, v in given.items()}, {"in": np.array([[1.0], [3.0]])}, training=True)
    # The first use sees mean 2, variance 1 (unbiased 2); what it makes, -1 and 1, has mean 0 and unbiased variance 2.
    assert found.buffers["n.running_mean"] == pytest.approx([0.5])
    assert found.buffers["n.running_var"] == pytest.approx([0.5 * 1.5 + 0.5 * 2], rel=1e-4)
    assert found.buffers["n.num_batches_tracked"] == 2


def test_chance_is_no_judge():
    net = loads("net a {\n    in: [2]\n    in -> dropout(0.5) -> out\n}\n")
    given = {"in": np.ones((1, 2))}
    assert run(net, {}, given).outputs["out"].tolist() == [[1, 1]]
    with pytest.raises(Undecided):
        run(net, {}, given, training=True)


LINEAR = "net a {\n    in: [2]\n    in -> linear(1) -> out\n}\n"
RIGHT = {"linear.weight": np.ones((1, 2)), "linear.bias": np.ones(1)}


@pytest.mark.parametrize(
    ("given", "values", "words"),
    [
        ({}, {"in": np.ones((1, 2))}, r"there are no weights called linear\.weight"),
        ({**RIGHT, "linear.weight": np.ones((2, 1))}, {"in": np.ones((1, 2))}, r"linear\.weight is \[1, 2\], not"),
        (RIGHT, {"in": np.ones(2)}, r"`in` has the shape \[batch, 2\], not \[2\]"),
        (RIGHT, {"in": np.ones((1, 3))}, r"`in` has the shape \[batch, 2\], not \[1, 3\]"),
        (RIGHT, {"x": np.ones((1, 2))}, "the inputs are in, not x"),
        (RIGHT, {}, "the inputs are in, not nothing"),
    ],
)
def test_what_does_not_fit_is_refused(given, values, words):
    with pytest.raises(ValueError, match=words):
        run(loads(LINEAR), given, values)


def test_a_shape_that_is_wrong_is_noticed():
    net = loads(LINEAR)
    nodes = [Node(n.name, n.what, ((7,),) if n.name == "linear" else n.shapes) for n in net]
    wrong = Network(net.kind, net.level, nodes, {n.name: net.sources(n.name) for n in net}, net.outputs)
    with pytest.raises(Disagreement, match=r"linear makes .*\(1,\).*\(7,\)"):
        run(wrong, RIGHT, {"in": np.ones((1, 2))})


def test_an_op_of_ones_own_is_judged_by_its_own_formula(monkeypatch):
    monkeypatch.setattr(OPS, "_classes", dict(OPS._classes))

    @op("twice")
    class Twice(Op):
        """Doubles."""

    net = loads("net a {\n    in: [2]\n    in -> twice -> out\n}\n")
    with pytest.raises(NotImplementedError, match=r'no formula for `twice`: write one with @formula\("twice"\)'):
        run(net, {}, {"in": np.ones((1, 2))})
    formula("twice")(lambda op, x: x + x)
    try:
        assert run(net, {}, {"in": np.ones((1, 2))}).outputs["out"].tolist() == [[2, 2]]
    finally:
        del FORMULAS["twice"]


def test_parameters_have_the_names_of_layers_and_shared_ones_stand_once():
    net = loads("net a {\n    in: [2]\n    t: linear(2)\n    x = in -> t -> bn\n    x -> t -> out\n}\n")
    found = {each.name: (each.shape, each.learned) for each in parameters(net)}
    assert found == {
        "t.weight": ((2, 2), True),
        "t.bias": ((2,), True),
        "bn.weight": ((2,), True),
        "bn.bias": ((2,), True),
        "bn.running_mean": ((2,), False),
        "bn.running_var": ((2,), False),
        "bn.num_batches_tracked": ((), False),
    }


def test_what_leads_to_no_output_is_not_computed_and_does_not_train():
    """Neither at the level at which it stands in a module."""
    spec = (
        "module m {\n  out hint\n  x = in -> bn\n  x -> linear(1) -> hint\n  in -> relu -> out\n}\n"
        "net a {\n  in: [2]\n  in -> m -> out\n}\n"
    )
    net = loads(spec)
    assert parameters(net) == []
    for level in (net, expand(net)):
        found = run(level, {}, {"in": np.array([[1, -1]])}, training=True)
        assert (found.outputs["out"].tolist(), found.buffers) == ([[1, 0]], {})


def test_neither_torch_nor_networkx_is_needed():
    code = (
        "import sys, connc, numpy as np; from connc.backends.reference import run; "
        "from connc.testing.arrays import inputs_of, weights_of; net = connc.load('std.predefined:morse'); "
        "run(net, weights_of(net), inputs_of(net)); print({'torch', 'networkx', 'scipy'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout == "set()\n"
