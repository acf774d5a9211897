"""Each op against torch: what it takes, what it makes of it, what it costs; and its own words where it refuses."""

import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from connc.backends.torch.prims import FxPrims
from connc.compiler.ops import OPS, STRUCTURE, Bundle, Input, Op, Prims, ShapeError, op
from connc.compiler.ops import base as ops_base
from connc.compiler.relations.relation import Relation
from connc.compiler.vocabulary import VOCABULARY
from tests.op_module import computed

NEW = SimpleNamespace(**OPS)
FAR = 2**31 - 1

sizes = st.integers(1, 6)
shapes = st.lists(sizes, max_size=4).map(tuple)
wide = st.integers(4, 8)
maps = st.one_of(st.tuples(st.sampled_from([2, 4, 6]), wide, wide), st.tuples(sizes, sizes, sizes), shapes)
axes = st.integers(-5, 4)
pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
steps = st.tuples(st.integers(1, 2), st.integers(1, 2))
margins = st.sampled_from([(0, 0), (1, 1), (0, 1), (2, 0)])
flags = st.booleans()


def draws(cls, x=shapes, **fields):
    """An op and the shape of the one tensor it gets."""
    return st.tuples(st.builds(cls, **fields), x.map(lambda shape: (shape,)))


def after(x, make):
    """An op whose fields are drawn for the shape it gets."""
    return x.flatmap(lambda shape: st.tuples(make(shape), st.just((shape,))))


def sources(*ops):
    """A join and some tensors, most often of one shape."""
    several = st.one_of(
        st.tuples(shapes, st.integers(1, 3)).map(lambda drawn: (drawn[0],) * drawn[1]),
        st.lists(st.tuples(sizes, st.just(2)), min_size=1, max_size=3).map(tuple),
        st.lists(shapes, max_size=3).map(tuple),
    )
    return st.tuples(st.one_of(*ops), several)


def rearranged(x):
    return st.one_of(st.permutations(x).map(tuple), st.just((*x, 1)), st.just((math.prod(x),)), shapes)


def batched(module, x):
    return module.eval()(x[None])[0]


