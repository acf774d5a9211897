"""Density and scatter: the worked example of the paper, and matrices written out in full."""

import itertools
from fractions import Fraction
from math import ceil

import numpy as np
import pytest

import connc
from connc.compiler.analyze import Subject, Unmeasured
from connc.compiler.analyze.junctions import Junction
from connc.compiler.analyze.scatter import Given, runs, scatter
from connc.compiler.analyze.windows import windows, windows_of
from connc.compiler.relations.relation import Relation


def net(body, **params):
    return connc.loads(f"net a {{\n    {body}\n}}\n", **params)


def dense(junction):
    """Rows are neurons on the right."""
    matrix = np.zeros(junction.sizes[::-1], dtype=object)
    if junction.relation is None:
        matrix[:] = 1
    else:
        source, target = junction.relation.pairs()
        matrix[target, source] = 1
    return matrix


def by_matrices(matrices):
    """Both scatters of a product of matrices, from the definition, window by window."""
    product = matrices[0]
    for each in matrices[1:]:
        product = each @ product
    return _from_windows(product, matrices), _from_windows(product.T, [each.T for each in reversed(matrices)])


def _from_windows(product, matrices):
    columns = product.shape[1]
    reach = Fraction(1)
    for each in matrices:
        reach *= Fraction(int(each.sum()), each.shape[0])
    wide = max(1, ceil(columns / reach))
    found = []
    for row in product:
        for low in range(0, columns, wide):
            held = row[low : low + wide]
            found.append(min(Fraction(int(held.sum())) / (reach * len(held) / columns), Fraction(1)))
    return sum(found) / len(found)


# --- the paper's


def test_the_worked_example_comes_out_exactly():
    """Figures 4 and 6: eight, four and four neurons."""
    (run,) = runs(Subject(connc.load("std.predefined:fig4")))
    assert run.vector == [Fraction(n, 8) for n in (6, 8, 6, 6, 7, 6)]
    assert run.least[0] == Fraction(3, 4)
    assert [each.density for each in Subject(connc.load("std.predefined:fig4")).junctions()] == [
        Fraction(1, 4),
        Fraction(1, 2),
    ]


def test_patterns_drawn_one_after_the_other_have_the_scatter_of_the_figure():
    """Figure 7: 0.68, 0.64, 0.65, 0.62, 0.91 and 0.91 for Morse code with fan-outs 128 and 8."""
    body = "in: [64]\n    in -> linear(1024) by sequential(128) -> relu -> linear(64) by sequential(8) -> out"
    found = [[float(each) for each in runs(Subject(net(body, seed=seed)))[0].vector] for seed in range(20)]
    assert np.mean(found, axis=0) == pytest.approx([0.68, 0.64, 0.65, 0.62, 0.91, 0.91], abs=0.01)


@pytest.mark.parametrize(
    ("target", "fan_out", "percent"),
    [
        ("std.predefined:cifar10_2", [1, 1], 0.2189),
        ("std.predefined:cifar10_2", [1, 8], 0.3891),
        ("std.predefined:cifar10_3", [1, 1, 1], 0.2179),
        ("std.predefined:cifar10_3", [1, 1, 8], 0.2982),
        ("std.predefined:cifar10_3", [1, 2, 16], 0.4128),
        ("std.predefined:cifar100_2", [1, 1], 0.2131),
        ("std.predefined:cifar100_2", [1, 8], 0.3788),
        ("std.predefined:cifar100_2", [1, 32], 0.9470),
        ("std.predefined:cifar100_3", [1, 1, 1], 0.2151),
        ("std.predefined:cifar100_3", [1, 1, 16], 0.3850),
        ("std.predefined:cifar100_3", [1, 2, 32], 0.5888),
        ("std.predefined:mnist_conv", [1, 5], 0.2861),
        ("std.predefined:mnist_conv", [4, 10], 0.8264),
        ("std.predefined:mnist_conv", [16, 10], 2.3522),
        ("std.predefined:mnist_cl", [4, 10], 3.0227),
        ("std.predefined:mnist_cl", [112, 10], 50.6297),
        ("std.predefined:morse", [512, 32], 50),
    ],
)
def test_the_densities_of_the_first_table(target, fan_out, percent):
    found = connc.analyze(connc.load(target, {"fan_out": fan_out}))["density"]
    assert 100 * found["overall"] == pytest.approx(percent, abs=6e-5)


# --- against matrices


