"""Who reads whom in the nets of the papers, by the formulas of their texts."""

from collections import Counter
from functools import cache
from math import floor, log2

import networkx as nx
import numpy as np
import pytest

import connc
from connc.compiler.network import Ref
from tests.seeds.measures import junctions, links

load = cache(connc.load)


def body(network, *path):
    """The network of a module inside another."""
    for name in path:
        network = network[name].what
    return network


def positions(block, given):
    """For each layer of a block, and last for its output, the positions it reads; `given` come first."""
    names = [*given, *(f"step[{i}]" for i in range(len(block) - len(given)))]
    place = {str(ref): i for i, ref in enumerate(names)}
    out = "out.join" if "out.join" in block else None
    readers = [*(node.name for node in block if node.name.startswith("step")), *([out] if out else [])]
    found = [[place[str(source.ref)] for source in block.sources(name)] for name in readers]
    return found if out else [*found, [place[str(block.outputs["out"])]]]


# --- SparseNet, sparsely aggregated


@cache
def aggregated():
    """A block of 48 layers."""
    network = connc.load("std.sparsenet:sparsenet_cifar", {"depth": 6 * 48 + 4, "growth": 2, "classes": 2})
    return positions(body(network, "part[0]", "block"), ["in"])


def test_a_layer_aggregates_those_at_distances_that_are_powers_of_two():
    for layer, sources in enumerate(aggregated(), 1):
        assert sources == sorted(layer - 2**t for t in range(layer) if 2**t <= layer)
        assert len(sources) == floor(log2(layer)) + 1


def test_the_path_from_a_layer_to_the_input_has_as_many_steps_as_its_number_has_binary_ones():
    graph = nx.DiGraph((i, layer) for layer, sources in enumerate(aggregated(), 1) for i in sources)
    for layer, length in nx.single_source_shortest_path_length(graph, 0).items():
        assert length == layer.bit_count() <= floor(log2(max(layer, 1))) + 1


# --- SparseNet, nearest and farthest


def grouped(reach, layers=20, growth=4):
    """The first block of a net: what its layers read and its transition, the newest first."""
    params = {"blocks": [layers, 1], "growth": growth, "reach": reach, "classes": 2, "input": [3, 8, 8]}
    block = body(connc.load("std.sparsenet_ends:basic", params), "part[0]", "block")
    place = {"split:0": 0} | {f"step[{i}]": i + 1 for i in range(layers)}
    names = [*(f"step[{i}]" for i in range(layers)), "out.join"]
    return [[place[str(s.ref)] for s in block.sources(name)][::-1] for name in names]


def test_the_state_after_16_layers_is_that_of_the_authors_code():
    assert grouped("halves(14)", 16)[-1] == [*range(16, 8, -1), *range(6, -1, -1)]


@pytest.mark.parametrize(("far", "near"), [(14, 0), (10, 4), (7, 7), (4, 10), (0, 14)])
def test_links_are_dropped_exactly_as_they_are_told_to(far, near):
    *layers, transition = grouped(f"ends({far}, {near})")
    for number, sources in enumerate(layers, 1):
        kept = set(range(number)) - set(range(far, number - near))
        assert set(sources) == kept
    unread = set(range(21)) - set().union(*layers)
    assert set(transition) == unread | set(range(far)) | set(range(21 - near, 21))


def test_the_input_of_a_later_block_is_thinned_as_well():
    network = load("std.sparsenet_ends:basic")
    block = body(network, "part[2]", "block")
    pieces = block["split"].shapes
    assert pieces == ((32, 8, 8), *[(16, 8, 8)] * 14)
    assert len(block.sources("step[1]")) == 15
    assert Ref("split", "7") not in [source.ref for source in block.sources("step[1]")]


@pytest.mark.parametrize("kind", ["basic", "bc", "abc"])
def test_growing_blocks_take_less_arithmetic_than_equal_ones_of_as_many_layers(kind):
    growing = connc.analyze(load(f"std.sparsenet_ends:{kind}"))
    equal = connc.analyze(connc.load(f"std.sparsenet_ends:{kind}", {"blocks": [12, 12, 12]}))
    assert growing["macs"] < 0.72 * equal["macs"]
    assert growing["params"] < equal["params"]


