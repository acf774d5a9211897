"""What the checker lets pass, and what it does not: one line a case."""

import pytest

from connc.compiler.vocabulary import VOCABULARY
from connc.dsl.check import World, check
from connc.dsl.library import Library, Roots
from connc.dsl.source import Source
from connc.target import STDLIB


def codes_in(text):
    """The codes of all mistakes of a spec, in order."""
    units = Library(Roots(STDLIB)).load(Source("spec.conn", text), "spec")
    return [diagnostic.code.id for diagnostic in check(units, World(VOCABULARY)).diagnostics]


def in_a_net(body):
    return f"ws = [1]\n\nnet spec(n = 0) {{\n    in: [8, 4]\n    {body}\n}}\n"


VALUE_ERRORS = ["1 / 0", "[1][3]", "2 ^ 9999", "max([])", "mod(1, 0)"]


@pytest.mark.parametrize("wrong", VALUE_ERRORS)
@pytest.mark.parametrize(
    "guard",
    [
        "if false then {} else 1",
        "if true then 1 else {}",
        "if true then 1 else if {} > 1 then 2 else 3",
        "if false and {} > 1 then 1 else 2",
        "if true or {} > 1 then 1 else 2",
        "len([{} for k in [] where true])",
        "len([k for k in [1] where false and {} > 1])",
    ],
)
def test_a_value_that_is_passed_over_is_not_missed(wrong, guard):
    assert codes_in(f"x = {wrong}\n") != []
    assert codes_in(f"x = {guard.format(wrong)}\n") == []


@pytest.mark.parametrize("wrong", ["nothing", "1 + true", "relu(1)"])
def test_a_name_or_type_that_is_passed_over_is_told_all_the_same(wrong):
    assert codes_in(f"x = if false then {wrong} else 1\n") != []


@pytest.mark.parametrize(
    "body",
    [
        "out = in -> l: linear(3)",
        "h = in -> l: linear(3)\n    in + h -> out",
        "l[n]: linear(n)\n    connect in, l, out by (i -> i + 1)",
        "in -> (if n > 0 then linear(n) else identity) -> out",
        "in -> (if len(ws) > 3 then linear(ws[3]) else identity) -> out",
        "s = [in.shape, [3, 8]]\n    in -> broadcast(s[0]) -> out",
        "k = if in.shape == [8] then 1 else 2\n    in -> linear(k) -> out",
        "x: linear(8)\n    a = in -> x\n    b = in -> x\n    a + b -> out",
        "2 * in - in / 2 -> out",
        "-in * in -> out",
        "cut = in -> split(2)\n    cut[0] -> out\n    cut[1] -> sink\n    out sink",
    ],
)
def test_what_the_language_allows_is_let_pass(body):
    assert codes_in(in_a_net(body)) == []


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("in -> split(2) -> relu -> out", ["E502"]),
        ("in + 1 -> out", ["E401"]),
        ("1 / in -> out", ["E401"]),
        ("l: linear(3)\n    in -> l\n    in -> relu -> out", ["E511"]),
        ("l: linear(4)\n    in + l -> out", ["E513"]),
        ("x: linear(4)\n    in -> x -> x -> relu -> hint\n    in + x -> out\n    out hint", ["E512"]),
        ("f[3]: linear(4)\n    connect in, f, f, out by (i -> i + 1)", ["E506"]),
        ("f[3]: linear(4)\n    in -> f[3]\n    f[0] -> out", ["E410"]),
        ("conv: conv(4, 3)\n    in -> conv -> out", ["E307"]),
        ("hidden = in -> linear(8)\n    hiden -> linear(3) -> out", ["E301"]),
        ("in -> linear(8) by random(fanin = 8) -> out", ["E402"]),
        ("in -> conv(channels = 8, kernal = 3) -> out", ["E402"]),
        ("in -> relu(in) -> out", ["E403"]),
    ],
)
def test_one_message_a_cause(body, codes):
    assert codes_in(in_a_net(body)) == codes


@pytest.mark.parametrize(
    "text",
    [
        "k = if true then foo.bar else 3\n",
        "k = if true then 3(4) else 3\n",
        "x = [y for y in 5]\n",
        "x = [1, 2][1 / 2]\n",
    ],
)
def test_what_is_wrong_inside_is_told_once(text):
    assert len(codes_in(text)) == 1


def test_a_new_word_of_the_language_breaks_no_old_rule():
    assert codes_in("rule r = (d, _) -> (d + 1, slice) where slice > d\n") == []


@pytest.mark.parametrize(
    "body",
    [
        "in -> [relu] -> out",
        "layers = [relu, tanh]\n    in -> layers -> out",
        "layer: [relu]\n    in -> layer -> out",
        "in -> [linear](4) -> out",
        "in -> [linear] by (i -> i) -> out",
        "layer[2]: relu\n    connect in, layer, out by (i -> i + 1) using [sum]",
        "layer[2]: relu\n    connect in, layer, out by (i -> i + 1) via [relu]",
    ],
)
def test_a_list_of_layers_is_no_layer(body):
    assert codes_in(in_a_net(body))


@pytest.mark.parametrize(
    "body", ["t: relu\n    in -> [t] -> out", "h = in -> relu\n    [h, in] -> concat -> out", "x = [in]\n    in -> out"]
)
def test_a_list_holds_nothing_that_flows(body):
    assert codes_in(in_a_net(body)) == ["E401"]
