"""What is broken on purpose is noticed: the shape rule of each op, each join, each order of sources, each primitive.

A mutant is one small mistake, planted into what is right. First the nets that use it agree with the reference; then,
with the mistake, they are refused when they are put together, verified or run, or an oracle finds what is wrong.
"""

import re
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from connc import SpecError, loads
from connc.backends.reference import formula
from connc.backends.reference.formula import FORMULAS
from connc.backends.reference.numbers import rounded
from connc.backends.torch import compile_network, kernels, lower
from connc.backends.torch.connections import Connections
from connc.backends.torch.prims import FxPrims, Held
from connc.compiler.network import Network, Ref, Source
from connc.compiler.ops import OPS, Op, op
from connc.compiler.ops.joins import Concat
from connc.compiler.ops.structure import Bundle, Input
from connc.compiler.ops.window import Window
from connc.compiler.relations.relation import Relation
from connc.compiler.verify import Invalid
from connc.compiler.vocabulary import VOCABULARY
from connc.testing import Undecided, assert_agrees
from tests.test_torch_gradients import CASES, net_of
from tests.torch_backend import torch_backend

# Refused by the compiler, by torch, or by an oracle, whose words tell its findings from a mistake in a mutant.
NOTICED = (SpecError, Invalid, RuntimeError, ValueError, AssertionError)
FOUND = r"is right|has the shape|and the network says|not asked for"


def agrees(net):
    """In evaluation or in training, or in both, there is something to tell, and it is right."""
    told = 0
    for training in (False, True):
        with suppress(Undecided):
            assert_agrees(net, partial(torch_backend, training=training, make=compile_network), training=training)
            told += 1
    assert told


def assert_noticed(case):
    with pytest.raises(NOTICED) as caught:
        agrees(of(case))
    assert not isinstance(caught.value, AssertionError) or re.search(FOUND, str(caught.value))


def of(case):
    """The net of a text, or of what comes in and a flow."""
    return loads(case) if isinstance(case, str) else net_of(*case)


# --- shape rules

SIZES = {
    "the first axis larger": lambda shape: (shape[0] + 1, *shape[1:]),
    "the last axis larger": lambda shape: (*shape[:-1], shape[-1] + 1),
    "the last axis smaller": lambda shape: (*shape[:-1], shape[-1] - 1),
    "the axes backwards": lambda shape: shape[::-1],
    "an axis too many": lambda shape: (*shape, 1),
    "an axis in front": lambda shape: (1, *shape),
    "an axis missing": lambda shape: shape[1:],
}


def misshaped(monkeypatch, name, wrong):
    """Let an op say other shapes than those that it makes."""
    cls = OPS[name]
    many = "shapes" in vars(cls)
    right = cls.shapes if many else cls.shape
    change = (lambda found: tuple(map(wrong, found))) if many else wrong
    monkeypatch.setattr(cls, "shapes" if many else "shape", lambda self, *x: change(right(self, *x)))


def changing(name):
    """The mistakes that change the shapes of an op's first case."""
    shapes = {shape for node in net_of(*CASES[name][0]) if node.what.name == name for shape in node.shapes}
    return [size for size, wrong in SIZES.items() if any(wrong(shape) != shape for shape in shapes)]


SHAPES = [pytest.param(name, SIZES[size], id=f"{name}, {size}") for name in CASES for size in changing(name)]


def test_every_op_has_a_case():
    assert set(CASES) == set(OPS)


@pytest.mark.parametrize("name", CASES)
def test_each_op_agrees_as_it_is_and_has_shapes_to_mistake(name):
    assert len(changing(name)) >= 4
    agrees(net_of(*CASES[name][0]))


@pytest.mark.parametrize(("name", "wrong"), SHAPES)
def test_a_wrong_shape_is_noticed_when_all_believe_it(name, wrong, monkeypatch):
    """No check of a network against itself can tell; what is computed does."""
    misshaped(monkeypatch, name, wrong)
    assert_noticed(CASES[name][0])


@pytest.mark.parametrize(("name", "wrong"), SHAPES)
def test_a_wrong_shape_is_noticed_when_a_network_says_another(name, wrong, monkeypatch):
    net = net_of(*CASES[name][0])
    misshaped(monkeypatch, name, wrong)
    with pytest.raises(Invalid):
        compile_network(net)