def conv(o, x, groups=None):
    """`groups` that do not divide are refused where the module is made."""
    margin = getattr(o, "padding", None)
    dilation = getattr(o, "dilation", (1, 1))
    same = tuple(d * (k - 1) // 2 for d, k in zip(dilation, o.kernel, strict=True))
    options = {"stride": o.stride, "padding": same if margin is None else margin, "dilation": dilation}
    channels = x.shape[0]
    if groups is None:
        made = nn.Conv2d(channels, o.channels, o.kernel, groups=getattr(o, "groups", 1), **options)
        return made(x[None])[0]
    deep = nn.Conv2d(channels, channels, o.kernel, groups=channels, bias=False, **options)
    return nn.Conv2d(channels, o.channels, 1, bias=o.bias)(deep(x[None]))[0]


def norm(o, x):
    kinds = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    return batched(kinds[x.dim() - 1](x.shape[0], o.eps, o.momentum, o.affine), x)


def split(o, x):
    if o.sizes is not None:
        return x.split(list(o.sizes), o.axis)
    return x.unflatten(o.axis, (o.count, -1)).unbind(o.axis if o.axis >= 0 else o.axis - 1)


def pad(o, x):
    behind = o.before if o.after is None else o.after
    sides = [n for pair in zip(o.before, behind, strict=True) for n in reversed(pair)]
    return nn.functional.pad(x, sides[::-1], value=float(o.value))


def cut(o, x):
    start = o.start + x.shape[o.axis] if o.start < 0 else o.start
    return x.narrow(o.axis, o.start, x.shape[o.axis] - start if o.size is None else o.size)


def upsample(o, x):
    return batched(nn.Upsample(scale_factor=tuple(map(float, o.scale)), mode=o.mode), x)


def attention(o, x):
    return nn.MultiheadAttention(x.shape[1], o.heads, bias=o.bias)(x, x, x)[0]


convs = {"channels": sizes, "kernel": pairs, "stride": steps, "padding": st.none() | margins}
dilated = convs | {"dilation": steps, "bias": flags}
pools = {"kernel": pairs, "stride": st.none() | steps, "padding": margins}
norms = {"eps": st.just(1e-5), "affine": flags}

# An op and the shapes it gets; what torch makes of it; what torch takes and the language has no meaning for.
CASES = {
    "attention": (
        draws(NEW.attention, st.tuples(sizes, sizes) | shapes, heads=st.integers(1, 3), bias=flags),
        attention,
        lambda o, x: len(x) != 2,
    ),
    "avgpool": (
        draws(NEW.avgpool, maps, **pools),
        lambda o, x: batched(nn.AvgPool2d(o.kernel, o.stride, o.padding), x),
        lambda o, x: len(x) != 3,
    ),
    "bn": (draws(NEW.bn, momentum=st.just(0.1), **norms), norm),
    "broadcast": (
        after(shapes, lambda x: st.builds(NEW.broadcast, st.tuples(shapes).map(lambda more: x + more[0]) | shapes)),
        lambda o, x: x.reshape((*x.shape, *[1] * (len(o.to) - x.dim()))).expand(o.to),
    ),
    "concat": (sources(st.builds(NEW.concat, axes)), lambda o, *xs: torch.cat(xs, o.axis)),
    "conv": (draws(NEW.conv, maps, groups=st.sampled_from([1, 2, 1, 3]), **dilated), conv, lambda o, x: len(x) != 3),
    "dropout": (draws(NEW.dropout, p=st.just(Fraction(1, 4))), lambda o, x: batched(nn.Dropout(float(o.p)), x)),
    "flatten": (draws(NEW.flatten, start=axes), lambda o, x: x.flatten(o.start), lambda o, x: not x),
    "gain": (draws(NEW.gain, factor=st.just(Fraction(1, 2))), lambda o, x: x / 2),
    "globalpool": (
        draws(NEW.globalpool, maps),
        lambda o, x: batched(nn.AdaptiveAvgPool2d(1), x).flatten(),
        lambda o, x: len(x) != 3,
    ),
    "identity": (draws(NEW.identity), lambda o, x: x),
    "layernorm": (
        draws(NEW.layernorm, axes=st.integers(1, 3), **norms),
        lambda o, x: nn.LayerNorm(x.shape[-o.axes :], o.eps, o.affine)(x),
        lambda o, x: len(x) < o.axes,
    ),
    "linear": (
        draws(NEW.linear, units=sizes, bias=flags),
        lambda o, x: nn.Linear(x.shape[-1], o.units, o.bias)(x),
    ),
    "max": (sources(st.just(NEW.max())), lambda o, *xs: torch.stack(xs).amax(0)),
    "maxpool": (
        draws(NEW.maxpool, maps, **pools),
        lambda o, x: batched(nn.MaxPool2d(o.kernel, o.stride, o.padding), x),
        lambda o, x: len(x) != 3,
    ),
    "mean": (sources(st.just(NEW.mean())), lambda o, *xs: torch.stack(xs).mean(0)),
    "mul": (sources(st.just(NEW.mul())), lambda o, *xs: torch.stack(xs).prod(0)),
    "pad": (
        after(
            shapes,
            lambda x: st.builds(
                NEW.pad,
                st.tuples(*[st.integers(0, 2)] * len(x)) | margins,
                st.none() | st.tuples(*[st.integers(0, 2)] * len(x)),
                st.just(Fraction(1, 2)),
            ),
        ),
        pad,
        lambda o, x: len(o.before) != len(x),
    ),
    "permute": (
        after(shapes, lambda x: st.builds(NEW.permute, st.permutations(range(len(x))).map(tuple) | st.tuples(axes))),
        lambda o, x: x.permute(o.axes),
    ),
    "relu": (draws(NEW.relu), lambda o, x: x.relu()),
    "reshape": (after(shapes, lambda x: st.builds(NEW.reshape, rearranged(x))), lambda o, x: x.reshape(o.to)),
    "sepconv": (
        draws(NEW.sepconv, maps, **dilated),
        lambda o, x: conv(o, x, groups=True),
        lambda o, x: len(x) != 3,
    ),
    "sigmoid": (draws(NEW.sigmoid), lambda o, x: x.sigmoid()),
    "slice": (
        draws(NEW.slice, start=st.integers(-4, 3), size=st.none() | sizes, axis=st.integers(-2, 1)),
        cut,
        lambda o, x: o.start == x[o.axis],  # nothing would be left
    ),
    "softmax": (
        draws(NEW.softmax, axis=axes),
        lambda o, x: x.exp() / x.exp().sum(o.axis, keepdim=True),
        lambda o, x: not x,
    ),
    "split": (
        draws(NEW.split, st.tuples(st.just(6), sizes), count=sizes, axis=st.integers(-2, 2))
        | draws(NEW.split, st.tuples(sizes, st.just(3)), sizes=st.just((1, 2)) | st.just((3,)), axis=axes),
        split,
    ),
    "sum": (sources(st.just(NEW.sum())), lambda o, *xs: torch.stack(xs).sum(0)),
    "synapse": (
        draws(NEW.synapse, units=sizes),
        lambda o, x: nn.Linear(x.shape[-1], o.units)(x),
    ),
    "synapse_conv": (draws(NEW.synapse_conv, maps, **convs), conv, lambda o, x: len(x) != 3),
    "tanh": (draws(NEW.tanh), lambda o, x: x.tanh()),
    "upsample": (
        draws(NEW.upsample, maps, scale=steps, mode=st.sampled_from(["nearest", "bilinear"])),
        upsample,
        lambda o, x: len(x) != 3,
    ),
}


def tensors(o, x, **options):
    """What comes in, and the parameters by their names."""
    inputs = [torch.rand((2, *shape), **options) for shape in x]
    kept = {name: torch.rand(shape, **options) for name, shape in (o.params(*x) | o.buffers(*x)).items()}
    return inputs, kept


def several(result):
    return result if isinstance(result, tuple | list) else (result,)


def made(o, x):
    """The shapes of what comes out, or None."""
    try:
        return o.shapes(*x)
    except ShapeError:
        return None


def torch_makes(case, o, x, inputs):
    """What torch makes of the first sample of each tensor; None if it takes no such thing, or if we do not."""
    _, oracle, *stricter = case
    try:
        refused = any(rule(o, *x) for rule in stricter)
        return None if refused else several(oracle(o, *(y[0] for y in inputs)))
    except (RuntimeError, ValueError, IndexError, AssertionError):
        return None


def test_every_op_has_a_case():
    assert {*CASES, "lateral"} == set(OPS)  # that of `lateral`, which needs a rule, is below


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_an_op_takes_what_torch_takes_and_makes_of_it_what_torch_makes(name, data):
    o, x = data.draw(CASES[name][0])
    inputs = [torch.rand(2, *shape) for shape in x]
    theirs = torch_makes(CASES[name], o, x, inputs)
    assert made(o, x) == (None if theirs is None else tuple(tuple(y.shape) for y in theirs))
    if theirs is None:
        return
    _, kept = tensors(o, x)
    ours = several(computed(o, *inputs, **kept))
    assert [tuple(y.shape) for y in ours] == [(2, *shape) for shape in o.shapes(*x)]
    if not kept:
        torch.testing.assert_close([y[0] for y in ours], list(theirs))


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_shapes_are_those_of_the_meta_device(name, data):
    """There tensors hold nothing, so that a map may be as large as those of real nets."""
    o, x = data.draw(CASES[name][0])
    wide = tuple(
        tuple(size * 97 if axis and len(shape) == 3 else size for axis, size in enumerate(shape)) for shape in x
    )
    if made(o, wide) is None:
        return
    inputs = [torch.empty(2, *shape, device="meta") for shape in wide]
    _, kept = tensors(o, wide, device="meta")
    found = several(computed(o, *inputs, **kept))
    assert [tuple(y.shape) for y in found] == [(2, *shape) for shape in o.shapes(*wide)]


# Ops with a module of their own: the op, the module, what comes in, and the module's name of each parameter.
MODULES = {
    "linear": (NEW.linear(5), nn.Linear(3, 5), (4, 3), {}),
    "linear without bias": (NEW.linear(5, bias=False), nn.Linear(3, 5, bias=False), (3,), {}),
    "conv": (NEW.conv(8, (3, 5), bias=True), nn.Conv2d(6, 8, (3, 5), padding="same"), (6, 7, 8), {}),
    "conv in groups": (
        NEW.conv(8, (3, 2), (2, 1), (2, 0), (2, 1), 2),
        nn.Conv2d(6, 8, (3, 2), (2, 1), (2, 0), (2, 1), 2, bias=False),
        (6, 7, 8),
        {},
    ),
    "sepconv": (
        NEW.sepconv(8, (3, 3), bias=True),
        nn.Sequential(nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False), nn.Conv2d(6, 8, 1)),
        (6, 7, 8),
        {"depth_weight": "0.weight", "point_weight": "1.weight", "point_bias": "1.bias"},
    ),
    "bn of a vector": (NEW.bn(), nn.BatchNorm1d(6), (6,), {}),
    "bn of a map": (NEW.bn(eps=Fraction(1, 100)), nn.BatchNorm2d(6, eps=0.01), (6, 4, 5), {}),
    "bn without scale": (NEW.bn(affine=False), nn.BatchNorm2d(6, affine=False), (6, 4, 5), {}),
    "layernorm": (NEW.layernorm(2), nn.LayerNorm((4, 5)), (6, 4, 5), {}),
}


