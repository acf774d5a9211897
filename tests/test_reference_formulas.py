"""The formulas of the reference: by hand, against torch, and what they promise of exact numbers and of rounding."""

import ast
from fractions import Fraction as F
from math import exp, log, prod, sqrt
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from connc.backends import reference
from connc.backends.reference.formula import FORMULAS, Undecided
from connc.backends.reference.formulas import FAMILIES
from connc.backends.reference.numbers import Inexact, as_numbers, divided, is_exact, number, root
from connc.compiler.ops import OPS, ShapeError
from connc.compiler.relations.relation import Relation

NEW = SimpleNamespace(**OPS)
SINGLE = 2.0**-24


def several(found):
    return found if isinstance(found, tuple | list) else (found,)


def made(op, *x, training=False, **params):
    """What the formula makes of arrays with a batch: one tensor, or a tuple."""
    found, _ = FORMULAS[op.name].values(op, x, params, training)
    return found if len(found) > 1 or op.name == "split" else found[0]


def exact(values):
    """Nested lists as an array of exact numbers."""
    shape = np.shape(values)
    flat = np.empty(prod(shape), dtype=object)
    flat[:] = np.array(values, dtype=object).ravel().tolist()
    return flat.reshape(shape)


def pairs(sources, targets, *found):
    """A rule from its pairs, each a source and its target."""
    a, b = np.array(found).T
    space = [(n,) if isinstance(n, int) else n for n in (sources, targets)]
    return Relation.of_pairs(*space, a, b)


def relation(table, sources=None, targets=None):
    """A rule from a table of truth: a row is a source, a column a target."""
    table = np.asarray(table)
    return Relation.of_pairs(
        sources or table.shape[:1], targets or table.shape[1:], *(index.astype(np.int64) for index in np.nonzero(table))
    )


def test_every_op_has_a_formula():
    assert set(FORMULAS) >= set(OPS)
    assert len(FAMILIES) == len(set(FAMILIES))


def imported(text):
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.name for node in nodes for alias in node.names} | {getattr(node, "module", None) for node in nodes}


def test_no_formula_asks_a_body():
    folder = Path(reference.__file__).parent
    files = [folder / "formula.py", folder / "numbers.py", *(folder / "formulas").iterdir()]
    for text in (path.read_text(encoding="utf-8") for path in files if path.suffix == ".py"):
        assert ".body(" not in text
        assert not imported(text) & {"torch", "scipy", "networkx", "Prims", "connc.compiler.ops.prims"}


# --- by hand