# --- joins

JOINED = "net a {{\n in: [3]\n layer[3]: linear(3)\n connect in, layer, out by (i -> j where i < j) using {}\n}}\n"
LISTS = {
    "the first left out": lambda x: x[1:] or x,
    "the last left out": lambda x: x[:-1] or x,
    "the first twice": lambda x: (x[0], *x),
    "the first in place of the last": lambda x: (*x[:-1], x[0]),
    "backwards": lambda x: x[::-1],
}
NO_CHANGE = {
    "max": {"the first twice", "backwards"},
    "mean": {"backwards"},
    "mul": {"backwards"},
    "sum": {"backwards"},
}


def alike(join):
    """Other joins that make of tensors of one shape what this one makes."""
    x = (3,), (3,)
    return [other for other in VOCABULARY.joins if other != join and OPS[other]().shape(*x) == OPS[join]().shape(*x)]


OTHERS = [(join, other) for join in VOCABULARY.joins for other in alike(join)]
CHANGED = [(join, change) for join in VOCABULARY.joins for change in LISTS if change not in NO_CHANGE.get(join, ())]


@pytest.mark.parametrize("join", VOCABULARY.joins)
def test_each_join_agrees_as_it_is(join):
    agrees(loads(JOINED.format(join)))
    assert {change for name, change in CHANGED if name == join}


@pytest.mark.parametrize(("join", "other"), OTHERS)
def test_a_join_in_place_of_another_is_noticed(join, other, monkeypatch):
    monkeypatch.setattr(OPS[join], "body", lambda self, p, *x: OPS[other]().body(p, *x))
    assert_noticed(JOINED.format(join))


@pytest.mark.parametrize(("join", "change"), CHANGED)
def test_a_join_of_other_sources_is_noticed(join, change, monkeypatch):
    right = OPS[join].body
    monkeypatch.setattr(OPS[join], "body", lambda self, p, *x: right(self, p, *LISTS[change](x)))
    assert_noticed(JOINED.format(join))


# --- the order of sources


def rewired(net, change, outputs=lambda found: found):
    """A network whose nodes read something else."""
    sources = {node.name: change(node, list(net.sources(node.name))) for node in net}
    return Network(net.kind, net.level, net, sources, outputs(dict(net.outputs)))


def turned(chosen):
    """Those that read several read them backwards."""
    return lambda net: rewired(net, lambda node, found: found[::-1] if chosen(node) else found)


def swapped_first(net):
    return rewired(net, lambda node, found: [*found[1::-1], *found[2:]] if isinstance(node.what, Concat) else found)


def exchanged(one, two):
    """What is read from one output is read from the other, and the other way round."""
    ports = {one: two, two: one}

    def other(source):
        node, port = source.ref
        return Source(Ref(node, ports.get(port, port)), source.via)

    return lambda net: rewired(net, lambda node, found: [other(each) for each in found])


def other_outputs(net):
    return rewired(
        net, lambda node, found: found, lambda found: dict(zip(found, reversed(found.values()), strict=True))
    )


def other_inputs(net):
    """What comes first comes second."""
    inputs = [node for node in net if isinstance(node.what, Input)]
    others = [node for node in net if not isinstance(node.what, Input)]
    sources = {node.name: net.sources(node.name) for node in net}
    return Network(net.kind, net.level, [*inputs[::-1], *others], sources, net.outputs)


def one_twice(net):
    """A bundle that holds its first once more."""
    return rewired(net, lambda node, found: [*found, found[0]] if isinstance(node.what, Bundle) else found)