def random_state(module):
    """Its parameters and buffers, drawn anew so that none is 0 or 1."""
    state = module.state_dict()
    return {name: torch.rand_like(v) if v.is_floating_point() else v.clone() for name, v in state.items()}


@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@pytest.mark.parametrize("name", MODULES)
def test_an_op_with_parameters_computes_what_its_module_does(name, training):
    o, module, shape, names = MODULES[name]
    module, x = module.double().train(training), torch.randn((4, *shape), dtype=torch.float64)
    state = random_state(module)
    module.load_state_dict(state)
    kept = {ours: state[names.get(ours, ours)] for ours in o.params(shape) | o.buffers(shape)}
    torch.testing.assert_close(computed(o, x, training=training, **kept), module(x))
    torch.testing.assert_close(module.state_dict(), state)  # running means too


@pytest.mark.parametrize("name", MODULES)
def test_parameters_are_those_of_the_module(name):
    o, module, shape, names = MODULES[name]
    ours = {names.get(n, n): s for n, s in (o.params(shape) | o.buffers(shape)).items()}
    assert ours == {n: tuple(v.shape) for n, v in module.state_dict().items()}
    learned = [math.prod(s) for s in o.params(shape).values()]
    assert sum(learned) == sum(p.numel() for p in module.parameters())