HALF = F(1, 2)
NINE = [[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]  # one channel

# An op, one sample of each tensor, the parameters, and what comes out.
HAND = {
    "linear": (NEW.linear(2), [[1, 2]], {"weight": [[3, 4], [5, 6]], "bias": [10, 20]}, [21, 37]),
    "linear over the last of two axes": (
        NEW.linear(1, bias=False),
        [[[1, 2], [3, 4]]],
        {"weight": [[10, 1]]},
        [[12], [34]],
    ),
    # Target 0 has source 2, target 1 the sources 0 and 1, target 2 none: the weights are those of 2, 0 and 1 in order.
    "linear by a rule": (
        NEW.linear(3, rule=pairs(3, 3, (0, 1), (2, 0), (1, 1))),
        [[1, 10, 100]],
        {"weight": [2, 3, 4], "bias": [0, 0, 7]},
        [200, 43, 7],
    ),
    # At the first place 1 + 20 + 400 + 5000.
    "an even kernel makes a map one smaller": (
        NEW.conv(1, (2, 2)),
        [NINE],
        {"weight": [[[[1, 10], [100, 1000]]]]},
        [[[5421, 6532], [8754, 9865]]],
    ),
    "an odd kernel keeps a map": (
        NEW.conv(1, (1, 3)),
        [[[[1, 2, 3]]]],
        {"weight": [[[[1, 10, 100]]]]},
        [[[0 + 10 + 200, 1 + 20 + 300, 2 + 30 + 0]]],
    ),
    "conv in steps of 2 drops what does not fit": (
        NEW.conv(1, (1, 2), stride=(1, 2)),
        [[[[1, 2, 3, 4, 5]]]],
        {"weight": [[[[1, 10]]]]},
        [[[21, 43]]],
    ),
    # The padding is floor(2 * (2 - 1) / 2) = 1: of 0 1 2 3 0 it sees 0 and 2, 1 and 3, 2 and 0.
    "conv with dilation": (
        NEW.conv(1, (1, 2), dilation=(1, 2)),
        [[[[1, 2, 3]]]],
        {"weight": [[[[1, 10]]]]},
        [[[20, 31, 2]]],
    ),
    # The padding is floor(3 / 2) = 1: 0 1 2 3 0.
    "conv with a kernel of 4": (
        NEW.conv(1, (1, 4)),
        [[[[1, 2, 3]]]],
        {"weight": [[[[1, 10, 100, 1000]]]]},
        [[[0 + 10 + 200 + 3000, 1 + 20 + 300 + 0]]],
    ),
    "conv with padding given": (
        NEW.conv(1, (1, 1), padding=(1, 0), bias=True),
        [[[[3]]]],
        {"weight": [[[[2]]]], "bias": [5]},
        [[[5], [11], [5]]],
    ),
    "conv in groups": (
        NEW.conv(2, (1, 1), groups=2),
        [[[[1]], [[2]], [[3]], [[4]]]],
        {"weight": [[[[1]], [[10]]], [[[100]], [[1000]]]]},
        [[[21]], [[4300]]],
    ),
    # Target 0 has source 1 alone, target 1 none, target 2 the sources 0 and 1.
    "conv by a rule": (
        NEW.conv(3, (1, 2), bias=True, rule=pairs(2, 3, (1, 2), (0, 2), (1, 0))),
        [[[[1, 2]], [[3, 4]]]],
        {"weight": [[[1, 10]], [[100, 1000]], [[5, 6]]], "bias": [0, 9, 0]},
        [[[43]], [[9]], [[100 + 2000 + 15 + 24]]],
    ),
    # Each channel by itself gives 1 * 1 + 2 * 10 = 21 and 3 * 2 + 4 * 3 = 18.
    "sepconv": (
        NEW.sepconv(1, (1, 2), bias=True),
        [[[[1, 2]], [[3, 4]]]],
        {"depth_weight": [[[[1, 10]]], [[[2, 3]]]], "point_weight": [[[[1]], [[100]]]], "point_bias": [7]},
        [[[1828]]],
    ),
    # (7 - 1) / sqrt(3 + 1) * 5 + 1
    "bn": (
        NEW.bn(eps=1),
        [[7]],
        {"weight": [5], "bias": [1], "running_mean": [1], "running_var": [3], "num_batches_tracked": 0},
        [16],
    ),
    "bn of tokens and features": (
        NEW.bn(eps=0, affine=False),
        [[[1, 2], [3, 4]]],
        {"running_mean": [1, 2], "running_var": [4, 9], "num_batches_tracked": 0},
        [[0, HALF], [F(1, 3), F(2, 3)]],
    ),
    # The mean is 2, the variance 1.
    "layernorm": (NEW.layernorm(eps=0), [[1, 3]], {"weight": [2, 3], "bias": [10, 20]}, [8, 23]),
    # The mean is 1, the variance (1 + 1 + 1 + 9) / 4 = 3, and 3 + 1 = 4.
    "layernorm over two axes": (
        NEW.layernorm(2, eps=1, affine=False),
        [[[0, 0], [0, 4]]],
        {},
        [[-HALF, -HALF], [-HALF, F(3, 2)]],
    ),
    "dropout": (NEW.dropout(p=HALF), [[1, -2]], {}, [1, -2]),
    "relu": (NEW.relu(), [[-1, 0, F(2, 3)]], {}, [0, 0, F(2, 3)]),
    "gain": (NEW.gain(F(-1, 3)), [[6, 1]], {}, [-2, F(-1, 3)]),
    # The first connection passes (1/2 - 1/4) / (3/4) = 1/3, the second 1; 1 - 1/3 = 2/3 arrives; (2/3 - 1/2) / (1/2).
    "synapse": (
        NEW.synapse(1),
        [[HALF, 1]],
        {"threshold": [[F(1, 4), HALF]], "signs": [[-1, 1]], "neuron_threshold": [HALF]},
        [F(1, 3)],
    ),
    # 1/3 and 1 arrive together: (4/3 - 1/2) / (1/2) is more than 1. Nothing arrives at the last one.
    "synapse by a rule": (
        NEW.synapse(3, rule=pairs(2, 3, (1, 1), (0, 1), (0, 0))),
        [[HALF, 3]],
        {"threshold": [F(1, 5), F(1, 4), HALF], "signs": [-1, 1, 1], "neuron_threshold": [0, HALF, 0]},
        [0, 1, 0],
    ),
    # Padding passes nothing: 0, 1/3 | 1/3, 1 | 1, 0 arrive, of which the second ones count against.
    "synapse_conv": (
        NEW.synapse_conv(1, (1, 2), padding=(0, 1)),
        [[[[HALF, 1]]]],
        {"threshold": [[[[F(1, 4), F(1, 4)]]]], "signs": [[[[1, -1]]]], "neuron_threshold": [F(1, 10)]},
        [[[0, 0, 1]]],
    ),
    "synapse_conv by a rule": (
        NEW.synapse_conv(2, (1, 1), rule=pairs(2, 2, (0, 1), (1, 1))),
        [[[[HALF]], [[HALF]]]],
        {"threshold": [[[F(1, 4)]], [[F(1, 8)]]], "signs": [[[1]], [[1]]], "neuron_threshold": [0, 0]},
        [[[0]], [[F(1, 3) + F(3, 7)]]],
    ),
    # 0 has the neighbour 1, 1 both others, 2 none. 5 is 2 above 3; 3 is not above 5.
    "lateral": (NEW.lateral(1, rule=pairs(3, 3, (1, 0), (0, 1), (2, 1))), [[5, 4, -9]], {}, [1, 0, 1]),
    "lateral at the gap": (NEW.lateral(HALF, rule=pairs(2, 2, (1, 0), (0, 1))), [[1, HALF]], {}, [1, 0]),
    "lateral among equals": (NEW.lateral(0, rule=pairs(2, 2, (1, 0), (0, 1))), [[1, 1]], {}, [1, 1]),
    # Positions row by row: 1 is the second of the first row, its neighbour 2 the first of the second row.
    "lateral on a grid": (
        NEW.lateral(1, rule=pairs((2, 2), (2, 2), (2, 1))),
        [[[0, 3], [4, 0]]],
        {},
        [[1, 0], [1, 1]],
    ),
    "maxpool drops what does not fit": (NEW.maxpool((2, 2)), [NINE], {}, [[[5]]]),
    "maxpool with padding": (
        NEW.maxpool((2, 2), padding=(1, 1)),
        [[[[-1, -2, -3], [-4, -5, -6], [-7, -8, -9]]]],
        {},
        [[[-1, -2], [-4, -5]]],
    ),
    "maxpool in steps of 1": (NEW.maxpool((1, 2), stride=(1, 1)), [[[[3, 1, 2]]]], {}, [[[3, 2]]]),
    "avgpool counts padding": (NEW.avgpool((2, 2), padding=(1, 1)), [NINE], {}, [[[F(1, 4), F(5, 4)], [F(11, 4), 7]]]),
    "avgpool": (NEW.avgpool((1, 3)), [[[[1, 2, 4, 9]]]], {}, [[[F(7, 3)]]]),
    "globalpool": (NEW.globalpool(), [[[[1, 2]], [[3, 5]]]], {}, [F(3, 2), 4]),
    "identity": (NEW.identity(), [[1, 2]], {}, [1, 2]),
    "flatten": (NEW.flatten(1), [[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]], {}, [[1, 2, 3, 4], [5, 6, 7, 8]]),
    "flatten from the end": (NEW.flatten(-2), [[[[1, 2], [3, 4]]]], {}, [[1, 2, 3, 4]]),
    "reshape": (NEW.reshape((3, 2)), [[[1, 2, 3], [4, 5, 6]]], {}, [[1, 2], [3, 4], [5, 6]]),
    "pad": (NEW.pad((1, 0), value=HALF), [[[1, 2]]], {}, [[HALF, HALF], [1, 2], [HALF, HALF]]),
    "pad behind": (NEW.pad((0,), (2,)), [[1]], {}, [1, 0, 0]),
    "permute": (NEW.permute((2, 0, 1)), [[[[1, 2, 3]], [[4, 5, 6]]]], {}, [[[1], [4]], [[2], [5]], [[3], [6]]]),
    "permute from the end": (NEW.permute((-1, 0)), [[[1, 2, 3]]], {}, [[1], [2], [3]]),
    "broadcast of channels": (NEW.broadcast((2, 1, 3)), [[1, 2]], {}, [[[1, 1, 1]], [[2, 2, 2]]]),
    "broadcast of an axis of 1": (NEW.broadcast((2, 2)), [[[1, 2]]], {}, [[1, 2], [1, 2]]),
    "broadcast of a single value": (NEW.broadcast((2,)), [7], {}, [7, 7]),
    "upsample": (NEW.upsample((2, 1)), [[[[1, 2]]]], {}, [[[1, 2], [1, 2]]]),
    # The points lie at -1/4, 1/4, 3/4 and 5/4.
    "upsample that blends": (NEW.upsample((1, 2), "bilinear"), [[[[0, 4]]]], {}, [[[0, 1, 3, 4]]]),
    # At -1/3, 0, 1/3, 2/3, 1 and 4/3.
    "upsample by 3": (NEW.upsample((3, 1), "bilinear"), [[[[0], [3]]]], {}, [[[0], [0], [1], [2], [3], [3]]]),
    "upsample in both directions": (
        NEW.upsample((2, 2), "bilinear"),
        [[[[0, 4], [16, 20]]]],
        {},
        [[[0, 1, 3, 4], [4, 5, 7, 8], [12, 13, 15, 16], [16, 17, 19, 20]]],
    ),
    "upsample of a single point": (NEW.upsample((1, 2), "bilinear"), [[[[5]]]], {}, [[[5, 5]]]),
    "slice": (NEW.slice(1, 2), [[1, 2, 3, 4]], {}, [2, 3]),
    "slice from the end": (NEW.slice(-2, axis=-1), [[[1, 2, 3]]], {}, [[2, 3]]),
    "concat": (NEW.concat(), [[1], [2, 3]], {}, [1, 2, 3]),
    "concat along axis 1": (NEW.concat(1), [[[1], [2]], [[3], [4]]], {}, [[1, 3], [2, 4]]),
    "sum": (NEW.sum(), [[1, 2], [3, 4], [5, 6]], {}, [9, 12]),
    "mean": (NEW.mean(), [[1, 2], [3, 4], [6, 6]], {}, [F(10, 3), 4]),
    "max": (NEW.max(), [[1, -2], [-3, F(-1, 2)]], {}, [1, F(-1, 2)]),
    "mul": (NEW.mul(), [[1, 2], [3, 4], [5, F(1, 6)]], {}, [15, F(4, 3)]),
}


@pytest.mark.parametrize("name", HAND)
def test_exact_numbers_give_what_is_written_out(name):
    op, x, params, wanted = HAND[name]
    batch = [exact([each, each]) for each in x]
    found = made(op, *batch, **{key: exact(value) for key, value in params.items()})
    assert is_exact(found)
    assert found.tolist() == exact([wanted, wanted]).tolist()
    assert not any(isinstance(value, float) for value in found.ravel().tolist())


@pytest.mark.parametrize("name", HAND)
def test_floats_give_the_same(name):
    op, x, params, wanted = HAND[name]
    batch = [exact([each]).astype(np.float64) for each in x]
    found = made(op, *batch, **{key: exact(value).astype(np.float64) for key, value in params.items()})
    assert found.dtype == np.float64
    np.testing.assert_allclose(found[0], exact(wanted).astype(np.float64), rtol=1e-14)


def test_split_gives_its_pieces_in_order():
    x = exact([[1, 2, 3, 4]])
    assert [piece.tolist() for piece in made(NEW.split(count=2), x)] == [[[1, 2]], [[3, 4]]]
    assert [piece.tolist() for piece in made(NEW.split(sizes=(1, 3)), x)] == [[[1]], [[2, 3, 4]]]
    assert [piece.tolist() for piece in made(NEW.split(count=1), x)] == [[[1, 2, 3, 4]]]


def running(mean, var, count=5):
    return {"running_mean": exact(mean), "running_var": exact(var), "num_batches_tracked": exact(count)}


def test_bn_in_training_by_hand():
    """The batch 1, 3 has the mean 2, the variance 1, and 2 as its unbiased one."""
    op = NEW.bn(eps=0, momentum=F(1, 4))
    params = {"weight": exact([10]), "bias": exact([1]), **running([8], [4])}
    (found,), buffers = FORMULAS["bn"].values(op, [exact([[1], [3]])], params, True)
    assert found.tolist() == [[-9], [11]]
    assert {name: value.tolist() for name, value in buffers.items()} == {
        "running_mean": [F(3, 4) * 8 + F(1, 4) * 2],
        "running_var": [F(3, 4) * 4 + F(1, 4) * 2],
        "num_batches_tracked": 6,
    }
    assert all(is_exact(value) for value in buffers.values())


def test_bn_in_training_goes_over_batch_and_map():
    """The first channel holds 0, 2, 2, 0, with mean 1 and variance 1 or 4 / 3, the second one twice that."""
    x = exact([[[[0, 2]], [[0, 4]]], [[[2, 0]], [[4, 0]]]])
    op = NEW.bn(eps=0, momentum=1, affine=False)
    (found,), buffers = FORMULAS["bn"].values(op, [x], running([7, 7], [7, 7]), True)
    assert found.tolist() == [[[[-1, 1]], [[-1, 1]]], [[[1, -1]], [[1, -1]]]]
    assert buffers["running_mean"].tolist() == [1, 2]
    assert buffers["running_var"].tolist() == [F(4, 3), F(16, 3)]


@pytest.mark.parametrize("shape", [(1, 2), (0, 2), (1, 2, 1, 1), (0, 2, 3, 3)])
def test_bn_in_training_needs_two_values_a_channel(shape):
    with pytest.raises(ValueError, match="at least two values a channel"):
        FORMULAS["bn"].values(NEW.bn(affine=False), [np.zeros(shape)], running([0, 0], [1, 1]), True)


def test_dropout_is_decided_where_all_or_nothing_is_dropped():
    x = exact([[1, -2]])
    assert made(NEW.dropout(p=0), x, training=True).tolist() == [[1, -2]]
    assert made(NEW.dropout(p=1), x, training=True).tolist() == [[0, 0]]
    assert made(NEW.dropout(p=1), x).tolist() == [[1, -2]]
    with pytest.raises(Undecided, match="nothing but chance"):
        made(NEW.dropout(p=HALF), x, training=True)


def test_what_is_curved_by_hand():
    x = np.array([[0.0, log(3)]])
    np.testing.assert_allclose(made(NEW.sigmoid(), x), [[0.5, 0.75]])
    np.testing.assert_allclose(made(NEW.tanh(), x / 2), [[0, 0.5]])  # (3 - 1) / (3 + 1)
    np.testing.assert_allclose(made(NEW.softmax(), x), [[0.25, 0.75]])
    np.testing.assert_allclose(made(NEW.softmax(axis=0), x.reshape(1, 2, 1)), [[[0.25], [0.75]]])
    np.testing.assert_allclose(made(NEW.softmax(), np.array([[1000.0, 1000.0]])), [[0.5, 0.5]])
    np.testing.assert_allclose(made(NEW.sigmoid(), np.array([[-1000.0, 1000.0]])), [[0, 1]])


def identities(size, bias=False, **others):
    """Projections that hand on, but for those that are given."""
    weights = {f"{part}_weight": np.eye(size) for part in ("query", "key", "value", "out")}
    return (
        weights
        | ({f"{part}_bias": np.zeros(size) for part in ("query", "key", "value", "out")} if bias else {})
        | others
    )


def test_attention_of_one_head_by_hand():
    """Token 0 is 0 and reads both alike. Token 1 is c: its scores are 0 and c² = log 3, its weights 1/4, 3/4."""
    c = sqrt(log(3))
    x = np.array([[[0.0], [c]]])
    found = made(NEW.attention(1, bias=False), x, **identities(1, out_weight=np.array([[2.0]])))
    np.testing.assert_allclose(found, [[[c], [1.5 * c]]])


def test_attention_takes_the_root_of_the_features_of_a_head():
    """Four features c in one head: 4 c² / sqrt(4). In two heads: 2 c² / sqrt(2)."""
    c = sqrt(log(3) / 2)
    x = np.array([[[0.0] * 4, [c] * 4]])
    np.testing.assert_allclose(made(NEW.attention(1, bias=False), x, **identities(4))[0, 1], [0.75 * c] * 4)
    share = exp(sqrt(2) * c * c) / (1 + exp(sqrt(2) * c * c))
    np.testing.assert_allclose(made(NEW.attention(2, bias=False), x, **identities(4))[0, 1], [share * c] * 4)


def test_attention_by_a_rule_reads_what_is_related():
    """Token 0 reads 1, token 1 itself, so both get 5; with the bias of value and out 5 + 1 + 10."""
    op = NEW.attention(1, rule=pairs(2, 2, (1, 0), (1, 1)))
    params = identities(1, bias=True, value_bias=np.array([1.0]), out_bias=np.array([10.0]))
    assert made(op, np.array([[[3.0], [5.0]]]), **params).tolist() == [[[16.0], [16.0]]]


# --- all ops at some shapes


def drawn_rule(sources, targets, seed=0):
    """Half of all pairs, at least one source a target, but for the last one, which has none."""
    rng = np.random.default_rng(seed)
    table = rng.random((prod(sources), prod(targets))) < 0.5
    table[0] = True
    table[:, -1] = False
    return relation(table, sources, targets)


READ = relation(np.eye(5, dtype=bool) | (np.random.default_rng(1).random((5, 5)) < 0.4))
MAP = (4, 7, 6)

# An op and the shapes of what it gets.
SOME = {
    "linear": (NEW.linear(5), [(4, 6)]),
    "linear by a rule": (NEW.linear(5, rule=drawn_rule((6,), (5,))), [(4, 6)]),
    "conv": (NEW.conv(6, (3, 2), (2, 1), None, (1, 2), 2, True), [MAP]),
    "conv by a rule": (NEW.conv(5, (3, 3), bias=True, rule=drawn_rule((4,), (5,))), [MAP]),
    "sepconv": (NEW.sepconv(5, (3, 3), bias=True), [MAP]),
    "bn": (NEW.bn(), [MAP]),
    "bn of a vector": (NEW.bn(affine=False), [(6,)]),
    "layernorm": (NEW.layernorm(), [(4, 6)]),
    "layernorm over a map": (NEW.layernorm(3, affine=False), [MAP]),
    "dropout": (NEW.dropout(p=0), [(6,)]),
    "relu": (NEW.relu(), [MAP]),
    "sigmoid": (NEW.sigmoid(), [MAP]),
    "tanh": (NEW.tanh(), [MAP]),
    "softmax": (NEW.softmax(), [(4, 6)]),
    "softmax of channels": (NEW.softmax(axis=0), [MAP]),
    "gain": (NEW.gain(F(-1, 3)), [(6,)]),
    "attention": (NEW.attention(2), [(5, 6)]),
    "attention by a rule": (NEW.attention(3, bias=False, rule=READ), [(5, 6)]),
    "synapse": (NEW.synapse(5), [(4, 6)]),
    "synapse by a rule": (NEW.synapse(5, rule=drawn_rule((6,), (5,))), [(6,)]),
    "synapse_conv": (NEW.synapse_conv(5, (3, 2), (2, 1)), [MAP]),
    "synapse_conv by a rule": (NEW.synapse_conv(5, (2, 3), rule=drawn_rule((4,), (5,))), [MAP]),
    "lateral": (NEW.lateral(F(1, 10), rule=drawn_rule((6,), (6,))), [(6,)]),
    "lateral on a grid": (NEW.lateral(0, rule=drawn_rule((3, 4), (3, 4))), [(3, 4)]),
    "maxpool": (NEW.maxpool((3, 2), (2, 1), (1, 1)), [MAP]),
    "avgpool": (NEW.avgpool((3, 2), (2, 1), (1, 1)), [MAP]),
    "globalpool": (NEW.globalpool(), [MAP]),
    "identity": (NEW.identity(), [()]),
    "flatten": (NEW.flatten(), [MAP]),
    "reshape": (NEW.reshape((6, 28)), [MAP]),
    "pad": (NEW.pad((0, 1, 2), (1, 0, 0), F(-1, 2)), [MAP]),
    "permute": (NEW.permute((-1, 0, 1)), [MAP]),
    "broadcast": (NEW.broadcast((4, 2, 3)), [(4, 1)]),
    "upsample": (NEW.upsample((2, 3)), [MAP]),
    "upsample that blends": (NEW.upsample((2, 3), "bilinear"), [MAP]),
    "slice": (NEW.slice(-3, 2, 1), [MAP]),
    "split": (NEW.split(sizes=(1, 3)), [MAP]),
    "concat": (NEW.concat(-1), [(3, 2), (3, 5)]),
    "sum": (NEW.sum(), [(6,)] * 3),
    "mean": (NEW.mean(), [(6,)] * 3),
    "max": (NEW.max(), [(6,)] * 3),
    "mul": (NEW.mul(), [(6,)] * 3),
}
CURVED = {"sigmoid", "tanh", "softmax", "attention", "layernorm"}
EXACT = [name for name, (op, _) in SOME.items() if op.name not in CURVED]


def test_every_op_stands_among_some():
    assert {op.name for op, _ in SOME.values()} == set(OPS)


def param(rng, name, shape):
    """A parameter as it may be: variances positive, thresholds between 0 and 0.9, signs 1 or -1."""
    if name == "running_var":
        return rng.uniform(0.5, 2, shape)
    if name.endswith("threshold"):
        return rng.uniform(0, 0.9, shape)
    if name == "signs":
        return rng.choice([-1.0, 1.0], shape)
    return np.asarray(rng.standard_normal(shape))


def drawn(op, shapes, seed=0, batch=3, of=param):
    """Tensors with a batch, and the parameters and buffers."""
    rng = np.random.default_rng(seed)
    kept = {**op.params(*shapes), **op.buffers(*shapes)}
    return [rng.standard_normal((batch, *shape)) for shape in shapes], {k: of(rng, k, s) for k, s in kept.items()}


def quarter(rng, name, shape):
    """A parameter in quarters, with variances that have a root."""
    values = rng.integers(
        *{"running_var": (1, 4), "threshold": (0, 4), "neuron_threshold": (0, 4)}.get(name, (-8, 8)), shape
    )
    if name == "signs":
        return rng.choice([-1, 1], shape).astype(object)
    values = np.asarray(values).astype(object)
    return np.asarray(values * values if name == "running_var" else values * F(1, 4), dtype=object)


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_shapes_are_those_of_the_op_for_any_batch(name, batch):
    op, shapes = SOME[name]
    x, params = drawn(op, shapes, batch=batch)
    found = several(made(op, *x, **params))
    assert [y.shape for y in found] == [(batch, *shape) for shape in op.shapes(*shapes)]
    assert all(y.dtype == np.float64 for y in found)
    sizes = FORMULAS[op.name].magnitudes(op, x, [np.abs(y) for y in x], params, False)
    assert [size.shape for size in sizes] == [y.shape for y in found]


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("batch", [0, 2])
def test_exact_numbers_stay_exact_and_give_what_floats_give(name, batch):
    op, shapes = SOME[name]
    op = NEW.bn(eps=0, affine=op.affine) if op.name == "bn" else op
    _, params = drawn(op, shapes, of=quarter)
    x = [np.random.default_rng(5).integers(-4, 5, (batch, *shape)).astype(object) for shape in shapes]
    floats = [as_numbers(y, exact=False) for y in x], {k: as_numbers(v, exact=False) for k, v in params.items()}
    found, wanted = several(made(op, *x, **params)), several(made(op, *floats[0], **floats[1]))
    sizes = FORMULAS[op.name].magnitudes(op, x, [np.abs(y) for y in x], params, False)
    for ours, theirs, size in zip(found, wanted, sizes, strict=True):
        assert {type(value) for value in ours.ravel().tolist()} <= {int, F}
        assert is_exact(size)
        np.testing.assert_allclose(ours.astype(np.float64), theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in SOME if SOME[name][0].name in CURVED - {"layernorm"}])
