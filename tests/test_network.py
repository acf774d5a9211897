"""What all networks keep: each broken law is noticed, laying out changes nothing, names do not matter."""

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from connc.compiler.canonical import canonical
from connc.compiler.expand import expand
from connc.compiler.make import make_op
from connc.compiler.network import KERNEL, WIRING, Circular, Network, Node, Ref, Source
from connc.compiler.relations.relation import Relation
from connc.compiler.text.parser import parse_ir
from connc.compiler.verify import Invalid, WrongShape, verify
from connc.dsl.diagnostic import Refusal
from connc.testing import nets
from tests.networks import EVERYTHING, one, rebuilt, renamed

# --- the verifier, on texts that break one law each

WIRED = (
    ("%concat = concat", "%concat = concat{axis=3}", "`concat` is to go along axis 3"),
    ("%linear = linear{units=4} by #1 %concat : [4]", "%linear = linear{units=4} by #1 %concat : [5]", "makes [4]"),
    ("%layer[0] = cell(1) %in :", "%layer[0] = cell(1) %small :", "`cell` takes [4], not [2]"),
    ("%in, %small via fit(1) : [4]", "%in, %in via fit(1) : [4]", "`fit` takes [2], not [4]"),
    ("%in, %small via fit(1) : [4]", "%in : [4]", "it reads 1 tensors instead of 2"),
    ("%in, %small via fit(1) : [4]", "%in, %small via two(1) : [4]", "does not make one tensor of one"),
    ("%both = two(1) %in,", "%both = two(1) using sum %in,", "does not take one tensor"),
    ("cell(1) using sum %run[0..1]:*, %layer[0] :", "cell(1) using sum :", "it joins nothing"),
    ("using sum %run", "using two(1) %run", "joins nothing"),
    ("using sum %run[0..1]:*, %layer[0]", "using relu %in, %both, %layer[0]", "its join does not take 3 tensors"),
    ("using sum %run[0..1]:*,", "using sum %run[0..1]:* via fit(1),", "does not make one tensor of one"),
    ("%run[0..1] = bundle %in, %both", "%run[0..1] = bundle %in, %both : [4], [4]", "makes nothing"),
    ("%run[0..1] = bundle %in, %both", "%run[0..1] = bundle %both, %in", "leads other sources to `layer[1]`"),
    ("%run[0..1]:*, %layer[0] :", "%layer[0], %run[0..1]:* :", "leads other sources to `layer[1]`"),
    ("%layer[0] = cell(1) %in", "%layer[0] = cell(1) %both", "leads other sources to `layer[0]`"),
    ("sum %both, %layer[1]", "sum %layer[1], %both", "leads other sources to `out`"),
    ("4: 1, 3", "4: 1..3", "leads other sources to `out`"),
    ("return %out.join,", "return extra = %out.join,", "leads other sources to `out`"),
    ("connect: %in, %both,", "connect: %in,", "is not about its positions"),
    ("connect: %in,", "connect over [6]: %in,", "is not about its positions"),
    ("connect: %in, %both,", "connect: %in, %gone,", "the position `gone`, which is not there"),
    ("family layer[2]\n", "family layer[2]\n  family tower[2]\n", "the family `tower` lacks `tower[0]`"),
    ("%linear = linear{units=4} by #1 %concat", "%linear = relu %layer[1]", "`concat`: it leads to no output"),
    ("%tower@2 = linear{units=2}", "%tower@2 = linear{units=2, bias=false}", "shares its parameters with `tower`"),
    ("linear{units=2} %both", "linear{units=2} %small", "shares its parameters with `tower`"),
    ("return %out.join, hint", "return %out.join, a[1]", "`a[1]` is no name of an output"),
    ("%out.join, hint = %linear", "%out.join, hint = %run[0..1]:*", "is a bundle"),
    ("[4] = affine", "[8] = affine", "leads from [4] to [4] here, not from [4] to [8]"),
    ("%tower = linear{units=2} %in", "%tower = linear{units=2} %run[0..1]:*", "and joins nothing"),
    ("%concat", "%both.sum", "called like a node in `both`"),
    ("level wiring", "level kernel", "at the wiring level only"),
)
FLAT = """\
net flat, level kernel
  %in = input : [4]
  %linear = linear{units=4} %in : [4]
  return %linear
"""
KERNELS = (
    ("linear{units=4} %in", "linear{units=4} using sum %in, %in", "at the kernel level"),
    ("  return", "  family in[1]\n  return", "at the wiring level only"),
    ("linear{units=4} %in", "linear{units=4} %in, %in", "it reads 2 tensors instead of 1"),
    ("linear{units=4} %in", "sum", "it reads 0 tensors instead of some"),
    ("linear{units=4} %in", "attention{heads=2} %in", "takes tokens and features"),
)