WEIGH = "module weigh {\n in one\n in two\n x = two -> gain(2)\n (one, x) -> sum -> out\n}\n"
PILE = "module pile {\n in xs[]\n xs -> concat -> linear(3) -> out\n}\n"
PARTS = "module parts {\n out low\n out high\n in -> tanh -> low\n in -> relu -> high\n in -> out\n}\n"
ORDERS = {
    "two behind each other": (
        "net a {\n in: [4]\n x = in -> tanh\n (in, x) -> concat -> linear(3) -> out\n}\n",
        turned(lambda node: isinstance(node.what, Concat)),
    ),
    "the first of three": (
        "net a {\n in: [4]\n x = in -> tanh\n y = in -> relu\n (in, x, y) -> concat -> out\n}\n",
        swapped_first,
    ),
    "what enters a module": (
        WEIGH + "net a {\n in: [4]\n x = in -> tanh\n (in, x) -> weigh -> out\n}\n",
        turned(lambda node: isinstance(node.what, Network)),
    ),
    "what `concat` joins in a family": (
        JOINED.format("concat"),
        turned(lambda node: isinstance(node.join, Concat)),
    ),
    "what a module joins in a family": (
        PILE + JOINED.format("pile"),
        turned(lambda node: isinstance(node.join, Network)),
    ),
    "a bundle": (
        "net a {\n in: [2]\n layer[66]: linear(2)\n connect in, layer, out by "
        "(i -> j where i == 0 and j < 67) | (i -> j where i > 0 and j == 67) using mean\n}\n",
        one_twice,
    ),
    "the pieces of a split": (
        "net a {\n in: [4]\n x = in -> split(2)\n y = x[0] -> tanh\n (y, x[1]) -> sum -> out\n}\n",
        exchanged("0", "1"),
    ),
    "the outputs of a module": (
        PARTS + "net a {\n in: [4]\n x = in -> parts\n y = x.low -> gain(2)\n (y, x.high, x) -> sum -> out\n}\n",
        exchanged("low", "high"),
    ),
    "the outputs of the net": (
        "net a {\n in: [4]\n out hint\n x = in -> linear(4)\n x -> hint\n x -> relu -> out\n}\n",
        other_outputs,
    ),
    "the inputs of the net": (
        "net a {\n in left: [4]\n in right: [4]\n x = left -> tanh\n (x, right) -> sum -> out\n}\n",
        other_inputs,
    ),
}


@pytest.mark.parametrize(("text", "change"), ORDERS.values(), ids=ORDERS)
def test_sources_in_another_order_are_noticed(text, change, monkeypatch):
    agrees(loads(text))
    right = lower.expand
    monkeypatch.setattr(lower, "expand", lambda net: right(change(net)))
    assert_noticed(text)


# --- the pairs of rules

ACROSS = "(i -> j where mod(2 * i + j * j, 5) < 2)"
AHEAD = "(i -> i + 1) | (i -> i)"
RULED = {
    "attention": ([3, 4], f"in -> attention(2) by {AHEAD} -> out"),
    "conv": ([4, 3, 3], f"in -> conv(4, 2) by {ACROSS} -> out"),
    "lateral": ([6], "in -> lateral(1) by (i -> i + 1) | (i -> i + 2) -> out"),
    "linear": ([6], f"in -> linear(6) by {ACROSS} -> out"),
    "synapse": ([6], f"in -> synapse(6) by {ACROSS} -> out"),
    "synapse_conv": ([4, 3, 3], f"in -> synapse_conv(4, 1) by {ACROSS} -> out"),
}


def paired(change):
    """Another relation between the same positions."""

    def changed(rule):
        size = np.prod(rule.targets)
        sources, targets = change(*(side.astype(np.int64) for side in rule.pairs()), size)
        return Relation.of_pairs(rule.sources, rule.targets, sources, targets)

    return changed


PAIRS = {
    "transposed": paired(lambda sources, targets, size: (targets, sources)),
    "sources shifted by one": paired(lambda sources, targets, size: ((sources + 1) % size, targets)),
    "targets shifted by one": paired(lambda sources, targets, size: (sources, (targets + 1) % size)),
    "both backwards": paired(lambda sources, targets, size: (size - 1 - sources, size - 1 - targets)),
    "a pair left out": paired(lambda sources, targets, size: (np.delete(sources, 1), np.delete(targets, 1))),
}
WEIGHTED = [name for name in RULED if name not in ("attention", "lateral")]  # by pair, so that their order counts


def test_every_op_that_takes_a_rule_is_here():
    assert set(RULED) == {name for name, cls in OPS.items() if cls.signature.relates}


