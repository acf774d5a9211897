"""Differences: of two networks that are the same none, of others all, and the same ones from the other side."""

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings

import connc
from connc.backends.torch.names import tensor_place
from connc.compiler.difference import Metric, Value, difference, lines, metrics, table
from connc.compiler.difference.alike import together
from connc.compiler.difference.numbers import measured
from connc.compiler.expand import expand
from connc.compiler.text.parser import parse_ir
from connc.testing import nets
from tests.networks import EVERYTHING

SMALL = """\
module unit(k: int) {
    in -> conv(k, 3) -> bn -> relu -> out
}

module fit(to: shape) {
    in -> conv(to[0], 1) -> out
}

net small(width = 8) {
    in: [3, 16, 16]
    step[6]: unit(width)
    connect in, step, out by (i -> i + s for s in [1, 2]) using sum via fit
}
"""
CHAIN = """\
net chain {
    in: [64]
    in -> fc1: linear(32) by sequential(8) -> relu -> fc2: linear(16) -> out
}
"""
GRID = """\
rule onward = (d, w) -> (d + 1, w)
rule across = (d, w) -> (d + 1, v)

module cell {
    in -> linear(4) -> out
}

net grid {
    in: [4]
    step[2, 3]: cell
    in -> step[0, *]
    connect step by onward using sum evolve within across
    step[-1, *] -> concat -> out
}
"""
WIDE = """\
net wide {
    in: [1]
    step[80]: linear(1)
    connect in, step, out by (i -> j where i < j) using concat
}
"""
SHARED = """\
net shared {
    in: [4]
    tower: linear(4)
    in -> tower -> relu -> tower -> out
}
"""
FLAT = """\
net flat {
    in: [2, 8]
    in -> flatten -> fc: linear(4) by random(fan_in = 4) -> reshape([2, 2]) -> out
}
"""

# What is changed in a spec, by what the change is called.
CHANGES = {
    "a pair more": (SMALL, ("[1, 2]", "[1, 2, 4]")),
    "other pairs": (SMALL, ("[1, 2]", "[1, 3]")),
    "another join": (SMALL, ("using sum via fit", "using concat")),
    "a width": (SMALL, ("width = 8", "width = 12")),
    "more members": (SMALL, ("step[6]", "step[8]")),
    "an input's shape": (SMALL, ("[3, 16, 16]", "[3, 32, 32]")),
    "an input's channels": (SMALL, ("[3, 16, 16]", "[1, 16, 16]")),
    "a renamed family": (SMALL, ("step", "layer")),
    "a named coordinate": (SMALL, ("step[6]", "step[s: 6]")),
    "a renamed module": (SMALL, ("unit", "cell")),
    "a renamed net": (SMALL, ("net small", "net large")),
    "a renamed adapter": (SMALL, ("fit", "shape_up")),
    "a layer less": (SMALL, (" -> bn", "")),
    "another layer": (SMALL, ("relu", "tanh")),
    "another kernel": (SMALL, ("conv(to[0], 1)", "conv(to[0], 3)")),
    "an adapter of two layers": (SMALL, ("conv(to[0], 1)", "conv(to[0], 1) -> bn")),
    "another rule of neurons": (CHAIN, ("sequential(8)", "sequential(4)")),
    "the same number of pairs": (CHAIN, ("sequential(8)", "random(fan_out = 8)")),
    "no rule of neurons": (CHAIN, (" by sequential(8)", "")),
    "more neurons": (CHAIN, ("linear(32)", "linear(64)")),
    "a renamed layer": (CHAIN, ("fc2", "head")),
    "a renamed layer with draws": (CHAIN, ("fc1", "hidden")),
    "other draws": (CHAIN, ("sequential(8)", "sequential(8, seed = 1)")),
    "a layer with weights more": (CHAIN, ("-> relu", "-> bn -> relu")),
    "a layer at the start": (CHAIN, ("in -> fc1", "in -> dropout(0.5) -> fc1")),
    "another grid": (GRID, ("step[2, 3]", "step[3, 2]")),
    "another rule of a grid": (GRID, ("by onward", "by across")),
    "another bound": (GRID, (" evolve within across", "")),
    "a narrower bound": (GRID, ("within across", "within onward")),
    "a deeper grid": (GRID, ("step[2, 3]", "step[3, 3]")),
    "a rule among many": (WIDE, ("i < j)", "i < j and j - i != 70)")),
    "a shared layer": (SHARED, ("linear(4)", "linear(4, bias = false)")),
    "a layer between uses": (SHARED, ("relu", "relu -> dropout")),
    "neurons laid out in another way": (FLAT, ("[2, 8]", "[4, 4]")),
    "neurons of which there are more": (FLAT, ("fan_in = 4", "fan_in = 8")),
}