def test_what_is_curved_refuses_exact_numbers(name):
    op, shapes = SOME[name]
    _, params = drawn(op, shapes, of=quarter)
    with pytest.raises(Inexact, match="not exact"):
        made(op, *[np.ones((2, *shape), dtype=object) for shape in shapes], **params)


def test_what_has_no_exact_value_is_refused():
    with pytest.raises(Inexact, match="divided by zero"):
        divided(exact([1]), exact([0]))
    with pytest.raises(Inexact, match="no square root"):
        root(exact([-1]))
    with pytest.raises(Inexact, match="square root of 2"):
        root(exact([2]))
    assert number(HALF, np.zeros(1)) == 0.5


# --- what is no number, and what is without bound

SPREADS = [name for name in SOME if SOME[name][0].name != "lateral"]


def reached(op, y):
    """What depends on x: neither what is added nor, by these rules, the last target."""
    if op.name == "pad":
        return y[:, :-1, 1:, 2:]
    if op.rule is None or op.name == "attention":
        return y
    return y[:, :-1] if y.ndim == 4 else y[..., :-1]


@pytest.mark.parametrize("name", SPREADS)
def test_what_is_no_number_makes_what_depends_on_it_none(name):
    op, shapes = SOME[name]
    _, params = drawn(op, shapes)
    found = several(made(op, *[np.full((2, *shape), np.nan) for shape in shapes], **params))
    assert all(np.isnan(reached(op, y)).all() for y in found)


