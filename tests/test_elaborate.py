"""Nets put together: which layers there are, what they are called, what flows where, and which mistakes are told."""

import os
import subprocess
import sys
import textwrap
from fractions import Fraction

import pytest

import connc
from connc import SpecError, analyze, load
from connc.compiler.canonical import canonical
from connc.compiler.expand import expand
from connc.compiler.network import Ref
from connc.compiler.verify import verify


@pytest.fixture
def put(tmp_path, monkeypatch):
    """The network of the net `a` of a spec."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "connc.toml").touch()

    def put(text, *, seed=0, **params):
        (tmp_path / "spec.conn").write_text(textwrap.dedent(text), encoding="utf-8")
        return load("spec.conn:a", params, seed=seed)

    return put


@pytest.fixture
def codes_in(put):
    def codes_in(text, **params):
        with pytest.raises(SpecError) as caught:
            put(text, **params)
        return [each.code.id for each in caught.value.diagnostics if each.is_error]

    return codes_in


def net(body, shape="[8]"):
    return f"net a {{\n    in: {shape}\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n}}\n"


def wires(network):
    """Who reads whom, inputs aside."""
    return {n.name: [str(s.ref) for s in network.sources(n.name)] for n in network if network.sources(n.name)}


# --- names


def test_layers_without_a_label_are_numbered_in_the_order_of_the_text(put):
    found = put(
        net(
            """
            h = in -> relu -> linear(4) -> relu
            other = in -> linear(4)
            (h + other) / 2 - h -> out
            """
        )
    )
    assert wires(found) == {
        "relu": ["in"],
        "linear": ["relu"],
        "relu2": ["linear"],
        "linear2": ["in"],
        "sum": ["relu2", "linear2"],
        "gain": ["sum"],
        "gain2": ["relu2"],
        "sum2": ["gain", "gain2"],
    }


def test_a_kind_is_what_was_declared_whatever_it_is_called_where_it_is_used(put):
    text = """
        module unit(k: int) {
            in -> linear(k) -> out
        }
        module twice(layer: module) {
            in -> layer(4) -> layer(4) -> out
        }
    """
    found = put(textwrap.dedent(text) + net("in -> twice(unit) -> out"))
    assert [node.name for node in expand(found)] == ["in", "twice.unit.linear", "twice.unit2.linear"]


def test_a_module_that_is_called_like_a_numbered_layer_takes_the_next_number(put):
    module = "module relu2 {\n    in -> tanh -> out\n}\n"
    found = put(module + net("in -> relu -> relu -> relu2 -> out"))
    assert set(wires(found)) == {"relu", "relu2", "relu22"}


def test_uses_of_a_shared_layer_have_one_owner(put):
    found = put(net("tower: linear(4)\nx = in -> tower\ny = in -> relu -> tower\nx + y -> out"))
    assert {node.name: node.owner for node in found if "tower" in node.name} == {"tower": "tower", "tower@2": "tower"}
    assert analyze(found)["params"] == 8 * 4 + 4
    assert analyze(found)["macs"] == 2 * 8 * 4


def test_a_shared_family_shares_member_by_member(put):
    text = """
        tower[2]: linear(4) by random(fan_in = 2)
        x = in -> tower -> concat
        y = in -> relu -> tower -> concat
        x * y -> out
    """
    found = put(net(text))
    rules = {node.name: node.what.rule for node in found if "tower" in node.name}
    assert rules["tower[0]"] == rules["tower[0]@2"]
    assert rules["tower[0]"] != rules["tower[1]"]


# --- chains


def test_inputs_are_filled_by_name_and_by_place(put):
    text = """
        module meet {
            in left
            in right
            (right, left) -> concat -> out
        }
    """
    swapped = textwrap.dedent(text) + net("wide = in -> linear(3)\n(right = wide, left = in) -> meet -> out")
    (_, meet) = put(swapped).sources("meet")
    assert str(meet.ref) == "linear"


def test_outputs_beside_out_are_read_by_their_names(put):
    text = """
        module two {
            out hint
            in -> linear(3) -> out
            in -> linear(5) -> hint
        }
    """
    found = put(textwrap.dedent(text) + net("y = in -> two\n(y, y.hint) -> concat -> out"))
    assert wires(found)["concat"] == ["two", "two:hint"]
    assert found.shapes == ((8,),)


def test_pieces_stand_side_by_side(put):
    found = put(net("y = in -> split(sizes = [2, 6])\n(y[1], y[0]) -> concat -> out"))
    assert wires(found)["concat"] == ["split:1", "split:0"]


def test_pieces_are_positions_of_a_connect(put):
    text = """
        piece = in -> split(4)
        layer[2]: linear(2)
        connect piece, layer, out by (i -> i + s for s in [1, 2]) using concat
    """
    assert wires(put(net(text)))["layer[1]"] == ["split:3", "layer[0]"]


def test_attributes_are_values_and_choose(put):
    text = (
        "h = in -> linear(in.features * 2)\nh -> (if h.features > 10 then relu else tanh) -> reshape(in.shape) -> out"
    )
    with pytest.raises(SpecError, match=r"reshape"):
        put(net(text))
    assert "relu" in put(net(text.replace("reshape(in.shape)", "reshape([4, 4])")))


def test_statements_stand_in_any_order(put):
    forwards = ["h = in -> one: linear(4)", "g = h -> two: relu", "g + h -> s: linear(3) -> out"]
    texts = {str(put(net("\n".join(order)))) for order in (forwards, forwards[::-1], forwards[1:] + forwards[:1])}
    assert len(texts) == 1


@pytest.mark.parametrize("count", [50, 1_500])
def test_a_long_chain_of_names_in_the_wrong_order_needs_no_deep_stack(put, count):
    lines = [f"h{i} = h{i - 1} -> relu" for i in range(1, count)][::-1]
    assert len(put(net("\n".join(["h0 = in -> relu", *lines, f"h{count - 1} -> out"])))) == count + 1


# --- connect


def test_out_gets_what_one_more_layer_would_have_read(put):
    found = put(net("layer[3]: linear(8)\nconnect in, layer, out by (i -> i + 2 ^ k for k in 0..) using sum"))
    assert wires(found) == {
        "layer[0]": ["in"],
        "layer[1]": ["in", "layer[0]"],
        "layer[2]": ["layer[0]", "layer[1]"],
        "out.join": ["in", "layer[1]", "layer[2]"],
    }


def test_a_single_source_is_handed_on_as_it_is(put):
    found = put(net("layer[2]: linear(8)\nconnect in, layer, out by (i -> i + 1) using sum"))
    assert found.outputs == {"out": Ref("layer[1]")}
    assert all(node.join is None for node in found)


ADAPTED = """
    module fit(to: shape) {
        in -> conv(to[0], 1) -> avgpool(in.height / to[1]) -> out
    }
