"""Paths, fans and links: every path written out, networkx where it has the same notion, and laws."""

import itertools
from collections import Counter
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import connc
from connc.compiler.analyze import ANALYSES, paths
from connc.compiler.analyze.links import Links
from connc.compiler.analyze.positions import Kind, positions_of
from connc.compiler.network import Network
from connc.compiler.ops.structure import Bundle
from connc.testing import nets
from tests.networks import renamed

BODY = """
net a {{
    in: [2]
    layer[{size}]: linear(2)
    connect in, layer, out by {rule} using sum
}}
"""


def chained(rule, size):
    return connc.loads(BODY.format(rule=rule, size=size))


def edges_of(network, prefix=""):
    """All connections, by an own walk: a module is opened where there is a `connect` in it, bundles are taken apart."""
    found = []

    def opens(body):
        return bool(body.connects) or any(isinstance(n.what, Network) and opens(n.what) for n in body)

    def port(body, prefix, name):
        above = prefix.removesuffix(".")
        return name if not above else above if name == "out" else f"{above}:{name}"

    def heads(body, prefix, ref):
        """The names that a reference stands for, several for a bundle."""
        node = body[ref.node]
        if isinstance(node.what, Bundle):
            return [h for s in body.sources(ref.node) for h in heads(body, prefix, s.ref)]
        name = prefix + ref.node
        if isinstance(node.what, Network) and opens(node.what):
            return [name if ref.port == "out" else f"{name}:{ref.port}"]
        return [name]

    def walk(body, prefix):
        joined = {r.node for p, r in body.outputs.items() if body.level == "wiring" and r.node == f"{p}.join"}
        for node in body:
            if isinstance(node.what, Bundle) or node.name in joined:
                continue
            opened = isinstance(node.what, Network) and opens(node.what)
            for at, source in enumerate(body.sources(node.name)):
                target = prefix + node.name
                if opened:
                    ports = [each.name for each in node.what.inputs]
                    target += "." + (ports[0] if node.join is not None else ports[at])
                found.extend((head, target) for head in heads(body, prefix, source.ref))
            if opened:
                walk(node.what, f"{prefix}{node.name}.")
        for name, ref in body.outputs.items():
            sources = [s.ref for s in body.sources(ref.node)] if ref.node in joined else [ref]
            found.extend((h, port(body, prefix, name)) for s in sources for h in heads(body, prefix, s))

    walk(network, prefix)
    return found


def all_paths(edges, starts, ends):
    readers = {}
    for source, target in edges:
        readers.setdefault(source, []).append(target)

    def walk(place, length):
        if place in ends:
            yield length
        for target in readers.get(place, ()):
            yield from walk(target, length + 1)

    return [length for start in starts for length in walk(start, 0)]


def small_nets():
    """All ways to connect an input, up to three layers and an output such that nothing dangles."""
    for size in (1, 2, 3):
        places = size + 2
        pairs = list(itertools.combinations(range(places), 2))
        for chosen in itertools.product((0, 1), repeat=len(pairs)):
            matrix = np.zeros((places, places), dtype=int)
            for (i, j), there in zip(pairs, chosen, strict=True):
                matrix[i, j] = there
            if matrix[:, 1:].any(axis=0).all() and matrix[:-1].any(axis=1).all():
                yield f"matrix({matrix.tolist()})", size


SMALL = list(small_nets())


def test_every_small_net_against_all_its_paths_written_out():
    for rule, size in SMALL:
        network = chained(rule, size)
        edges = edges_of(network)
        found = connc.analyze(network, "path_length", "fan_in", "fan_out")
        lengths = all_paths(edges, ["in"], {"out"})
        path = found["path_length"]
        assert (path["shortest"], path["longest"], path["paths"]) == (min(lengths), max(lengths), len(lengths))
        assert path["mean"] == pytest.approx(sum(lengths) / len(lengths), rel=1e-14)
        shares = {str(k): v / len(lengths) for k, v in sorted(Counter(lengths).items())}
        assert path["distribution"] == pytest.approx(shares, rel=1e-12)
        layers = [f"layer[{i}]" for i in range(size)]
        reads, read = Counter(t for _, t in edges), Counter(s for s, _ in edges)
        assert found["fan_in"]["layers"]["histogram"] == tally(reads[each] for each in layers)
        assert found["fan_out"]["layers"]["histogram"] == tally(read[each] for each in layers)
        between = [min(ways) for a in layers for b in layers if a != b and (ways := all_paths(edges, [a], {b}))]
        assert (path["between"] or {"histogram": {}})["histogram"] == tally(between)


def tally(values):
    return {str(value): count for value, count in sorted(Counter(values).items())}