@pytest.mark.parametrize("seed", range(40))
def test_scatter_is_what_windows_over_matrices_say(seed):
    """Any sizes and any pairs: windows that do not divide, neurons without connections, several paths."""
    draws = np.random.default_rng(seed)
    sizes = draws.integers(1, 9, size=draws.integers(2, 5)).tolist()
    chain = []
    for left, right in itertools.pairwise(sizes):
        target, source = np.nonzero(draws.random((right, left)) < draws.choice([0.2, 0.5, 1.0]))
        chain.append(Junction("a", (left,), (right,), Relation.of_pairs((left,), (right,), source, target)))
    for low in range(len(chain)):
        for high in range(low + 1, len(chain) + 1):
            part = chain[low:high]
            matrices = [dense(each) for each in part]
            if all(each.any() for each in matrices):
                assert scatter(part) == by_matrices(matrices)


def test_both_ways_of_pushing_windows_through_agree():
    """Below and above the density at which matrices are multiplied."""
    for chance in (0.02, 0.5):
        draws = np.random.default_rng(0)
        shapes, chain = [(40, 60), (60, 50)], []
        for left, right in shapes:
            target, source = np.nonzero(draws.random((right, left)) < chance)
            chain.append(Junction("a", (left,), (right,), Relation.of_pairs((left,), (right,), source, target)))
        assert scatter(chain) == by_matrices([dense(each) for each in chain])


def test_windows_that_are_held_some_at_a_time_come_to_the_same(monkeypatch):
    (run,) = runs(Subject(connc.load("std.predefined:morse", {"fan_out": [128, 8]})))
    monkeypatch.setattr("connc.compiler.analyze.scatter._HELD", 3000)
    assert runs(Subject(connc.load("std.predefined:morse", {"fan_out": [128, 8]}))) == [run]


def test_long_chains_count_more_paths_than_whole_numbers_hold():
    """Twenty junctions with fan-ins of 16: 2 ^ 80 paths to each neuron."""
    chain = []
    for seed in range(20):
        relation = connc.relate("random(fan_in = 16)", 32, 32, seed=seed)
        chain.append(Junction("a", (32,), (32,), relation))
    found, expected = scatter(chain), by_matrices([dense(each) for each in chain])
    assert [float(each) for each in found] == pytest.approx([float(each) for each in expected], rel=1e-9)
    assert found.forward < 1


def test_where_all_are_connected_scatter_is_one():
    chain = [Junction("a", (6,), (4,), None), Junction("b", (4,), (5,), Relation.full((4,), (5,)))]
    for part in (chain, chain[:1], chain[1:]):
        assert scatter(part) == (1, 1)


def test_neurons_in_another_order_within_their_windows_have_the_same_scatter():
    (first, second) = Subject(connc.load("std.predefined:fig4")).junctions()
    source, target = first.relation.pairs()
    swapped = Relation.of_pairs((8,), (4,), source ^ 1, target)  # 8 neurons in windows of 4
    assert scatter([Junction("a", (8,), (4,), swapped)]) == scatter([first])
    assert scatter([second]) == (Fraction(3, 4), Fraction(3, 4))


# --- windows


@pytest.mark.parametrize(
    ("space", "count", "expected"),
    [
        ((8,), 2, [0, 0, 0, 0, 1, 1, 1, 1]),
        ((7,), 3, [0, 0, 0, 1, 1, 1, 2]),
        ((3,), 8, [0, 1, 2]),
        ((2, 4), 2, [0, 0, 1, 1, 0, 0, 1, 1]),
        ((2, 2, 2), 2, [0, 0, 0, 0, 1, 1, 1, 1]),
        ((2, 3), 4, [0, 0, 1, 1, 2, 2]),
    ],
)
def test_windows_are_as_near_to_cubes_as_divide(space, count, expected):
    assert windows(space, Fraction(count)).tolist() == expected


def test_windows_are_patches_where_a_map_comes_in():
    """A neuron on the right that reads one pixel of each quarter reads all windows; in a row it would not."""
    body = "in: [1, 4, 4]\n    in -> flatten -> one: linear(1) by matrix([[0], [1]]) -> out"
    pairs = [0, 2, 8, 10]
    rows = ", ".join("[1]" if pixel in pairs else "[0]" for pixel in range(16))
    (junction,) = Subject(net(body.replace("[[0], [1]]", f"[{rows}]"))).junctions()
    assert junction.left == (1, 4, 4)
    assert scatter([junction]).forward == 1
    flat = Junction("a", (16,), (1,), junction.relation.reshaped((16,), (1,)))
    assert scatter([flat]).forward == Fraction(1, 2)


# --- which junctions there are


def names(body):
    return [[each.name for each in chain] for chain in Subject(net(body)).chains()]


def test_junctions_in_a_row_are_a_chain_whatever_leaves_values_at_their_places():
    body = "in -> one: linear(6) -> bn -> relu -> dropout(0.5) -> two: synapse(3) -> reshape([3]) -> linear(2) -> out"
    assert names(f"in: [4]\n    {body}") == [["one", "two", "linear"]]