"""


def test_only_what_does_not_fit_gets_an_adapter(put):
    text = """
        stem: conv(4, 3)
        in -> stem
        cell[2]: conv(8, 3, stride = 2)
        connect stem, cell, out by (i -> j where i < j) using sum via fit
    """
    found = put(textwrap.dedent(ADAPTED) + net(text, "[4, 8, 8]"))
    assert [bool(source.via) for source in found.sources("cell[1]")] == [True, False]
    assert {"cell[1].via.stem.conv", "out.join.via.stem.conv"} & {node.name for node in expand(found)}


def test_a_declared_input_says_what_it_wants(put):
    text = """
        module small {
            in: [8, 4, 4]
            in -> conv(8, 3) -> out
        }
    """
    body = "cell: small\nconnect in, cell, out by (i -> i + 1) via fit"
    found = put(textwrap.dedent(ADAPTED) + textwrap.dedent(text) + net(body, "[4, 8, 8]"))
    (source,) = found.sources("cell")
    assert source.via.shapes == ((8, 4, 4),)


def test_under_concat_the_channels_are_free(put):
    text = """
        stem: conv(4, 3, stride = 2)
        in -> stem
        layer[1]: conv(8, 3)
        connect in, stem, layer, out by (i -> j where i < j) using concat via fit
    """
    found = put(textwrap.dedent(ADAPTED) + net(text, "[3, 8, 8]").replace("in -> stem\n", ""))
    assert found.shapes == ((3 + 4 + 8, 4, 4),)


def test_runs_of_many_sources_are_bundled_and_say_the_same(put):
    dense = "layer[{n}]: linear(8)\nconnect in, layer, out by (i -> j where i < j) using sum"
    found = put(net(dense.format(n=150)))
    assert max(len(found.sources(node.name)) for node in found) <= 65
    plain = "\n".join(
        [f"h{n} = {' + '.join(['in', *(f'l{m}' for m in range(n))])} -> l{n}: linear(8)" for n in range(1, 150)]
    )
    plain = "in -> l0: linear(8)\n" + plain.replace("in -> l0", "in")
    last = " + ".join(["in", *(f"l{m}" for m in range(150))])
    spelled = put(net("\n".join(line.partition(" = ")[2] or line for line in plain.splitlines()) + f"\n{last} -> out"))
    assert canonical(expand(found)) == canonical(expand(spelled))


def test_in_an_evolving_connect_any_matrix_is_legal(put):
    text = """
        cell[d: 3, w: 2]: linear(8)
        in -> cell[0, *]
        connect cell by links using sum
            evolve within ((d, _) -> (e, _) where d < e)
        cell[-1, *] -> concat -> out
    """
    spec = net(text).replace("net a", "net a(links: rule)")
    found = put(spec, links="(d, w) -> (d + 1, w) where w == 0")
    assert {n.name for n in found} == {"in", "cell[0,0]", "cell[1,0]", "cell[2,0]", "concat"}
    verify(expand(found))
    with pytest.raises(SpecError, match="nothing flows into `concat`"):
        put(spec, links="(d, w) -> (d + 1, w) where d < 0")


# --- randomness


def test_a_draw_depends_on_the_name_of_its_layer_and_the_seed_alone(put):
    text = "one = in -> linear(8) -> relu\none -> first: linear(16) by random(fan_in = 4) -> second: linear(8) -> out"
    draw = put(net(text))["first"].what.rule
    moved = "# a comment\nk = 4\n" + net("in -> linear(8) -> relu -> first: linear(16) by random(fan_in = k) -> out")
    assert put(moved)["first"].what.rule == draw
    assert put(net(text), seed=1)["first"].what.rule != draw
    assert put(net(text.replace("first", "other")))["other"].what.rule != draw
    assert put(net(text.replace("fan_in = 4", "fan_in = 4, seed = 3")))["first"].what.rule != draw


def test_bodies_are_shared_unless_they_draw(put):
    module = "module m(r: rule) {\n    in -> linear(8) by r -> out\n}\n"
    body = "layer[3]: m({rule})\nconnect in, layer, out by (i -> i + 1)"
    plain = put(module + net(body.format(rule="blocks(2)")))
    drawn = put(module + net(body.format(rule="random(fan_in = 2)")))
    assert plain["layer[0]"].what is plain["layer[2]"].what
    assert len({drawn[f"layer[{i}]"].what for i in range(3)}) == 3


def test_the_same_text_gives_the_same_network_whatever_the_hash_seed():
    script = "import connc; n = connc.load('std.sparsenet'); print(n)"
    texts = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed, "LC_ALL": locale},
            capture_output=True,
            check=True,
        ).stdout
        for seed, locale in (("1", "C"), ("2", "C.UTF-8"))
    }
    assert len(texts) == 1


# --- contracts


def test_contracts_hold_wherever_a_module_is_used(codes_in, put):
    module = "module m(k: int) {\n    in -> linear(k) -> out\n    require params <= 40 and k < 9\n}\n"
    assert "m" in put(module + net("in -> m(4) -> out"))
    assert codes_in(module + net("in -> m(8) -> out")) == ["E510"]


@pytest.mark.parametrize(
    "contract",
    [
        "params == 36 + 20",
        "params(one) == 36 and params(h) == 20",
        "macs == 32 + 16",
        "flops == 2 * macs",
        "params(layer) == 0 or true",
    ],
)
def test_parts_are_measured_by_their_names(put, contract):
    body = f"h = in -> one: linear(4) -> linear(4)\nh -> layer[1]: relu -> concat -> out\nrequire {contract}"
    assert analyze(put(net(body)))["params"] == 36 + 20
    with pytest.raises(SpecError, match="E510"):
        put(net(body.replace(contract, f"not ({contract})")))


# --- mistakes


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("in -> conv(4, 3) -> out", ["E201"]),
        ("in -> linear(4) -> layernorm(axes = 3) -> out", ["E201"]),
        ("h = in -> linear(4)\nin + h -> out", ["E203"]),
        ("h = in -> linear(4)\n(in, h) -> sum -> out", ["E203"]),
        ("layer[2]: linear(4)\nconnect in, layer, out by (i -> j where i < j) using sum", ["E203"]),
        ("layer[2]: linear(8)\nconnect in, layer, out by (i -> j where i < j)", ["E204"]),
        ("layer[2]: linear(8)\nconnect in, layer, out by (i -> j) using sum", ["E801"]),
        ("layer[2]: linear(8)\nconnect in, layer, out by (i -> i + 1 where i > 0)", ["E803"]),
        ("in -> linear(4) by random(fan_in = 3) -> out", ["E703"]),
        ("in -> linear(12) by random(fan_in = 9) -> out", ["E703"]),
        ("in -> linear(4) by ((i, j) -> (i, j)) -> out", ["E701"]),
        ("in -> linear(4) by (i -> i / 3) -> out", ["E407"]),
        ("in -> linear(4) by matrix([[1, 0], [1]]) -> out", ["E704"]),
        ("in -> linear(in.height) -> out", ["E308"]),
        ("layer[in.features - 9]: relu\nin -> layer -> concat -> out", ["E413"]),
        ("in -> linear(in.features - 8) -> out", ["E413"]),
        ("in -> linear(in.features / 3) -> out", ["E407"]),
        ("empty[0]: relu\nin -> empty -> concat -> out", ["E803"]),
        ("t: linear(4)\nx = in -> t\ny = in -> linear(3) -> t\nx + y -> out", ["E205"]),
    ],
)
def test_a_mistake_of_the_graph_is_told_by_its_code(codes_in, body, codes):
    assert codes_in(net(body)) == codes


def test_independent_mistakes_are_all_told(codes_in):
    text = net("x = in -> conv(4, 3)\ny = in -> linear(4) by random(fan_in = 3)\n(x, y) -> concat -> out")
    assert codes_in(text) == ["E201", "E703"]


def test_a_mistake_in_a_module_says_where_it_is_put_in(put):
    module = "module m {\n    in -> conv(4, 3) -> out\n}\n"
    with pytest.raises(SpecError) as caught:
        put(module + net("in -> part: m -> out"))
    (mistake,) = caught.value.diagnostics
    assert [label.span.line for label in mistake.labels] == [2, 6]
    assert "`part`" in mistake.labels[1].text


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("layer[10M]: relu\nin -> layer -> concat -> out", ["E808"]),
        ("cell[1K, 1K, 1K]: relu\nin -> cell -> concat -> out", ["E808"]),
        ("in -> linear(100K) by (i -> j where i < j) -> linear(100K) by (i -> j where i < j) -> out", ["E809"]),
        ("layer[20K]: linear(8)\nconnect in, layer, out by (i -> j where i < j) using sum", ["E809"]),
        ("x = in -> linear(2000000000)\nx -> linear(2000000000) by random(fan_in = 1000) -> out", ["E809"]),
        ("in -> linear(8) by (i -> i + 1 for k in 0..) -> out", ["E702"]),
    ],
)
def test_a_bomb_is_refused_before_it_goes_off(codes_in, text, codes):
    assert codes_in(net(text, "[100K]" if "100K" in text else "[8]")) == codes


def test_a_bomb_names_the_limit_and_the_estimate(put):
    module = "module d0 {\n    in -> linear(8) -> out\n}\n"
    doubled = "".join(f"module d{i} {{\n    in -> d{i - 1} -> d{i - 1} -> out\n}}\n" for i in range(1, 31))
    with pytest.raises(SpecError, match="3,221,225,472 layers, and the limit is 1,000,000"):
        put(module + doubled + net("in -> d30 -> out"))


def test_families_that_only_shapes_can_count_reach_the_limit_sooner(codes_in):
    module = "module grow {\n    layer[in.features]: linear(2)\n    in -> layer -> concat -> out\n}\n"
    assert codes_in(module + net("cell[40]: grow\nconnect in, cell, out by (i -> i + 1)")) == ["E808"]


def test_modules_in_modules_go_as_deep_as_the_limit(put, codes_in):
    modules = "module m0 {\n    in -> relu -> out\n}\n"
    modules += "".join(f"module m{i} {{\n    in -> m{i - 1} -> tanh -> out\n}}\n" for i in range(1, 40))
    assert put(modules + net("in -> m30 -> out")).shapes == ((8,),)
    assert codes_in(modules + net("in -> m31 -> out")) == ["E807"]


# --- operands of a connect that are made of layers


@pytest.mark.parametrize(
    "body",
    [
        "stem: linear(8)\ny = in -> stem -> split(2)\nlayer[2]: linear(4)\n"
        "connect y, layer, out by (i -> j where i < j) using sum",
        "layer[3]: linear(8)\nh = layer[0] -> relu\n"
        "connect in, layer, h, out by (i -> i + 1 where i < 3) | (i -> 5 where i >= 3) using sum",
        "stem: linear(8)\nin -> stem\nlayer[2]: linear(8)\nconnect stem + in, layer, out by (i -> i + 1)",
    ],
)
def test_what_is_connected_may_be_made_of_layers_of_the_same_body(put, body):
    found = put(net(body))
    verify(found)
    (connect,) = found.connects
    degrees = zip(connect.positions, connect.relation.in_degrees().tolist(), strict=True)
    assert all(len(found.sources(ref.node)) == degree for ref, degree in degrees if ref.node and degree)


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("one: linear(8)\ntwo: linear(8)\nh = in + two\nh -> one\none -> relu -> two\none -> out", ["E802"]),
        (
            "layer[2]: linear(8)\nh = layer[1] -> relu\nconnect h, layer by (i -> i + 1)\nlayer[1] -> out",
            ["E802"],
        ),
        ("a1: linear(b1.features)\nb1: linear(a1.features)\nin -> a1 -> b1 -> out", ["E307"]),
    ],
)
def test_circles_are_told_from_sizes_that_need_themselves(codes_in, body, codes):
    assert codes_in(net(body)) == codes


# --- what a name stands for, and how many tensors


def test_a_layer_without_a_label_is_not_called_like_an_input(put):
    text = "net a {\n    in gain: [8]\n    in other: [8]\n    -gain + other -> out\n}\n"
    assert wires(put(text)) == {"gain2": ["gain"], "sum": ["gain2", "other"]}


@pytest.mark.parametrize(
    "rule",
    [
        "random(fan_in = 2)",
        "random(density = 25%)",
        "sequential(fan_out = 2)",
        "clashfree(4)",
        "smallworld(2, 0.5)",
        "scalefree(2)",
    ],
)
def test_two_modules_that_draw_draw_for_themselves(put, rule):
    module = f"module m {{\n    in -> linear(8) by {rule} -> out\n}}\n"
    found = put(module + net("in -> one: m -> two: m -> out"))
    assert found["one"].what != found["two"].what
    assert put(module + net("in -> one: m -> two: m -> out")) == found


def test_parameters_count_once_whichever_use_is_left(put):
    module = "module m {\n    out hint\n    t: linear(8)\n    in -> t -> hint\n    in -> relu -> t -> out\n}\n"
    found = put(module + net("in -> m -> out"))
    assert analyze(found)["params"] == 8 * 8 + 8


TWO = "module two {\n    in left\n    in right\n    left + right -> out\n}\n"


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("p = in -> split(4)\ny = in -> linear(2)\n(left = y, p) -> two -> out", ["E502"]),
        ("p = in -> split(4)\ny = in -> linear(2)\n(left = p, right = y) -> two -> out", ["E502"]),
        ("f[0]: relu\nin -> f\n(left = in, f) -> two -> out", ["E502"]),
        ("f[2]: two\nin -> f -> concat -> out", ["E502"]),
        ("f: hinted\nin -> f -> relu -> out", ["E502"]),
        ("f: hinted\nconnect in, f, out by (i -> i + 1)", ["E502"]),
        ("f[2]: linear(8)\nconnect in, f, out by (i -> j where i < j) using hinted", ["E507"]),
    ],
)
def test_as_many_tensors_flow_as_are_taken(codes_in, body, codes):
    modules = TWO + "module hinted {\n    out hint\n    in -> linear(8) -> hint\n}\n"
    assert codes_in(modules + net(body)) == codes


def test_another_name_of_a_net_takes_as_many_tensors(put):
    ports = "    in left: [8]\n    in right: [8]\n    out hint\n"
    two = f"net two(k = 4) {{\n{ports}    left + right -> out\n    left -> hint\n}}\n"
    found = put(two + "net same(n = 2) = two(k = n)\n" + net("y = (in, in) -> same(3)\n(y, y.hint) -> sum -> out"))
    assert [str(source.ref) for source in found.sources("sum")] == ["same", "same:hint"]


def test_several_inputs_are_held_to_their_declared_shape(codes_in):
    module = "module m {\n    in xs[]: [8]\n    xs -> sum -> out\n}\n"
    assert codes_in(module + net("x = in -> linear(4)\ny = in -> linear(4)\n(x, y) -> m -> out")) == ["E202"]


def test_a_family_that_makes_pieces_makes_them_side_by_side(put):
    found = put(net("in -> cut[2]: split(2) -> concat -> out"))
    assert wires(found)["concat"] == ["cut[0]:0", "cut[0]:1", "cut[1]:0", "cut[1]:1"]


def test_a_concat_frees_its_own_axis(put):
    text = "x: linear(4)\nin -> x\nconnect in, x, out by (i -> 2 where i < 2) using concat(axis = 1)"
    assert put(net(text, "[3, 8]")).shapes == ((3, 12),)


def test_an_output_wants_the_shape_that_it_declares(put):
    text = """
        out: [4, 4, 4]
        cell[2]: conv(4, 3)
        connect in, cell, out by (i -> j where i < j) using sum via fit
    """
    assert put(textwrap.dedent(ADAPTED) + net(text, "[4, 8, 8]")).shapes == ((4, 4, 4),)


def test_what_was_left_out_cannot_be_read(codes_in):
    text = """
        cell[3]: linear(8)
        in -> cell[0]
        connect cell by (i -> i + 2) using sum
            evolve within (i -> j where i < j)
        cell[1] -> relu -> out
        out rest
        cell[2] -> rest
    """
    assert codes_in(net(text)) == ["E803"]


def test_an_empty_family_is_none(put):
    found = put(net("none[0]: linear(8)\nlayer[1]: linear(8)\nconnect in, none, layer, out by (i -> i + 1)"))
    assert [family.name for family in found.families] == ["layer"]
    assert "none" not in str(found)


def test_a_piece_of_what_another_connect_makes_is_a_position(put):
    """Though it is known only when that one is put together."""
    text = (
        "net a {\n    in: [4]\n    one[2]: relu\n    two[2]: tanh\n    end: identity\n"
        "    connect in, one, end by (i -> i + 1)\n    p = end -> split(2)\n"
        "    connect p[0], two, out by (i -> i + 1)\n}\n"
    )
    assert [str(s.ref) for s in put(text).sources("two[0]")] == ["split:0"]


def test_two_connects_that_feed_one_layer_differently_are_one_mistake(codes_in):
    text = (
        "net a {\n    in: [4]\n    b[3]: linear(4)\n    connect in, b by (i -> i + s for s in [1, 2]) using sum\n"
        "    connect in, b, out by (i -> i + 1) using sum\n}\n"
    )
    assert codes_in(text) == ["E805"]


# --- nets that are others, and parameters from outside


ALIASES = """
net plain(width = 4, p = 50%) {
    in: [8]
    in -> linear(width) -> dropout(p) -> out
}