@settings(max_examples=60, deadline=None)
@given(nets())
def test_drawn_nets_have_the_connections_of_an_own_walk_and_the_lengths_of_networkx(net):
    positions = positions_of(net)
    graph = nx.MultiDiGraph()
    places = [i for i, kind in enumerate(positions.kinds) if kind != Kind.BUNDLE]
    graph.add_nodes_from(positions.names[i] for i in places)
    graph.add_edges_from(edges_of(net))
    assert set(graph) == {positions.names[i] for i in places}
    for place in places:
        name = positions.names[place]
        assert (positions.fan_in[place], positions.fan_out[place]) == (graph.in_degree(name), graph.out_degree(name))
    inputs = {positions.names[i] for i in positions.inputs}
    lengths = paths.shortest(positions, set(positions.inputs))
    known = nx.multi_source_dijkstra_path_length(graph, inputs, weight=lambda *_: 1)
    assert {positions.names[i]: lengths[i] for i in places if lengths[i] >= 0} == known
    all_pairs = dict(nx.all_pairs_shortest_path_length(graph))
    ((low, block),) = paths.between(positions)
    assert low == 0
    for i, j in itertools.product(places, places):
        assert block[j, i] == all_pairs[positions.names[i]].get(positions.names[j], -1)
    if inputs:
        longest = nx.dag_longest_path_length(nx.DiGraph(graph), weight="no")
        assert longest >= max(paths.longest(positions, set(positions.inputs)))


@settings(max_examples=40, deadline=None)
@given(nets())
def test_witnesses_are_paths_of_their_lengths(net):
    edges = set(edges_of(net))
    for name in ("path", "longest_path"):
        found = ANALYSES[name]().found(positions_of(net))
        if found is not None:
            length, names = found
            assert len(names) == length + 1
            assert all(pair in edges for pair in itertools.pairwise(names))


# --- laws


@pytest.mark.parametrize("size", [1, 7, 64, 500])
def test_with_exponential_offsets_a_layer_is_as_far_from_the_input_as_its_number_has_ones(size):
    positions = positions_of(chained("(i -> i + 2 ^ k for k in 0..)", size))
    lengths = paths.shortest(positions, set(positions.inputs))
    for place in positions.layers:
        number = int(positions.names[place].removeprefix("layer[").removesuffix("]")) + 1
        assert lengths[place] == number.bit_count()
    assert lengths[positions.outputs[0]] == (size + 1).bit_count()


