"""Relations: the algebra against sets of pairs, what is known of structure against the pairs, identity."""

import itertools
from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connc.compiler.relations.forms import Affine, Blocks, Full, PermutedBlocks, affine
from connc.compiler.relations.relation import Relation
from connc.testing import relations
from tests.rules import pair_set, relation_between

modest = settings(max_examples=40, deadline=None)
sizes = st.integers(1, 7)


@st.composite
def alike(draw, count):
    """Relations between the same sizes."""
    sources, targets = draw(sizes), draw(sizes)
    return [draw(relations(sources, targets)) for _ in range(count)]


def assert_in_order(relation):
    for target in range(len(relation.starts) - 1):
        sources = relation.sources_of(target).tolist()
        assert sources == sorted(set(sources))


@modest
@given(sizes, sizes, st.data(), st.randoms())
def test_pairs_in_any_order_make_one_relation(sources, targets, data, random):
    pairs = data.draw(st.sets(st.tuples(st.integers(0, sources - 1), st.integers(0, targets - 1))))
    listed = [*pairs, *list(pairs)[:3]]
    random.shuffle(listed)
    array = np.array(listed, dtype=np.int64).reshape(-1, 2)
    relation = Relation.of_pairs((sources,), (targets,), array[:, 0], array[:, 1])
    assert pair_set(relation) == pairs
    assert relation == relation_between(sources, targets, pairs)
    assert relation.count == len(pairs)
    assert relation.density == Fraction(len(pairs), sources * targets)
    assert_in_order(relation)


@modest
@given(relations())
def test_any_relation_is_the_one_of_its_pairs(relation):
    assert relation_between(*relation.sources, *relation.targets, pair_set(relation)) == relation
    assert relation.count == len(pair_set(relation))
    assert_in_order(relation)
    assert_known(relation)


@modest
@given(alike(2))
def test_union_intersection_and_difference_are_those_of_sets(both):
    (a, b), (p, q) = both, map(pair_set, both)
    for found, wanted in ((a | b, p | q), (a & b, p & q), (a - b, p - q)):
        assert pair_set(found) == wanted
        assert_in_order(found)


@modest
@given(sizes, sizes, sizes, st.data())
def test_composition_leads_over_a_middle(sources, middles, targets, data):
    a, b = data.draw(relations(sources, middles)), data.draw(relations(middles, targets))
    assert pair_set(a @ b) == {(i, k) for i, j in pair_set(a) for middle, k in pair_set(b) if j == middle}


@modest
@given(relations(), relations())
def test_kron_is_numpys(a, b):
    found = a.kron(b)
    flat = found.reshaped((prod(found.sources),), (prod(found.targets),))
    assert np.array_equal(matrix(flat), np.kron(matrix(a), matrix(b)))
    assert (found.sources, found.targets) == (a.sources + b.sources, a.targets + b.targets)


def matrix(relation):
    table = np.zeros((relation.sources[0], relation.targets[0]), dtype=int)
    table[relation.pairs()] = 1
    return table


@modest
@given(sizes.flatmap(relations))
def test_turning_around_swaps_degrees(relation):
    turned = relation.transposed()
    assert pair_set(turned) == {(j, i) for i, j in pair_set(relation)}
    assert turned.in_degrees().tolist() == relation.out_degrees().tolist()
    assert turned.transposed() == relation
    assert (relation @ relation).transposed() == turned @ turned


@modest
@given(relations(), st.data())
def test_clipping_drops_pairs(relation, data):
    (sources,), (targets,) = relation.sources, relation.targets
    left = np.array(data.draw(st.lists(st.booleans(), min_size=sources, max_size=sources)))
    right = np.array(data.draw(st.lists(st.booleans(), min_size=targets, max_size=targets)))
    found = relation.clipped(left, right)
    assert pair_set(found) == {(i, j) for i, j in pair_set(relation) if left[i] and right[j]}
    assert (found.sources, found.targets) == ((sources,), (targets,))


@modest
@given(relations())
def test_runs_are_the_longest_rows_of_neighbours(relation):
    starts, firsts, lasts = relation.runs()
    for target in range(*relation.targets):
        some = range(starts[target], starts[target + 1])
        found = [list(range(firsts[run], lasts[run] + 1)) for run in some]
        assert [*itertools.chain(*found)] == relation.sources_of(target).tolist()
        assert all(a[-1] + 1 < b[0] for a, b in itertools.pairwise(found))


@modest
@given(relations())
def test_the_complement_is_the_rest(relation):
    (sources,), (targets,) = relation.sources, relation.targets
    rest = relation.complement()
    assert rest == Relation.full((sources,), (targets,)) - relation
    assert rest.count + relation.count == sources * targets
    assert (rest & relation).count == 0


