"""ONNX models of modules: they compute what the reference computes, and show what they are made of."""

from functools import partial

import numpy as np
import onnx
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import connc
from connc.backends.onnx import graph, model_of, rules
from connc.backends.onnx.session import session_of
from connc.backends.onnx.tables import sources_of, tables_of
from connc.backends.torch import compile_network
from connc.compiler.network import Network, Node, Ref, Source
from connc.compiler.ops import OPS, Op, op
from connc.compiler.ops.window import Window
from connc.compiler.relations.relation import Relation
from connc.testing import Undecided, assert_agrees, nets
from connc.testing import rules as drawn_rules
from connc.testing.arrays import inputs_of, real
from tests.onnx_backend import onnx_backend, run_model
from tests.test_torch import EVERY, OWN, VECTOR
from tests.test_torch_gradients import CASES, net_of

many = partial(settings, deadline=None, suppress_health_check=list(HealthCheck))


def agrees(net):
    """Whether something can be told; what can is right."""
    try:
        assert_agrees(net, onnx_backend)
    except Undecided:  # `lateral` decides by a hair
        return False
    return True


def arrays_of(net, batch, dtype=np.float32):
    return [value.astype(dtype) for value in inputs_of(net, real, batch=batch).values()]


def as_torch(module, arrays):
    """What the module itself makes, by the names of its outputs."""
    with torch.no_grad():
        found = module.eval()(*map(torch.tensor, arrays))
    found = found if isinstance(found, dict) else dict.fromkeys(module.network.outputs, found)
    return {name: value.numpy() for name, value in found.items()}


def assert_alike(module, batches=(3,), dtype=np.float32, **close):
    """A model is lawful, and makes of any batch what the module makes."""
    model = model_of(module)
    onnx.checker.check_model(model, full_check=True)
    for batch in batches:
        given = arrays_of(module.network, batch, dtype)
        found, want = run_model(model, given), as_torch(module, given)
        assert list(found) == list(want)
        for name, value in want.items():
            assert (found[name].dtype, found[name].shape) == (value.dtype, value.shape)
            torch.testing.assert_close(*map(torch.tensor, (found[name], value)), equal_nan=True, **close)


def module_of(text, seed=0):
    return connc.compile(connc.loads(text), seed=seed)


# --- it computes what the reference computes


@many(max_examples=100)
@given(nets(layers=12))
def test_a_model_computes_what_the_reference_computes(net):
    agrees(net)


@pytest.mark.slow
@many(max_examples=300)
@given(nets(layers=10))
def test_a_model_computes_what_the_reference_computes_many_times(net):
    agrees(net)


@many(max_examples=40)
@given(nets(layers=8), st.sampled_from([0, 1, 7]))
def test_a_model_is_lawful_and_takes_any_batch(net, batch):
    assert_alike(compile_network(net), [batch], rtol=1e-3, atol=1e-3)


EACH = [pytest.param(*case, id=f"{name}-{at}") for name, cases in CASES.items() for at, case in enumerate(cases)]


def test_every_op_has_a_case():
    assert set(CASES) == set(OPS)


@pytest.mark.parametrize(("shape", "flow"), EACH)
def test_each_op_agrees(shape, flow):
    net = net_of(shape, flow)
    assert agrees(net)
    assert_alike(compile_network(net), [0, 1, 7], rtol=1e-4, atol=1e-4)


def test_many_layers_at_once_agree():
    assert_alike(module_of(EVERY), [0, 1, 7], rtol=1e-4, atol=1e-5)


def test_morse_agrees():
    assert_alike(connc.compile("std.predefined:morse"), [1, 3], rtol=1e-4, atol=1e-5)


def test_a_sparsenet_agrees():
    assert_alike(connc.compile("std.sparsenet:sparsenet"), [2], rtol=1e-3, atol=1e-4)


# --- junctions

JUNCTIONS = {
    "equally many": "random(fan_in = 6)",
    "some": "random(density = 30%)",
    "none for some targets": "(i -> j where j > 2 and i != j)",
    "one target of many": "((i -> j where j == 3) | (i -> i))",
    "one pair": "(i -> j where i == 1 and j == 2)",
    "all": "(i -> j)",
}
FLOWS = {
    "vector": ([12], "in -> linear(10) by {}"),
    "tokens": ([3, 12], "in -> linear(10) by {}"),
    "tokens without bias": ([2, 3, 12], "in -> linear(10, bias = false) by {}"),
    "channels": ([12, 5, 4], "in -> conv(10, 3, stride = 2, bias = true) by {}"),
    "bounded": ([3, 12], "in -> synapse(10) by {}"),
    "bounded channels": ([12, 3, 3], "in -> synapse_conv(10, 2) by {}"),
    "rivals": ([12], "in -> lateral(0.1) by {}"),
}


