"""Mappings: against nested loops over single values, at the edges of numbers, and what is refused."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connc.compiler.relations.forms import Affine, Full
from connc.compiler.relations.mapping import Vectors
from connc.dsl import tree
from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import Budget, Evaluator
from connc.dsl.limits import Limits
from tests.rules import mapping, pair_set, place


class Outside(Exception):
    """A target that is no whole number."""


class Naive:
    """A mapping as the manual says it, one row after the other."""

    def __init__(self, rule, at):
        self.node, self.names, self.at = rule.mapping, rule.names, at
        self.shared = {**self.names, "sources": at.sizes[0], "targets": at.sizes[1]}

    def pairs(self):
        positions = itertools.product(*(range(size) for size in self.at.sources))
        return {pair for number, position in enumerate(positions) for pair in self.of(number, position)}

    def of(self, number, position):
        names = {**self.shared, **{n.text: x for n, x in zip(self.node.positions, position, strict=True)}}
        names.pop("_", None)
        for bound in self.loops(names, self.node.loops):
            yield from ((number, target) for target in self.targets(bound))

    def value(self, expr, names):
        return Evaluator(names, Budget(Limits(steps=10**9)))(expr)

    def loops(self, names, loops):
        if not loops:
            yield names
            return
        loop, values = loops[0], loops[0].values
        if isinstance(values, tree.Range):
            last = self.value(values.last, names) if values.last else 3 * max(self.at.sizes)
            values = range(self.value(values.first, names), last + 1)
        else:
            values = self.value(values, names)
        for value in values:
            yield from self.loops({**names, loop.name.text: value}, loops[1:])

    def targets(self, names):
        axes = [
            (target.text, range(size)) if self.is_free(target, names) else (None, [target])
            for target, size in zip(self.node.targets, self.at.targets, strict=True)
        ]
        for chosen in itertools.product(*(values for _, values in axes)):
            bound = {**names, **{name: x for (name, _), x in zip(axes, chosen, strict=True) if name}}
            if self.node.condition is None or self.value(self.node.condition, bound):
                yield from self.place(
                    [x if name else self.value(x, bound) for (name, _), x in zip(axes, chosen, strict=True)]
                )

    def is_free(self, target, names):
        return isinstance(target, tree.Name) and target.text not in names

    def place(self, coordinates):
        if any(not isinstance(x, int) for x in coordinates):
            raise Outside
        if all(0 <= x < size for x, size in zip(coordinates, self.at.targets, strict=True)):
            number = 0
            for x, size in zip(coordinates, self.at.targets, strict=True):
                number = number * size + x
            yield number


def assert_agrees(text, at, **names):
    rule = mapping(text, **names)
    try:
        wanted = Naive(rule, at).pairs()
    except (Refusal, Outside):
        with pytest.raises(Refusal):
            rule.relate(at)
        return
    relation = rule.relate(at)
    assert pair_set(relation) == wanted
    if relation.form:
        source, target = relation.form.pairs(relation.sources, relation.targets)
        assert set(zip(source.tolist(), target.tolist(), strict=True)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "i -> i",
        "i -> i + 1",
        "i -> 3",
        "i -> j",
        "i -> _",
        "_ -> 2",
        "i -> j where i < j",
        "i -> j where 0 < j - i <= 3 and not j == 2 or i == j == 4",
        "i -> i + 2 ^ k for k in 0..",
        "i -> i - 3 * k + 1 for k in 0..",
        "i -> i + 2 ^ k - 1 for k in 0.. where k != 0",
        "i -> i + a * 2 ^ k for a in [1, 3] for k in 0..",
        "i -> i + a * 2 ^ k for a in 1..i + 1 for k in 0..",
        "i -> i + 2 ^ k + m for k in 0.. for m in 0..k",
        "i -> i + s for s in -r..r where s != 0",
        "i -> mod(i + s, targets) for s in -r..r where s != 0",
        "i -> targets - 1 - i",
        "i -> 2 * i + s for s in 0..1",
        "i -> floor(i / 2)",
        "i -> round(i * 0.7) + ceil(i / 3)",
        "i -> i / 2 where mod(i, 2) == 0",
        "i -> i / 2",
        "i -> 6 / i where i != 0",
        "i -> 6 / i",
        "i -> j where i != 0 and 6 / i == j",
        "i -> j where i == 0 or 6 / i >= j",
        "i -> (if i == 0 then 1 else if i < 3 then 6 / i else i - 1)",
        "i -> j where (if i < 2 then j > i else j < i)",
        "i -> widths[mod(i, 4)]",
        "i -> widths[i]",
        "i -> widths[-1 - mod(i, 2)] + len(widths)",
        "i -> table[mod(i, 2)][0]",
        "i -> i + w for w in widths where w < i",
        "i -> i + w for w in [i, 1, 2 * i]",
        "i -> a for a in 0..i",
        "i -> a for a in i..sources for b in a..a + 1 where mod(b, 2) == 0",
        "i -> k for k in [widths[0], i][0..1]",
        "i -> x for x in [k * i for k in 1..3]",
        "i -> sum([w for w in widths where w < i])",
        "i -> max(i, 3) - min(i, 2, 1) + abs(i - 4)",
        "i -> mean(i, i + 2, i - 2) + sum(1, i)",
        "i -> i ^ 2 - 2 ^ i",
        "i -> 2 ^ -i * 8",
        "i -> j where 2 ^ (i - 3) < j",
        "i -> j where (i > 2) == (j > 2)",
        "i -> i + k for k in i..",
        "i -> i + k + m for k in 0.. for m in 0..",
        "i -> (if flag then i else 0)",
    ],
)
def test_examples_agree_with_nested_loops(text):
    names = {"r": 2, "widths": (1, 4, 2, 5), "table": ((1, 2), (0, 3)), "flag": True}
    for at in (place(7), place(5, 8), place(1)):
        assert_agrees(text, at, **names)


@pytest.mark.parametrize(
    "text",
    [
        "(d, w) -> (d + 1, w)",
        "(d, _) -> (e, _) where d < e",
        "(d, w) -> (d + 1, v) where v <= w",
        "(d, w) -> (d + k, mod(w + k, 3)) for k in 0..",
        "(_, _) -> (0, v)",
        "(d, w) -> (w, d)",
    ],
)
def test_grids_agree_with_nested_loops(text):
    for at in (place((3, 4)), place((4, 2), (2, 3))):
        assert_agrees(text, at)


numbers = st.sampled_from(["i", "s", "j", "targets", "0", "1", "3", "0.5", "i", "s"])
binary = st.sampled_from(["+", "-", "*", "/"])


def larger(smaller):
    pairs = st.tuples(smaller, smaller)
    compared = st.tuples(smaller, st.sampled_from(["<", "<=", "==", "!="]), smaller).map(" ".join)
    return st.one_of(
        st.tuples(smaller, binary, smaller).map(lambda t: f"({' '.join(t)})"),
        smaller.map(lambda x: f"floor({x})"),
        smaller.map(lambda x: f"-{x}" if x[0] not in "-" else x),
        smaller.map(lambda x: f"({x}) ^ 2"),
        pairs.map(lambda p: f"mod({p[0]}, {p[1]})"),
        pairs.map(lambda p: f"max({p[0]}, {p[1]})"),
        st.tuples(compared, smaller, smaller).map(lambda t: f"(if {t[0]} then {t[1]} else {t[2]})"),
    )


expressions = st.recursive(numbers, larger, max_leaves=6)


@settings(max_examples=60, deadline=None)
@given(expressions, expressions, st.booleans())
def test_any_expression_agrees_with_nested_loops(target, other, negated):
    condition = f"{'not ' if negated else ''}{other} < j"
    assert_agrees(f"i -> floor({target}) for s in -1..2 for j in [0, 2]", place(4, 5))
    assert_agrees(f"i -> j for s in 0..1 where {condition}", place(4, 5))
    assert_agrees(f"i -> {target} for s in 1..2 for j in 1..1", place(3, 5))


@pytest.mark.parametrize("around", [2**31, 2**62, 2**63, 2**64, 2**200])
def test_numbers_beyond_the_machines_are_exact(around):
    for text in (
        "i -> i * n - n * i + i",
        "i -> (i + n) * (n - i) - n ^ 2 + 30",
        "i -> mod(i * n + i, n)",
        "i -> floor((i * n + 1) / n)",
        "i -> i + k - n for k in n..n + 2",
        "i -> j where i * n < j * n - n + 1",
        "i -> (n + i) / 1 - n where (n + i) / n > 1",
    ):
        for n in (around - 1, around, around + 1, -around):
            assert_agrees(text, place(6), n=n)


def test_chunks_make_no_difference(monkeypatch):
    text = "i -> j + s for s in 0..i where i < j"
    whole = mapping("i -> j where i + 2 < j or i == 3").relate(place(9))
    for module in ("arrays", "mapping"):
        monkeypatch.setattr(f"connc.compiler.relations.{module}.CHUNK", 4)
    assert mapping("i -> j where i + 2 < j or i == 3").relate(place(9)) == whole
    assert_agrees(text.replace("j + s", "i + s").replace("i < j", "s < 3"), place(9))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("i -> j", Full()),
        ("i -> i", Affine(1, (0,))),
        ("i -> i + s for s in 1..2", Affine(1, (1, 2))),
        ("i -> i + 2 ^ k for k in 0..", Affine(1, (1, 2, 4, 8))),
        ("i -> targets - 1 - i", Affine(-1, (9,))),
        ("i -> 2 * i + 1", Affine(2, (1,))),
        ("i -> i + 1 where i != 3", None),
        ("i -> floor(i / 2)", None),
    ],
)
def test_structure_is_recognised(text, form):
    assert mapping(text).relate(place(10)).form == form


# --- what is refused


def refusal(text, at, **names):
    with pytest.raises(Refusal) as found:
        mapping(text, **names).relate(at)
    return found.value.diagnostic


@pytest.mark.parametrize(
    ("text", "at", "code", "message"),
    [
        ("(d, w) -> (d, w)", place(8), "E701", "the position of the mapping has 2 coordinates, and here it has 1"),
        ("i -> i", place((2, 4)), "E701", "the position of the mapping has 1 coordinate, and here it has 2"),
        ("(d, w) -> d", place((2, 4)), "E701", "the target of the mapping has 1 coordinate, and here it has 2"),
        (
            "i -> i + 1 ^ k for k in 0..",
            place(8),
            "E702",
            "after 8 values of `k`, as many as there are positions, some target is still inside",
        ),
        ("i -> i / 2", place(8), "E407", "from position 1 the target is 0.5, and no such position exists"),
        (
            "(d, w) -> (d, w / 2)",
            place((2, 4)),
            "E407",
            "from position (0, 1) the target is 0.5, and no such position exists",
        ),
        ("i -> 1 / (i - 5)", place(8), "E408", "division by zero"),
        ("i -> mod(4, i)", place(8), "E408", "remainder of a division by zero"),
        ("i -> 2 ^ (1000 * i)", place(8), "E409", "a number of more than 4096 bits"),
        ("i -> 2 ^ (i / 2)", place(8), "E407", "an exponent is a whole number, not 0.5"),
        ("i -> i + k for k in 0..i / 2", place(8), "E407", "`i / 2` is 0.5, and a whole number is due"),
        ("i -> list[i]", place(8), "E410", "index 2 is outside of a list of 2"),
        ("i -> i where list", place(8), "E401", "a condition is true or false, not [1, 2]"),
        ("i -> i where i", place(8), "E401", "a condition is true or false, not 0"),
        ("i -> i for k in 3", place(8), "E401", "`3` is 3, and a list is due"),
    ],
)
def test_mistakes(text, at, code, message):
    found = refusal(text, at, list=(1, 2))
    assert (found.code.id, found.message) == (code, message)


def test_the_way_out_of_a_wrong_rank():
    assert refusal("i -> i", place((2, 4))).help == ("the space is 2 x 4: write `(i, j)`",)


def test_a_name_that_runs_along_two_coordinates_is_the_same_on_both():
    assert pair_set(mapping("(d, w) -> (e, e)").relate(place((1, 1), (2, 3)))) == {(0, 0), (0, 4)}


def test_what_is_dropped_is_not_computed():
    relation = mapping("i -> 6 / i + 8 * k for k in 0.. where i == 2").relate(place(8))
    assert pair_set(relation) == {(2, 3)}


class Spent(Exception):
    """The limit is passed."""


def meter(limit):
    left = [limit]

    def spend(count):
        left[0] -= count
        if left[0] < 0:
            raise Spent

    return spend


@pytest.mark.parametrize(
    "text",
    [
        "i -> j where i < j",
        "i -> i + s for s in 0..10 ^ 30",
        "i -> i for k in 0..999 for m in 0..999 for n in 0..999",
        "i -> mod(i + k, targets) for k in 0..",
    ],
)
def test_what_would_be_made_is_spent_before(text):
    with pytest.raises(Spent):
        mapping(text).relate(place(20_000, spend=meter(1_000_000), steps=meter(500_000)))


@pytest.mark.parametrize("text", ["i -> i + 1 ^ k for k in 0..", "i -> i * 2 ^ 100", "i -> sum([i for k in 0..99])"])
def test_work_without_pairs_is_spent_too(text):
    with pytest.raises(Spent):
        mapping(text).relate(place(100_000, spend=meter(50_000_000), steps=meter(10_000)))


def test_an_attribute_is_left_to_the_evaluator_of_the_rule():
    class Knowing(Evaluator):
        def other(self, expr):
            return 2

    rule = mapping("i -> i + x.channels")
    found = type(rule)(rule.mapping, {}, Knowing).relate(place(4))
    assert pair_set(found) == {(0, 2), (1, 3)}


def test_a_mapping_of_a_million_pairs_costs_few_steps():
    spent = []
    mapping("i -> i + s for s in 0..9").relate(place(100_000, steps=spent.append))
    assert sum(spent) < 20_000
    assert Vectors(spent.append).evaluator is Evaluator