@pytest.mark.parametrize("change", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("case", RULED.values(), ids=RULED)
def test_other_pairs_are_noticed(case, change, monkeypatch):
    agrees(of(case))
    right = Connections.__init__
    monkeypatch.setattr(Connections, "__init__", lambda self, relation: right(self, change(relation)))
    assert_noticed(case)


@pytest.mark.parametrize("name", WEIGHTED)
def test_pairs_in_another_order_are_noticed(name, monkeypatch):
    """The sources of each target backwards: the same pairs, with the weights of one another."""
    right = Connections.fill

    def fill(self, device):
        right(self, device)
        order = np.lexsort((-self.sources.numpy(), self.targets.numpy()))
        self.sources = self.sources[torch.tensor(order)]

    monkeypatch.setattr(Connections, "fill", fill)
    assert_noticed(RULED[name])


# --- primitives: those that no op is written in have an op of their own here


def own(name, body, value, shape=lambda x: x):
    """An op in one primitive, and its formula."""

    def computes(self, p, x):
        """As it was told."""
        return body(p, x)

    members = {"__doc__": "Has no parameters.", "body": computes, "shape": lambda self, x: shape(x)}
    op(name)(type(name.title(), (Op,), members))
    found = formula(name, terms=lambda op, *x: 16)(lambda op, x: value(x))
    found.magnitude(lambda op, x, sizes, params, training: (1 + np.abs(value(x[0]))) * (1 + sizes[0].max()) ** 2)


def above_0(p, x):
    return p.add(p.mul(x, x), 1.0)


@pytest.fixture
def own_ops(monkeypatch):
    monkeypatch.setattr(OPS, "_classes", dict(OPS._classes))
    before = dict(FORMULAS)
    own("own_exp", lambda p, x: p.exp(x), lambda x: rounded(np.exp, x))
    own("own_log", lambda p, x: p.log(above_0(p, x)), lambda x: rounded(np.log, x * x + 1))
    own("own_sqrt", lambda p, x: p.sqrt(above_0(p, x)), lambda x: rounded(np.sqrt, x * x + 1))
    own("own_max", lambda p, x: p.max(x, (1,)), lambda x: x.max(axis=2), lambda x: x[:1])
    own("own_matmul", lambda p, x: p.matmul(x, p.permute(x, (1, 0))), lambda x: x @ x.swapaxes(1, 2))
    yield
    FORMULAS.clear()
    FORMULAS.update(before)


def through(compute):
    """A mistake in what the module of a layer computes; what it holds stays right."""

    def mutant(right, p, x, *rest):
        made = right(p, x, *rest)
        module = p.modules[made.node.target]
        module.forward = partial(compute, module)
        return made

    return mutant


def shuffled(module, x):
    """A convolution of the channels in another order."""
    return module._conv_forward(x.flip(1), module.weight, module.bias)


def without_bias(module, x):
    bias = module.bias if x.dim() == 2 else module.bias[:, None, None]
    return type(module).forward(module, x) - bias


def shifted(module, x):
    """Each pair has the weight of the next one."""
    edges = module.edges
    return kernels.junction(x, module.weight.roll(1), module.bias, edges.sources, edges.starts, module.sizes[0])


def flipped(module, x):
    """A convolution in the sense of mathematics."""
    edges, sizes = edges_of(module)
    return kernels.junction_conv(x, module.weight.flip(-1), module.bias, *edges, sizes, *module.window)


def rolled(module, x):
    edges, sizes = edges_of(module)
    return kernels.junction_conv(x, module.weight.roll(1, 0), module.bias, *edges, sizes, *module.window)


def edges_of(module):
    return (module.edges.sources, module.edges.targets), module.sizes


def normalised(mean, var, weight, bias):
    """Batch normalisation by other tensors than those that are due."""
    names = mean, var, weight, bias
    return lambda m, x: F.batch_norm(x, *(getattr(m, name) if name else None for name in names), m.training, 0.1, m.eps)


def bare_pool(x, kernel, stride, padding):
    """What is added around the map does not count."""
    return F.avg_pool2d(x, kernel, stride, padding, count_include_pad=False)


def by_corners(x, scale):
    """The corners of the map stay where they are."""
    return F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=True)