@pytest.mark.parametrize("between", ["softmax", "permute([0])", "lateral(0.1) by (i -> i + 1)", "slice(0, 6)"])
def test_what_mixes_or_moves_values_ends_a_chain(between):
    body = f"in: [4]\n    in -> first: linear(6) -> {between} -> last: linear(3) -> out"
    assert names(body) == [["first"], ["last"]]


def test_a_chain_ends_where_a_junction_reads_another_number_of_neurons():
    assert names("in: [4]\n    in -> first: linear(8) -> reshape([2, 4]) -> last: linear(4) -> out") == [
        ["first"],
        ["last"],
    ]


def test_what_several_give_ends_a_chain():
    body = "x = in -> first: linear(6)\n    y = in -> second: linear(6)\n    (x, y) -> concat -> last: linear(3) -> out"
    assert names(f"in: [4]\n    {body}") == [["first"], ["second"], ["last"]]


def test_a_shared_junction_counts_once_and_tokens_read_their_features():
    body = "in: [5, 4]\n    one: linear(4)\n    in -> one -> relu -> one -> flatten -> last: linear(2) -> out"
    assert names(body) == [["one"], ["last"]]
    found = connc.analyze(net(body))["density"]
    assert found == {"overall": 1.0, "junctions": {"one": 1.0, "last": 1.0}, "links": {}}


def test_a_net_without_junctions_has_none_of_it():
    found = connc.analyze(net("in: [3, 4, 4]\n    in -> conv(2, 3) -> out"))
    assert found["density"] is None
    assert found["scatter"] is None


def test_of_a_long_chain_the_whole_alone_is_told():
    body = "in: [4]\n    layer[20]: linear(4) by random(fan_in = 2)\n    connect in, layer, out by (i -> i + 1)"
    (run,) = runs(Subject(net(body)))
    assert list(run.equivalent) == [("layer[0]", "layer[19]")]
    assert len(run.vector) == 42


def test_all_that_is_said_of_scatter():
    found = connc.analyze(connc.load("std.predefined:fig4"))["scatter"]
    assert found == {
        "value": 0.75,
        "vector": [0.75, 1, 0.75, 0.75, 0.875, 0.75],
        "ascending": [0.75, 0.75, 0.75, 0.75, 0.875, 1],
        "junctions": {"fc1": {"forward": 0.75, "backward": 1}, "fc2": {"forward": 0.75, "backward": 0.75}},
        "equivalent": {"fc1:fc2": {"forward": 0.875, "backward": 0.75}},
    }


# --- contracts


HELD = """
net held {
    in: [64]
    in -> fc1: linear(128) by random(fan_out = 16) -> relu -> fc2: linear(64) by random(fan_out = 8) -> out
    require CONDITION
}
"""


@pytest.mark.parametrize(
    "condition", ["density == 12.5%", "scatter >= 0.6", "density(fc1) == density(fc2)", "scatter(fc2) >= scatter"]
)
def test_contracts_that_hold(condition):
    assert connc.loads(HELD.replace("CONDITION", condition)).kind == "held"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("density == 50%", "density is 0.125"),
        ("scatter >= 0.9", "scatter is 0.66"),
        ("scatter(fc1) >= 0.9", "scatter(fc1) is 0.67"),
    ],
)
def test_contracts_that_do_not_hold_say_what_is(condition, said):
    with pytest.raises(connc.SpecError) as caught:
        connc.loads(HELD.replace("CONDITION", condition))
    assert said in str(caught.value)


def test_a_contract_over_what_is_not_there_does_not_hold():
    with pytest.raises(connc.SpecError, match="there is nothing here of which `scatter` is a number"):
        net("in: [3, 4, 4]\n    in -> conv(2, 3) -> out\n    require scatter >= 0.5")


# --- windows that are given


def test_given_windows_are_cut_along_each_axis_and_in_a_row_if_there_is_one():
    assert windows_of((4, 4), (2, 3)).reshape(4, 4).tolist() == [[0, 0, 0, 1]] * 2 + [[2, 2, 2, 3]] * 2
    assert windows_of((4, 4), (5,)).tolist() == [0] * 5 + [1] * 5 + [2] * 5 + [3]
    with pytest.raises(Unmeasured, match=r"\[9\] cannot cut \[3\]"):
        windows_of((3,), (9,))


def by_given(matrix, extents, shape, counted=None):
    """From the definition: what each window holds, over its share of all connections of a mean neuron."""
    reach = Fraction(int(matrix.sum()), matrix.shape[0])
    window = windows_of(shape, extents)
    found = []
    for row in matrix[:counted]:
        for number in range(window[-1] + 1):
            inside = window == number
            ideal = reach * int(inside.sum()) / matrix.shape[1]
            found.append(min(Fraction(int(row[inside].sum())) / ideal, Fraction(1)))
    return sum(found) / len(found)