@pytest.mark.parametrize("name", ["relu", "max", "maxpool", "synapse", "upsample that blends"])
def test_one_value_that_is_no_number_is_not_lost(name):
    op, shapes = SOME[name]
    x, params = drawn(op, shapes)
    x[0].ravel()[0] = np.nan
    found = made(op, *x, **params)
    assert np.isnan(found[0]).any()
    assert not np.isnan(found[1:]).any()


def test_lateral_gives_0_where_a_gap_is_no_number_and_1_without_neighbours():
    op = NEW.lateral(0, rule=pairs(3, 3, (1, 0), (0, 1)))
    assert made(op, np.array([[np.nan, 1.0, np.nan], [np.inf, np.inf, 0]])).tolist() == [[0, 0, 1], [0, 0, 1]]


def test_without_a_pair_there_is_no_weight():
    """An infinite source reaches its own targets alone."""
    x = np.array([[np.inf, 1.0]])
    found = made(NEW.linear(2, bias=False, rule=pairs(2, 2, (0, 0), (1, 1))), x, weight=np.array([2.0, 3.0]))
    assert found.tolist() == [[np.inf, 3.0]]
    maps = x.reshape(1, 2, 1, 1)
    weight = np.array([2.0, 3.0]).reshape(2, 1, 1)
    found = made(NEW.conv(2, (1, 1), rule=pairs(2, 2, (0, 0), (1, 1))), maps, weight=weight)
    assert found.ravel().tolist() == [np.inf, 3.0]
    op = NEW.attention(1, bias=False, rule=pairs(2, 2, (0, 0), (1, 1)))
    assert made(op, np.array([[[np.nan], [1.0]]]), **identities(1))[0, 1] == 1