def test_degrees_are_told_where_all_are_alike():
    relation = relation_between(4, 2, {(0, 0), (1, 0), (2, 1), (3, 1)})
    assert (relation.fan_in, relation.fan_out) == (2, 1)
    assert (relation | relation_between(4, 2, {(0, 1)})).fan_in is None
    assert Relation.full((3,), (5,)).fan_in == 3


def test_a_relation_does_not_change():
    relation = relation_between(3, 3, {(0, 1)})
    with pytest.raises(ValueError, match="read-only"):
        relation.indices[0] = 2


def test_indices_outside_are_refused():
    with pytest.raises(ValueError, match="outside"):
        relation_between(3, 3, {(0, 3)})


def test_the_digest_knows_spaces_and_pairs_and_nothing_else():
    relation = relation_between(4, 4, {(0, 1), (2, 3)})
    assert relation.digest() == relation_between(4, 4, {(2, 3), (0, 1)}).digest()
    assert relation.digest() != relation.reshaped((2, 2), (4,)).digest()
    assert hash(Relation.full((2,), (2,))) == hash(relation_between(2, 2, {(i, j) for i in (0, 1) for j in (0, 1)}))
    assert relation != relation_between(4, 4, {(0, 1)})
    assert repr(Relation.full((2,), (3,))) == "<Relation (2,) -> (3,), 6 pairs, Full>"


# --- forms


def permuted(draw, size):
    return np.array(draw(st.permutations(range(size))), dtype=np.int32)


@st.composite
def formed(draw):
    """A form, and sizes that it is possible between."""
    kind = draw(st.sampled_from((Full, Affine, Blocks, PermutedBlocks)))
    if kind is Full:
        return Full(), draw(sizes), draw(sizes)
    if kind is Affine:
        offsets = draw(st.sets(st.integers(-5, 9), min_size=1, max_size=3))
        return Affine(draw(st.integers(-2, 3)), tuple(sorted(offsets))), draw(sizes), draw(sizes)
    count, wide, high = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    if kind is Blocks:
        return Blocks(count), count * wide, count * high
    orders = permuted(draw, count * wide), permuted(draw, count * high)
    return PermutedBlocks(count, *orders), count * wide, count * high


def assert_known(relation):
    """What is known says exactly the pairs."""
    if relation.form:
        assert Relation.of_form(relation.form, relation.sources, relation.targets) == relation


@modest
@given(formed(), formed(), st.data())
def test_a_form_says_exactly_the_pairs(case, other, data):
    form, sources, targets = case
    relation = Relation.of_form(form, (sources,), (targets,))
    assert_known(relation.transposed())
    others = [relation, data.draw(relations(sources, targets)), Relation.full((sources,), (targets,))]
    if isinstance(other[0], Affine):
        others.append(Relation.of_form(other[0], (sources,), (targets,)))
    for another in others:
        for found in (relation | another, relation & another, relation - another, another - relation):
            assert_known(found)


@modest
@given(st.integers(-3, 3), st.sets(st.integers(-6, 12), min_size=1, max_size=4), sizes, sizes)
def test_affine_pairs_are_recognised_and_no_others(scale, offsets, sources, targets):
    relation = Relation.of_form(Affine(scale, tuple(sorted(offsets))), (sources,), (targets,))
    source, target = relation.pairs()
    found = affine(sources, targets, source, target)
    if found:
        assert Relation.of_form(found, (sources,), (targets,)) == relation
    assert found or scale != 1 or not relation.count
    for dropped in range(relation.count):
        keep = np.arange(relation.count) != dropped
        less = affine(sources, targets, source[keep], target[keep])
        assert not less or Relation.of_form(less, (sources,), (targets,)).count == relation.count - 1


def test_the_algebra_keeps_what_it_can():
    near, far = (Relation.of_form(Affine(1, offsets), (9,), (9,)) for offsets in ((1, 2), (2, 4)))
    assert (near | far).form == Affine(1, (1, 2, 4))
    assert (near & far).form == Affine(1, (2,))
    assert (near - far).form == Affine(1, (1,))
    assert near.transposed().form == Affine(1, (-2, -1))
    full = Relation.full((9,), (9,))
    assert (near | full).form == Full()
    assert (near & full).form == near.form
    assert (full - near).form is None


def test_equal_orders_are_equal_forms():
    order = np.arange(4, dtype=np.int32)
    form = PermutedBlocks(2, order, order)
    assert form == PermutedBlocks(2, order.copy(), order)
    assert hash(form) == hash(PermutedBlocks(2, order.copy(), order))
    assert form != PermutedBlocks(2, order[::-1].copy(), order)