def packed(kept, kind):
    return torch.cat([kept[f"{part}_{kind}"] for part in ("query", "key", "value")])


def heads_of_torch(o, x, kept, unheard=None):
    """torch's attention with our parameters, which it packs."""
    module = nn.MultiheadAttention(x.shape[-1], o.heads, batch_first=True).double()
    assert sum(p.numel() for p in module.parameters()) == sum(v.numel() for v in kept.values())
    module.load_state_dict(
        {
            "in_proj_weight": packed(kept, "weight"),
            "in_proj_bias": packed(kept, "bias"),
            "out_proj.weight": kept["out_weight"],
            "out_proj.bias": kept["out_bias"],
        }
    )
    return module(x, x, x, attn_mask=unheard)[0]


def test_attention_is_that_of_torch():
    o = NEW.attention(3)
    (x,), kept = tensors(o, [(5, 6)], dtype=torch.float64)
    torch.testing.assert_close(computed(o, x, **kept), heads_of_torch(o, x, kept))


def relation(table, sources=None, targets=None):
    """A relation from a table of truth: a row is a source, a column a target."""
    table = np.asarray(table)
    rows, columns = table.shape
    return Relation.of_pairs(sources or (rows,), targets or (columns,), *np.nonzero(table))


def related(rule):
    """Which target has which source, as a mask of weights."""
    mask = torch.zeros(math.prod(rule.targets), math.prod(rule.sources), dtype=torch.bool)
    for target, row in enumerate(mask):
        row[rule.sources_of(target).tolist()] = True
    return mask


def dense(rule, weight):
    """Weights of pairs as [targets, sources, ...], with zeros elsewhere."""
    mask = related(rule)
    whole = weight.new_zeros(*mask.shape, *weight.shape[1:])
    whole[mask] = weight
    return whole


def tables(rows, columns):
    """Relations with at least one pair."""
    cells = st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns).filter(any)
    return cells.map(lambda flat: relation(np.reshape(flat, (rows, columns))))