@pytest.mark.parametrize(("before", "after", "words"), WIRED)
def test_a_broken_law_is_noticed(before, after, words):
    with pytest.raises(Refusal, match=r"E90[57]") as refusal:
        parse_ir(EVERYTHING.replace(before, after))
    assert before in EVERYTHING
    assert words in str(refusal.value)


@pytest.mark.parametrize(("before", "after", "words"), KERNELS)
def test_a_law_that_a_kernel_network_breaks_is_noticed(before, after, words):
    with pytest.raises(Refusal, match=r"E90[57]") as refusal:
        parse_ir(FLAT.replace(before, after))
    assert words in str(refusal.value)


def test_positions_of_a_search_may_be_left_out():
    left_out = EVERYTHING.replace("family layer[2]", "family layer[3]").replace("[5] -> [5]", "[6] -> [6]")
    left_out = left_out.replace("  4: 1, 3", "  4: 0\n  5: 1, 3..4").replace("by #2", "by #2 within #2")
    assert len(parse_ir(left_out).connects[0].positions) == 6


# --- the verifier, on what no text can say

INPUT = Node("in", make_op("input", {"size": (4,)}), ((4,),))
RELU = Node("relu", make_op("relu", {}), ((4,),))


def chain(*nodes, level=KERNEL):
    """One node behind the other."""
    nodes = (INPUT, *nodes)
    sources = {after.name: [Source(Ref(before.name))] for before, after in pairwise(nodes)}
    return Network("chain", level, nodes, sources, {"out": Ref(nodes[-1].name)})


def refuse(net, words):
    with pytest.raises(Invalid) as invalid:
        verify(net)
    assert words in str(invalid.value)


def test_two_nodes_of_one_name_make_no_network():
    with pytest.raises(ValueError, match="two nodes are called relu"):
        chain(RELU, RELU)


def test_a_source_that_is_not_there_makes_no_network():
    with pytest.raises(ValueError, match="there is no node gone"):
        Network("a", KERNEL, [INPUT, RELU], {"relu": [Source(Ref("gone"))]}, {"out": Ref("relu")})


def test_a_circle_makes_no_network():
    with pytest.raises(Circular) as circle:
        Network("a", KERNEL, [INPUT, RELU], {"relu": [Source(Ref("relu"))]}, {"out": Ref("relu")})
    assert circle.value.names == ["relu"]


@pytest.mark.parametrize("name", ["", "a b", "0a", "a.", "a[", "a[x]", "a@", "ä", "a:b", "a\n"])
def test_an_unlawful_name_is_noticed(name):
    refuse(chain(replace(RELU, name=name)), "not lawful")


def test_the_graph_has_the_sources_as_edges_with_their_positions_as_keys():
    net = parse_ir(EVERYTHING)
    edges = {(before, after, key): data for before, after, key, data in net.graph.edges(keys=True, data=True)}
    wanted = {
        (source.ref.node, node.name, position): source
        for node in net
        for position, source in enumerate(net.sources(node.name))
    }
    assert edges.keys() == wanted.keys()
    assert all(data.get("port", "out") == wanted[edge].ref.port for edge, data in edges.items())
    assert all(data.get("via") is wanted[edge].via for edge, data in edges.items())


def test_an_output_that_a_source_lacks_is_noticed():
    net = Network("a", KERNEL, [INPUT, RELU], {"relu": [Source(Ref("in", "hint"))]}, {"out": Ref("relu")})
    refuse(net, "`in` has no such output")