net wide(scale = 2) = plain(width = 4 * scale)
net a(k = 3) = wide(scale = k)
"""


def test_what_an_alias_leaves_open_can_be_filled(put):
    assert put(ALIASES).shape(Ref("linear")) == (12,)
    found = put(ALIASES, k=4, p=0.25)
    assert found.shape(Ref("linear")) == (16,)
    assert found["dropout"].what.p == 0.25


def test_an_alias_with_parameters_of_its_own_can_be_a_layer_with_the_others_filled(put):
    found = put(ALIASES.replace("net a", "net b") + net("in -> b(5, p = 10%) -> out"))
    assert expand(found)["b.dropout"].what.p == Fraction(1, 10)


def test_an_alias_gives_an_open_parameter_another_default(put, codes_in):
    text = ALIASES.replace("a(k = 3)", "a(k = 3, p = 10%)")
    assert put(text)["dropout"].what.p == Fraction(1, 10)
    assert put(text, p=0.2)["dropout"].what.p == Fraction(1, 5)
    assert codes_in(ALIASES.replace("a(k = 3)", 'a(k = 3, p = "x")')) == ["E401"]


def test_an_alias_may_leave_open_what_has_no_default(put):
    text = """
    net plain(width, depth: int) {
        in: [8]
        in -> linear(width) -> linear(depth) -> out
    }

    net a(width = 3) = plain
    """
    assert put(text, depth=5).shapes == ((5,),)


@pytest.mark.parametrize("alias", ["a(m = 2) = plain(n = m)", "a(n = 2) = plain", "a = plain(n = 2)"])
def test_a_list_that_an_alias_leaves_open_is_as_long_as_what_it_fills(put, codes_in, alias):
    text = f"""
    net plain(n = 3, widths: int[n] = 4) {{
        in: [8]
        step[d: n]: linear(widths[d])
        connect in, step, out by (i -> i + 1)
    }}

    net {alias}
    """
    assert put(text, widths=[5, 6]).shapes == ((6,),)
    assert codes_in(text, widths=[5, 6, 7]) == ["E412"]


@pytest.mark.parametrize(("layer", "code"), [("relu", "E403"), ("narrow", "E404"), ("bare", "E403")])
def test_a_module_that_does_not_take_what_it_is_given_is_told_with_where_it_was_put_in(put, layer, code):
    text = f"""
    use std.blocks (block)

    module narrow(k: int, by_: int) {{
        in -> conv(k, 3) -> out
    }}

    module bare {{
        in -> relu -> out
    }}

    net a {{
        in: [4, 8, 8]
        in -> block(3, 4, layer = {layer}) -> out
    }}
    """
    with pytest.raises(SpecError) as caught:
        put(text)
    (mistake,) = caught.value.diagnostics
    assert mistake.code.id == code
    assert mistake.labels[-1].span.source.name == "spec.conn"


def test_an_alias_says_what_its_adapters_have_to_make(put):
    text = """
    module fitted(to: shape) {
        in -> linear(to[0]) -> out
    }

    net plain(width = 4) {
        in: [width]
        in -> relu -> out
    }

    net narrow(half = 2) = plain(width = 2 * half)
    """
    found = put(text + net("one: narrow()\nconnect in, one, out by (i -> i + 1) via fitted"))
    assert expand(found).shape(Ref("one.via.in.linear")) == (4,)


REACHING = """
    use std.rules (chain)

    module block(reach: rule, layer: module) {
        step[3]: layer(4)
        connect in, step, out by reach using concat
    }

    net a(reach: rule = chain, layer: module = linear) {
        in: [4, 8, 8]
        in -> block(reach, layer) -> out
    }
