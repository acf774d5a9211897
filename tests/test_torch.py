"""What `connc.compile` makes: a module of torch that people can copy, move, train, export and trust."""

import copy
import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import fx, nn

import connc
from connc.backends.torch import Module, compile_network
from connc.backends.torch.junction import Junction
from connc.backends.torch.names import tensor_place
from connc.backends.torch.prims import Value
from connc.compiler.network import Network, Node, Ref, Source
from connc.compiler.ops import OPS, Op, op
from connc.testing import Undecided, assert_agrees, nets
from connc.testing.arrays import inputs_of, real
from tests.torch_backend import torch_backend

many = partial(settings, deadline=None, suppress_health_check=list(HealthCheck))


class Unlike(AssertionError):
    """Two ways to run a module differ."""


def by_both(module):
    """The generated code and fx's interpreter, which share nothing but the graph, bit by bit."""

    def call(*x):
        found = module(*x)
        if not module.training:
            again = fx.Interpreter(module).run(*x)
            pairs = zip(found.values(), again.values(), strict=True) if isinstance(found, dict) else [(found, again)]
            if not all(torch.equal(*pair) or same_where_defined(*pair) for pair in pairs):
                raise Unlike(module.code)
        return found

    return call


def same_where_defined(x, y):
    return torch.equal(x.nan_to_num(), y.nan_to_num()) and torch.equal(x.isnan(), y.isnan())


def agrees(net, **way):
    for training in (False, True):
        try:
            assert_agrees(net, partial(torch_backend, training=training, **way), training=training)
        except Undecided:  # `lateral` and `dropout` decide by a hair or by chance
            continue


# --- it computes what the reference computes


@many(max_examples=100)
@given(nets(layers=12))
def test_a_module_computes_what_the_reference_computes(net):
    agrees(net, way=by_both)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
@many(max_examples=500)
@given(net=nets(layers=10))
def test_a_module_computes_what_the_reference_computes_many_times(part, net):
    agrees(net, way=by_both)


@many(max_examples=6)
@given(nets(layers=6))
def test_torch_compiles_a_module_to_what_the_reference_computes(net):
    torch.compiler.reset()
    agrees(net, way=lambda module: torch.compile(module, fullgraph=True, backend="aot_eager", dynamic=False))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own code
@many(max_examples=8)
@given(nets(layers=6))
def test_inductor_compiles_a_module_to_what_the_reference_computes(net):
    torch.compiler.reset()
    agrees(net, way=lambda module: torch.compile(module, fullgraph=True, dynamic=False))


@many(max_examples=60)
@given(nets(layers=8))
def test_the_shape_of_each_value_is_known_beforehand(net):
    made = compile_watched(net).eval()
    with torch.no_grad():
        Watch(made).run(*tensors_of(net, 2))


def compile_watched(net):
    """The module of a network whose nodes say the shape of a sample."""
    prims = Value.__init__

    def noted(self, node, shape):
        node.meta["sample"] = shape
        prims(self, node, shape)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Value, "__init__", noted)
        return compile_network(net)


class Watch(fx.Interpreter):
    def run_node(self, n):
        found = super().run_node(n)
        if n.op != "output" and "sample" in n.meta:
            assert n.meta["sample"] in (found.shape[1:], found.shape), n.format_node()  # of weights alone no batch
        return found


def tensors_of(net, batch, dtype=torch.float32):
    return [torch.as_tensor(value).to(dtype) for value in inputs_of(net, real, batch=batch).values()]


# --- batches and precisions


@many(max_examples=60)
@given(nets(layers=8), st.sampled_from([0, 1, 7]))
def test_any_batch_goes_through_and_samples_do_not_see_each_other(net, batch):
    module, x = compile_network(net).eval(), tensors_of(net, 8)
    with torch.no_grad():
        whole, part = module(*x), module(*(each[:batch] for each in x))
    for one, other in zip(values(whole), values(part), strict=True):
        assert other.shape == (batch, *one.shape[1:])
        torch.testing.assert_close(other, one[:batch], equal_nan=True, rtol=1e-3, atol=1e-3)


def values(found):
    return list(found.values()) if isinstance(found, dict) else [found]