def test_infinities_are_those_of_floats():
    assert made(NEW.relu(), np.array([[-np.inf, np.inf]])).tolist() == [[0, np.inf]]
    assert np.isnan(made(NEW.sum(), np.array([[np.inf]]), np.array([[-np.inf]]))).all()
    assert made(NEW.maxpool((1, 2)), np.array([[[[-np.inf, -np.inf]]]])).tolist() == [[[[-np.inf]]]]
    assert made(NEW.tanh(), np.array([[-np.inf]])).tolist() == [[-1]]
    assert made(NEW.upsample((1, 2), "bilinear"), np.array([[[[np.inf, 1.0]]]]))[0, 0, 0].tolist() == [np.inf] * 3 + [1]


# --- rounding


def checked(op, x, params, moved_x, moved_params, training=False, times=1):
    """How many times smaller the errors are than their bounds, where there is an error; they must not be larger."""
    formula = FORMULAS[op.name]
    wanted, _ = formula.values(op, x, params, training)
    found, _ = formula.values(op, moved_x, moved_params, training)
    sizes = formula.magnitudes(op, x, [times * np.abs(y) for y in x], params, training)
    terms = formula.terms(op, *(y.shape[1:] for y in x)) + 4  # and some steps that an op rounds beside
    slack = [np.ones(0)]
    for y, z, size in zip(wanted, found, sizes, strict=True):
        bound, error = 4 * terms * SINGLE * size, np.abs(y - z.astype(np.float64))
        assert (error <= bound).all(), (error / bound).max()
        assert (np.isinf(size) | (size >= np.abs(y) * (1 - 1e-9))).all()
        slack.append((bound[error > 0] / error[error > 0]).ravel())
    return np.concatenate(slack)