@pytest.mark.parametrize("rule", JUNCTIONS.values(), ids=JUNCTIONS)
@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_each_kind_of_junction_agrees(flow, rule):
    (shape, text) = flow
    module = module_of(f"net a {{\n    in: {shape}\n    {text.format(rule)} -> out\n}}\n")
    agrees(module.network)
    assert_alike(module, [0, 1, 7], rtol=1e-4, atol=1e-4)


def test_what_is_not_connected_is_not_read():
    """A stand-in in a table is no infinity, and changes none."""
    module = module_of("net a {\n    in: [6]\n    in -> linear(6) by (i -> j where i < j) -> out\n}\n")
    x = np.array([[1, 2, 3, 4, np.inf, np.nan]], dtype=np.float32)
    found = run_model(model_of(module), [x])["out"]
    assert np.isfinite(found[0, :5]).all()
    assert np.isinf(found[0, 5])


@given(st.integers(1, 40), st.integers(1, 40), st.data())
@many(max_examples=100)
def test_tables_hold_each_pair_once(sources, targets, data):
    relation = connc.relate(data.draw(drawn_rules(sources, targets)), sources, targets)
    tables = tables_of(relation)
    rows = [row for table in tables.pairs for row in table]
    rows = rows if tables.order is None else [rows[at] for at in tables.order]
    assert [row[row < relation.count].tolist() for row in rows] == [
        list(range(*span)) for span in zip(relation.starts[:-1], relation.starts[1:], strict=True)
    ]
    assert all((sources_of(relation, row)[row == relation.count] == sources).all() for row in rows)
    assert tables.is_plain == (relation.fan_in is not None and relation.count > 0)


def test_tables_have_not_many_more_places_than_there_are_pairs():
    chance = np.random.default_rng(0)
    targets = np.repeat(np.arange(500), chance.zipf(1.7, 500).clip(0, 900))
    relation = Relation.of_pairs((1000,), (500,), chance.integers(0, 1000, targets.size), targets)
    tables = tables_of(relation)
    assert sum(table.size for table in tables.pairs) <= 2 * relation.count + 500
    assert len(tables.pairs) <= 12


def test_a_planted_swap_is_noticed(monkeypatch):
    net = net_of([6], "in -> linear(4) by random(fan_in = 3) -> out")
    assert_agrees(net, onnx_backend)
    right = rules.sources_of
    monkeypatch.setattr(rules, "sources_of", lambda rule, pairs: right(rule, pairs)[::-1])
    with pytest.raises(AssertionError, match="is right"):
        assert_agrees(net, onnx_backend)


# --- ops of one's own


def compiled(body, params, shape=VECTOR):
    """A module in which an op of one's own stands behind `relu` twice, the second time as the same layer."""
    methods = {"params": lambda self, x: params, "body": lambda self, p, x, **kept: body(p, x, **kept)}
    op("mine")(type("Mine", (Op,), {"__doc__": "Does.", **methods}))
    given = connc.loads(f"net a {{\n    in: {list(shape)}\n    in -> relu -> it: relu -> out\n}}").inputs[0]
    nodes = [given, Node("it", OPS["mine"](), (shape,)), Node("it@2", OPS["mine"](), (shape,))]
    sources = {"it": [Source(Ref("in"))], "it@2": [Source(Ref("it"))]}
    return compile_network(Network("a", "kernel", nodes, sources, {"out": Ref("it@2")}))


@pytest.fixture
def own_ops(monkeypatch):
    monkeypatch.setattr(OPS, "_classes", dict(OPS._classes))


@pytest.mark.usefixtures("own_ops")
@pytest.mark.parametrize("body", OWN, ids=lambda body: body.__name__)
def test_an_op_of_ones_own_computes_what_it_says(body):
    module = compiled(body, OWN[body])
    with torch.no_grad():
        for each in module.parameters():
            each.copy_(torch.rand(each.shape) + 0.5)
    assert_alike(module, rtol=1e-4, atol=1e-5)


