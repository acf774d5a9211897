"""The nets of the papers are wired as the papers say: handwritten ones with the same numbers compute the same."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pytest
import torch
from torch import nn

import connc
from tests.seeds import references as by_hand

LINKS = [
    [0, 0, 1, 0, 0, 1],
    [0, 0, 1, 1, 0, 0],
    [0, 0, 0, 0, 1, 0],
    [0, 0, 0, 0, 1, 1],
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
]


class Case(NamedTuple):
    """A net, how its reference is made of the compiled module, and the size of its images."""

    target: str
    params: dict
    reference: Callable
    size: int = 32


def ends(name, path, layer, blocks=(4, 6, 7), growth=4, **params):
    return Case(
        f"std.sparsenet_ends:{name}",
        {"blocks": list(blocks), "growth": growth, "path": path, "classes": 5} | params,
        lambda _: by_hand.sparsenet_ends(blocks, growth, path, 5, layer),
        8,
    )


def sdmn(adding):
    params = {"depths": [1, 3, 2], "lanes": 2, "growth": 4, "classes": 5, "links": f"matrix({LINKS})"}
    join = "sum" if adding else "concat"
    return Case("std.sdmn", params | {"adding": adding}, lambda _: by_hand.Sdmn([1, 3, 2], 2, 4, 5, LINKS, join), 16)


def densenet_cifar(depth, bottleneck, compression):
    layer = by_hand.bottleneck if bottleneck else by_hand.basic
    return Case(
        "std.densenet:densenet_cifar",
        {"depth": depth, "growth": 5, "bottleneck": bottleneck, "compression": compression, "classes": 5},
        lambda _: by_hand.cifar(by_hand.DenseBlock, depth, [5] * 3, layer, compression, 5),
    )


def sparsenet_cifar(depth, growth, bottleneck=True, compression=0.5):
    layer = by_hand.bottleneck if bottleneck else by_hand.basic
    return Case(
        "std.sparsenet:sparsenet_cifar",
        {"depth": depth, "growth": growth, "bottleneck": bottleneck, "compression": compression, "classes": 5},
        lambda _: by_hand.cifar(by_hand.SparseBlock, depth, growth, layer, compression, 5),
    )


def predefined(*fan_out):
    return Case(
        "std.predefined:cifar10_2",
        {"fan_out": list(fan_out)},
        lambda module: by_hand.cifar10_2([mask(module.fc1), mask(module.fc2)]),
        8,
    )


def mask(junction):
    return spread(torch.ones(len(junction.weight)), junction)


def spread(weights, junction):
    """Weights of connections as a matrix."""
    relation = junction.edges.relation
    sources, targets = (torch.tensor(each, dtype=torch.long) for each in relation.pairs())
    matrix = weights.new_zeros(*relation.targets, *relation.sources)
    matrix[targets, sources] = weights
    return matrix


CASES = {
    "densenet": Case(
        "std.densenet", {"blocks": [2, 3], "growth": 4, "classes": 5}, lambda _: by_hand.densenet([2, 3], 4, 5), 64
    ),
    "densenet_cifar": densenet_cifar(13, False, 1.0),
    "densenet_cifar, bc": densenet_cifar(22, True, 0.5),
    "resnet": Case("std.resnet", {"blocks": [1, 2, 1], "classes": 5}, lambda _: by_hand.resnet([1, 2, 1], 5), 32),
    "resnet_cifar": Case("std.resnet:resnet_cifar", {"depth": 20, "classes": 5}, lambda _: by_hand.resnet_cifar(20, 5)),
    "sparsenet": Case(
        "std.sparsenet",
        {"blocks": [2, 5, 9], "growth": 4, "classes": 5},
        lambda _: by_hand.sparsenet([2, 5, 9], 4, 5),
        112,
    ),
    "sparsenet_cifar": sparsenet_cifar(52, [4, 4, 4]),
    "sparsenet_cifar, plain": sparsenet_cifar(28, [4, 4, 4], False, 1.0),
    "sparsenet_cifar, growing": sparsenet_cifar(34, [4, 6, 8]),
    "sparsenet_sum": Case(
        "std.sparsenet:sparsenet_sum", {"depth": 56, "classes": 5}, lambda _: by_hand.sparsenet_sum(56, 5)
    ),
    "sparsenet_sum, dense": Case(
        "std.sparsenet:sparsenet_sum",
        {"depth": 38, "classes": 5, "reach": "dense"},
        lambda _: by_hand.resnet_cifar(38, 5),
    ),
    "sparsenet_ends, basic 3": ends("basic", 3, by_hand.ends_basic),
    "sparsenet_ends, basic 4": ends("basic", 4, by_hand.ends_basic),
    "sparsenet_ends, bc 3": ends("bc", 3, by_hand.ends_bottleneck),
    "sparsenet_ends, bc 4": ends("bc", 4, by_hand.ends_bottleneck),
    "sparsenet_ends, abc 3": ends("abc", 3, by_hand.with_gate(by_hand.Attention)),
    "sparsenet_ends, abc 4": ends("abc", 4, by_hand.with_gate(by_hand.Attention)),
    "sparsenet_ends, squeezed": ends(
        "sparsenet_ends",
        4,
        by_hand.with_gate(by_hand.SqueezeAndExcitation),
        growth=8,
        gate="squeeze_gate",
    ),
    "sdmn, sum": sdmn(adding=True),
    "sdmn, concat": sdmn(adding=False),
    "predefined": predefined(2, 4),
}

each_case = pytest.mark.parametrize("name", CASES)


@each_case
def test_a_net_computes_what_the_paper_says(name):
    theirs, ours, x = both(name)
    with torch.no_grad():
        same(theirs.eval()(x), ours.eval()(x))


@each_case
def test_a_net_trains_as_the_paper_says(name):
    theirs, ours, x = both(name)
    found, expected = theirs(x), ours(x)
    same(found, expected)
    found.square().sum().backward()
    expected.square().sum().backward()
    same(handed_over(theirs, ours, gradients), gradients(ours))
    same(handed_over(theirs, ours), ours.state_dict())


def both(name):
    """The compiled module, the reference with the same numbers, and an input."""
    torch.manual_seed(0)
    theirs = connc.compile(network(name)).double()
    vary(theirs)
    ours = CASES[name].reference(theirs).double()
    same_numbers(theirs, ours)
    return theirs, ours, torch.randn(4, 3, CASES[name].size, CASES[name].size, dtype=torch.float64)


@cache
def network(name):
    target, params, _, size = CASES[name]
    return connc.load(target, params | {"input": [3, size, size]})


def vary(module):
    """Let no two channels of a norm be alike, so that a mistaken one is seen, and much of the input come through."""
    for each in module.modules():
        if isinstance(each, nn.BatchNorm1d | nn.BatchNorm2d):
            for low, values in (
                (0.5, each.weight),
                (0.5, each.running_var),
                (-0.5, each.bias),
                (-0.5, each.running_mean),
            ):
                values.data.uniform_(low, low + 1)
        elif hasattr(each, "weight"):
            each.weight.data *= 3


def same_numbers(theirs, ours):
    ours.load_state_dict(handed_over(theirs, ours))


def gradients(module):
    return {name: each.grad for name, each in module.named_parameters()}


def handed_over(theirs, ours, values=nn.Module.state_dict):
    """Values of `theirs` under the names of `ours`, with rows and columns where `ours` has them."""
    pairs = zip(values(theirs).items(), values(ours), strict=True)
    return {name: moved(dense(value, theirs, key), layer_of(ours, name)) for (key, value), name in pairs}


def layer_of(module, name):
    return module.get_submodule(name.rpartition(".")[0])


def dense(value, module, key):
    layer = layer_of(module, key)
    return spread(value, layer) if hasattr(layer, "edges") and key.endswith("weight") else value


def moved(value, layer):
    if hasattr(layer, "rows") and value.dim() > 0:
        value = value[layer.rows]
    if hasattr(layer, "columns") and value.dim() > 1:
        value = value.unflatten(1, (len(layer.columns), -1))[:, layer.columns].reshape(value.shape)
    return value


def same(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
