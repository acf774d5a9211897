"""The nets of the papers for other data: every one takes other images and other classes, and trains very deep."""

import pytest
import torch
from torch import nn

import connc
from connc.dsl.tree import Net
from connc.specs import load_units
from connc.target import target

SYSTEMS = ["densenet", "resnet", "sparsenet", "sparsenet_ends", "sdmn", "predefined", "dsc"]
HELD_TO_ITS_SIZE = {"std.densenet:densenet121", "std.sparsenet:sparsenet121"}


def nets(system):
    units, _ = load_units(target(f"std.{system}"))
    names = [each.name.text for each in units[-1].file.declarations if isinstance(each, Net)]
    return [f"std.{system}:{name}" for name in names]


NETS = [net for system in SYSTEMS for net in nets(system)]


@pytest.mark.parametrize("net", [net for net in NETS if net not in HELD_TO_ITS_SIZE])
def test_every_net_has_the_parameters_input_and_classes(net):
    network = connc.load(net)
    (entry,), (out,) = network.inputs, network.shapes
    classes = out[0]
    assert connc.load(net, {"input": entry.shapes[0], "classes": classes}) == network


@pytest.mark.parametrize(
    ("net", "params"),
    [
        ("std.densenet", {"input": [1, 32, 32]}),
        ("std.densenet:densenet_cifar", {"input": [1, 8, 8]}),
        ("std.resnet", {"input": [3, 40, 24]}),
        ("std.resnet:resnet_cifar", {"input": [1, 28, 28]}),
        ("std.sparsenet", {"input": [3, 32, 32]}),
        ("std.sparsenet:sparsenet_cifar", {"input": [1, 28, 28]}),
        ("std.sparsenet:sparsenet_sum", {"input": [1, 8, 8]}),
        ("std.sparsenet_ends:abc", {"input": [1, 28, 28]}),
        ("std.sdmn", {"input": [1, 28, 28], "links": "forward"}),
        ("std.sdmn:sdmn_small", {"input": [1, 8, 12], "adding": False}),
        ("std.predefined:morse", {"input": [128], "fan_out": [16, 11]}),
        ("std.predefined:mnist_conv", {"input": [1, 8, 8], "fan_out": [49, 11]}),
        ("std.predefined:cifar10_3", {"input": [1, 16, 16], "fan_out": [1, 2, 11]}),
        ("std.dsc", {"input": [784]}),
        ("std.dsc:dsc_conv", {"input": [3, 32, 32]}),
    ],
)
def test_a_net_can_be_resized_to_any_data(net, params):
    assert connc.load(net, params | {"classes": 11}).shapes == ((11,),)


@pytest.mark.slow
@pytest.mark.parametrize("net", ["std.resnet:resnet_cifar", "std.sparsenet:sparsenet_sum"])
def test_two_thousand_layers_make_a_step_of_training(net):
    torch.manual_seed(0)
    module = connc.compile(net, {"depth": 2000})
    assert sum(each.numel() for each in module.parameters()) == 20_621_402
    before = {name: each.detach().clone() for name, each in module.named_parameters()}
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    images, labels = torch.randn(2, 3, 32, 32), torch.tensor([3, 7])
    loss = nn.functional.cross_entropy(module(images), labels)
    loss.backward()
    optimizer.step()
    assert loss.isfinite()
    moved = [name for name, each in module.named_parameters() if not torch.equal(each, before[name])]
    assert len(moved) == len(before)