ruled = settings(max_examples=15, deadline=None)


@ruled
@given(tables(4, 3), flags)
def test_a_junction_is_a_linear_layer_with_zeros(rule, bias):
    o, full = NEW.linear(3, bias=bias, rule=rule), NEW.linear(3, bias=bias)
    (x,), kept = tensors(o, [(5, 4)], dtype=torch.float64)
    wanted = computed(full, x, **kept | {"weight": dense(rule, kept["weight"])})
    torch.testing.assert_close(computed(o, x, **kept), wanted)
    assert o.shape((5, 4)) == (5, 3)
    assert o.macs((5, 4)) == 5 * rule.count


@ruled
@given(tables(4, 3), flags)
def test_a_convolution_by_a_rule_is_one_with_zeros(rule, bias):
    o, full = (NEW.conv(3, (3, 2), (1, 2), None, (2, 1), bias=bias, rule=r) for r in (rule, None))
    (x,), kept = tensors(o, [(4, 6, 5)], dtype=torch.float64)
    wanted = computed(full, x, **kept | {"weight": dense(rule, kept["weight"])})
    torch.testing.assert_close(computed(o, x, **kept), wanted)
    assert o.params((4, 6, 5))["weight"] == (rule.count, 3, 2)
    assert o.macs((4, 6, 5)) * 12 == full.macs((4, 6, 5)) * rule.count


@ruled
@given(tables(5, 5))
def test_attention_by_a_rule_reads_what_the_rule_relates(rule):
    rule |= relation(np.eye(5))
    o = NEW.attention(2, rule=rule)
    (x,), kept = tensors(o, [(5, 4)], dtype=torch.float64)
    torch.testing.assert_close(computed(o, x, **kept), heads_of_torch(o, x, kept, ~related(rule)))
    assert o.macs((5, 4)) == 4 * 5 * 16 + 2 * 4 * rule.count


def g(o, a):
    """g+ of the equations."""
    return min(max(0.0, (o - a) / (1 - a)), 1.0)


def synapses(x, threshold, signs, neuron):
    """Equations 1 to 4 for one sample, connection by connection; a sign of 0 is no connection."""
    rows = zip(signs, [x] * len(signs), threshold, strict=True)
    sums = [sum(s * g(o, a) for s, o, a in zip(*row, strict=True)) for row in rows]
    return [g(total, a) for total, a in zip(sums, neuron, strict=True)]


def synaptic(o, x):
    (x,), kept = tensors(o, [x], dtype=torch.float64)
    kept = {name: value * 0.6 for name, value in kept.items()} | {"signs": (kept["signs"] - 0.3).sign()}
    return 1.5 * x, kept


@ruled
@given(st.none() | tables(4, 3))
def test_synapses_follow_the_equations(rule):
    o = NEW.synapse(3, rule=rule)
    x, kept = synaptic(o, (2, 4))
    threshold, signs = (kept[n] if rule is None else dense(rule, kept[n]) for n in ("threshold", "signs"))
    plain = [
        [synapses(row, threshold.tolist(), signs.tolist(), kept["neuron_threshold"]) for row in s] for s in x.tolist()
    ]
    torch.testing.assert_close(computed(o, x, **kept), torch.tensor(plain, dtype=torch.float64))
    assert o.macs((2, 4)) == 2 * threshold.numel() if rule is None else 2 * rule.count


@ruled
@given(st.none() | tables(2, 3))
def test_synapses_of_maps_are_synapses_of_windows(rule):
    o = NEW.synapse_conv(3, (3, 2), (2, 1), (1, 0), rule=rule)
    x, kept = synaptic(o, (2, 4, 5))
    threshold, signs = (kept[n] if rule is None else dense(rule, kept[n]) for n in ("threshold", "signs"))
    flat = [t.flatten(1).tolist() for t in (threshold, signs)]
    columns = nn.functional.unfold(x, (3, 2), padding=(1, 0), stride=(2, 1)).transpose(1, 2).tolist()
    plain = [[synapses(place, *flat, kept["neuron_threshold"]) for place in sample] for sample in columns]
    wanted = torch.tensor(plain, dtype=torch.float64).transpose(1, 2).reshape(2, *o.shape((2, 4, 5)))
    torch.testing.assert_close(computed(o, x, **kept), wanted)