EVERY = """\
net every {
    in: [3, 8, 8]
    x = in -> stem: conv(8, 3) -> bn -> relu -> dropout(0.1)
    y = x -> few: conv(8, 3) by random(fan_in = 2) -> sepconv(8, 3) -> maxpool(2)
    z = y -> flatten(1) -> permute([1, 0]) -> attention(2) by (i -> j where abs(i - j) < 3) -> layernorm -> flatten
    z -> fc: linear(24) by random(fan_in = 16) -> tanh -> synapse(12) by random(fan_in = 4) -> linear(5) -> out
    y -> avgpool(4) -> flatten -> linear(2) -> hint
    out hint
}
"""


@pytest.fixture(scope="module")
def every():
    return connc.loads(EVERY)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_it_runs_and_trains_in_any_precision(every, dtype):
    module = connc.compile(every).to(dtype)
    found = module(torch.rand(3, 3, 8, 8, dtype=dtype))
    assert {name: (each.dtype, *each.shape) for name, each in found.items()} == {
        "out": (dtype, 3, 5),
        "hint": (dtype, 3, 2),
    }
    sum(each.sum() for each in found.values()).backward()
    assert all(each.grad is not None and each.grad.shape == each.shape for each in module.parameters())


@pytest.mark.parametrize("batch", [2, 1])
def test_it_trains_with_any_batch_that_torch_takes(every, batch):
    module = connc.compile(every)
    module(torch.rand(batch, 3, 8, 8))["out"].sum().backward()


def test_it_trains_with_no_sample_where_torch_does():
    net = connc.loads(
        "net a {\n    in: [6]\n    in -> linear(4) by random(fan_in = 3) -> relu -> linear(3) -> out\n}\n"
    )
    module = connc.compile(net)
    module(torch.rand(0, 6)).sum().backward()
    assert all(not each.grad.any() for each in module.parameters())


def test_autocast_takes_junctions_along(every):
    module = connc.compile(every)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = module(torch.rand(3, 3, 8, 8))["out"]
    found.sum().backward()
    assert torch.isfinite(found).all()


def test_it_has_a_training_and_an_evaluation(every):
    module, x = connc.compile(every), torch.rand(4, 3, 8, 8)
    torch.manual_seed(0)
    one, two = module(x)["out"], module(x)["out"]
    assert not torch.equal(one, two)
    module.eval()
    assert torch.equal(module(x)["out"], module(x)["out"])


# --- it stays what it is


def copies():
    yield "deepcopy", copy.deepcopy
    yield "copy", copy.copy
    yield "pickle", lambda module: pickle.loads(pickle.dumps(module))
    yield "twice", lambda module: pickle.loads(pickle.dumps(copy.deepcopy(module)))


@pytest.mark.parametrize("copied", [pytest.param(way, id=name) for name, way in copies()])
def test_a_copy_knows_and_computes_all_that_the_original_does(every, copied):
    module = connc.compile(every, seed=3).eval()
    with torch.no_grad():
        module.fc.weight.add_(1)
    made, x = copied(module), torch.rand(2, 3, 8, 8)
    assert type(made).__name__ == "Every"
    assert isinstance(made, Module)
    assert (made.network, made.seed, made.training) == (every, 3, False)
    assert made.code == module.code
    assert [node.meta for node in made.graph.nodes] == [node.meta for node in module.graph.nodes]
    assert list(made.state_dict()) == list(module.state_dict())
    for name, value in module(x).items():
        assert torch.equal(made(x)[name], value)
    made.fc.bias.data = torch.zeros(3)
    with pytest.raises(RuntimeError) as caught:
        made(x)
    assert "`fc` (<text>:6): `fc: linear(24) by random(fan_in = 16)`" in "\n".join(caught.value.__notes__)


def test_a_deep_copy_shares_no_weight_and_keeps_hooks(every):
    module, seen = connc.compile(every), []
    module.fc.register_forward_hook(lambda *_: seen.append(1))
    made = copy.deepcopy(module)
    assert not {each.data_ptr() for each in made.parameters()} & {each.data_ptr() for each in module.parameters()}
    made(torch.rand(2, 3, 8, 8))
    assert seen == [1]


