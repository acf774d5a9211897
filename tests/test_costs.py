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


def seen(module, size):
    """Which points of the input the middle of the map depends on, and how far they spread, by gradients."""
    x = torch.rand(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    y = module(x)
    y[0, :, y.shape[2] // 2, y.shape[3] // 2].sum().backward()
    grad = x.grad[0, 0].abs()
    rows, columns = (np.flatnonzero(grad.sum(dim).numpy()) for dim in (1, 0))
    weight = (grad.sum(1) / grad.sum()).numpy()
    mean = (weight * np.arange(size)).sum()
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1, (weight * (np.arange(size) - mean) ** 2).sum()


@pytest.mark.parametrize(
    ("chain", "field"),
    [
        ("conv(1, 3)", (3, 3)),
        ("conv(1, [3, 5]) -> conv(1, 3)", (5, 7)),
        ("conv(1, 3, stride = 2) -> conv(1, 3)", (7, 7)),
        ("conv(1, 3, dilation = 2) -> avgpool(2) -> conv(1, 3)", (10, 10)),
        ("sepconv(1, 3) -> maxpool(2) -> relu", (4, 4)),
        ("conv(2, 3) -> split(count = 2) -> concat -> identity", (3, 3)),
        ("avgpool(2) -> upsample(2) -> conv(1, 3)", (4, 4)),
    ],
)
def test_fields_are_those_of_gradients(chain, field):
    network = net(f"in: [1, 64, 64]\n    in -> {chain} -> out")
    found = connc.analyze(network, "receptive_field")["receptive_field"]
    assert (found["height"], found["width"]) == field
    module = connc.compile(network).double()
    for parameter in module.parameters():
        torch.nn.init.ones_(parameter)
    height, width, variance = seen(module, 64)
    if "upsample" in chain or "maxpool" in chain:
        assert max(height, width) <= field[0]
    else:
        assert (height, width) == field
        assert found["effective"][0] == pytest.approx(sqrt(12 * variance + 1))


def test_of_branches_the_widest_counts_and_spreads_are_a_mean():
    network = net("in: [1, 64, 64]\n    x = in -> conv(1, 3)\n    y = in -> conv(3, 9)\n    (x, y) -> concat -> out")
    found = connc.analyze(network, "receptive_field")["receptive_field"]
    assert (found["height"], found["layer"]) == (9, "conv2")
    spread = fields(Subject(network).kernel)["concat"].spread
    assert [float(each) for each in spread] == [(8 / 12 + 3 * 80 / 12) / 4] * 2


@pytest.mark.parametrize("layer", ["globalpool", "layernorm", "permute([0, 2, 1])", "softmax"])
def test_what_mixes_places_sees_the_whole(layer):
    network = net(f"in: [2, 9, 7]\n    in -> conv(2, 3) -> mixed: {layer} -> out")
    assert fields(Subject(network).kernel)["mixed"].whole
    assert connc.analyze(network, "receptive_field")["receptive_field"]["height"] == 3


def test_a_net_without_maps_has_none():
    assert connc.analyze(net("in: [4]\n    in -> linear(2) -> out"), "receptive_field") == {"receptive_field": None}


@settings(max_examples=40, deadline=None)
@given(nets())
def test_no_gradient_lies_outside_of_a_field(net):
    """For every net that is drawn, one output after the other."""
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