def test_outputs_that_are_not_there_are_noticed():
    refuse(Network("a", KERNEL, [INPUT], {}, {}), "no output")
    refuse(Network("a", KERNEL, [INPUT], {}, {"out": Ref("gone")}), "which there is not")
    refuse(Network("a", KERNEL, [INPUT], {}, {"out": Ref("in", "hint")}), "which there is not")


def test_an_unknown_level_is_noticed():
    refuse(chain(RELU, level="cellar"), "cellar")
    refuse(Network("a b", KERNEL, [INPUT], {}, {"out": Ref("in")}), "a b")


def test_an_input_that_nothing_reads_is_noticed_where_it_is_written():
    other = replace(INPUT, name="other")
    refuse(Network("a", WIRING, [INPUT, other], {}, {"out": Ref("in")}), "`other`: it leads to no output")
    verify(Network("a", KERNEL, [INPUT, other], {}, {"out": Ref("in")}))


def test_a_value_that_is_not_exact_is_noticed():
    refuse(chain(Node("dropout", make_op("dropout", {"p": 0.5}), ((4,),))), "`p` is not exact")


def test_a_rule_is_where_it_belongs():
    rule = Relation.full((4,), (4,))
    refuse(chain(Node("relu", make_op("relu", {}, rule), ((4,),))), "takes no rule")
    refuse(chain(Node("lateral", make_op("lateral", {"beta": 1}), ((4,),))), "needs a rule")


@pytest.mark.parametrize(
    ("starts", "indices"),
    [
        ([0, 1], [0]),
        ([1, 1, 1, 1, 1], [0]),
        ([0, 1, 0, 1, 1], [0]),
        ([0, 1, 1, 1, 1], [4]),
        ([0, 2, 2, 2, 2], [1, 0]),
        ([0, 2, 2, 2, 2], [1, 1]),
    ],
)
def test_the_arrays_of_a_rule_are_in_order(starts, indices):
    rule = Relation((4,), (4,), np.array(starts, dtype=np.int64), np.array(indices, dtype=np.int32))
    refuse(chain(Node("linear", make_op("linear", {"units": 4}, rule), ((4,),))), "rule")


def test_bodies_are_verified_too():
    body = one("cell", "relu")
    wrong = Network(
        "cell", WIRING, [replace(n, shapes=((5,),)) for n in body], {"relu": [Source(Ref("in"))]}, body.outputs
    )
    net = chain(Node("cell", wrong, ((5,),)), level=WIRING)
    with pytest.raises(WrongShape, match="`in`"):
        verify(net)


# --- laying out


def test_everything_laid_out():
    flat = expand(parse_ir(EVERYTHING))
    verify(flat)
    names = [node.name for node in flat]
    assert {"both.via.small.linear", "both.sum", "layer[1].join", "layer[1].linear", "tower@2"} <= set(names)
    assert expand(flat) is flat


@settings(max_examples=25, deadline=None)
@given(nets(layers=12) | nets(layers=90))
def test_a_network_laid_out_is_a_network(net):
    verify(net)
    flat = expand(net)
    verify(flat)
    assert canonical(flat) == canonical(net)
    assert canonical(renamed(flat)) == canonical(net)


def test_a_shared_module_is_shared_inside_and_its_join_is_not():
    text = EVERYTHING.replace("%tower = linear{units=2} %in : [2]", "%tower = cell(1) using sum %in, %in : [4]")
    text = text.replace("%tower@2 = linear{units=2} %both : [2]", "%tower@2 = cell(1) using sum %both, %in : [4]")
    flat = expand(parse_ir(text.replace("concat %tower", "sum %tower")))
    assert flat["tower@2.linear"].owner == flat["tower.linear"].owner == "tower.linear"
    assert flat["tower.use2.join"].owner != flat["tower.join"].owner


def test_a_word_that_is_taken_moves_the_join():
    cell = "body cell(1)\n  %in = input : [4]\n"
    before, after = (
        "  %linear = linear{units=4} %in : [4]\n  return %linear",
        "  %join = relu %in : [4]\n  return %join",
    )
    taken = EVERYTHING.replace(cell + before, cell + after)
    flat = expand(parse_ir(taken))
    assert flat["layer[1].join_"].what == make_op("sum", {})
    assert flat["layer[1].join"].what == make_op("relu", {})