def test_a_copy_keeps_what_was_done_to_the_graph():
    module = connc.compile("std.predefined:morse")
    (relu,) = (node for node in module.graph.nodes if node.target is torch.relu)
    relu.target = torch.tanh
    module.recompile()
    x = torch.rand(2, 64)
    for name, copied in copies():
        assert torch.equal(copied(module)(x), module(x)), name


def test_its_keys_are_the_names_of_the_spec():
    spec = """\
net a {
    in: [4]
    layer[2]: linear(4)
    cell[2, 2]: linear(4) by random(fan_in = 2)
    twin: linear(4)
    in -> layer[0] -> layer[1] -> cell[0, 0] -> cell[0, 1] -> cell[1, 0] -> cell[1, 1] -> twin -> twin -> out
}
"""
    module = connc.compile(connc.loads(spec))
    layers = ["layer.0", "layer.1", "cell.0.0", "cell.0.1", "cell.1.0", "cell.1.1", "twin"]
    assert list(module.state_dict()) == [f"{layer}.{key}" for layer in layers for key in ("weight", "bias")]
    assert module.cell[1, 0] is module.get_submodule("cell.1.0")
    assert len(list(module.layer)) == 2
    assert isinstance(module.layer[1], nn.Linear)
    assert isinstance(module.cell[0, 1], Junction)


def test_standard_layers_are_those_of_torch(every):
    found = {type(each) for each in connc.compile(every).modules()}
    assert {nn.Conv2d, nn.BatchNorm2d, nn.LayerNorm, nn.Linear, nn.Dropout} < found


def test_meta_modules_take_no_memory_and_become_real(every):
    with torch.device("meta"):
        module = connc.compile(every)
    assert all(each.is_meta for each in (*module.parameters(), *module.buffers()))
    assert module(torch.empty(7, 3, 8, 8, device="meta"))["out"].shape == (7, 5)
    real_one = connc.compile(every).eval()
    again = copy.deepcopy(module).to_empty(device="cpu").eval()
    again.load_state_dict(real_one.state_dict())
    x = torch.rand(2, 3, 8, 8)
    assert torch.equal(again(x)["out"], real_one(x)["out"])
    module.to_empty(device="cpu").reset_parameters()
    assert torch.equal(module.eval()(x)["out"], real_one(x)["out"])


@pytest.mark.parametrize("dynamic", [True, False])
def test_torch_exports_it(every, dynamic):
    module, x = connc.compile(every).eval(), torch.rand(4, 3, 8, 8)
    shapes = ({0: torch.export.Dim("batch")},) if dynamic else None
    made = torch.export.export(module, (x,), dynamic_shapes=shapes).module()
    sizes = (4, 2, 9) if dynamic else (4,)
    for size in sizes:
        x = torch.rand(size, 3, 8, 8)
        torch.testing.assert_close(made(x), module(x))


def test_fx_traces_it(every):
    module, x = connc.compile(every).eval(), torch.rand(3, 3, 8, 8)
    traced = fx.symbolic_trace(module)
    for name, value in module(x).items():
        assert torch.equal(traced(x)[name], value)


def test_functional_calls_see_other_weights(every):
    module, x = connc.compile(every).eval(), torch.rand(3, 3, 8, 8)
    other = connc.compile(every, seed=1).eval()
    found = torch.func.functional_call(module, other.state_dict(), (x,))
    torch.testing.assert_close(found["out"], other(x)["out"])


def test_torch_compiles_it_whole_and_trains_it(every):
    module, x = connc.compile(every), torch.rand(4, 3, 8, 8)
    module.get_submodule("dropout").p = 0.0
    other = torch.compile(copy.deepcopy(module), fullgraph=True, backend="aot_eager")
    for made in (module, other):
        made(x)["out"].square().sum().backward()
    for (name, one), (_, two) in zip(module.named_parameters(), other.named_parameters(), strict=True):
        if one.grad is not None:
            torch.testing.assert_close(one.grad, two.grad, msg=name)