def changed(name):
    spec, (old, new) = CHANGES[name]
    assert old in spec
    return connc.loads(spec), connc.loads(spec.replace(old, new))


def text(before, after, everything=False):
    return "\n".join(lines(difference(before, after, (connc.analyze(before), connc.analyze(after))), everything))


def about(found):
    """All of a difference but the metrics and weights."""
    return found.heads, found.ports, found.rules, found.layers


each_change = pytest.mark.parametrize("name", CHANGES)


# --- laws


def check_laws(before, after):
    found, back = difference(before, after), difference(after, before)
    assert found.same == back.same == (before == after)
    assert found.same == (not any(about(found)))
    assert bool(found.heads or found.ports or found.rules or found.layers) == bool(any(about(back)))
    check_mirrored(found, back)
    check_pairs(found)
    assert list(lines(found))
    assert list(lines(found, everything=True))
    json.dumps(table(found))


def check_mirrored(found, back):
    assert {turned(value) for value in found.ports} == set(back.ports)
    assert sorted(rule.clause for rule in found.rules) == sorted(rule.clause for rule in back.rules)
    named = {(rule.was or rule.name, rule.clause): rule for rule in found.rules}
    for rule in back.rules:
        other = named[rule.name, rule.clause]
        assert (rule.added, rule.dropped) == (other.dropped, other.added)
        assert (rule.before, rule.after) == (other.after, other.before)
    opposite = {"added": "dropped", "dropped": "added"}
    ours = {(each.name, opposite.get(each.change, each.change), each.gained, each.lost) for each in found.layers}
    theirs = {(each.was or each.name, each.change, each.lost, each.gained) for each in back.layers}
    assert ours == theirs
    assert found.weights.new.keys() == back.weights.gone.keys()
    assert found.weights.fits.keys() == back.weights.fits.keys()
    assert {was: name for name, was in found.weights.renamed.items()} == back.weights.renamed


def turned(value):
    return Value(value.name, value.after, value.before)


def check_pairs(found):
    """The pairs before, without those that are dropped and with those that are added, are the pairs after."""
    for rule in found.rules:
        if rule.before and rule.after and rule.added and rule.dropped and not rule.was:
            kept = set(rule.before.pairs()) - set(rule.dropped.pairs())
            assert kept.isdisjoint(rule.added.pairs())
            assert kept | set(rule.added.pairs()) == set(rule.after.pairs())
            assert rule.added.count + len(kept) == rule.after.count


@each_change
def test_a_change_is_found_from_both_sides(name):
    before, after = changed(name)
    check_laws(before, after)
    assert not difference(before, after).same
    check_laws(expand(before), expand(after))


@pytest.mark.parametrize("spec", [SMALL, CHAIN, GRID, WIDE, "std.sparsenet", "std.sdmn", "std.dsc"])
def test_a_net_is_the_same_as_itself(spec):
    net, again = ((connc.loads if "\n" in spec else connc.load)(spec) for _ in "ab")
    found = difference(net, again)
    check_laws(net, again)
    assert list(lines(found)) == ["the same network"]
    assert found.weights.verdict == "all"