def test_attention_takes_the_less_of_all_parameters_the_larger_the_net():
    def share(size):
        with_gate = connc.analyze(load(f"std.sparsenet_ends:{size}"), "params")["params"]
        without = connc.analyze(connc.load(f"std.sparsenet_ends:{size}", {"gate": "identity"}), "params")["params"]
        return with_gate / without - 1

    assert [f"{share(size):.1%}" for size in ("v1", "v3", "v4")] == ["3.9%", "2.5%", "2.1%"]


# --- dense modules, sparsely joined


def cells(net, **params):
    (connect,) = connc.load(f"std.sdmn:{net}", params).connects
    return connect


def matrix(relation):
    sources, targets = relation.pairs()
    found = np.zeros((12, 12), int)
    found[sources, targets] = 1
    return found


def test_the_grid_starts_with_the_next_one_in_each_lane():
    assert (matrix(cells("sdmn").relation) == np.eye(12, k=3)).all()
    found = links(load("std.sdmn"))
    assert (found["count"], found["possible"]) == (9, 54)


def test_a_search_may_draw_what_leads_deeper():
    sources, targets = cells("sdmn").bound.pairs()
    assert Counter((targets // 3 - sources // 3).tolist()) == {1: 27, 2: 18, 3: 9}


EXP1 = [
    "000110100011",
    "000000110001",
    "000011101001",
    "000000110001",
    "000000011010",
    "000000000111",
    "000000000100",
    "000000000011",
    "000000000011",
    "000000000000",
    "000000000000",
    "000000000000",
]


def test_the_first_experiment_is_what_figure_8_shows():
    assert ["".join(map(str, row)) for row in matrix(cells("exp1").relation)] == EXP1


@pytest.mark.parametrize("adding", [True, False])
def test_any_matrix_that_leads_deeper_joins_the_modules(adding):
    """All of the first and last depth are there, and one source of each module may be far away."""
    drawn = np.triu(np.ones((12, 12), int), 3)
    for depth in range(4):
        drawn[3 * depth : 3 * depth + 3, 3 * depth : 3 * depth + 3] = 0
    found = cells("sdmn_small", links=f"matrix({drawn.tolist()})", adding=adding)
    assert (matrix(found.relation) == drawn).all()


@pytest.mark.parametrize(
    ("growth", "none", "all_"),
    [(12, 3.00, 3.94), (32, 20.87, 27.6)],  # in millions; the least is without the last transit layers
)
def test_dense_modules_lie_between_those_without_links_and_with_all(growth, none, all_):
    for rule in ("parallel", "forward"):
        found = connc.analyze(connc.load("std.sdmn", {"growth": growth, "links": rule}))["params"] / 1e6
        assert none < found < all_ + 0.05


# --- pre-defined sparsity

PREDEFINED = ["morse", "mnist_cl", "mnist_conv", "cifar10_2", "cifar10_3", "cifar100_2", "cifar100_3", "fig4"]


@pytest.mark.parametrize("net", PREDEFINED)
def test_all_neurons_of_a_side_have_as_many_connections(net):
    for relation in junctions(load(f"std.predefined:{net}")):
        sources, targets = relation.pairs()
        assert np.unique(np.bincount(sources, minlength=relation.sources[0])).size == 1
        assert np.unique(np.bincount(targets, minlength=relation.targets[0])).size == 1


def test_the_paths_of_figure_4_are_those_of_its_product():
    first, second = (dense(relation) for relation in junctions(load("std.predefined:fig4")))
    printed = ["01011010", "11010100", "00101011", "10100101"]
    assert ["".join(map(str, row)) for row in second @ first] == printed


def dense(relation):
    """A row for each target, as the paper has it."""
    found = np.zeros((*relation.targets, *relation.sources), int)
    sources, targets = relation.pairs()
    found[targets, sources] = 1
    return found


def test_the_sparsest_junctions_have_457_times_less_than_all_connections():
    (first, second) = junctions(load("std.predefined:cifar10_2"))
    assert (first.count, second.count) == (4096, 512)
    assert round((4096 * 512 + 512 * 16) / (first.count + second.count)) == 457


def test_other_seeds_draw_other_connections_of_the_same_degrees():
    (a, _), (b, _) = (junctions(connc.load("std.predefined:morse", seed=seed)) for seed in (0, 1))
    assert a != b
    assert a.count == b.count