def framed_pool(right, p, x, window):
    """Zeros around the map count."""
    sides = (0, *window.padding)
    return right(p, p.pad(x, sides, sides, 0.0), Window(window.kernel, window.stride, (0, 0)))


def by_other_table(function, table):
    """A kernel that takes the sources for the targets."""

    def mutant(right, p, x, rule, axis):
        size = int(np.prod(rule.targets))
        shape = (*x.shape[:axis], size, *x.shape[axis + 1 :])
        return p._call(function, shape, x, p._table(rule, table), size, axis + 1)

    return mutant


def gathered_by_targets(right, p, x, rule, axis):
    shape = (*x.shape[:axis], rule.count, *x.shape[axis + 1 :])
    return p._call(torch.index_select, shape, x, axis + 1, p._table(rule, "targets"))


def in_front(right, p, name, shape):
    """An input before those that came before it."""
    first = next(iter(p.graph.nodes), None)
    if first is None:
        return right(p, name, shape)
    with p.graph.inserting_before(first):
        return right(p, name, shape)


def negative(p, x):
    return p.mul(x, -1.0)


VECTOR, TOKENS, MAP, CUBE = [6], [3, 4], [4, 5, 6], [3, 3, 3]
CONV = (MAP, "in -> conv(4, [3, 2], stride = [1, 2], groups = 2, bias = true) -> out")
SPARSE_CONV = ([4, 3, 3], f"in -> conv(4, [1, 3], bias = true) by {ACROSS} -> out")
SPARSE = (VECTOR, f"in -> linear(6) by {ACROSS} -> out")
NORM = (TOKENS, "in -> bn(eps = 0.5, momentum = 0.25) -> out")
BARE = (TOKENS, "in -> layernorm(1, eps = 0.5, affine = false) -> out")
SCALED = (TOKENS, "in -> layernorm(1, eps = 0.5) -> out")
ATTENTION = (TOKENS, "in -> attention(2) -> out")
SPARSE_ATTENTION = RULED["attention"]
SYNAPSE = (VECTOR, "in -> synapse(6) -> out")
SPARSE_SYNAPSE = RULED["synapse"]
INPUTS = ORDERS["the inputs of the net"][0]
OUTPUTS = ORDERS["the outputs of the net"][0]
ANOTHER = "(i -> j where i < j)"
TWICE = (VECTOR, f"in -> synapse(6) by {ACROSS} -> synapse(6) by {ANOTHER} -> out")


def joined(join):
    return VECTOR, f"x = in -> gain(-2); (in, x) -> {join} -> out"