def nearly(rng, value, times=1):
    return value * (1 + times * SINGLE * rng.uniform(-1, 1, value.shape))


@pytest.mark.parametrize("times", [1, 100])
@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@pytest.mark.parametrize("name", SOME)
def test_magnitudes_bound_what_relative_errors_do(name, training, times):
    """Those of what comes in may be larger than it, as they are behind other layers."""
    op, shapes = SOME[name]
    ratios = []
    for seed in range(5):
        x, params = drawn(op, shapes, seed)
        rng = np.random.default_rng(seed)
        kept = {k: v if k == "signs" else nearly(rng, v) for k, v in params.items()}
        moved = [nearly(rng, y, times) for y in x]
        ratios.append(checked(op, x, params, moved, kept, training, times))
    slack = np.concatenate(ratios)
    assert not slack.size or np.median(slack) < 1e4


@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@pytest.mark.parametrize("name", SOME)
def test_magnitudes_bound_what_single_precision_does(name, training):
    op, shapes = SOME[name]
    ratios = []
    for seed in range(5):
        x, params = drawn(op, shapes, seed)
        single = {k: v.astype(np.float32) for k, v in params.items()}
        ratios.append(checked(op, x, params, [y.astype(np.float32) for y in x], single, training))
    slack = np.concatenate(ratios)
    assert not slack.size or np.median(slack) < 1e4