"""


def test_settings_know_the_rules_and_blocks_of_the_library(put):
    found = expand(put(REACHING, reach="dense | window(1)", layer="basic"))
    assert len(found.sources("block.out.join")) == 4
    assert "block.step[0].bn" in found


def test_what_a_file_means_by_a_name_is_what_its_settings_mean(put):
    own = REACHING.replace("use std.rules (chain)", "rule dense = i -> i + 1\n    rule chain = dense")
    assert put(own, reach="dense", layer="conv(kernel = 1)") == put(own, layer="conv(kernel = 1)")


@pytest.mark.parametrize("reach", ["window -> window + 1", "i -> i + near for near in [1]"])
def test_the_positions_of_a_setting_may_be_called_as_rules_of_the_library_are(put, reach):
    assert put(REACHING, reach=reach, layer="conv(kernel = 1)")


def test_a_name_that_a_file_has_for_something_else_is_not_lent(codes_in):
    assert codes_in(REACHING.replace("step", "dense"), reach="dense") == ["E301"]


@pytest.mark.parametrize(("wide", "shape"), [("true", (64, 8, 8)), ("false", (4, 8, 8))])
def test_a_choice_may_leave_a_size_open(put, wide, shape):
    text = """
    module m(wide: bool) {
        in: [if wide then 64 else _, 8, 8]
        in -> relu -> out
    }
    """
    chosen = f"x = in -> conv({shape[0]}, 1)\nx -> m({wide}) -> out"
    assert put(text + net(chosen, "[4, 8, 8]")).shape(Ref("m")) == shape


def test_an_open_size_is_no_number(codes_in):
    assert codes_in(net("in -> linear(if 1 > 2 then 3 else _) -> out")) == ["E401"]
    assert codes_in(net("x = 2 * (if 1 > 2 then 3 else _)\nin -> linear(x) -> out")) == ["E401"]


@pytest.mark.parametrize(
    ("head", "given", "declared"),
    [
        ("beta", "0.5", ", or declare the parameter as `beta: float`"),
        ("beta = 1", "0.5", ", or declare the parameter as `beta: float`"),
        ("beta = [1, 2]", "[0.5]", ", or declare the parameter as `beta: float[]`"),
        ("beta: int", "0.5", ""),
    ],
)
def test_a_fraction_for_a_parameter_without_a_type_is_proposed_a_declaration(head, given, declared):
    text = f"module m({head}) {{\n    in -> relu -> out\n}}\n\nnet a {{\n    in: [4]\n    in -> m({given}) -> out\n}}\n"
    with pytest.raises(connc.SpecError) as caught:
        connc.loads(text)
    assert f"`floor`, `ceil` and `round` make one{declared}\n" in str(caught.value)


def test_a_list_of_tensors_flows_side_by_side():
    body = "in: [4]\n    layer[4]: linear(4)\n    connect in, layer by (i -> i + 1)\n    LIST -> concat -> out"
    text = f"net a {{\n    {body}\n}}\n"
    listed, sliced = (
        connc.loads(text.replace("LIST", each)) for each in ("ys = [layer[k] for k in 1..3]\n    ys", "layer[1..3]")
    )
    assert [source.ref for source in listed.sources("concat")] == [source.ref for source in sliced.sources("concat")]
    with pytest.raises(connc.SpecError, match="3 tensors stand side by side"):
        connc.loads(text.replace("LIST -> concat", "ys = [layer[k] for k in 1..3]\n    ys"))
