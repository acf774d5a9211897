"""Generators: degrees, structure, draws, tables, and what is refused."""

import io
import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connc.compiler.draws import Draws, key, uniform
from connc.compiler.relations.forms import Full
from connc.compiler.relations.generators import GENERATORS
from connc.compiler.relations.relation import Relation
from connc.compiler.relations.rule import Combined
from connc.dsl.diagnostic import Refusal
from tests.rules import SPAN, generated, mapping, pair_set, place

modest = settings(max_examples=40, deadline=None)


def related(name, at, **fields):
    return generated(name, **fields).relate(at)


def refusal(name, at, **fields):
    with pytest.raises(Refusal) as found:
        related(name, at, **fields)
    found = found.value.diagnostic
    return found.code.id, found.message, *found.help


def assert_regular(relation, fan_in, fan_out):
    assert (relation.fan_in, relation.fan_out) == (fan_in, fan_out)
    rows = relation.indices.reshape(-1, fan_in)
    assert (np.diff(rows, axis=1) > 0).all()


@st.composite
def degrees(draw):
    """Sizes and degrees that go together."""
    sources, targets = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    step = sources // np.gcd(sources, targets)
    fan_in = step * draw(st.integers(1, sources // step))
    return int(sources), int(targets), int(fan_in), int(targets * fan_in // sources)


# --- draws


def test_keys_do_not_collide_where_texts_run_together():
    triples = [(1, "ab", "c"), (1, "a", "bc"), (11, "", "abc"), (1, "1ab", "c"), (1, "", "abc")]
    assert len({key(*triple) for triple in triples}) == len(triples)


def test_draws_are_those_of_every_machine():
    assert uniform(7, "a.b", "x", np.arange(2, dtype=np.uint64)).tolist() == [8761984358359704693, 13185257363317746049]


def test_different_counters_give_different_words():
    words = uniform(1, "a", "b", np.arange(100_000, dtype=np.uint64) << np.uint64(20))
    assert np.unique(words).size == words.size
    assert abs(np.mean(words >> np.uint64(63)) - 0.5) < 0.01


def test_an_order_has_each_number_once():
    draws = Draws(0, "a", "b")
    first, second = draws.order(100).tolist(), draws.order(100).tolist()
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second
    assert set(draws.below(1000, 3).tolist()) == {0, 1, 2}


DRAWN = {
    "random": {"fan_in": 3},
    "sequential": {"fan_out": 3},
    "clashfree": {"z": 4, "fan_out": 3},
    "smallworld": {"k": 4, "p": 0.5},
    "scalefree": {"m": 3},
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_draw_depends_on_seeds_and_name_alone(name):
    fields = DRAWN[name]
    first = related(name, place(24), **fields)
    assert first == related(name, place(24, spend=lambda n: None), **fields)
    others = [related(name, place(24, seed=1), **fields), related(name, place(24, name="other"), **fields)]
    assert first not in [*others, related(name, place(24), **fields, seed=1)]


def test_no_global_generator_and_no_hash_seed_counts():
    rules = f"(generated(n, **f).relate(place(24)).digest() for n, f in {DRAWN!r}.items())"
    script = f"from tests.rules import *; print(*{rules})"
    env = {**os.environ, "PYTHONHASHSEED": "1"}
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=env).stdout
    assert found.split() == [related(name, place(24), **fields).digest() for name, fields in DRAWN.items()]


# --- junctions


@modest
@given(degrees(), st.integers(0, 3))
def test_random_has_exact_degrees(case, seed):
    sources, targets, fan_in, fan_out = case
    at = place(sources, targets, seed=seed)
    assert_regular(related("random", at, fan_in=fan_in), fan_in, fan_out)
    assert related("random", at, fan_in=fan_in) == related("random", at, fan_out=fan_out)
    assert_regular(related("sequential", at, fan_out=fan_out), fan_in, fan_out)


@pytest.mark.parametrize(("sizes", "fan_out"), [((64, 1024), 512), ((4, 4), 3), ((1024, 64), 32), ((5, 5), 5)])
def test_random_ends_at_every_density(sizes, fan_out):
    relation = related("random", place(*sizes), fan_out=fan_out)
    assert_regular(relation, sizes[0] * fan_out // sizes[1], fan_out)


def test_random_relations_are_about_alike():
    """The 90 relations of 4 x 4 with two each come out with frequencies that chance explains, and some slack."""
    drawn = [related("random", place(4, seed=seed), fan_in=2).digest() for seed in range(270)]
    counts = [drawn.count(each) for each in set(drawn)]
    assert sum((count - 3) ** 2 / 3 for count in counts) / 89 < 1.5


def test_random_works_for_one_position_of_many_coordinates():
    relation = related("random", place((2, 3), (3, 2)), fan_in=2)
    assert (relation.sources, relation.targets, relation.fan_in) == ((2, 3), (3, 2), 2)


@pytest.mark.parametrize(
    ("density", "count"), [(0, 0), (0.05, 5), (0.045, 5), (0.044, 4), (0.5, 50), (0.994, 99), (1, 100)]
)
def test_random_density_is_exact_and_halves_go_up(density, count):
    assert related("random", place(10), density=Fraction(str(density))).count == count


def test_with_a_density_each_pair_has_a_draw_of_its_own():
    small = pair_set(related("random", place(10), density=Fraction("0.3")))
    assert small < pair_set(related("random", place(10), density=Fraction("0.6")))
    large = pair_set(related("random", place(20), density=Fraction("0.3")))
    shared = {pair for pair in large if max(pair) < 10}
    assert shared <= small or small <= shared


def test_sequential_leaves_the_last_targets_what_others_left():
    """Fewer different windows than a uniform draw has: 0.640 against 0.658, and never a degree that is not exact."""
    relation = related("sequential", place(64, 1024), fan_out=128)
    table = np.zeros((1024, 64), dtype=int)
    table[relation.pairs()[::-1]] = 1
    assert_regular(relation, 8, 128)
    assert (table.reshape(128, 8, 64).sum(axis=1) >= 1).mean() == pytest.approx(0.639, abs=0.006)


@modest
@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
def test_spread_meets_every_window_once(fan_in, fan_out, width):
    relation = related("spread", place(fan_in * width, fan_out * width), fan_out=fan_out)
    assert_regular(relation, fan_in, fan_out)
    table = np.zeros((fan_out * width, fan_in * width), dtype=int)
    table[relation.pairs()[::-1]] = 1
    assert (table.reshape(-1, fan_in, width).sum(axis=2) == 1).all()
    assert (table.reshape(fan_out, width, -1).sum(axis=1) == 1).all()


@modest
@given(degrees(), st.data(), st.integers(0, 9))
def test_clash_free_reads_each_memory_once_in_each_step(case, data, seed):
    sources, targets, fan_in, fan_out = case
    z = data.draw(st.sampled_from([z for z in range(1, sources + 1) if sources % z == 0]))
    relation = related("clashfree", place(sources, targets, seed=seed), z=z, fan_out=fan_out)
    assert_regular(relation, fan_in, fan_out)
    if fan_in % z == 0:
        reads = [np.bincount(relation.sources_of(target) % z, minlength=z) for target in range(targets)]
        assert (np.array(reads) == fan_in // z).all()


@pytest.mark.parametrize(
    ("name", "fields", "at", "told"),
    [
        (
            "random",
            {"fan_in": 8},
            place(64, 10),
            (
                "`fan_in = 8` makes 80 connections at 10 targets, and 64 sources cannot share them evenly: "
                "the fan-out would be 80 / 64",
                "the nearest that fits is `fan_in = 32`",
            ),
        ),
        (
            "random",
            {"fan_out": 7},
            place(64, 48),
            (
                "`fan_out = 7` makes 448 connections at 64 sources, and 48 targets cannot share them evenly: "
                "the fan-in would be 448 / 48",
                "the nearest that fit are `fan_out = 6` and `fan_out = 9`",
            ),
        ),
        (
            "random",
            {"fan_in": 65},
            place(64),
            (
                "`fan_in = 65` is more than the 64 sources that there are",
                "`fan_in = 64` is the most possible, and connects all with all",
            ),
        ),
        (
            "sequential",
            {"fan_out": 11},
            place(64, 10),
            (
                "`fan_out = 11` is more than the 10 targets that there are",
                "`fan_out = 10` is the most possible, and connects all with all",
            ),
        ),
        (
            "spread",
            {"fan_out": 6},
            place(16),
            (
                "`fan_out = 6` does not cut 16 sources and 16 targets into windows of one size",
                "the nearest that fit are `fan_out = 4` and `fan_out = 8`",
            ),
        ),
        (
            "smallworld",
            {"k": 3, "p": 0},
            place(9),
            ("`k = 3` is odd, and on a ring neighbours come in pairs", "the nearest that fit are `k = 2` and `k = 4`"),
        ),
        (
            "smallworld",
            {"k": 10, "p": 0},
            place(9),
            ("`k = 10` neighbours are more than the 8 others that each position has", "`k = 8` is the most possible"),
        ),
        (
            "scalefree",
            {"m": 9},
            place(9),
            ("`m = 9` ties are more than the 8 others that each position has", "`m = 8` is the most possible"),
        ),
        (
            "nm",
            {"n": 5, "m": 4},
            place(8),
            (
                "`n = 5` of every 4 sources are more than there are",
                "`n = 4` is the most possible, and connects all with all",
            ),
        ),
    ],
)
def test_degrees_that_do_not_fit(name, fields, at, told):
    assert refusal(name, at, **fields) == ("E703", *told)


@pytest.mark.parametrize(
    ("name", "fields", "at", "told"),
    [
        (
            "blocks",
            {"count": 5},
            place(64),
            (
                "`count = 5` does not divide 64 sources and 64 targets",
                "the nearest that fit are `count = 4` and `count = 8`",
            ),
        ),
        (
            "clashfree",
            {"z": 5},
            place(64),
            ("`z = 5` does not divide the 64 sources", "the nearest that fit are `z = 4` and `z = 8`"),
        ),
        (
            "nm",
            {"n": 1, "m": 9},
            place(8),
            ("`m = 9` does not divide the 8 sources", "the nearest that fits is `m = 8`"),
        ),
        (
            "butterfly",
            {"stage": 2},
            place(20),
            ("stage 2 exchanges the halves of every 8 positions, and here are 20", "16 or 24 positions would do"),
        ),
        (
            "butterfly",
            {"stage": 0},
            place(8, 4),
            (
                "`butterfly` leads from a space to itself, and here are 8 sources and 4 targets",
                "give both sides the same size",
            ),
        ),
        (
            "radix",
            {"radices": (2, 3), "stage": 0},
            place(8),
            ("the product of the radices is 6, and does not divide 8 positions", "6 or 12 positions would do"),
        ),
        (
            "radix",
            {"radices": (2, 3), "stage": 2},
            place(6),
            (
                "`stage = 2` asks for digit 2, and there are 2 radices",
                "the first is `stage = 0`, the last `stage = 1`",
            ),
        ),
    ],
)
def test_sizes_that_cannot_be_related(name, fields, at, told):
    assert refusal(name, at, **fields) == ("E705", *told)


# --- structure


def assert_known(relation):
    assert relation.form
    assert Relation.of_form(relation.form, relation.sources, relation.targets) == relation


@pytest.mark.parametrize(("count", "sources", "targets"), [(1, 3, 4), (4, 8, 8), (3, 6, 9), (5, 5, 5)])
def test_blocks(count, sources, targets):
    relation = related("blocks", place(sources, targets), count=count)
    wanted = {(i, j) for i in range(sources) for j in range(targets) if i * count // sources == j * count // targets}
    assert pair_set(relation) == wanted
    assert_known(relation)


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_butterfly(stage):
    relation = related("butterfly", place(16), stage=stage)
    assert pair_set(relation) == {(i, j) for i in range(16) for j in (i, i ^ 2**stage)}
    assert_known(relation)
    assert_known(relation.transposed())


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_radix(stage):
    def digits(i):
        return [i % 2, i // 2 % 3, i // 6 % 2, i // 12]

    def alike(i, j):
        return all(a == b for place, (a, b) in enumerate(zip(digits(i), digits(j), strict=True)) if place != stage)

    relation = related("radix", place(24), radices=(2, 3, 2), stage=stage)
    assert pair_set(relation) == {(i, j) for i in range(24) for j in range(24) if alike(i, j)}
    assert_known(relation)


def test_nm():
    relation = related("nm", place(8, 4), n=2, m=4)
    assert [relation.sources_of(j).tolist() for j in range(4)] == [[0, 1, 4, 5], [2, 3, 6, 7]] * 2
    assert related("nm", place(8, 4), n=4, m=4).form == Full()
    three = related("nm", place(4, 4), n=3, m=4)
    assert [three.sources_of(j).tolist() for j in range(4)] == [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]


@pytest.mark.parametrize("name", ["smallworld", "scalefree"])
def test_graphs_point_upwards(name):
    relation = related(name, place(20), **DRAWN[name])
    assert all(i < j for i, j in pair_set(relation))
    assert relation.count == {"smallworld": 40, "scalefree": 51}[name]


def test_a_ring_is_a_ring():
    relation = related("smallworld", place(6), k=2, p=0)
    assert pair_set(relation) == {(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 5)}


# --- rules of rules


def test_transpose_swaps_the_spaces_too():
    rule = generated("transpose", r=mapping("i -> targets - 1 - i where i < 1"))
    assert pair_set(rule.relate(place(3, 7))) == {(2, 0)}


@pytest.mark.parametrize("first", [True, False])
def test_kron_takes_its_size_from_a_table(first):
    table, chain = generated("matrix", table=((1, 0, 1), (0, 1, 0))), mapping("i -> i + 1")
    a, b = (table, chain) if first else (chain, table)
    found = generated("kron", a=a, b=b).relate(place(8, 12))
    small = table.relate(place(2, 3)), chain.relate(place(4))
    wanted = small[0].kron(small[1]) if first else small[1].kron(small[0])
    assert found == wanted.reshaped((8,), (12,))


def test_kron_knows_sizes_through_other_rules():
    table = generated("matrix", table=((1, 0, 1), (0, 1, 0)))
    union = Combined("|", (generated("transpose", r=table), mapping("i -> i")), SPAN)
    found = generated("kron", a=generated("kron", a=union, b=table), b=mapping("i -> i")).relate(place(12))
    assert found.count == 3 * 3 * 2


def test_kron_without_a_size():
    code, message, help_ = refusal("kron", place(8), a=mapping("i -> i"), b=mapping("i -> i"))
    assert (code, message) == (
        "E705",
        "`kron` does not know how large its parts are, because none of the two is a table",
    )
    assert "matrix" in help_
    table = generated("matrix", table=((1, 0, 1), (0, 1, 0)))
    assert refusal("kron", place(8), a=table, b=table)[1] == (
        "`kron` with a table of 2 x 3 and 2 x 3 does not make 8 sources and 8 targets"
    )
    assert refusal("kron", place(8), a=table, b=mapping("i -> i"))[2] == (
        "rows have to divide the sources, and columns the targets"
    )


def test_between_ties_what_is_loose():
    loose = generated("between", r=mapping("i -> i + 1 where i == 1 or i == 2"))
    assert pair_set(loose.relate(place(6))) == {(1, 2), (2, 3), (0, 1), (0, 4), (0, 5), (3, 5), (4, 5)}
    assert generated("between", r=mapping("i -> i + 1")).relate(place(6)) == mapping("i -> i + 1").relate(place(6))
    assert related("between", place(1), r=mapping("i -> i + 1")).count == 0


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [("|", {(0, 1), (1, 2), (2, 3), (0, 2), (1, 3)}), ("&", set()), ("-", {(0, 1), (1, 2), (2, 3)}), ("@", {(0, 3)})],
)
def test_rules_combine(operator, wanted):
    rule = Combined(operator, (mapping("i -> i + 1"), mapping("i -> i + 2")), SPAN)
    assert pair_set(rule.relate(place(4))) == wanted


def test_a_way_over_a_middle_needs_one():
    with pytest.raises(Refusal) as found:
        Combined("@", (mapping("i -> i"), mapping("i -> i")), SPAN).relate(place(4, 5))
    assert found.value.diagnostic.code.id == "E705"


def test_each_rule_is_equal_to_itself_only():
    rule = mapping("i -> i")
    assert rule == rule
    assert rule != mapping("i -> i")
    assert len({rule, mapping("i -> i"), generated("matrix", table=((1,),)), generated("matrix", table=((1,),))}) == 4


@pytest.mark.parametrize(
    "rule",
    [
        generated("blocks", count=1),
        generated("random", density=Fraction("0.5")),
        generated("random", fan_in=1000),
        generated("spread", fan_out=1000),
        generated("nm", n=1, m=2),
        generated("clashfree", z=2, fan_out=1000),
        Combined("@", (generated("blocks", count=50),) * 2, SPAN),
    ],
)
def test_what_would_be_made_is_spent_before(rule):
    spent = []
    rule.relate(place(1000, spend=spent.append))
    assert sum(spent) >= 200_000


# --- tables


def test_a_table_has_sources_in_rows_and_targets_in_columns():
    assert pair_set(related("matrix", place(2, 3), table=((0, 1, 1), (0, 0, 1)))) == {(0, 1), (0, 2), (1, 2)}
    assert pair_set(related("matrix", place((1, 2), 1), table=((0,), (1,)))) == {(1, 0)}


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            ((1, 0), (0, 1)),
            (
                "the table is 2 x 2, and here are 3 sources and 2 targets",
                "it needs 3 rows, one a source, and 2 columns, one a target",
            ),
        ),
        (
            ((1, 0, 1), (0, 1, 1)),
            (
                "the table is 2 x 3, and here are 3 sources and 2 targets",
                "it needs 3 rows, one a source, and 2 columns, one a target; `transpose` turns it",
            ),
        ),
        (((1, 0), (0,)), ("row 1 of the table has 1 cell, and row 0 has 2", "all rows have one cell for each target")),
        (
            ((1, 0), (0, 2)),
            (
                "row 1, column 1 of the table is neither 0 nor 1",
                "1 connects a source, the row, to a target, the column; both count from 0",
            ),
        ),
        ((), ("the table is empty", "it needs a row for each source and a column for each target")),
    ],
)
def test_tables_that_do_not_fit(table, told):
    assert refusal("matrix", place(3, 2), table=table) == ("E704", *told)


@pytest.mark.parametrize(
    "data",
    [b"0,1,1\n0,0,1\n", b"\xef\xbb\xbf0, 1,\t1\r\n\r\n0,0,1", b"0,1,1\n\n\n0,0,1\n\n"],
    ids=["plain", "dos", "gaps"],
)
def test_csv(tmp_path, data):
    (tmp_path / "best.csv").write_bytes(data)
    relation = related("matrix", place(2, 3, folder=tmp_path), table="best.csv")
    assert pair_set(relation) == {(0, 1), (0, 2), (1, 2)}


@pytest.mark.parametrize("dtype", ["bool", "uint8", "<i8", ">i4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy(tmp_path, dtype, order):
    np.save(tmp_path / "best.npy", np.array([[0, 1, 1], [0, 0, 1]], dtype=dtype, order=order))
    relation = related("matrix", place(2, 3, folder=tmp_path), table="best.npy")
    assert pair_set(relation) == {(0, 1), (0, 2), (1, 2)}


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


BOMB = npy(np.zeros((1, 1), dtype=bool)).replace(b"(1, 1)", b"(9, 9)")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"1,0\n0,1,1\n", "row 1 of the table has 3 cells, and row 0 has 2"),
        ("a.csv", b"1,0\n0,secret\n", "row 1, column 1 of the table is neither 0 nor 1"),
        ("a.csv", b"1,0,\n", "row 0, column 2 of the table is neither 0 nor 1"),
        ("a.csv", b"10\n", "row 0, column 0 of the table is neither 0 nor 1"),
        ("a.csv", b"\xff\x00,1", "row 0, column 0 of the table is neither 0 nor 1"),
        ("a.csv", b"\n \n", "`a.csv` cannot be read: it holds no row"),
        ("a.npy", b"1,0\n", "`a.npy` cannot be read: it is no NPY file"),
        ("a.npy", b"\x93NUMPY\x01\x00\x05\x00{{{{{", "`a.npy` cannot be read: it is no NPY file"),
        ("a.npy", BOMB, "`a.npy` cannot be read: it does not hold as many numbers as it says"),
        (
            "a.npy",
            npy(np.zeros(3, dtype=bool)),
            "`a.npy` cannot be read: it holds 1 dimensions of bool, and a matrix of whole numbers or truth values "
            "is due",
        ),
        (
            "a.npy",
            npy(np.array([[{}]]), allow_pickle=True),
            "`a.npy` cannot be read: it holds 2 dimensions of object, and a matrix of whole numbers or truth values "
            "is due",
        ),
        ("a.npy", npy(np.array([[0, 3]])), "row 0, column 1 of the table is neither 0 nor 1"),
    ],
)
def test_files_that_hold_no_table(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    code, found, *_ = refusal("matrix", place(2, folder=tmp_path), table=name)
    assert (code, found) == ("E704", message)


def test_files_that_are_no_files(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "real.csv").write_bytes(b"1")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    at = place(1, folder=tmp_path)
    assert refusal("matrix", at, table="none.csv")[1] == "`none.csv` cannot be read: no such file or directory"
    assert refusal("matrix", at, table="link.csv")[1] == "`link.csv` cannot be read: it is a link"
    assert refusal("matrix", at, table="pipe.csv")[1] == "`pipe.csv` cannot be read: it is not a regular file"
    assert refusal("matrix", at, table="sub")[1] == "`sub` cannot be read: it is a folder"
    for name in ("sub/real.csv", "../x.csv", "/etc/passwd", "..", "", "a\\b", "a\0b", "C:x"):
        assert refusal("matrix", at, table=name)[1] == "the name of a table has no folders in it"
    assert "cannot be found" in refusal("matrix", place(1), table="real.csv")[1]
    monkeypatch.setattr("connc.compiler.relations.tables.LARGEST", 0)
    assert refusal("matrix", at, table="real.csv")[1] == "`real.csv` cannot be read: it has more than 0 bytes"


def test_every_generator_has_a_relation():
    assert [name for name, generator in GENERATORS.items() if "relation" not in vars(generator)] == []