@ruled
@given(tables(6, 6), st.sampled_from([Fraction(0), Fraction(1, 4)]), st.sampled_from([(6,), (1, 2, 3)]))
def test_neighbours_compete(rule, beta, shape):
    o = NEW.lateral(beta, rule=rule.reshaped(shape, shape))
    x = torch.randint(0, 4, (2, *shape)) / 4.0
    wins = [
        [all(values[i] - values[j] >= beta for j in range(6) if j in rule.sources_of(i)) for i in range(6)]
        for values in x.flatten(1).tolist()
    ]
    assert o.shape(shape) == shape
    assert torch.equal(computed(o, x), torch.tensor(wins).float().reshape(x.shape))


@pytest.mark.parametrize(
    ("o", "x"),
    [
        (NEW.linear(7), (5, 3)),
        (NEW.linear(7, bias=False), (3,)),
        (NEW.conv(8, (3, 5), stride=(2, 1)), (6, 7, 8)),
        (NEW.conv(8, (3, 3), groups=2, dilation=(1, 2)), (6, 7, 8)),
        (NEW.sepconv(8, (3, 3)), (6, 7, 8)),
        (NEW.attention(2), (5, 4)),
    ],
    ids=lambda value: value.name if isinstance(value, Op) else "",
)
def test_multiplications_are_those_that_torch_counts(o, x):
    (inputs, kept), counter = tensors(o, [x]), FlopCounterMode(display=False)
    with counter, sdpa_kernel(SDPBackend.MATH):  # the only way that it counts
        computed(o, *inputs, **kept)
    assert counter.get_total_flops() == 2 * len(inputs[0]) * o.macs(x)


def test_normalised_values_count_and_activations_do_not():
    assert NEW.bn().flops((64, 56, 56)) == 2 * 64 * 56 * 56
    assert NEW.layernorm().flops((16, 64)) == 2 * 16 * 64
    assert NEW.conv(64, (7, 7), (2, 2)).flops((3, 224, 224)) == 2 * 3 * 64 * 49 * 112 * 112
    assert NEW.relu().flops((64, 56, 56)) == NEW.maxpool((2, 2)).flops((64, 56, 56)) == NEW.sum().flops((4,), (4,)) == 0


ONE, SIX = relation([[1]]), relation(np.eye(6))