@pytest.mark.parametrize(("left", "right"), [((1, 2, 2), (3,)), ((2, 1, 4), (6,)), ((5,), (4,)), ((2, 3, 3), (1,))])
def test_scatter_by_given_windows_is_that_of_the_matrix_written_out(left, right):
    body = "in: [2, 4, 4]\n    in -> flatten -> one: linear(12) by random(density = 20%) -> out"
    network = net(f"{body}\n    require scatter(one, left = {list(left)}, right = {list(right)}) >= 0")
    (chain,) = Subject(network).chains()
    matrix = dense(chain[0])
    found = scatter(chain, Given(left, right))
    assert found == (by_given(matrix, left, (2, 4, 4)), by_given(matrix.T, right, (12,)))
    value = min(found)
    text = f"scatter(one, left = {list(left)}, right = {list(right)}) == {value.numerator} / {value.denominator}"
    assert net(f"{body}\n    require {text}") is not None


def test_windows_of_one_neuron_see_the_same_paths_from_both_sides():
    body = "in: [8]\n    in -> one: linear(16) by random(fan_in = 4) -> two: linear(8) by random(fan_in = 8) -> out"
    (chain,) = Subject(net(body)).chains()
    whole = scatter(chain)
    turned = scatter([each.transposed for each in reversed(chain)])
    assert whole.forward == whole.backward == turned.forward == turned.backward
    assert whole == by_matrices([dense(each) for each in chain])


def test_of_padded_layers_the_first_neurons_count():
    body = (
        "in: [8]\n    in -> one: linear(12) by random(density = 30%) -> two: linear(6) by random(density = 40%) -> out"
    )
    (chain,) = Subject(net(body)).chains()
    one, two = map(dense, chain)
    wide = [ceil(m.shape[1] / Fraction(int(m.sum()), m.shape[0])) for m in (one, two, two.T, one.T)]
    (run,) = runs(Subject(net(body)), None, Given(inputs=5, outputs=2))
    assert run.junctions["one"] == (by_given(one, (wide[0],), (8,)), by_given(one.T, (wide[3],), (12,), 5))
    assert run.junctions["two"] == (by_given(two, (wide[1],), (12,), 2), by_given(two.T, (wide[2],), (6,)))
    (all_,) = runs(Subject(net(body)), None, Given(inputs=8, outputs=60))
    assert all_ == runs(Subject(net(body)))[0]
    assert run.equivalent != all_.equivalent


def test_padding_counts_behind_a_full_junction_too():
    body = "in: [8]\n    in -> one: linear(12) -> two: linear(6) by random(density = 40%) -> out"
    (chain,) = Subject(net(body)).chains()
    whole = scatter(chain, Given(outputs=2))
    paths = (dense(chain[1]) @ dense(chain[0]))[:2]
    ideal = Fraction(int(dense(chain[1]).sum()) * 12, 6 * 12) * Fraction(8, 8)
    assert whole.forward == sum(min(Fraction(int(each)) / ideal, 1) for each in paths.ravel()) / paths.size


# --- patterns that are made for it


def spread_chain(sizes, fan_outs):
    layers = [f"j{i}: linear({n}) by spread({f})" for i, (n, f) in enumerate(zip(sizes[1:], fan_outs, strict=True))]
    return f"in: [{sizes[0]}]\n    in -> {' -> '.join(layers)} -> out"


@pytest.mark.parametrize(
    ("sizes", "fan_outs"),
    [
        ((64, 1024, 64), (128, 8)),
        ((64, 1024, 64), (512, 32)),
        ((1024, 64, 16), (1, 4)),
        ((1024, 64, 16), (4, 4)),
        ((800, 100, 10), (50, 10)),
        ((4096, 512, 128), (1, 8)),
        ((96, 64, 48), (8, 6)),
        ((256, 1024, 256), (64, 16)),
        ((49, 343, 49), (49, 7)),
    ],
)
def test_spread_junctions_have_scatter_one_and_so_have_their_chains(sizes, fan_outs):
    (run,) = runs(Subject(net(spread_chain(sizes, fan_outs))))
    assert run.vector == [1] * len(run.vector)


@pytest.mark.parametrize(
    ("sizes", "fan_outs", "least"),
    [((800, 100, 10), (10, 5), 0.85), ((256, 256, 256, 256), (8, 8, 8), 0.7), ((1000, 500, 100), (25, 10), 0.85)],
)
def test_where_windows_of_neighbours_differ_chains_of_spread_junctions_come_near(sizes, fan_outs, least):
    (run,) = runs(Subject(net(spread_chain(sizes, fan_outs))))
    assert run.vector[:-2] == [1] * (len(run.vector) - 2)
    assert least <= run.vector[-1] < 1
