"""Metamorphic laws: what may change in a spec without changing its network, and what must change it how."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connc import analyze, load
from connc.compiler.canonical import canonical
from connc.testing import relations
from tests.rules import pair_set, relation_between

BODY = """\
rule reach = i -> i + 2 ^ k for k in 0..

## A layer of a dense block.
module unit(k: int) {
    in -> bn -> relu -> conv(k, 3) -> out
}

module trunk(n: int, k: int) {
    layer[n]: unit(k)
    connect in, layer, out by reach using concat
}

"""
NET = """\
net a(width = 4) {
    in: [3, 8, 8]
    stem: conv(2 * width, 3)
    core: trunk(3, width)
    head: linear(10) by blocks(2)
    in -> stem -> core
    h = core -> bn -> relu -> globalpool
    h -> head -> out
}
"""
TEXT = BODY + NET


@pytest.fixture
def put(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "connc.toml").touch()

    def put(text, **others):
        for name, content in {"spec": text, **others}.items():
            (tmp_path / f"{name}.conn").write_bytes(content.encode())
        return load("spec.conn:a")

    return put


def statements(net):
    """The lines of a net's body, in another order: backwards."""
    first, *lines, last = net.splitlines()
    return "\n".join([first, *reversed(lines), last]) + "\n"


# What leaves the text as it is.
ALIKE = {
    "comments": TEXT.replace("\n", "  # said\n"),
    "carriage returns": TEXT.replace("\n", "\r\n"),
    "blank lines": TEXT.replace("\n    ", "\n\n    "),
    "the order of labelled statements": BODY + statements(NET),
    "the order of declarations": NET + BODY,
    "values with names": BODY.replace("rule", "three = 3\nrule").replace("trunk(3,", "trunk(three,") + NET,
    "names of values, rules, parameters": re.sub(r"\b(reach|h|n|k|width)\b", r"\1_1", TEXT).replace(
        "k_1 for k_1", "k for k"
    ),
    "another way to say the same rule": TEXT.replace("i -> i + 2 ^ k for k in 0..", "j -> j + s for s in [1, 2, 4]"),
    "the default written out": TEXT.replace("trunk(3, width)", "trunk(k = width, n = 3)"),
}


@pytest.mark.parametrize("spec", ALIKE.values(), ids=ALIKE)
def test_what_leaves_the_text_of_a_network_as_it_is(put, spec):
    assert spec != TEXT
    assert put(spec) == put(TEXT)


def renamed(text):
    """Every label, module and net but the one that is asked for gets another name."""
    return re.sub(r"\b(unit|trunk|layer|stem|core|head)\b", r"\1_x", text)


UNROLLED = """\
module trunk(n: int, k: int) {
    one = in -> unit(k)
    two = (in, one) -> concat -> unit(k)
    three = (one, two) -> concat -> unit(k)
    (in, two, three) -> concat -> out
}
"""
INLINED = NET.replace("core: trunk(3, width)", "layer[3]: unit(width)").replace(
    "in -> stem -> core\n    h = core -> bn",
    "root = in -> stem\n    connect root, layer, mix by reach using concat\n    mix: identity\n    h = mix -> bn",
)


def test_names_and_module_boundaries_leave_what_is_computed(put):
    plain = put(TEXT)
    assert canonical(put(renamed(TEXT))) == canonical(plain)
    unrolled = re.sub(r"module trunk.*?\n}\n", UNROLLED, TEXT, flags=re.DOTALL)
    assert canonical(put(unrolled)) == canonical(plain)
    wrapped = (
        TEXT.replace("core: trunk(3, width)", "core: wrap(width)")
        + "module wrap(k: int) {\n    in -> trunk(3, k) -> out\n}\n"
    )
    assert canonical(put(wrapped)) == canonical(plain)


def test_splitting_a_file_into_imports_changes_nothing(put):
    imported = put("use parts (trunk)\n\n" + NET, parts=BODY)
    assert imported == put(TEXT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("conv(k, 3)", "conv(k, 3, bias = true)"),
        ("bn -> relu -> conv", "relu -> bn -> conv"),
        ("blocks(2)", "blocks(1)"),
        ("2 ^ k", "3 ^ k"),
        ("trunk(3", "trunk(4"),
        ("[3, 8, 8]", "[3, 8, 6]"),
        ("using concat", "using sum"),
    ],
)
def test_what_is_computed_otherwise_is_another(put, old, new):
    text = TEXT.replace("2 * width", "width")
    assert canonical(put(text.replace(old, new))) != canonical(put(text))


def test_shared_weights_are_not_weights_of_their_own(put):
    shared = "net a {\n    in: [8]\n    t: linear(8)\n    x = in -> t\n    x -> t -> out\n}\n"
    own = shared.replace("x -> t", "x -> linear(8)")
    assert canonical(put(shared)) != canonical(put(own))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("p[2] + c + p[1]", "c + p[2] + p[1]"),
        ("p[2] + p[2] + p[1] + c", "c + c + p[1] + p[2]"),
        ("p[0] + p[1] + c", "p[1] + p[0] + c"),
    ],
)
def test_the_order_of_sources_counts(put, one, other):
    text = (
        "net a {{\n    in: [9]\n    p = in -> split(3)\n    b = p[0] -> relu\n    c = b -> sigmoid\n    {} -> out\n}}\n"
    )
    assert canonical(put(text.format(one))) != canonical(put(text.format(other)))


def test_what_is_computed_alike_costs_the_same(put):
    """Whether a use of shared weights is read or not."""
    module = "module m {\n    out hint\n    t: linear(8)\n    in -> t -> hint\n    in -> relu -> t -> out\n}\n"
    unread = put(module + "net a {\n    in: [8]\n    in -> m -> out\n}\n")
    plain = put("net a {\n    in: [8]\n    in -> relu -> linear(8) -> out\n}\n")
    assert canonical(unread) == canonical(plain)
    assert all(analyze(unread)[name] == analyze(plain)[name] for name in ("params", "macs", "flops"))


# --- relations of neurons


def junction(rule):
    return f"net a {{\n    in: [12]\n    in -> part: linear(12) by {rule} -> out\n}}\n"


@pytest.mark.parametrize("rule", ["random(fan_in = 3)", "blocks(3)", "(i -> mod(i + s, targets) for s in [1, 5])"])
def test_the_transpose_swaps_fan_in_and_fan_out(put, rule):
    given = put(junction(rule))["part"].what.rule
    turned = put(junction(f"transpose({rule})"))["part"].what.rule
    assert turned == given.transposed()
    assert (turned.fan_in, turned.fan_out) == (given.fan_out, given.fan_in)


def test_a_full_layer_has_density_one_and_costs_what_it_costs_without_a_rule(put):
    full = put(junction("(i -> j)"))
    assert full["part"].what.rule.density == 1
    assert analyze(full) == analyze(put(junction("(i -> j)").replace(" by (i -> j)", "")))


@settings(max_examples=20, deadline=None)
@given(relations(6, 6), st.integers(0, 5), st.integers(0, 5))
def test_an_absent_edge_that_is_added_raises_the_count_by_one(relation, source, target):
    more = relation | relation_between(6, 6, {(source, target)})
    assert more.count == relation.count + ((source, target) not in pair_set(relation))