@pytest.mark.parametrize(
    ("o", "x", "message", "help"),
    [
        (NEW.conv(8, (3, 3)), [(64,)], "`conv` takes channels, height and width, not [64]", "`reshape` lays"),
        (
            NEW.conv(6, (3, 3), groups=4),
            [(12, 8, 8)],
            "`groups` of `conv` is 4, which does not divide 12 and 6",
            "3 or 6 would",
        ),
        (
            NEW.conv(9, (3, 3), padding=(0, 0)),
            [(1, 2, 8)],
            "spans 3 x 3, the map 1x2x8 with its padding only 2 x 8",
            "",
        ),
        (NEW.conv(6, (1, 1), groups=2, rule=SIX), [(6, 8, 8)], "both `groups` and a rule", "the rule alone"),
        (NEW.conv(6, (1, 1), rule=SIX), [(5, 8, 8)], "leads from [5] to [6] here, not from [6] to [6]", ""),
        (NEW.linear(4), [()], "`linear` needs at least one axis", ""),
        (NEW.linear(1, rule=relation([[0]])), [(1,)], "the rule behind `linear` relates nothing", "at least one pair"),
        (NEW.attention(7), [(4, 12)], "`heads` of `attention` is 7, which does not divide 12", "6 or 12 would"),
        (NEW.attention(13), [(4, 12)], "does not divide 12", "12 would"),
        (NEW.attention(1, rule=relation([[1, 0], [1, 0]])), [(2, 4)], "lets token 1 read nothing", "`| (i -> i)`"),
        (NEW.maxpool((3, 2), padding=(2, 0)), [(1, 8, 8)], "more than half its kernel", "at most (1, 1)"),
        (NEW.avgpool((9, 9)), [(1, 8, 8)], "`avgpool` spans 9 x 9", "make the kernel smaller"),
        (NEW.reshape((3, 5)), [(4, 4)], "3x5, 15 values, of 4x4, 16 values", ""),
        (NEW.softmax(2), [(4, 4)], "axis 2, but 4x4 has 2", "-2 to 1"),
        (NEW.slice(-5), [(4,)], "starts at -5, but axis 0 of [4] has 4", "between -4 and 3"),
        (NEW.slice(2, 3), [(4,)], "takes 3 positions from 2 on", "there are 2"),
        (NEW.split(5), [(12, 2)], "`count` of `split` is 5, which does not divide 12", "4 or 6 would"),
        (NEW.split(sizes=(2, 3)), [(8,)], "add up to 5, not to 8", "[2, 6] would"),
        (NEW.split(sizes=(7, 3)), [(7,)], "add up to 10, not to 7", "at least 1 of 7"),
        (NEW.split(), [(8,)], "either `count` or `sizes`", ""),
        (NEW.split(2, (4, 4)), [(8,)], "either `count` or `sizes`", ""),
        (NEW.pad((1, 1)), [(3, 8, 8)], "`before` of `pad` has 2 numbers, 3x8x8 has 3 axes", "one number for each"),
        (NEW.pad((1,), (1, 1)), [(3,)], "`after` of `pad` has 2 numbers", ""),
        (NEW.permute((0, 0)), [(3, 8)], "[0, 0] does not name each axis of 3x8 once", "0 to 1"),
        (NEW.broadcast((4, 8)), [(8,)], "cannot fill 4x8 with [8]", "from the first on"),
        (NEW.layernorm(3), [(8, 4)], "over 3 axes, but 8x4 has 2", "at most 2"),
        (NEW.bn(), [()], "one to four axes", ""),
        (NEW.bn(), [(1,) * 5], "one to four axes", ""),
        (NEW.sum(), [(4,), (4,), (8,)], "one shape, not [4] and [8]", "`broadcast`"),
        (NEW.concat(), [(4, 8), (2, 7)], "along axis 0 only, not 4x8 and 2x7", "`avgpool`"),
        (NEW.concat(), [], "`concat` has nothing to join", "at least one"),
        (NEW.max(), [], "`max` has nothing to join", "at least one"),
        (NEW.lateral(0, rule=ONE), [(2,)], "leads from [2] to [2] here, not from [1] to [1]", ""),
    ],
)
def test_what_is_refused_is_said_in_the_words_of_a_spec(o, x, message, help):
    with pytest.raises(ShapeError) as refused:
        o.shapes(*x)
    assert message in refused.value.message
    assert help in refused.value.help


def test_a_join_that_does_not_fit_says_which_source():
    with pytest.raises(ShapeError) as refused:
        NEW.sum().shape((4,), (4,), (8,))
    assert refused.value.inputs == (0, 2)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=10, deadline=None)
@given(st.data())
def test_the_largest_sizes_are_numbers_like_others(name, data):
    o, x = data.draw(CASES[name][0])
    far = [tuple(FAR if size > 3 else size for size in shape) for shape in x]
    result = made(o, far)
    assert result is None or all(1 <= size <= FAR for shape in result for size in shape)
    assert result is None or o.flops(*far) >= 0


@pytest.mark.parametrize(
    ("o", "x"),
    [
        (NEW.flatten(), [(FAR, 2)]),
        (NEW.pad((1,)), [(FAR,)]),
        (NEW.concat(), [(FAR,), (1,)]),
        (NEW.upsample(), [(1, FAR, 1)]),
        (NEW.conv(1, (1, 1), padding=(1, 0)), [(1, FAR, 1)]),
    ],
    ids=lambda value: value.name if isinstance(value, Op) else "",
)
def test_a_result_larger_than_any_array_is_refused(o, x):
    with pytest.raises(ShapeError, match="would make"):
        o.shapes(*x)


def test_the_primitives_that_no_op_here_needs():
    x = torch.rand(2, 3, 4, dtype=torch.float64)

    def by(body):
        return computed(SimpleNamespace(body=body), x)

    torch.testing.assert_close(by(lambda p, x: p.log(p.exp(x))), x)
    torch.testing.assert_close(by(lambda p, x: p.sqrt(p.mul(x, x))), x)
    assert torch.equal(by(lambda p, x: p.max(x, (0, 1))), x.flatten(1).max(1).values)
    assert torch.equal(by(lambda p, x: p.matmul(x, p.permute(x, (1, 0)))), torch.einsum("bij,bkj->bik", x, x))