IDLE = Relation.of_pairs((4,), (4,), np.array([0, 1, 2]), np.array([0, 0, 3]))
NONE = Relation.of_pairs((4,), (4,), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
PRIMITIVES = {
    "exp": lambda p, x: p.exp(x),
    "log": lambda p, x: p.log(p.add(p.mul(x, x), 1.0)),
    "sqrt": lambda p, x: p.sqrt(p.add(1.0, p.mul(x, x))),
    "max": lambda p, x: p.expand(p.reshape(p.max(x, (0, 1)), (1, 1)), (4, 4)),
    "matmul": lambda p, x: p.matmul(x, p.permute(x, (1, 0))),
    "windows": lambda p, x: p.reshape(
        p.sum(p.windows(p.reshape(x, (1, 4, 4)), Window((2, 3), (1, 1), (1, 1), (2, 1))), (2, 3, 4)), (4, 4)
    ),
    "attend to nothing": lambda p, x: p.attend(x, x, p.tanh(x), IDLE),
    "segment_max": lambda p, x: p.maximum(p.segment_max(p.gather(x, IDLE, 0), IDLE, 0), p.mul(x, 0.0)),
    "sums of nothing": lambda p, x: p.segment_sum(p.gather(x, NONE, 0), NONE, 0),
    "at_least": lambda p, x: p.at_least(x, p.mul(x, x)),
    "clamp": lambda p, x: p.clamp(x, float("-inf"), 0.5),
}


@pytest.mark.usefixtures("own_ops")
@pytest.mark.parametrize("body", PRIMITIVES.values(), ids=PRIMITIVES)
def test_a_primitive_computes_what_it_says(body):
    assert_alike(compiled(body, {}, (4, 4)), [3, 0], rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("own_ops")
def test_what_parameters_alone_say_is_said_of_each_sample():
    module = compiled(lambda p, x, *, weight: p.tanh(weight), {"weight": VECTOR})
    found = run_model(model_of(module), [np.zeros((3, 4), dtype=np.float32)])["out"]
    want = module.state_dict()["it.weight"].tanh().expand(3, 4)
    torch.testing.assert_close(torch.tensor(found), want)


def test_what_is_no_number_stays_none():
    flow = "x = in -> relu; y = in -> sigmoid; (x, y) -> max -> out"
    x = np.full((1, 4), np.nan, dtype=np.float32)
    assert np.isnan(run_model(model_of(compile_network(net_of([4], flow))), [x])["out"]).all()


# --- it shows what it is made of

NAMED = """\
net named {
    in left: [6]
    in right: [6]
    out again
    out whole
    tower: linear(6) by random(fan_in = 2)
    block[2]: linear(6)
    x = left -> tower -> block[0] -> relu
    y = right -> tower -> block[1]
    x + y -> out
    x -> again
    left -> whole
}
"""


def test_its_names_are_those_of_the_spec():
    module = module_of(NAMED, seed=4)
    model = model_of(module)
    assert (model.graph.name, model.producer_name) == ("named", "connc")
    assert {each.key: each.value for each in model.metadata_props} == {"net": "named", "seed": "4"}
    assert [each.name for each in model.graph.input] == ["left", "right"]
    assert [each.name for each in model.graph.output] == list(module.network.outputs)
    dims = [[each.dim_param or each.dim_value for each in x.type.tensor_type.shape.dim] for x in model.graph.input]
    assert dims == [["batch", 6], ["batch", 6]]
    own = {each.name for each in model.graph.initializer if "/" not in each.name}
    assert own == set(module.state_dict())
    assert {each.name.partition("/")[0] for each in model.graph.node} >= {"tower", "tower@2", "block[0]", "block[1]"}
    (says,) = {each.doc_string for each in model.graph.node if each.name.startswith("block[1]/")}
    assert says.startswith("`block[1]` (<text>:7): `block[2]: linear(6)`")
    assert_alike(module, [0, 1, 7])


def test_weights_stand_as_they_are():
    module = module_of(EVERY)
    state = module.state_dict()
    for each in model_of(module).graph.initializer:
        if "/" not in each.name:
            np.testing.assert_array_equal(onnx.numpy_helper.to_array(each), state[each.name].numpy())


def test_what_flows_out_twice_or_flows_through_has_a_name_each():
    flow = "out hint; out as_it_is; x = in -> relu; x -> out; x -> hint; in -> as_it_is"
    module = compile_network(net_of([4], flow))
    model = model_of(module)
    assert sorted(each.op_type for each in model.graph.node) == ["Identity", "Identity", "Relu"]
    assert_alike(module, [0, 1, 7])


def test_an_input_that_nothing_reads_stays():
    lines = "in left: [4]", "in idle: [3]", "out hint", "left -> relu -> out", "idle -> hint"
    net = connc.loads("net a {\n" + "".join(f"    {line}\n" for line in lines) + "}\n")
    module = compile_network(Network("a", "kernel", net, {"relu": [Source(Ref("left"))]}, {"out": Ref("relu")}))
    assert [each.name for each in model_of(module).graph.input] == ["left", "idle"]
    assert_alike(module, [0, 1, 7])


def test_the_same_module_gives_the_same_model():
    assert model_of(module_of(EVERY)).SerializeToString() == model_of(module_of(EVERY)).SerializeToString()


def test_a_model_has_the_values_that_its_module_has_now():
    module = module_of("net a {\n    in: [4]\n    in -> fc: linear(2) -> out\n}\n")
    with torch.no_grad():
        module.fc.weight.zero_()
        module.fc.bias.fill_(3)
    assert (run_model(model_of(module), arrays_of(module.network, 2))["out"] == 3).all()


# --- types and limits

PLAIN = """\
net plain {
    in: [12]
    in -> linear(12) by random(fan_in = 3) -> relu -> reshape([3, 4]) -> linear(5) -> layernorm -> softmax -> out
}
"""


@pytest.mark.parametrize(("dtype", "close"), [("float64", 1e-7), ("float16", 1e-2)])
def test_it_computes_in_the_type_of_its_module(dtype, close):
    module = module_of(PLAIN).to(getattr(torch, dtype))
    assert_alike(module, [0, 1, 7], dtype=np.dtype(dtype), rtol=close, atol=close)


def test_several_threads_compute_the_same():
    module = module_of("net a {\n    in: [64]\n    in -> linear(300) by random(density = 50%) -> out\n}\n")
    model, (x,) = model_of(module), arrays_of(module.network, 64)
    one, two = (session_of(model.SerializeToString(), threads=n).run(None, {"in": x})[0] for n in (1, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.to(torch.bfloat16), "holds bfloat16; .* of one type: float16, float32, float64"),
        (lambda m: m.fc.to(torch.float64), "holds float32, float64; an ONNX model is written of a module of one type"),
        (lambda m: m.to("meta"), r"`fc\.weight` of the module is on the meta device and has no values"),
        (lambda m: delattr(m.fc, "bias"), r"`fc\.bias` of the module is missing, and its network says \[2\]"),
        (lambda m: setattr(m.fc, "weight", None), r"`fc\.weight` of the module is missing"),
        (lambda m: setattr(m.fc.bias, "data", torch.rand(3)), r"`fc\.bias` of the module has the shape \[3\]"),
    ],
)
def test_what_onnx_cannot_hold_is_refused(change, message):
    module = module_of("net a {\n    in: [4]\n    in -> fc: linear(2) -> linear(2) -> out\n}\n")
    change(module)
    with pytest.raises(ValueError, match=message):
        model_of(module)


def test_more_than_a_file_holds_is_refused():
    with torch.device("meta"):
        module = module_of("net a {\n    in: [30000]\n    in -> linear(30000) -> out\n}\n")
    with pytest.raises(ValueError, match=r"of `a` take 3,600,120,000 bytes, and an ONNX model holds at most 2,147,483"):
        model_of(module)


def test_tables_count_too(monkeypatch):
    module = module_of("net a {\n    in: [50]\n    in -> linear(10, bias = false) by random(fan_in = 5) -> out\n}\n")
    monkeypatch.setattr(graph, "LIMIT", 300)
    with pytest.raises(ValueError, match=r"of `a` take \d+ bytes"):
        model_of(module)


def test_a_value_that_would_need_two_meanings_is_refused():
    net = connc.loads("net a {\n    in: [4]\n    in -> relu -> out\n}\n")
    same = Network("a", net.level, net, {"relu": [Source(Ref("in"))]}, {"in": Ref("relu")})
    with pytest.raises(ValueError, match="`in` is an input and an output"):
        model_of(compile_network(same))