@pytest.mark.parametrize("name", ["bn", "layernorm", "softmax", "attention", "lateral", "synapse"])
def test_magnitudes_bound_errors_of_what_lies_far_from_zero(name):
    op, shapes = SOME[name]
    for seed in range(5):
        x, params = drawn(op, shapes, seed)
        x = [y * 3 + 20 for y in x]
        params |= {k: params[k] / 4 for k in params if "_weight" in k}
        single = {k: v.astype(np.float32) for k, v in params.items()}
        checked(op, x, params, [y.astype(np.float32) for y in x], single, training=name == "bn")


def test_terms_are_what_one_value_adds_up():
    rule = pairs(3, 2, (0, 0), (2, 0), (1, 1))
    assert FORMULAS["linear"].terms(NEW.linear(2), (4, 3)) == 3 + 1
    assert FORMULAS["linear"].terms(NEW.linear(2, rule=rule), (4, 3)) == 2 + 1
    assert FORMULAS["conv"].terms(NEW.conv(4, (3, 2), groups=2), (6, 5, 5)) == 3 * 3 * 2 + 1
    assert FORMULAS["conv"].terms(NEW.conv(2, (3, 2), rule=rule), (3, 5, 5)) == 2 * 3 * 2 + 1
    assert FORMULAS["globalpool"].terms(NEW.globalpool(), (2, 3, 5)) == 15
    assert FORMULAS["mean"].terms(NEW.mean(), (2,), (2,)) == 2
    assert FORMULAS["relu"].terms(NEW.relu(), (2,)) == 1


def test_lateral_is_bounded_where_all_gaps_are_clear():
    op = NEW.lateral(HALF, rule=pairs(3, 3, (1, 0), (0, 1), (2, 1)))
    x = np.array([[1.0, 0.5, 9.0], [2.0, 0.5, 0.0]])
    (found,) = FORMULAS["lateral"].magnitudes(op, [x], [np.abs(x)], {}, False)
    assert found.tolist() == [[np.inf, 0, 1], [1, 0, 1]]


# --- against torch


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def same(ours, theirs):
    for y, z in zip(several(ours), several(theirs), strict=True):
        np.testing.assert_allclose(y, z.detach().numpy(), rtol=1e-9, atol=1e-9)


def dense(rule, weight):
    """Weights of pairs as [targets, sources, ...], with zeros elsewhere."""
    whole = np.zeros((prod(rule.targets), prod(rule.sources), *weight.shape[1:]))
    sources, targets = rule.pairs()
    whole[targets, sources] = weight
    return tensor(whole)


def full(op, weight):
    return tensor(weight) if op.rule is None else dense(op.rule, weight)


def torch_norm(op, x, training, weight=None, bias=None, **kept):
    state = [kept[name].clone() for name in ("running_mean", "running_var")]
    y = functional.batch_norm(x, *state, weight, bias, training, float(op.momentum), float(op.eps))
    return y, [value.numpy() for value in state]


def torch_attention(op, x, **kept):
    module = nn.MultiheadAttention(x.shape[-1], op.heads, bias=op.bias, batch_first=True).double()
    state = {"in_proj_weight": torch.cat([kept[f"{part}_weight"] for part in ("query", "key", "value")])}
    state["out_proj.weight"] = kept["out_weight"]
    if op.bias:
        state["in_proj_bias"] = torch.cat([kept[f"{part}_bias"] for part in ("query", "key", "value")])
        state["out_proj.bias"] = kept["out_bias"]
    module.load_state_dict(state)
    unread = None if op.rule is None else dense(op.rule, np.ones(op.rule.count)) == 0
    return module(x, x, x, attn_mask=unread)[0]


def passed(x, a):
    return ((x - a) / (1 - a)).clamp(0, 1)


def torch_synapse(op, x, threshold, neuron_threshold, signs):
    arriving = full(op, signs.numpy()) * passed(x[..., None, :], full(op, threshold.numpy()))
    return passed(arriving.sum(-1), neuron_threshold)