def test_what_a_flat_module_does_not_need_is_left_out():
    halves = """\
body halves(1)
  %in = input : [4]
  %relu = relu %in : [4]
  %tanh = tanh %in : [4]
  return %relu, rest = %tanh

net a, level wiring
  %in = input : [4]
  %halves = halves(1) %in : [4], [4]
  return %halves:rest
"""
    assert [node.name for node in expand(parse_ir(halves))] == ["in", "halves.tanh"]


# --- identity

UNROLLED = """\
net a, level kernel
  %x = input : [4]
  %y = input : [2]
  %fit = linear{units=4} %y : [4]
  %both = sum %x, %fit : [4]
  %first = linear{units=4} %x : [4]
  %sum = sum %x, %both, %first : [4]
  %second = linear{units=4} %sum : [4]
  %end = sum %both, %second : [4]
  %t = linear{units=2} %x : [2]
  %t@2 = linear{units=2} %both : [2]
  %concat = concat %t, %t@2 : [4]
  %by = linear{units=4} by #1 %concat : [4]
  return %end, hint = %by
"""
RULE = "relation #1: [4] -> [4]\n  0: 0\n  1: 0..1\n  2: 1..2\n  3: 2..3\n\n"
OTHERS = (
    ("sum %x, %both, %first", "sum %x, %first, %both"),
    ("sum %x, %both, %first", "sum %x, %both, %both, %first"),
    ("sum %x, %both, %first", "mean %x, %both, %first"),
    ("%second = linear{units=4} %sum", "%first@2 = linear{units=4} %sum"),
    ("%t@2", "%u"),
    ("%first = linear{units=4} %x", "%first = linear{units=4, bias=false} %x"),
    ("3: 2..3", "3: 3"),
    ("hint = %by", "aux = %by"),
    ("return %end, hint = %by", "return %by, hint = %end"),
    ("by #1 %concat", "%concat"),
)


def test_a_network_written_flat_is_the_same():
    assert canonical(parse_ir(RULE + UNROLLED)) == canonical(parse_ir(EVERYTHING))


@pytest.mark.parametrize(("before", "after"), OTHERS)
def test_another_network_is_another(before, after):
    other = (RULE + UNROLLED).replace(before, after).replace("%second", "%first@2" if "@2 = l" in after else "%second")
    assert canonical(parse_ir(other)) != canonical(parse_ir(RULE + UNROLLED))


def test_the_two_outputs_of_a_layer_are_told_apart():
    text = FLAT.replace("linear{units=4} %in : [4]", "split{count=2} %in : [2], [2]")
    turned = text.replace("%linear\n", "%linear:1, rest = %linear:0\n")
    straight = text.replace("%linear\n", "%linear:0, rest = %linear:1\n")
    assert canonical(parse_ir(turned)) != canonical(parse_ir(straight))


def test_an_activation_used_twice_shares_nothing():
    flat = parse_ir(
        EVERYTHING.replace("linear{units=2} %in : [2]", "tanh %in : [4]")
        .replace("linear{units=2} %both : [2]", "tanh %both : [4]")
        .replace("concat %t", "sum %t")
    )
    names = {node.name: node.name.replace("@2", "_2") for node in expand(flat)}
    assert canonical(rebuilt(expand(flat), names)) == canonical(flat)


# --- size


def test_a_dense_network_of_bundles_is_verified_in_linear_time():
    def dense(count):
        lines = ["net dense, level wiring", "  %in = input : [4]", "  %layer[0] = linear{units=4} %in : [4]"]
        for i in range(1, count):
            before = f"%run[0..{i - 1}]:*, " if i > 1 else ""
            lines += [f"  %run[0..{i}] = bundle {before}%layer[{i - 1}]"]
            lines += [f"  %layer[{i}] = linear{{units=4}} using concat %run[0..{i}]:* : [4]"]
        return parse_ir("\n".join([*lines, f"  return %layer[{count - 1}]"]))

    def seconds(net):
        start = time.perf_counter()
        verify(net)
        return time.perf_counter() - start

    small, large = dense(150), dense(1200)
    assert min(seconds(large) for _ in range(3)) < 30 * min(seconds(small) for _ in range(3))