# For each primitive mistakes, each with a net that it is noticed in; a mistake gets what is right and its arguments.
MISTAKES = {
    "input": {"before the others": (INPUTS, in_front)},
    "finish": {
        "each by the name of another": (
            OUTPUTS,
            lambda right, p, found: right(p, dict(zip(found, reversed(found.values()), strict=True))),
        ),
        "the first alone": (OUTPUTS, lambda right, p, found: right(p, dict([next(iter(found.items()))]))),
    },
    "held": {
        "a shape backwards": (
            (VECTOR, "in -> synapse(5) -> out"),
            lambda right, p, each: Held(right(p, each).place, each.shape[::-1], each.learned),
        )
    },
    "enter": {"all as one layer": (TWICE, lambda right, p, layer, meta: right(p, "layer", meta))},
    "shape": {
        "backwards": ((TOKENS, "in -> lateral(1) by ((i, j) -> (i + 1, j)) -> out"), lambda right, p, x: x.shape[::-1])
    },
    "linear": {
        "no bias": ((VECTOR, "in -> linear(4) -> out"), through(lambda m, x: F.linear(x, m.weight))),
        "transposed": ((VECTOR, "in -> linear(6) -> out"), through(lambda m, x: F.linear(x, m.weight.t(), m.bias))),
        "units backwards": (
            (VECTOR, "in -> linear(4) -> out"),
            through(lambda m, x: F.linear(x, m.weight.flip(0), m.bias)),
        ),
        "another bias": (
            (VECTOR, "in -> linear(4) -> out"),
            through(lambda m, x: F.linear(x, m.weight, m.bias.roll(1))),
        ),
    },
    "conv": {
        "no bias": (CONV, through(without_bias)),
        "the kernel turned": (CONV, through(lambda m, x: m._conv_forward(x, m.weight.flip(-1), m.bias))),
        "the channels backwards": (CONV, through(shuffled)),
        "steps turned": (
            CONV,
            lambda right, p, x, w, b, window, groups: right(
                p, x, w, b, Window(window.kernel, window.stride[::-1], window.padding), groups
            ),
        ),
    },
    "junction": {
        "no bias": (SPARSE, through(without_bias)),
        "weights shifted by one": (SPARSE, through(shifted)),
        "one source further": (SPARSE, through(lambda m, x: type(m).forward(m, x.roll(1, -1)))),
    },
    "junction_conv": {
        "no bias": (SPARSE_CONV, through(without_bias)),
        "weights shifted by one": (SPARSE_CONV, through(rolled)),
        "the kernels turned": (SPARSE_CONV, through(flipped)),
    },
    "batch_norm": {
        "mean and variance exchanged": (NORM, through(normalised("running_var", "running_mean", "weight", "bias"))),
        "no scale": (NORM, through(normalised("running_mean", "running_var", "", "bias"))),
        "no shift": (NORM, through(normalised("running_mean", "running_var", "weight", ""))),
        "twice the eps": (NORM, lambda right, p, *x: right(p, *x[:6], 2 * x[6], x[7])),
        "the other share of momentum": (NORM, lambda right, p, *x: right(p, *x[:7], 1 - x[7])),
    },
    "layer_norm": {
        "one axis more": (BARE, lambda right, p, x, axes, w, b, eps: right(p, x, axes + 1, w, b, eps)),
        "twice the eps": (BARE, lambda right, p, x, axes, w, b, eps: right(p, x, axes, w, b, 2 * eps)),
        "no shift": (SCALED, through(lambda m, x: F.layer_norm(x, m.normalized_shape, m.weight, None, m.eps))),
        "no scale": (SCALED, through(lambda m, x: F.layer_norm(x, m.normalized_shape, None, m.bias, m.eps))),
    },
    "attend": {
        "query and key exchanged": (ATTENTION, lambda right, p, q, k, v, rule: right(p, k, q, v, rule)),
        "the key for the value": (ATTENTION, lambda right, p, q, k, v, rule: right(p, q, k, k, rule)),
        "another scale": (ATTENTION, lambda right, p, q, k, v, rule: right(p, p.mul(q, 2.0), k, v, rule)),
        "another scale by a rule": (
            SPARSE_ATTENTION,
            lambda right, p, q, k, v, rule: right(p, p.mul(q, 2.0), k, v, rule),
        ),
        "no rule": (SPARSE_ATTENTION, lambda right, p, q, k, v, rule: right(p, q, k, v, None)),
    },
    "matmul": {"exchanged": (([3, 3], "in -> own_matmul -> out"), lambda right, p, x, y: right(p, y, x))},
    "add": {
        "the first twice": (joined("sum"), lambda right, p, x, y: right(p, x, x)),
        "the second alone": (joined("sum"), lambda right, p, x, y: y),
        "a difference": (joined("sum"), lambda right, p, x, y: p.sub(x, y)),
    },
    "sub": {
        "exchanged": (RULED["lateral"], lambda right, p, x, y: right(p, y, x)),
        "a sum": (SYNAPSE, lambda right, p, x, y: p.add(x, y)),
    },
    "mul": {
        "a sum": (joined("mul"), lambda right, p, x, y: p.add(x, y)),
        "the first squared": (joined("mul"), lambda right, p, x, y: right(p, x, x)),
    },
    "div": {
        "exchanged": (joined("mean"), lambda right, p, x, y: right(p, y, x)),
        "a product": (joined("mean"), lambda right, p, x, y: p.mul(x, y)),
    },
    "maximum": {
        "the first": (joined("max"), lambda right, p, x, y: x),
        "the smaller": (joined("max"), lambda right, p, x, y: negative(p, right(p, negative(p, x), negative(p, y)))),
    },
    "at_least": {
        "at most": (RULED["lateral"], lambda right, p, x, y: right(p, negative(p, x), -y)),
        "more than": (RULED["lateral"], lambda right, p, x, y: p.sub(1.0, right(p, negative(p, x), -y))),
    },
    "clamp": {
        "from -1 on": (SYNAPSE, lambda right, p, x, least, most: right(p, x, -1.0, most)),
        "up to 2": (SYNAPSE, lambda right, p, x, least, most: right(p, x, least, 2.0)),
    },
    "exp": {"one less": ((TOKENS, "in -> own_exp -> out"), lambda right, p, x: p.sub(right(p, x), 1.0))},
    "log": {"to the base 2": ((TOKENS, "in -> own_log -> out"), lambda right, p, x: p.div(right(p, x), 0.6931))},
    "sqrt": {"one over it": ((TOKENS, "in -> own_sqrt -> out"), lambda right, p, x: p.div(1.0, right(p, x)))},
    "relu": {
        "nothing": ((VECTOR, "in -> relu -> out"), lambda right, p, x: x),
        "a slope below 0": ((VECTOR, "in -> relu -> out"), lambda right, p, x: p.maximum(x, p.mul(x, 0.01))),
    },
    "sigmoid": {"tanh": ((VECTOR, "in -> sigmoid -> out"), lambda right, p, x: p.tanh(x))},
    "tanh": {"sigmoid": ((VECTOR, "in -> tanh -> out"), lambda right, p, x: p.sigmoid(x))},
    "dropout": {
        "also in evaluation": ((VECTOR, "in -> dropout(0.5) -> out"), through(lambda m, x: F.dropout(x, m.p, True))),
        "never": ((VECTOR, "in -> dropout(1) -> out"), lambda right, p, x, share: x),
        "what is kept": ((VECTOR, "in -> dropout(0) -> out"), lambda right, p, x, share: right(p, x, 1 - share)),
    },
    "softmax": {
        "the other axis": ((TOKENS, "in -> softmax -> out"), lambda right, p, x, axis: right(p, x, 1 - axis)),
        "of what is turned": (
            (TOKENS, "in -> softmax -> out"),
            lambda right, p, x, axis: right(p, negative(p, x), axis),
        ),
    },
    "sum": {
        "the other axis": (SYNAPSE, lambda right, p, x, axes: right(p, x, (axes[0] - 1,))),
        "a mean": (SYNAPSE, lambda right, p, x, axes: p.mean(x, axes)),
    },
    "mean": {
        "other axes": ((CUBE, "in -> globalpool -> out"), lambda right, p, x, axes: right(p, x, (0, 1))),
        "a sum": ((CUBE, "in -> globalpool -> out"), lambda right, p, x, axes: p.sum(x, axes)),
    },
    "max": {
        "the other axis": (([3, 3], "in -> own_max -> out"), lambda right, p, x, axes: right(p, x, (0,))),
        "a mean": (([3, 3], "in -> own_max -> out"), lambda right, p, x, axes: p.mean(x, axes)),
    },
    "max_pool": {
        "zeros around count": ((MAP, "in -> maxpool(2, stride = 2, padding = 1) -> out"), framed_pool),
        "a mean": ((MAP, "in -> maxpool(2) -> out"), lambda right, p, x, window: p.avg_pool(x, window)),
    },
    "avg_pool": {
        "zeros around do not count": (
            (MAP, "in -> avgpool(3, stride = 2, padding = 1) -> out"),
            lambda right, p, x, window: p._pool(bare_pool, x, window),
        ),
        "the greatest": ((MAP, "in -> avgpool(2) -> out"), lambda right, p, x, window: p.max_pool(x, window)),
    },
    "upsample": {
        "factors turned": (
            (MAP, "in -> upsample([2, 1]) -> out"),
            lambda right, p, x, scale, mode: right(p, x, scale[::-1], mode),
        ),
        "nearest for bilinear": (
            (MAP, 'in -> upsample(2, "bilinear") -> out'),
            lambda right, p, x, scale, mode: right(p, x, scale, "nearest"),
        ),
        "bilinear for nearest": (
            (MAP, "in -> upsample(2) -> out"),
            lambda right, p, x, scale, mode: right(p, x, scale, "bilinear"),
        ),
        "corners kept": (
            (MAP, 'in -> upsample(2, "bilinear") -> out'),
            lambda right, p, x, scale, mode: p._call(
                by_corners, right(p, x, scale, mode).shape, x, tuple(map(float, scale))
            ),
        ),
    },
    "windows": {
        "kernels turned": (
            ([2, 3, 3], "in -> synapse_conv(2, 2) -> out"),
            lambda right, p, x, window: p.permute(right(p, x, window), (0, 1, 2, 4, 3)),
        ),
        "places turned": (
            ([2, 3, 3], "in -> synapse_conv(2, 1) -> out"),
            lambda right, p, x, window: p.permute(right(p, x, window), (1, 0, 2, 3, 4)),
        ),
    },
    "reshape": {
        "column by column": (
            (TOKENS, "in -> flatten -> out"),
            lambda right, p, x, shape: right(p, p.permute(x, range(len(x.shape))[::-1]), shape),
        )
    },
    "permute": {
        "the other way": (
            (CUBE, "in -> permute([2, 0, 1]) -> out"),
            lambda right, p, x, axes: right(p, x, [int(axis) for axis in np.argsort(axes)]),
        ),
        "not at all": ((CUBE, "in -> permute([2, 0, 1]) -> out"), lambda right, p, x, axes: x),
    },
    "expand": {
        "along the other axis": (
            ([3], "in -> broadcast([3, 3]) -> out"),
            lambda right, p, x, shape: p.permute(right(p, x, shape), (1, 0)),
        )
    },
    "slice": {
        "from one further": (
            (VECTOR, "in -> slice(1, 3) -> out"),
            lambda right, p, x, axis, start, size: right(p, x, axis, start + 1, size),
        ),
        "of another axis": (
            (CUBE, "in -> slice(1, 2, axis = 1) -> out"),
            lambda right, p, x, axis, start, size: right(p, x, axis - 1, start, size),
        ),
        "the first piece": (
            ([4], "x = in -> split(2); x[1] -> out"),
            lambda right, p, x, axis, start, size: right(p, x, axis, 0, size),
        ),
    },
    "concat": {
        "backwards": (joined("concat"), lambda right, p, xs, axis: right(p, xs[::-1], axis)),
        "along another axis": (
            ([3, 3], "x = in -> tanh; (in, x) -> concat -> out"),
            lambda right, p, xs, axis: right(p, xs, axis + 1),
        ),
    },
    "pad": {
        "behind for in front": (
            (TOKENS, "in -> pad([1, 0], [0, 2], 0.5) -> out"),
            lambda right, p, x, before, after, value: right(p, x, after, before, value),
        ),
        "axes backwards": (
            (TOKENS, "in -> pad([1, 0], [0, 2], 0.5) -> out"),
            lambda right, p, x, before, after, value: right(p, x, before[::-1], after[::-1], value),
        ),
        "zeros": (
            (TOKENS, "in -> pad([1, 0], [0, 2], 0.5) -> out"),
            lambda right, p, x, before, after, value: right(p, x, before, after, 0.0),
        ),
    },
    "gather": {"by targets": (SPARSE_SYNAPSE, gathered_by_targets)},
    "segment_sum": {"by sources": (SPARSE_SYNAPSE, by_other_table(kernels.segment_sum, "sources"))},
    "segment_max": {
        "by sources": (RULED["lateral"], by_other_table(kernels.segment_max, "sources")),
        "a sum": (RULED["lateral"], by_other_table(kernels.segment_sum, "targets")),
    },
}
PRIMITIVES = [name for name, member in vars(FxPrims).items() if callable(member) and not name.startswith("_")]
PLANTED = [
    pytest.param(name, *planted, id=f"{name}, {mistake}")
    for name, mistakes in MISTAKES.items()
    for mistake, planted in mistakes.items()
]


def test_every_primitive_is_here():
    assert set(MISTAKES) == set(PRIMITIVES)


@pytest.mark.parametrize(("name", "case", "mutant"), PLANTED)
@pytest.mark.usefixtures("own_ops")
def test_a_mistake_in_a_primitive_is_noticed(name, case, mutant, monkeypatch):
    agrees(of(case))
    right = getattr(FxPrims, name)
    monkeypatch.setattr(FxPrims, name, lambda self, *x: mutant(right, self, *x))
    assert_noticed(case)