def test_torch_implements_the_vocabulary_and_nothing_else():
    own = {"enter", "finish", "held", "input"}  # by which a graph is written
    assert {n for n in vars(Prims) if n[0] != "_"} | own == {n for n in vars(FxPrims) if n[0] != "_"}


@pytest.fixture
def own_names(monkeypatch):
    """Definitions of a test end with it."""
    monkeypatch.setattr(ops_base.OPS, "_classes", dict(ops_base.OPS._classes))


@pytest.mark.usefixtures("own_names")
def test_a_class_is_all_it_takes_to_define_an_op():
    @op("rmsnorm")
    class RmsNorm(Op):
        """Divides each sample by its root mean square, then scales it.

        `eps`: added to the mean.
        """

        eps: float = 0.5

        def params(self, x):
            return {"weight": x}

        def norms(self, x):
            return math.prod(x)

        def body(self, p, x, *, weight):
            shape = p.shape(x)
            mean = p.mean(p.mul(x, x), range(len(shape)))
            root = p.reshape(p.sqrt(p.add(mean, self.eps)), (1,) * len(shape))
            return p.mul(p.div(x, root), weight)

    o = OPS["rmsnorm"]()
    (x,), kept = tensors(o, [(3, 4)], dtype=torch.float64)
    torch.testing.assert_close(computed(o, x, **kept), nn.functional.rms_norm(x, (3, 4), kept["weight"], 0.5))
    assert (o.name, o.shapes((3, 4)), o.flops((3, 4))) == ("rmsnorm", ((3, 4),), 24)
    assert VOCABULARY.layers["rmsnorm"].slot("eps").default == Fraction(1, 2)
    assert RmsNorm.signature.slots == (RmsNorm.signature.slot("eps"),)


@pytest.mark.usefixtures("own_names")
@pytest.mark.parametrize("name", ["bad name", "in", "", "ä", "7up"])
def test_a_name_that_no_spec_could_write_fails_loudly(name):
    with pytest.raises(ValueError, match="cannot be the name of an op"):
        op(name)(type("New", (Op,), {}))


def test_what_is_no_op_fails_loudly():
    with pytest.raises(TypeError, match="derive from Op"):
        op("new")(type("New", (), {}))


def test_the_same_class_may_be_defined_again(own_names):
    first, second = (op("again")(type("Again", (Op,), {})) for _ in range(2))
    assert OPS["again"] is second is not first
    with pytest.raises(ValueError, match="defined twice"):
        op("again")(type("Other", (Op,), {}))


@pytest.mark.parametrize("field", ["shape", "rule", "name", "params"])
def test_a_parameter_that_would_hide_a_method_fails_loudly(field):
    with pytest.raises(TypeError, match=f"a parameter of `mine` cannot be called {field}"):
        op("mine")(type("Mine", (Op,), {"__annotations__": {field: int}, "__doc__": "Does."}))


def test_the_borders_of_a_network_are_no_layers_of_the_language():
    assert not set(STRUCTURE) & {*OPS, *VOCABULARY.layers}
    assert Input((3, 8, 8)).shapes() == ((3, 8, 8),)
    assert Input((3, 8, 8)) == Input(size=(3, 8, 8)) != Input((3, 8))
    assert Bundle().shapes((3,), (4, 4)) == Bundle().body(None, (3,), (4, 4)) == ((3,), (4, 4))
    assert (Input((3,)).name, Bundle().name) == ("input", "bundle")
    with pytest.raises(NotImplementedError):
        Input((3,)).body(None)


def test_the_rule_is_part_of_an_op_and_no_parameter_of_it():
    assert [slot.name for slot in NEW.linear.signature.slots] == ["units", "bias"]
    assert NEW.linear(6, rule=SIX) == NEW.linear(6, rule=relation(np.eye(6))) != NEW.linear(6)
    assert len({NEW.linear(6, rule=SIX), NEW.linear(6, rule=relation(np.eye(6))), NEW.linear(6)}) == 2
    with pytest.raises(NotImplementedError, match="`relu` takes no rule"):
        NEW.relu().spaces((6,))
