"""Arithmetic, memory, receptive fields and lost neurons, against torch and against plain loops."""

import itertools
from math import prod, sqrt

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch.utils.flop_counter import FlopCounterMode

import connc
from connc.compiler.analyze import Subject, memory
from connc.compiler.analyze.dead import lost
from connc.compiler.analyze.receptive import fields
from connc.compiler.network import Network
from connc.testing import nets


def net(body, **params):
    return connc.loads(f"net a {{\n    {body}\n}}\n", **params)


# --- arithmetic

PLAIN = {
    "std.densenet:densenet_cifar": {"depth": 16, "growth": 4},
    "std.sparsenet:sparsenet_cifar": {"depth": 22, "growth": 4},
    "std.sparsenet:sparsenet_sum": {"depth": 11},
    "std.resnet:resnet_cifar": {"depth": 11},
    "std.sdmn:sdmn_small": {},
    "std.predefined:mnist_conv": {"fan_out": [512, 10]},
}


@pytest.mark.parametrize("target", [each for each in PLAIN if "predefined" not in each])
def test_the_usual_convention_is_that_of_torch(target):
    network = connc.load(target, PLAIN[target])
    module = connc.compile(network).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*(torch.zeros(1, *node.shapes[0]) for node in network.inputs))
    found = connc.analyze(network, "usual_flops", "macs", "dense_macs", "flops")
    assert counter.get_total_flops() == found["usual_flops"] == 2 * found["macs"]
    assert found["dense_macs"] == found["macs"] < found["flops"]


def test_what_a_full_layer_would_take_is_told_apart():
    body = """in: [8, 4, 4]
    in -> conv(8, 3) by blocks(2) -> flatten -> linear(16) by random(fan_in = 8) -> linear(2) -> out"""
    found = connc.analyze(net(body), "macs", "dense_macs")
    assert found == {"macs": 8 * 4 * 9 * 16 + 128 + 32, "dense_macs": 8 * 8 * 9 * 16 + 128 * 16 + 32}
    whole = net(body.replace("by blocks(2)", "").replace("by random(fan_in = 8)", ""))
    assert connc.analyze(whole, "macs")["macs"] == found["dense_macs"]


@settings(max_examples=50, deadline=None)
@given(nets())
def test_blocks_cost_what_is_in_them(net):
    found = connc.analyze(net, "costs", "params", "macs", "flops", "dense_macs", "memory")
    costs, kernel = found["costs"], Subject(net).kernel
    tops = [name for name in costs if "." not in name]
    for key in ("params", "macs", "flops", "dense_macs"):
        assert sum(costs[name][key] for name in tops) == found[key]
    assert sum(costs[name]["memory"] for name in tops) == found["memory"]["training"]
    for name, cost in costs.items():
        inner = [each for each in costs if each.startswith(name + ".") and "." not in each[len(name) + 1 :]]
        if inner:
            own = sum(4 * prod(shape) for shape in kernel[name].shapes) if name in kernel else 0
            assert cost["memory"] in (within := sum(costs[each]["memory"] for each in inner), within + own)
            assert min(list(costs).index(each) for each in inner) > list(costs).index(name)


# --- memory


def held_step_by_step(kernel):
    """Every step written out: what has been made and is still to be read, views standing for what they look at."""
    nodes = list(kernel)

    def made_by(name):
        node = kernel[name]
        if not node.what.is_view:
            return {name}
        return set().union(*(made_by(source.ref.node) for source in kernel.sources(name)))

    def reads(name):
        return set().union(*(made_by(source.ref.node) for source in kernel.sources(name)), set())

    outputs = set().union(*(made_by(ref.node) for ref in kernel.outputs.values()))
    most = 0
    for step in range(len(nodes)):
        later = set().union(*(reads(node.name) for node in nodes[step:]), outputs)
        alive = {node.name for node in nodes[:step] if node.name in later and not node.what.is_view}
        alive |= {nodes[step].name} - {n.name for n in nodes if n.what.is_view}
        most = max(most, sum(4 * sum(map(prod, kernel[name].shapes)) for name in alive))
    return most