def test_two_ranks_train_it_alike(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(DDP)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", script]
    found = subprocess.run([*command], capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert found.returncode == 0, found.stderr[-2000:]
    assert found.stdout.count("alike") == 2


DDP = """\
import os
import connc, torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

dist.init_process_group("gloo")
rank = dist.get_rank()
spec = '''net a {
    in: [3, 4, 4]
    x = in -> conv(6, 3) by random(fan_in = 2) -> bn -> relu -> flatten
    x -> linear(12) by random(fan_in = 8) -> relu -> linear(2) -> out
}
'''
module = connc.compile(connc.loads(spec), seed=rank)
model = DistributedDataParallel(module)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for step in range(3):
    chance = torch.Generator().manual_seed(10 * step + rank)
    optimizer.zero_grad()
    model(torch.rand(4, 3, 4, 4, generator=chance)).square().sum().backward()
    optimizer.step()
mine = torch.cat([each.detach().flatten() for each in module.parameters()])
other = mine.clone()
dist.broadcast(other, 0)
assert torch.equal(mine, other)
print("alike", flush=True)
dist.barrier()
dist.destroy_process_group()
os._exit(0)  # at times a thread of gloo aborts an interpreter that ends in its own way
"""


def test_tables_are_right_whatever_is_done_to_tensors(every):
    """They are no numbers to convert, and not part of the state that is loaded."""
    real_one, x = connc.compile(every).eval(), torch.rand(2, 3, 8, 8)
    state, want = real_one.state_dict(), real_one(x)["out"]
    with torch.device("meta"):
        unreal = connc.compile(every)
    unreal.load_state_dict(state, assign=True)
    emptied = connc.compile(every).to_empty(device="cpu")
    emptied.load_state_dict(state)
    typed = connc.compile(every).type(torch.float64).type(torch.float32)
    for module in (unreal, emptied, typed):
        assert torch.equal(module.eval()(x)["out"], want)


def test_weights_of_other_connections_are_not_loaded(tmp_path):
    spec = "net a {\n    in: [64]\n    in -> fc: linear(32) by random(fan_in = 4) -> linear(3) -> out\n}\n"
    one, two = (connc.compile(connc.loads(spec, seed=seed)) for seed in (1, 2))
    torch.save(one.state_dict(), tmp_path / "one.pt")
    for state in (one.state_dict(), torch.load(tmp_path / "one.pt")):
        with pytest.raises(RuntimeError, match="the weights of `fc` are those of other connections"):
            two.load_state_dict(state)
        connc.compile(connc.loads(spec, seed=1)).load_state_dict(state)
    assert list(one.state_dict()) == ["fc.weight", "fc.bias", "linear.weight", "linear.bias"]


def test_a_failure_says_which_input_is_of_another_type():
    with pytest.raises(RuntimeError) as caught:
        connc.compile("std.predefined:morse")(torch.rand(2, 64, dtype=torch.float64))
    assert "`in` holds torch.float64, and the module computes in torch.float32" in caught.value.__notes__


def test_a_module_without_one_of_its_tensors_does_not_start_anew(every):
    module = connc.compile(every)
    del module.fc.weight
    with pytest.raises(ValueError, match=r"no `fc\.weight` any more"):
        module.reset_parameters()


@pytest.mark.parametrize("seed", [-1, True, 1.0, np.int64(3), "1"])
def test_a_seed_is_a_whole_number(every, seed):
    with pytest.raises(ValueError, match="seed is a whole number from 0 on"):
        connc.compile(every, seed=seed)


# --- ops of one's own may give any tensors to any primitive


def drops_in_between(p, x, *, weight):
    return p.linear(p.dropout(p.linear(x, weight, None), 1.0), weight, None)


def drops_twice(p, x, *, weight):
    return p.dropout(p.dropout(p.linear(x, weight, None), 0.0), 1.0)


def drops_before(p, x, *, weight):
    return p.linear(p.dropout(x, 1.0), weight, None)


def scales(p, x, *, weight, bias, half):
    return p.mul(p.mul(p.linear(x, weight, bias), half), bias)


def scales_first(p, x, *, weight, bias):
    return p.linear(p.mul(x, bias), weight, bias)


def of_other_names(p, x, *, w, b):
    return p.linear(p.linear(x, w, b), w, None)


def of_a_computed_weight(p, x, *, weight, bias):
    return p.linear(x, p.tanh(weight), bias)


def with_and_without(p, x, *, weight, bias):
    return p.linear(p.linear(x, weight, bias), weight, None)


def normalises(p, x, *, to, training):
    return p.layer_norm(p.layer_norm(x, 1, None, None, 0.5), 1, to, training, 0.25)


def parted(p, x, *, norm_weight, norm_bias, one_weight, other_weight):
    return p.linear(p.linear(p.layer_norm(x, 1, norm_weight, norm_bias, 0.5), one_weight, None), other_weight, None)


def sums_its_weights(p, x, *, weight):
    return p.mul(x, p.sum(p.softmax(weight, 0), (1,)))


SQUARE, VECTOR = (4, 4), (4,)
OWN = {
    drops_in_between: {"weight": SQUARE},
    drops_twice: {"weight": SQUARE},
    drops_before: {"weight": SQUARE},
    scales: {"weight": SQUARE, "bias": VECTOR, "half": VECTOR},
    scales_first: {"weight": SQUARE, "bias": VECTOR},
    of_other_names: {"w": SQUARE, "b": VECTOR},
    of_a_computed_weight: {"weight": SQUARE, "bias": VECTOR},
    with_and_without: {"weight": SQUARE, "bias": VECTOR},
    normalises: {"to": VECTOR, "training": VECTOR},
    sums_its_weights: {"weight": SQUARE},
    parted: {"norm_weight": VECTOR, "norm_bias": VECTOR, "one_weight": SQUARE, "other_weight": SQUARE},
}


class Plainly:
    """The primitives that these ops use, in plain torch."""

    shape, mul, tanh = None, staticmethod(torch.mul), staticmethod(torch.tanh)
    linear = staticmethod(nn.functional.linear)

    def __init__(self, training):
        self.training = training

    def dropout(self, x, share):
        return nn.functional.dropout(x, share, self.training)

    def sum(self, x, axes):  # of a weight, which has no batch
        return x.sum(axes)

    def softmax(self, x, axis):
        return x.softmax(axis)

    def layer_norm(self, x, axes, weight, bias, eps):
        return nn.functional.layer_norm(x, x.shape[-axes:], weight, bias, eps)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("body", OWN, ids=lambda body: body.__name__)
def test_an_op_of_ones_own_computes_what_it_says(body, training, monkeypatch):
    monkeypatch.setattr(OPS, "_classes", dict(OPS._classes))
    methods = {"params": lambda self, x: OWN[body], "body": lambda self, p, x, **kept: body(p, x, **kept)}
    op("mine")(type("Mine", (Op,), {"__doc__": "Does.", **methods}))
    shared = Node("it@2", OPS["mine"](), (VECTOR,))
    given = connc.loads("net a {\n    in: [4]\n    in -> relu -> it: relu -> out\n}").inputs[0]
    first = Node("it", OPS["mine"](), (VECTOR,))
    sources = {"it": [Source(Ref("in"))], "it@2": [Source(Ref("it"))]}
    module = compile_network(Network("a", "kernel", [given, first, shared], sources, {"out": Ref("it@2")})).train(
        training
    )
    tensors = {key: torch.rand(shape) + 0.5 for key, shape in OWN[body].items()}
    state = {tensor_place("it", key).key: value for key, value in tensors.items()}
    assert module.state_dict().keys() == state.keys()
    module.load_state_dict(state)
    x, plainly = torch.rand(3, 4), Plainly(training)
    want = body(plainly, body(plainly, x, **tensors), **tensors)
    torch.testing.assert_close(module(x), want)
    torch.testing.assert_close(copy.deepcopy(module)(x), want)


# --- where it starts


def test_a_parameter_starts_alike_whatever_else_there_is():
    one = connc.loads("net a {\n    in: [6]\n    in -> fc: linear(4) -> out\n}\n")
    two = connc.loads("net b {\n    in: [6]\n    in -> relu -> fc: linear(4) -> relu -> more: linear(3) -> out\n}\n")
    assert torch.equal(connc.compile(one).fc.weight, connc.compile(two).fc.weight)
    assert not torch.equal(connc.compile(one).fc.weight, connc.compile(one, seed=1).fc.weight)
    assert not torch.equal(connc.compile(two).fc.weight.flatten()[:3], connc.compile(two).more.weight.flatten()[:3])


def test_compiling_touches_no_generator(every):
    torch.manual_seed(5)
    before, numbers = torch.get_rng_state(), np.random.get_state()[1].copy()
    connc.compile(every)
    assert torch.equal(torch.get_rng_state(), before)
    assert (np.random.get_state()[1] == numbers).all()


def test_neurons_of_any_fan_in_start_with_the_same_strength():
    """Half of the targets read 4 sources, half 256: what they give varies alike."""
    spec = """\
rule few = i -> j where mod(j, 2) == 0 and mod(i + j, 128) == 0
rule many = i -> j where mod(j, 2) == 1 and mod(i + j, 2) == 0
net a {
    in: [512]
    in -> fc: linear(2000, bias = false) by few | many -> out
}
"""
    module = connc.compile(connc.loads(spec))
    degrees = np.diff(module.fc.edges.relation.starts)
    assert sorted(set(degrees.tolist())) == [4, 256]
    with torch.no_grad():
        spread = module(torch.randn(400, 512)).std(0)
    few, many_ = spread[degrees == 4].mean(), spread[degrees == 256].mean()
    assert abs(few / many_ - 1) < 0.05
    assert abs(many_ - 3**-0.5) < 0.02  # as torch's own layers start


def test_a_dense_layer_starts_as_those_of_torch():
    module = connc.compile(
        connc.loads("net a {\n in: [8, 6, 6]\n in -> conv(32, 3, bias = true) -> flatten -> linear(50) -> out\n}")
    )
    for made, fan_in in ((module.conv, 72), (module.linear, 1152)):
        for each in (made.weight, made.bias):
            assert each.abs().max() <= fan_in**-0.5
        assert abs(made.weight.std() * fan_in**0.5 - 3**-0.5) < 0.02


# --- junctions are their edges


def test_a_junction_is_stored_as_its_edges():
    spec = "net a {\n    in: [2000]\n    in -> linear(1000) by random(fan_in = 4) -> out\n}\n"
    module = connc.compile(connc.loads(spec))
    numbers = sum(each.numel() for each in (*module.parameters(), *module.buffers()))
    assert numbers == 4000 + 1000 + 2 * 4000 + 1001
    assert list(module.state_dict()) == ["linear.weight", "linear.bias"]


# --- what failed is named


@pytest.fixture
def broken():
    """A module with a weight that does not fit."""
    spec = """\
net a {
    in: [6]
    layer[3]: linear(6)
    connect in, layer, out by (i -> i + 1) using sum
}
"""
    module = connc.compile(connc.loads(spec))
    module.layer[1].weight = nn.Parameter(torch.rand(5, 5))
    return module


PLACE = "`layer[1]` (<text>:3): `layer[3]: linear(6)`"
RULE = "connected by <text>:4: `connect in, layer, out by (i -> i + 1) using sum`"


def test_a_failure_names_the_line_and_the_rule(broken):
    with pytest.raises(RuntimeError) as caught:
        broken(torch.rand(2, 6))
    assert caught.value.__notes__ == [f"in {PLACE}\n{RULE}"]


def test_a_failing_export_names_the_line(broken):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        torch.export.export(broken, (torch.rand(2, 6),))
    assert 'File "<text>", line 3, in layer[1]\n    layer[3]: linear(6)' in str(caught.value)
    assert "connect in, layer, out by (i -> i + 1) using sum" in str(caught.value)


def test_torch_compile_shows_the_line_of_the_spec(broken):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        torch.compile(broken, fullgraph=True, backend="aot_eager")(torch.rand(2, 6))
    assert "layer[1] (<text>:3)" in str(caught.value) + "\n".join(getattr(caught.value, "__notes__", ()))


def test_exporting_with_an_input_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="a junction of 64 sources got 63"):
        torch.export.export(connc.compile("std.predefined:morse"), (torch.rand(5, 63),))


@pytest.mark.parametrize("shape", [(5, 63), (64,), (5, 1), (5, 64, 1), (1, 5, 64)])
def test_an_input_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="`in` takes a tensor of the shape \\[batch, 64\\]"):
        connc.compile("std.predefined:morse")(torch.rand(*shape))


def test_a_network_takes_no_params():
    with pytest.raises(TypeError, match="give `params` to `load`"):
        connc.compile(connc.load("std.predefined:morse"), {"depth": 3})