@settings(max_examples=40, deadline=None)
@given(nets(), nets())
def test_nothing_is_overlooked_in_any_two_networks(before, after):
    check_laws(before, after)
    check_laws(before, before)


def test_networks_at_two_levels_are_compared_flat():
    net = connc.loads(SMALL)
    assert about(difference(net, expand(net))) == ((Value("level", "wiring", "kernel"),), (), (), ())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("= sum %a, %b", "= sum %b, %a", "both.sum: order a, b -> b, a"),
        ("sum %both, %layer[1] : [4]", "mul %both, %layer[1] : [4]", "out: using sum -> mul"),
        ("linear{units=4} by #1 %concat", "linear{units=4} %concat", "linear: by 7 pairs -> all pairs"),
        ("linear{units=4} by #1 %concat", "linear{units=4, bias=false} by #1 %concat", "linear: bias true -> false"),
        ("hint = %linear", "hint = %linear, more = %concat", "+ more: [4]"),
        ("hint = %linear", "clue = %linear", "+ clue: [4]"),
        ("return %out.join, hint = %linear", "return hint = %linear, out = %out.join", "order of outputs: out, hint"),
        ("#2 using sum", "#2 using concat", "using sum -> concat"),
        ("family layer[2]", "family layer[i: 2]", "layer: family [2] -> [i: 2]"),
        ("%tower@2 = linear{units=2} %both", "%tower@2 = linear{units=2} %layer[0]", "tower@2: reads layer[0]"),
        ("net everything", "net all", "name: everything -> all"),
        ("two(1)", "pair(1)", "both: module two -> module pair"),
        ("fit(1)", "adapt(1)", "both: via of small module fit -> module adapt"),
        ("  %a = input : [4]\n  %b = input : [4]\n", "  %b = input : [4]\n  %a = input : [4]\n", "both: inputs"),
    ],
)
def test_each_thing_that_a_network_says_is_compared(old, new, said):
    assert old in EVERYTHING
    before, after = parse_ir(EVERYTHING), parse_ir(EVERYTHING.replace(old, new))
    check_laws(before, after)
    assert said in "\n".join(lines(difference(before, after)))


# --- what is said


def shown(name):
    """All but what is measured and the weights."""
    return re.sub(r"(^|\n)measured\n(  .*\n)*", r"\1", text(*changed(name))).partition("weights")[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "a pair more",
            "rules\n  ~ step[0].connect: 13 -> 17 pairs, +4: "
            "in -> step[3], step[0] -> step[4], step[1] -> step[5] and 1 more\n",
        ),
        (
            "neurons of which there are more",
            "rules\n  ~ fc: 16 -> 32 pairs, +26 -10: "
            "+ 0 -> 0, 4 -> 0, 6 -> 0 and 23 more; - 1 -> 0, 3 -> 0, 8 -> 0 and 7 more\n",
        ),
        ("a renamed family", "layers\n  ~ layer: family [6], was step\n  ~ layer[0..5]: module unit, was step[0..5]\n"),
        (
            "a narrower bound",
            "rules\n  ~ step[0,0].connect within: 9 -> 3 pairs, -6: step[0,1] -> step[1,0], step[0,2] -> step[1,0], "
            "step[0,0] -> step[1,1] and 3 more\n",
        ),
        ("a renamed net", "network\n  ~ name: small -> large\n"),
        ("a renamed module", "layers\n  ~ step[0..5]: module unit -> module cell\n"),
        ("a renamed layer", "layers\n  ~ head: linear{units=16}, was fc2\n"),
        ("no rule of neurons", "layers\n  ~ fc1: by 512 pairs -> all pairs\n"),
        (
            "a width",
            "inputs and outputs\n  ~ out: [8, 16, 16] -> [12, 16, 16]\n"
            "layers\n  ~ step[0..5].conv: channels 8 -> 12\n  ~ step[1].via.in.conv: channels 8 -> 12\n",
        ),
        (
            "an input's shape",
            "inputs and outputs\n  ~ in: [3, 16, 16] -> [3, 32, 32]\n  ~ out: [8, 16, 16] -> [8, 32, 32]\n",
        ),
        ("a layer with weights more", "layers\n  + bn: bn, reads fc1\n  ~ relu: reads bn, no longer fc1\n"),
    ],
)
def test_what_is_said_reads_well(name, said):
    assert shown(name) == said