@settings(max_examples=60, deadline=None)
@given(nets())
def test_the_peak_is_that_of_every_step_written_out(net):
    kernel = connc.compiler.expand.expand(net)
    assert memory.peak(kernel)[0] == held_step_by_step(kernel)


@pytest.mark.parametrize("target", PLAIN)
def test_training_keeps_no_more_than_all_that_is_made(target):
    """torch keeps what gradients need, for each sample more, and beside activations only what normalises them."""
    network = connc.load(target, PLAIN[target])
    module = connc.compile(network).train()
    shapes = [node.shapes[0] for node in network.inputs]
    a_sample = (kept_by(module, shapes, 32) - kept_by(module, shapes, 16)) / 16
    told = connc.analyze(network, "memory")["memory"]["training"]
    assert 0.3 * told < a_sample < 1.05 * told


def kept_by(module, shapes, batch):
    """The bytes of all different tensors that the backward pass will need."""
    kept = {}

    def pack(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        made = module(*(torch.rand(batch, *shape) for shape in shapes))
    assert made is not None
    return sum(kept.values())


# --- receptive fields


def seen(module, x):
    """Of all points of the map: the most rows and columns of the input that gradients come from, and in the middle
    how far they spread."""
    x = x.clone().requires_grad_()
    y = module(x).sum(1)[0]
    most, variance = [0, 0], 0.0
    for i, j in itertools.product(range(y.shape[0]), range(y.shape[1])):
        (grad,) = torch.autograd.grad(y[i, j], x, retain_graph=True)
        grad = grad.sum(1)[0].abs()
        for axis, other in ((0, 1), (1, 0)):
            places = np.flatnonzero(grad.sum(other).numpy())
            most[axis] = max(most[axis], int(np.ptp(places)) + 1 if places.size else 0)
        if (i, j) == (y.shape[0] // 2, y.shape[1] // 2):
            weight = (grad.sum(1) / grad.sum()).numpy()
            at = np.arange(weight.size)
            variance = (weight * at**2).sum() - (weight * at).sum() ** 2
    return tuple(most), variance


@pytest.mark.parametrize(
    "chain",
    [
        "conv(1, 3)",
        "conv(1, [3, 5]) -> conv(1, 3)",
        "conv(1, 3, stride = 2) -> conv(1, 3)",
        "conv(1, 3, dilation = 2) -> avgpool(2) -> conv(1, 3)",
        "conv(1, 2, padding = 0) -> conv(1, 3, stride = 3)",
        "sepconv(1, 3) -> avgpool(2) -> relu",
        "conv(2, 3) -> split(count = 2) -> concat -> identity",
        "avgpool(2) -> upsample(2) -> conv(1, 3)",
        "avgpool(4) -> upsample(4) -> conv(1, 3)",
        'avgpool(4) -> upsample(2, mode = "bilinear")',
        'avgpool(4) -> upsample(3, mode = "bilinear") -> conv(1, 3)',
        "conv(1, 7, padding = 6)",
    ],
)
def test_fields_are_those_of_gradients_at_all_points(chain):
    network = net(f"in: [1, 16, 16]\n    in -> {chain} -> out")
    found = connc.analyze(network, "receptive_field")["receptive_field"]
    module = connc.compile(network).double()
    for parameter in module.parameters():
        torch.nn.init.ones_(parameter)
    most, variance = seen(module, torch.rand(1, 1, 16, 16, dtype=torch.float64))
    assert (found["height"], found["width"]) == most
    if "bilinear" not in chain and "padding" not in chain:
        assert found["effective"][0] == pytest.approx(min(sqrt(12 * variance + 1), most[0]))


@settings(max_examples=30, deadline=None)
@given(nets(ops=["conv", "avgpool", "upsample", "relu", "sepconv", "slice", "pad", "bn"], joins=["concat", "sum"]))
def test_no_gradient_comes_from_outside_of_a_field(net):
    (node, *others) = net.inputs
    if others or len(node.shapes[0]) != 3 or max(node.shapes[0][1:]) > 8:
        return
    kernel = Subject(net).kernel
    known = fields(kernel)
    x = torch.rand(1, *node.shapes[0], dtype=torch.float64).requires_grad_()
    made = connc.compile(net).eval().double()(x)
    made = made if isinstance(made, dict) else {"out": made}
    for port, ref in kernel.outputs.items():
        field, y = known.get(ref.node), made[port]
        if field is None or y.dim() != 4 or max(y.shape[2:]) > 8:
            continue
        for i, j in itertools.product(range(y.shape[2]), range(y.shape[3])):
            (grad,) = torch.autograd.grad(y[0, :, i, j].sum(), x, retain_graph=True)
            rows, columns = (np.flatnonzero(grad[0].abs().sum(dim).numpy()) for dim in ((0, 2), (0, 1)))
            for places, axis, at in ((rows, field.rows, i), (columns, field.columns, j)):
                assert places.size == 0 or axis.first[at] <= places[0] <= places[-1] <= axis.last[at]


def test_of_branches_the_widest_counts_and_spreads_are_a_mean():
    network = net("in: [1, 64, 64]\n    x = in -> conv(1, 3)\n    y = in -> conv(3, 9)\n    (x, y) -> concat -> out")
    found = connc.analyze(network, "receptive_field")["receptive_field"]
    assert (found["height"], found["layer"]) == (9, "conv2")
    rows = fields(Subject(network).kernel)["concat"].rows
    assert rows.square[32] - rows.mean[32] ** 2 == pytest.approx((8 / 12 + 3 * 80 / 12) / 4)


@pytest.mark.parametrize("layer", ["globalpool", "layernorm", "permute([0, 2, 1])", "softmax"])
def test_what_mixes_places_sees_the_whole(layer):
    network = net(f"in: [2, 9, 7]\n    in -> conv(2, 3) -> mixed: {layer} -> out")
    assert fields(Subject(network).kernel)["mixed"] is None
    assert connc.analyze(network, "receptive_field")["receptive_field"]["height"] == 3


def test_a_net_without_maps_has_none():
    assert connc.analyze(net("in: [4]\n    in -> linear(2) -> out"), "receptive_field") == {"receptive_field": None}


@settings(max_examples=40, deadline=None)
@given(nets())
def test_all_that_depends_on_a_map_has_a_field(net):
    maps = [node for node in net.inputs if len(node.shapes[0]) == 3]
    kernel = Subject(net).kernel
    known = fields(kernel)
    for ref in kernel.outputs.values():
        assert not maps or ref.node in known or not reaches(kernel, {node.name for node in maps}, ref.node)


def reaches(kernel: Network, starts, end):
    found = set(starts)
    for node in kernel:
        if any(source.ref.node in found for source in kernel.sources(node.name)):
            found.add(node.name)
    return end in found


# --- neurons that take no part


def test_neurons_that_lead_nowhere_or_that_nothing_reaches():
    body = """in: [3]
    in -> one: linear(3) by matrix([[1, 0, 0], [0, 1, 0], [0, 0, 0]]) -> relu
        -> two: linear(2) by matrix([[1, 0], [0, 0], [0, 1]]) -> out"""
    found = connc.analyze(net(body), "dead")["dead"]
    assert found["neurons"] == {"one": {"dead": 2, "unreachable": 1}, "two": {"dead": 1, "unreachable": 1}}
    assert found["layers"] == found["left_out"] == []


def test_all_small_chains_against_their_paths():
    matrices = [each for each in itertools.product((0, 1), repeat=4) if any(each)]
    for first, second in itertools.product(matrices, repeat=2):
        a, b = np.reshape(first, (2, 2)), np.reshape(second, (2, 2))
        body = f"in: [2]\n    in -> x: linear(2) by matrix({a.tolist()}) -> y: linear(2) by matrix({b.tolist()}) -> out"
        (chain,) = Subject(net(body)).chains()
        found = [(each.dead, each.unreachable) for each in lost(chain)]
        whole = a @ b
        assert found == [
            (int((whole.sum(1) == 0).sum()), int((a.sum(0) == 0).sum())),
            (int((b.sum(1) == 0).sum()), int((whole.sum(0) == 0).sum())),
        ]


def test_layers_that_a_search_left_out_and_layers_that_lead_nowhere():
    network = connc.load("std.sdmn:sdmn_small", {"links": "(d, w) -> (d + 1, w) where w == 0"})
    found = connc.analyze(network, "dead")["dead"]
    assert found["left_out"] == [f"cell[{d},{w}]" for d in range(4) for w in (1, 2)]
    inner = "module m {\n    out hint\n    step[2]: linear(2)\n    connect in, step, out by (i -> i + 1)\n"
    inner += "    in -> aside: linear(3) -> hint\n}\n"
    network = connc.loads(inner + "net a {\n    in: [2]\n    in -> m -> out\n}\n")
    assert connc.analyze(network, "dead")["dead"]["layers"] == ["m.aside"]


def test_a_neuron_that_something_else_reads_is_not_dead():
    """Two junctions read the same, and each a half of it; or the net gives it away."""
    half = "matrix([[1, 1], [1, 1], [0, 0], [0, 0]])"
    other = "matrix([[0, 0], [0, 0], [1, 1], [1, 1]])"
    first, second = f"two: linear(2) by {half}", f"three: linear(2) by {other}"
    both = f"x = in -> one: linear(4) -> relu\n    y = x -> {first}\n    z = x -> {second}"
    split = net(f"in: [3]\n    {both}\n    (y, z) -> concat -> out")
    assert connc.measure(split, "dead") == 0
    given = net(
        f"in: [3]\n    out h\n    x = in -> one: linear(4)\n    x -> two: linear(2) by {half} -> out\n    x -> h"
    )
    assert connc.measure(given, "dead") == 0
    alone = net(f"in: [3]\n    in -> one: linear(4) -> two: linear(2) by {half} -> out")
    assert connc.measure(alone, "dead") == 2
    inputs = net(f"in: [4]\n    y = in -> {first}\n    z = in -> {second}\n    y + z -> out")
    assert connc.measure(inputs, "dead") == 0


def test_attention_and_neighbours_have_a_full_form_or_none():
    attention = net("in: [16, 8]\n    in -> attention(2) by random(fan_in = 2) -> out")
    whole = net("in: [16, 8]\n    in -> attention(2) -> out")
    found = connc.analyze(attention, "macs", "dense_macs")
    assert found["macs"] < found["dense_macs"] == connc.analyze(whole, "macs")["macs"]
    lateral = net("in: [8]\n    in -> lateral(0.1) by (i -> i + 1) -> out")
    assert connc.measure(lateral, "dense_macs") == connc.measure(lateral, "macs") == 0


def test_parameters_of_a_shared_layer_count_once_and_its_work_each_time():
    network = net("in: [4]\n    one: linear(4)\n    in -> one -> relu -> one -> out")
    found = connc.analyze(network, "params", "macs", "costs")
    assert (found["params"], found["macs"]) == (20, 32)
    assert [found["costs"][each]["params"] for each in ("one", "one@2")] == [20, 0]


def test_features_of_tokens_are_those_of_a_token():
    network = net("in: [100, 4]\n    in -> linear(64) -> b: linear(8) -> out")
    assert connc.measure(network, "features", of="b") == 64