def test_a_dense_net_of_bundles_has_all_paths():
    """Of 200 layers in which each reads all before it there are 2 ^ 200 paths, half as long as the net on average."""
    network = chained("(i -> j where i < j)", 200)
    assert any(isinstance(node.what, Bundle) for node in network)
    found = connc.analyze(network, "path_length", "fan_in", "fan_out", "features", "graph")
    path = found["path_length"]
    assert (path["shortest"], path["longest"], path["log2_paths"], path["paths"]) == (1, 201, 200.0, None)
    assert path["mean"] == 101
    assert sum(path["distribution"].values()) == pytest.approx(1)
    assert path["between"]["histogram"] == {"1": 200 * 199 // 2}
    assert found["fan_in"]["layers"]["most"] == found["fan_out"]["layers"]["most"] == 200
    assert found["graph"]["edges"] == 201 * 202 // 2
    assert found["features"]["most"] == 2 * 200
    assert found["graph"]["clustering"] == 1


def test_a_module_around_a_net_adds_the_two_arrows_that_lead_there_and_away():
    inner = (
        "module m {{\n    layer[5]: linear(2)\n    connect in, layer, out by (i -> i + s for s in 1..2) using sum\n}}\n"
    )
    nets_ = [
        connc.loads(inner.format() + "net a {\n    in: [2]\n    in -> " + " -> ".join(["m"] * times) + " -> out\n}\n")
        for times in (1, 2, 3)
    ]
    one, two, three = (connc.analyze(each, "path_length")["path_length"] for each in nets_)
    for key in ("shortest", "longest", "mean"):
        assert three[key] - two[key] == pytest.approx(two[key] - one[key])
    assert two["paths"] == one["paths"] ** 2
    assert (
        one["shortest"]
        == connc.analyze(chained("(i -> i + s for s in 1..2)", 5), "path_length")["path_length"]["shortest"] + 2
    )


# --- links


def by_hand(links):
    """Possible pairs, one by one: two positions of which one gives and the other takes."""
    connect = links.connect
    size = len(connect.positions)
    taken = set(connect.relation.pairs()[1].tolist())
    gives = [bool(ref.node) for ref in connect.positions]
    takes = [i in taken for i in range(size)]
    if connect.bound is not None:
        return set(zip(*(each.tolist() for each in connect.bound.pairs()), strict=True))
    return {
        (i, j) for i, j in itertools.combinations(range(size), 2) if (gives[i] and takes[j]) or (gives[j] and takes[i])
    }


@settings(max_examples=60, deadline=None)
@given(nets())
def test_possible_links_are_those_that_are_counted_one_by_one(net):
    for _, connect in positions_of(net).connects.values():
        links = Links.of(connect)
        possible = by_hand(links)
        assert links.possible == len(possible)
        assert links.count == connect.relation.count
        wide = len(connect.positions) // connect.space[0]
        distances = Counter(abs(j // wide - i // wide) for i, j in possible)
        for distance, count, most in links.distances():
            assert most == distances[distance]
            assert count <= most


def test_the_grid_of_sdmn_is_split_by_distance_as_in_the_paper():
    links = connc.analyze(connc.load("std.sdmn:sdmn_small"), "density")["density"]["links"]["cell[0,0].connect"]
    assert (links["count"], links["possible"]) == (9, 54)
    assert {key: each["possible"] for key, each in links["distances"].items()} == {"1": 27, "2": 18, "3": 9}
    assert {key: each["count"] for key, each in links["distances"].items()} == {"1": 9, "2": 0, "3": 0}
    found = connc.analyze(connc.load("std.sdmn:exp1", {"depths": [1, 1, 1, 1], "growth": 4}), "density")
    assert found["density"]["links"]["cell[0,0].connect"]["value"] == Fraction(1, 2)


# --- the graph


@settings(max_examples=40, deadline=None)
@given(nets())
def test_degrees_clustering_and_gap_are_those_of_networkx(net):
    found = connc.analyze(net, "graph")["graph"]
    multi = nx.MultiDiGraph(edges_of(net))
    multi.add_nodes_from(node.name for node in net.inputs)
    graph = nx.Graph(multi)
    assert (found["nodes"], found["edges"]) == (len(graph), multi.number_of_edges())
    assert found["clustering"] == pytest.approx(nx.average_clustering(graph))
    adjacency = nx.to_numpy_array(graph)
    degrees = adjacency.sum(axis=1)
    scale = np.array([1 / np.sqrt(each) if each else 0 for each in degrees])
    laplacian = np.diag((degrees > 0) * 1.0) - adjacency * np.outer(scale, scale)
    assert found["spectral_gap"] == pytest.approx(sorted(np.linalg.eigvalsh(laplacian))[1], abs=1e-9)
    assert (found["spectral_gap"] < 1e-9) == (not nx.is_connected(graph))


# --- what a change of the net does to numbers


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.data())
def test_one_more_connection_is_counted_and_makes_no_shortest_path_longer(size, data):
    places = size + 2
    pairs = list(itertools.combinations(range(places), 2))
    kept = {(i, i + 1) for i in range(places - 1)} | data.draw(st.sets(st.sampled_from(pairs)))
    absent = sorted(set(pairs) - kept)
    if not absent:
        return
    before, after = (matrix_net(places, each) for each in (kept, kept | {data.draw(st.sampled_from(absent))}))
    old, new = (connc.analyze(each, "density", "path_length", "graph", "fan_in") for each in (before, after))
    (was,), (now,) = (each["density"]["links"].values() for each in (old, new))
    assert (now["count"], now["possible"]) == (was["count"] + 1, was["possible"])
    assert new["graph"]["edges"] == old["graph"]["edges"] + 1
    assert new["path_length"]["shortest"] <= old["path_length"]["shortest"]
    assert new["path_length"]["longest"] == old["path_length"]["longest"] == places - 1
    assert new["path_length"]["paths"] > old["path_length"]["paths"]
    for place in range(places):
        name = "in" if place == 0 else "out" if place == places - 1 else f"layer[{place - 1}]"
        assert connc.measure(after, "path", end=name) <= connc.measure(before, "path", end=name)


def matrix_net(places, pairs):
    rows = [[int((i, j) in pairs) for j in range(places)] for i in range(places)]
    return chained(f"matrix({rows})", places - 2)


@settings(max_examples=40, deadline=None)
@given(nets(level="kernel"))
def test_names_are_not_measured(net):
    """Numbers of the whole net; only the order in which memory is let go may follow names."""
    names = "params", "macs", "dense_macs", "flops", "path_length", "fan_in", "fan_out", "features", "graph"
    one, two = (numbers(connc.analyze(each, *names)) for each in (net, renamed(net)))
    assert one == two


def numbers(table):
    """All numbers, without the names beside them."""
    if isinstance(table, dict):
        return sorted((numbers(each) for each in table.values()), key=str)
    return round(table, 9) if isinstance(table, float) else table if isinstance(table, int) else None


@settings(max_examples=30, deadline=None)
@given(nets(), st.integers(1, 40))
def test_lengths_between_all_pairs_do_not_depend_on_how_many_are_held_at_once(net, held):
    positions = positions_of(net)
    ((_, whole),) = paths.between(positions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "_HELD", held * len(positions))
        for low, block in paths.between(positions):
            assert (block == whole[low:, low : low + block.shape[1]]).all()


def test_of_positions_in_a_row_only_distances_with_a_link_are_told():
    found = connc.analyze(chained("(i -> i + 2 ^ k for k in 0..)", 9), "density")["density"]["links"]
    assert list(found["layer[0].connect"]["distances"]) == ["1", "2", "4", "8"]