def test_a_renamed_layer_is_no_other_number():
    before, after = changed("a renamed layer")
    found = difference(before, after, (connc.analyze(before), connc.analyze(after)))
    assert found.metrics == ()
    assert found.weights.renamed == {"head.weight": "fc2.weight", "head.bias": "fc2.bias"}


def test_which_of_two_alike_layers_was_renamed_is_not_guessed():
    spec = "net a {\n    in: [4]\n    x = in -> p: linear(4)\n    y = in -> q: linear(4)\n    x + y -> out\n}\n"
    before, after = connc.loads(spec), connc.loads(spec.replace("p:", "r:").replace("q:", "s:"))
    found = [each.change for each in difference(before, after).layers if each.what.startswith("linear")]
    assert found == ["added", "added", "dropped", "dropped"]


def test_large_nets_take_few_lines():
    before, after = connc.load("std.sparsenet"), connc.load("std.densenet")
    said = text(before, after).splitlines()
    assert len(said) < 60
    assert "  ~ part[0].block.step[0].connect: 17 -> 28 pairs, +11: " in "\n".join(said)
    assert "  ~ head: module imagenet_head -> module classifier" in said
    assert max(map(len, said)) < 240
    wider = text(after, connc.load("std.densenet", {"growth": 48})).splitlines()
    assert "  ~ part[*].block.step[*].conv2 (58): channels 32 -> 48" in wider
    everything = text(before, after, everything=True)
    assert " more" not in everything
    assert "part[3].block.step[15].bn.weight" in everything


def test_bundles_are_what_they_hold():
    found = difference(*changed("a rule among many"))
    (rule,) = found.rules
    assert (rule.added.count, rule.dropped.count) == (0, 12)
    assert found.layers == ()


def test_neurons_that_are_laid_out_in_another_way_have_no_pairs_in_common():
    spec = "net a {\n    in: [2, 8]\n    in -> lateral(0.1) by ((c, x) -> (c, x + 1)) -> out\n}\n"
    after = spec.replace("[2, 8]", "[16]").replace("(c, x) -> (c, x + 1)", "i -> i + 1")
    (rule,) = difference(connc.loads(spec), connc.loads(after)).rules
    assert (rule.added, rule.dropped) == (None, None)
    wider = difference(connc.loads(spec), connc.loads(spec.replace("x + 1", "x + 2")))
    assert [*wider.rules[0].added.pairs(1)] == [("(0, 0)", "(0, 2)")]


def test_pairs_are_those_of_neurons_by_their_coordinates():
    spec = "net a {\n    in: [2, 8]\n    in -> lateral(0.1) by ((c, x) -> (c, x + 1)) -> out\n}\n"
    (rule,) = difference(connc.loads(spec), connc.loads(spec.replace("[2, 8]", "[2, 9]"))).rules
    assert [*rule.added.pairs()] == [("(0, 7)", "(0, 8)"), ("(1, 7)", "(1, 8)")]
    assert rule.dropped.count == 0


# --- names of several


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a"], "a"),
        (["a[0]", "a[1]", "a[2]"], "a[0..2]"),
        (["a[0]", "a[2]"], "a[0], a[2]"),
        (["a[0]", "a[2]", "a[3]"], "a[*] (3)"),
        ([f"a[{i},{j}].b" for i in range(2) for j in range(3)], "a[0..1,0..2].b"),
        (["a[0].b[1]", "a[0].b[2]"], "a[0].b[1..2]"),
        (["a[0].b[0]", "a[1].b[0]", "a[1].b[1]"], "a[*].b[*] (3)"),
        (["conv2[1]", "conv2[2]"], "conv2[1..2]"),
    ],
)
def test_names_are_said_together(names, said):
    assert together(names) == said