def torch_synapse_conv(op, x, threshold, neuron_threshold, signs):
    """The points of each window as features."""
    margin = [(k - 1) // 2 for k in op.kernel] if op.padding is None else op.padding
    seen = functional.unfold(x, op.kernel, padding=tuple(margin), stride=op.stride)
    weights = (full(op, values.numpy()).flatten(1) for values in (threshold, signs))
    flat = torch_synapse(NEW.synapse(op.channels), seen.mT, next(weights), neuron_threshold, next(weights))
    return flat.mT.reshape(len(x), *op.shape(tuple(x.shape[1:])))


def torch_conv(op, x, weight, bias=None):
    margin = [d * (k - 1) // 2 for k, d in zip(op.kernel, op.dilation, strict=True)]
    margin = tuple(margin) if op.padding is None else op.padding
    return functional.conv2d(x, full(op, weight.numpy()), bias, op.stride, margin, op.dilation, op.groups)


def torch_sepconv(op, x, depth_weight, point_weight, point_bias=None):
    deep = torch_conv(NEW.conv(x.shape[1], op.kernel, op.stride, op.padding, op.dilation, x.shape[1]), x, depth_weight)
    return functional.conv2d(deep, point_weight, point_bias)


def torch_lateral(op, x):
    flat, mask = x.flatten(1), dense(op.rule, np.ones(op.rule.count)) == 1
    gaps = (flat[:, :, None] - flat[:, None, :]).masked_fill(~mask, torch.inf)
    return (gaps.amin(-1) >= float(op.beta)).double().reshape(x.shape)


def torch_pad(op, x):
    behind = op.before if op.after is None else op.after
    sides = [n for both in zip(op.before, behind, strict=True) for n in reversed(both)]
    return functional.pad(x, sides[::-1], value=float(op.value))


def axis(n):
    return n if n < 0 else n + 1


TORCH = {
    "linear": lambda op, x, weight, bias: functional.linear(x, full(op, weight.numpy()), bias),
    "conv": torch_conv,
    "sepconv": torch_sepconv,
    "bn": lambda op, x, **kept: torch_norm(op, x, False, **kept)[0],
    "layernorm": lambda op, x, **kept: functional.layer_norm(x, x.shape[-op.axes :], eps=float(op.eps), **kept),
    "dropout": lambda op, x: x,
    "relu": lambda op, x: x.relu(),
    "sigmoid": lambda op, x: x.sigmoid(),
    "tanh": lambda op, x: x.tanh(),
    "softmax": lambda op, x: x.softmax(axis(op.axis)),
    "gain": lambda op, x: x * float(op.factor),
    "attention": torch_attention,
    "synapse": torch_synapse,
    "synapse_conv": torch_synapse_conv,
    "lateral": torch_lateral,
    "maxpool": lambda op, x: functional.max_pool2d(x, op.kernel, op.stride, op.padding),
    "avgpool": lambda op, x: functional.avg_pool2d(x, op.kernel, op.stride, op.padding),
    "globalpool": lambda op, x: functional.adaptive_avg_pool2d(x, 1).flatten(1),
    "identity": lambda op, x: x,
    "flatten": lambda op, x: x.flatten(axis(op.start)),
    "reshape": lambda op, x: x.reshape(len(x), *op.to),
    "pad": torch_pad,
    "permute": lambda op, x: x.permute(0, *map(axis, op.axes)),
    "broadcast": lambda op, x: x[(..., *[None] * (len(op.to) + 1 - x.dim()))].expand(-1, *op.to),
    "upsample": lambda op, x: functional.interpolate(x, scale_factor=tuple(map(float, op.scale)), mode=op.mode),
    "slice": lambda op, x: x.narrow(axis(op.axis), op.start, op.size),
    "split": lambda op, x: x.split(list(op.sizes), axis(op.axis)),
    "concat": lambda op, *x: torch.cat(x, axis(op.axis)),
    "sum": lambda op, *x: torch.stack(x).sum(0),
    "mean": lambda op, *x: torch.stack(x).mean(0),
    "max": lambda op, *x: torch.stack(x).amax(0),
    "mul": lambda op, *x: torch.stack(x).prod(0),
}


def agrees_with_torch(op, shapes, seed):
    x, params = drawn(op, shapes, seed)
    same(made(op, *x, **params), TORCH[op.name](op, *map(tensor, x), **{k: tensor(v) for k, v in params.items()}))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SOME)
def test_formulas_agree_with_torch(name, seed):
    agrees_with_torch(*SOME[name], seed)


@pytest.mark.parametrize("shape", [(3,), (3, 5), (3, 4, 5), (3, 2, 3, 4)])
def test_bn_in_training_agrees_with_torch(shape):
    op = NEW.bn(eps=F(1, 100), momentum=F(3, 10))
    x, params = drawn(op, [shape], batch=4)
    (found,), buffers = FORMULAS["bn"].values(op, x, params, True)
    y, (mean, var) = torch_norm(op, tensor(x[0]), True, **{k: tensor(v) for k, v in params.items()})
    same(found, y)
    np.testing.assert_allclose(buffers["running_mean"], mean)
    np.testing.assert_allclose(buffers["running_var"], var)
    assert buffers["num_batches_tracked"] == params["num_batches_tracked"] + 1


small = st.integers(1, 4)
both = st.tuples(small, small)
margins = st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3))
maps = st.tuples(st.integers(1, 4), st.integers(1, 8), st.integers(1, 8))
windows = {"kernel": both, "stride": both}
tables = st.integers(0, 2**16)


def fitting(op, shape):
    try:
        return op.shape(shape)
    except ShapeError:
        return None


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(
        st.builds(NEW.conv, st.sampled_from([2, 4]), padding=margins, dilation=both, groups=small, **windows),
        st.builds(NEW.sepconv, small, padding=margins, dilation=both, **windows),
        st.builds(NEW.synapse_conv, small, padding=margins, **windows),
        st.builds(NEW.maxpool, both, st.none() | both, st.tuples(st.integers(0, 2), st.integers(0, 2))),
        st.builds(NEW.avgpool, both, st.none() | both, st.tuples(st.integers(0, 2), st.integers(0, 2))),
        st.builds(NEW.upsample, both, st.sampled_from(["nearest", "bilinear"])),
    ),
    maps,
    tables,
)
def test_windows_agree_with_torch(op, shape, seed):
    if fitting(op, shape) is not None:
        agrees_with_torch(op, [shape], seed)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), tables)
def test_rules_agree_with_zeros_in_torch(sources, targets, seed):
    table = np.random.default_rng(seed).random((sources, targets)) < 0.4
    table[0, 0] = True
    rule, square = relation(table), relation(table[:, :1] | np.eye(sources, dtype=bool))
    agrees_with_torch(NEW.linear(targets, rule=rule), [(2, sources)], seed)
    agrees_with_torch(NEW.conv(targets, (2, 3), rule=rule), [(sources, 4, 3)], seed)
    agrees_with_torch(NEW.synapse(targets, rule=rule), [(sources,)], seed)
    agrees_with_torch(NEW.synapse_conv(targets, (2, 1), rule=rule), [(sources, 3, 3)], seed)
    agrees_with_torch(NEW.attention(2, rule=square), [(sources, 4)], seed)
    agrees_with_torch(NEW.lateral(F(1, 5), rule=square), [(sources,)], seed)