# --- numbers


def test_every_number_that_differs_is_told_totals_first():
    before = {
        "costs": {"fc": {"params": 3}},
        "density": {"overall": 0.5, "junctions": {"fc": 0.5, "old": 1.0}},
        "params": 30,
        "path_length": None,
        "scatter": {"vector": [0.5], "value": 1},
        "same": 7,
    }
    after = {
        "costs": {"fc": {"params": 4}},
        "density": {"overall": 0.25, "junctions": {"fc": 0.25, "new": 1.0}},
        "params": 60,
        "path_length": {"mean": 2.5, "witness": ["in"], "paths": None},
        "scatter": {"vector": [0.6], "value": 1},
        "same": 7,
    }
    found = metrics(before, after)
    assert found == (
        Metric("params", 30, 60),
        Metric("density.overall", 0.5, 0.25),
        Metric("path_length.mean", None, 2.5),
        Metric("density.junctions.fc", 0.5, 0.25, total=False),
        Metric("density.junctions.old", 1.0, None, total=False),
        Metric("density.junctions.new", None, 1.0, total=False),
    )
    assert [each.ratio for each in found] == [2, 0.5, None, 0.5, None, None]
    assert measured(found[:3]) == [
        "params              30 ->   60    x2",
        "density.overall    0.5 -> 0.25  x0.5",
        "path_length.mean  none ->  2.5",
    ]


def test_numbers_have_as_many_digits_as_it_takes():
    (line,) = measured([Metric("a", 0.1234567, 0.1234568)])
    assert line == "a  0.1234567 -> 0.1234568  x1.000001"
    assert measured([Metric("a", 0, 5)]) == ["a  0 -> 5"]
    assert measured([]) == []


# --- weights


def key(name):
    """The name of a tensor, as torch has it."""
    layer, _, tensor = name.rpartition(".")
    return tensor_place(layer, tensor).key


LOADED = [
    "a pair more",
    "a width",
    "more members",
    "an input's shape",
    "a renamed family",
    "a layer less",
    "another join",
    "another rule of neurons",
    "the same number of pairs",
    "no rule of neurons",
    "more neurons",
    "a renamed layer",
    "a renamed layer with draws",
    "other draws",
    "a layer with weights more",
    "an adapter of two layers",
    "a shared layer",
]


@pytest.mark.parametrize("name", LOADED)
def test_weights_fit_if_torch_loads_them(name):
    before, after = changed(name)
    found = difference(before, after).weights
    module, state = connc.compile(after), connc.compile(before).state_dict()
    assert {key(each) for each in (*found.fits, *found.reshaped, *found.rewired)} == module.state_dict().keys() & state
    for each in found.reshaped:
        assert state.pop(key(each)).shape != module.state_dict()[key(each)].shape
    for each in found.fits:
        assert state[key(each)].shape == module.state_dict()[key(each)].shape
    if found.rewired:
        with pytest.raises(RuntimeError, match="of other connections"):
            module.load_state_dict(state, strict=False)
        return
    missing, unexpected = module.load_state_dict(state, strict=False)
    wanted = {key(each) for each in (*found.new, *found.reshaped, *found.renamed)}
    assert {each for each in wanted if "num_batches" not in each} <= set(missing) <= wanted  # torch makes counts up
    assert set(unexpected) == {key(each) for each in (*found.gone, *found.renamed.values())}
    sizes = {name: tensor.numel() for name, tensor in module.state_dict().items()}
    assert found.share == pytest.approx(sum(sizes[key(each)] for each in found.fits) / sum(sizes.values()))
    whole = len(found.fits) == len(sizes)
    assert found.verdict == ("all" if whole else "part" if found.fits else "none")


def test_weights_fit_where_a_rule_adds_no_adapter():
    found = difference(*changed("an input's shape")).weights
    assert (found.verdict, found.share) == ("all", 1.0)
    assert difference(*changed("other draws")).weights.rewired.keys() == {"fc1.weight", "fc1.bias"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("an input's shape", "weights fit: all 37 tensors"),
        ("a pair more", "weights fit in part: 37 of 38 tensors (99.2% of the numbers)"),
        ("other draws", "  2 of other connections: fc1.weight, fc1.bias"),
        ("a renamed layer", "  2 under another name: head.weight, was fc2.weight, head.bias, was fc2.bias"),
        ("a layer less", "  30 gone: step[0..5].bn.weight [8], step[0..5].bn.bias [8], step[0..5].bn.running_mean"),
    ],
)
def test_what_is_said_of_weights_reads_well(name, said):
    assert f"\n{said}" in text(*changed(name))


# --- the command


@pytest.fixture
def specs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.conn").write_text(SMALL)
    (tmp_path / "more.conn").write_text(SMALL.replace("[1, 2]", "[1, 2, 4]"))
    (tmp_path / "words.conn").write_text(
        SMALL.replace("[1, 2]", "1..2").replace("width", "k").replace("    step", "\n    # six\n    step")
    )
    (tmp_path / "wrong.conn").write_text(SMALL.replace("relu", "rellu"))


@pytest.mark.usefixtures("specs")
def test_the_exit_status_says_whether_they_differ(call):
    assert call("diff", "small.conn", "small.conn") == (0, "the same network\n", "")
    assert call("diff", "small.conn", "words.conn") == (0, "the same network\n", "")
    assert call("diff", "small.conn", "more.conn")[::2] == (1, "")
    status, out, err = call("diff", "small.conn", "wrong.conn")
    assert (status, out) == (2, "")
    assert "did you mean `relu`?" in err
    assert call("diff", "small.conn", "none.conn")[0] == 2
    assert call("diff", "small.conn")[0] == 2
    status, _, err = call("diff", "-", "-")
    assert status == 2
    assert "name a file for the other" in err


@pytest.mark.usefixtures("specs")
def test_parameters_are_for_both_or_for_the_second(call):
    assert call("diff", "small.conn", "small.conn", "--set", "width=4")[0] == 0
    status, out, _ = call("diff", "small.conn", "small.conn", "--set-b", "width=4")
    assert status == 1
    assert "~ step[0..5].conv: channels 8 -> 4\n" in out


@pytest.mark.usefixtures("specs")
def test_json_says_the_same(call):
    status, out, _ = call("diff", "small.conn", "more.conn", "--format", "json")
    found = json.loads(out)
    assert (status, found["format_version"], found["same"]) == (1, 1, False)
    (rule,) = found["rules"]
    assert (rule["name"], rule["before"], rule["after"]) == ("step[0].connect", 13, 17)
    assert rule["added"]["pairs"][0] == ["in", "step[3]"]
    assert found["metrics"]["params"]["ratio"] > 1
    assert found["weights"]["new"] == {"step[3].via.in.conv.weight": [8, 3, 1, 1]}
    assert out == json.dumps(found, indent=2, sort_keys=True) + "\n"
    same = json.loads(call("diff", "small.conn", "small.conn", "--format", "json")[1])
    assert (same["same"], same["rules"], same["metrics"]) == (True, [], {})


def test_of_many_pairs_in_json_the_first_stand_there():
    spec = "net a {\n    in: [64]\n    in -> linear(64) by (i -> i + 0) -> out\n}\n"
    found = difference(connc.loads(spec), connc.loads(spec.replace("i + 0", "j where i <= j")))
    for everything, shown in ((False, 100), (True, 2016)):
        added = table(found, everything)["rules"][0]["added"]
        assert (added["count"], len(added["pairs"])) == (2016, shown)


@pytest.mark.usefixtures("specs")
def test_torch_is_not_imported():
    code = "import sys; from connc.cli.app import run; run(sys.argv[1:]); assert 'torch' not in sys.modules"
    command = [sys.executable, "-c", code, "diff", "small.conn", "more.conn"]
    subprocess.run(command, check=True, capture_output=True)
