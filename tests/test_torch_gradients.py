"""Gradients of compiled modules are the slopes of what the modules compute.

Slopes are differences of float64 numbers, from both sides and at two steps. Where these four disagree there is a kink,
or a bend too sharp to tell; such a direction is skipped, and no test passes that skips many.
"""

from collections import Counter
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, Phase, given, settings
from torch import nn

from connc import loads
from connc.backends.torch import compile_network, kernels
from connc.compiler.network import Network
from connc.compiler.ops import OPS
from connc.testing import nets
from connc.testing.arrays import inputs_of, real, weights_of
from tests.torch_backend import loaded

many = partial(settings, deadline=None, suppress_health_check=list(HealthCheck))

STEPS = (1e-6, 1.25e-7)
SHARP = 1e-4  # how far slopes may be from one another, relative to the largest
FAINT = 1e-2  # of the largest gradient, below which a slope is not told from nothing any finer
NOISE = 1e-8  # of all that is added up


# --- slopes


@dataclass
class Trial:
    """A module in float64 as a function of one vector: its inputs and all that it learns."""

    module: nn.Module
    inputs: list[torch.Tensor]

    def __post_init__(self):
        self.tensors = [*self.inputs, *self.module.parameters()]
        self.sizes = [each.numel() for each in self.tensors]
        self.start = torch.cat([each.detach().flatten() for each in self.tensors])
        made, chance = [each.detach() for each in self.outputs()], torch.Generator().manual_seed(1)
        self.weights = [torch.randn(each.shape, generator=chance, dtype=each.dtype) for each in made]
        self.size = float(sum(each.abs().sum() for each in made))

    def outputs(self):
        """What chance decides, it decides alike each time."""
        torch.default_generator.manual_seed(0)
        found = self.module(*self.inputs)
        return list(found.values()) if isinstance(found, dict) else [found]

    def loss(self):
        """Each number that comes out counts, each by another weight."""
        return sum((each * weight).sum() for each, weight in zip(self.outputs(), self.weights, strict=True))

    def at(self, *places):
        """The loss at some places."""
        with torch.no_grad():
            found = [self._at(place) for place in places]
            self._at(self.start)
        return found

    def _at(self, place):
        for each, part in zip(self.tensors, place.split(self.sizes), strict=True):
            each.copy_(part.view(each.shape))
        return float(self.loss())

    def gradient(self):
        """Of the whole vector; of what reaches no output it is 0."""
        loss = self.loss()
        if not loss.requires_grad:
            return torch.zeros_like(self.start)
        found = torch.autograd.grad(loss, self.tensors, allow_unused=True)
        pairs = zip(found, self.tensors, strict=True)
        return torch.cat([(torch.zeros_like(each) if one is None else one).flatten() for one, each in pairs])


def unit(chance, shape):
    """Between 0 and 1, where bounded connections are not all at their bounds."""
    return chance.random(shape)


def trial(net, make=real, *, training=False, seed=0, batch=2):
    weights = {
        name: generic(name, np.asarray(value, dtype=float)) for name, value in weights_of(net, real, seed).items()
    }
    module = loaded(compile_network(net), weights).train(training)
    inputs = inputs_of(net, make, seed, batch).values()
    return Trial(module, [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in inputs])


def generic(name, value):
    """A threshold of 0 is a kink for what is 0 as a rule."""
    return 0.1 + 0.7 * value if name.endswith("threshold") else value


def slopes(each, direction):
    """From both sides, at both steps, and across."""
    steps = [side * step for step in STEPS for side in (1, -1)]
    here, *there = each.at(each.start, *(each.start + step * direction for step in steps))
    sides = [(value - here) / step for step, value in zip(steps, there, strict=True)]
    return sides, (sides[0] + sides[1]) / 2


def compared(each, directions):
    """Raises where a gradient is not the slope; how many directions there were, were skipped, led up or down."""
    gradient, tally = each.gradient(), Counter()
    largest = float(gradient.abs().max()) if len(gradient) else 0.0
    for direction in directions:
        sides, across = slopes(each, direction)
        near = SHARP * max(FAINT * largest, *map(abs, sides)) + NOISE * each.size
        sharp = not np.isfinite(sides).all() or max(sides) - min(sides) > near
        said = float(gradient @ direction)
        if not sharp and not abs(said - across) <= 2 * near:
            raise AssertionError(f"the gradient says {said}, and the slope is {across}, give or take {2 * near:.3g}")
        tally += Counter(all=1, skipped=int(sharp), moving=int(abs(across) > near))
    return tally


def coordinates(each):
    return torch.eye(len(each.start), dtype=torch.float64)


def drawn(each, count, single):
    """So many directions at random, and so many single coordinates, or all there are."""
    chance, size = torch.Generator().manual_seed(0), len(each.start)
    chosen = torch.randperm(size, generator=chance)[:single]
    return [*torch.randn(count, size, generator=chance, dtype=torch.float64), *coordinates(each)[chosen]]


# --- nets that are drawn


def held(count, training, phases=tuple(Phase), **bounds):
    """Hold the gradients of so many drawn nets to their slopes."""
    tally = Counter()

    @many(max_examples=count, phases=phases)
    @given(nets(**bounds))
    def check(net):
        each = trial(net, training=training, batch=3)
        tally.update(compared(each, drawn(each, 3, 3)))

    check()
    assert tally["skipped"] <= 0.2 * tally["all"], tally
    assert tally["moving"] >= 0.3 * tally["all"], tally


@pytest.mark.parametrize("training", [False, True])
def test_the_gradient_of_any_net_is_its_slope(training):
    held(30, training, layers=8)


@pytest.mark.slow
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("layers", [4, 8, 16])
def test_the_gradient_of_any_net_is_its_slope_at_length(layers, training):
    held(60, training, layers=layers)


# --- one op at a time

VECTOR, TOKENS, MAP = [6], [3, 4], [2, 4, 5]
FEW = "(i -> j where mod(i + 2 * j, 3) != 0)"
SOME = "(i -> i + 1) | (i -> i)"

# What comes in, and a flow through the op.
CASES = {
    "attention": [
        (TOKENS, "in -> attention(2) -> out"),
        (TOKENS, "in -> attention(2, bias = false) -> out"),
        (TOKENS, f"in -> attention(2) by {SOME} -> out"),
    ],
    "avgpool": [(MAP, "in -> avgpool(2) -> out"), (MAP, "in -> avgpool(3, stride = 2, padding = 1) -> out")],
    "bn": [
        (VECTOR, "in -> bn -> out"),
        (TOKENS, "in -> bn(affine = false) -> out"),
        (MAP, "in -> bn(eps = 0.1) -> out"),
        ([2, 2, 2, 2], "in -> bn -> out"),
    ],
    "broadcast": [([3], "in -> broadcast([3, 2, 2]) -> out")],
    "concat": [(TOKENS, "x = in -> tanh; (in, x) -> concat(1) -> out")],
    "conv": [
        (MAP, "in -> conv(3, 3, bias = true) -> out"),
        (MAP, "in -> conv(4, [1, 2], stride = 2, dilation = 2, groups = 2) -> out"),
        (MAP, f"in -> conv(3, 2, bias = true) by {FEW} -> out"),
        (MAP, "in -> conv(3, 2) by (i -> j) -> out"),
    ],
    "dropout": [(VECTOR, "in -> dropout(0.5) -> out"), (MAP, "in -> dropout(0.2) -> out")],
    "flatten": [(MAP, "in -> flatten(1) -> out")],
    "gain": [(VECTOR, "in -> gain(-0.5) -> out")],
    "globalpool": [(MAP, "in -> globalpool -> out")],
    "identity": [(VECTOR, "in -> identity -> out")],
    "lateral": [(VECTOR, "x = in -> lateral(0.25) by (i -> i + 1); (x, in) -> sum -> out")],
    "layernorm": [(TOKENS, "in -> layernorm -> out"), (TOKENS, "in -> layernorm(2, affine = false) -> out")],
    "linear": [
        (VECTOR, "in -> linear(4) -> out"),
        (TOKENS, "in -> linear(2, bias = false) -> out"),
        (VECTOR, f"in -> linear(4) by {FEW} -> out"),
        (TOKENS, f"in -> linear(5, bias = false) by {FEW} -> out"),
        (VECTOR, "in -> linear(4) by (i -> j where j == 1) -> out"),
        (VECTOR, "in -> linear(4) by (i -> j) -> out"),
    ],
    "max": [(VECTOR, "x = in -> tanh; y = in -> sigmoid; (in, x, y) -> max -> out")],
    "maxpool": [(MAP, "in -> maxpool(2) -> out"), (MAP, "in -> maxpool(3, stride = 1, padding = 1) -> out")],
    "mean": [(VECTOR, "x = in -> tanh; (in, x, x) -> mean -> out")],
    "mul": [(VECTOR, "x = in -> tanh; (in, x, in) -> mul -> out")],
    "pad": [(TOKENS, "in -> pad([1, 0], [0, 2], 0.5) -> out")],
    "permute": [(MAP, "in -> permute([2, 0, 1]) -> out")],
    "relu": [(VECTOR, "in -> relu -> out")],
    "reshape": [(MAP, "in -> reshape([5, 8]) -> out")],
    "sepconv": [(MAP, "in -> sepconv(3, 3, bias = true) -> out"), (MAP, "in -> sepconv(3, 2, stride = 2) -> out")],
    "sigmoid": [(VECTOR, "in -> sigmoid -> out")],
    "slice": [(MAP, "in -> slice(1, 3, axis = 2) -> out")],
    "softmax": [(TOKENS, "in -> softmax -> out"), (TOKENS, "in -> softmax(0) -> out")],
    "split": [(TOKENS, "x = in -> split(2, axis = 1); y = x[0] -> tanh; (x[1], y) -> mul -> out")],
    "sum": [(VECTOR, "x = in -> tanh; (in, x, x) -> sum -> out")],
    "synapse": [(VECTOR, "in -> synapse(5) -> out"), (VECTOR, f"in -> synapse(5) by {FEW} -> out")],
    "synapse_conv": [
        (MAP, "in -> synapse_conv(3, 2) -> out"),
        (MAP, f"in -> synapse_conv(3, [1, 2], stride = 2) by {FEW} -> out"),
    ],
    "tanh": [(VECTOR, "in -> tanh -> out")],
    "upsample": [(MAP, "in -> upsample([2, 1]) -> out"), (MAP, 'in -> upsample(2, "bilinear") -> out')],
}
EACH = [pytest.param(*case, id=f"{name}-{at}") for name, cases in CASES.items() for at, case in enumerate(cases)]


def net_of(shape, flow):
    lines = "".join(f"    {line.strip()}\n" for line in flow.split(";"))
    return loads(f"net a {{\n    in: {shape}\n{lines}}}\n")


def test_every_op_has_a_case_with_a_rule_and_without_one_where_it_may():
    assert set(CASES) == set(OPS)
    for name, cases in CASES.items():
        signature = OPS[name].signature
        assert all(f"-> {name}" in flow for _, flow in cases)
        assert any(" by " in flow for _, flow in cases) == bool(signature.relates), name
        assert signature.needs_rule or any(" by " not in flow for _, flow in cases), name


def moves(shape, flow, training=False):
    """Hold the gradient of one op to its slopes; some of them are not 0."""
    each = trial(net_of(shape, flow), unit, training=training, seed=2)
    tally = compared(each, drawn(each, 4, 60))
    assert tally["skipped"] <= 0.1 * tally["all"]
    assert tally["moving"] >= 0.2 * tally["all"]


@pytest.mark.parametrize(("shape", "flow"), EACH)
def test_the_gradient_of_an_op_is_its_slope_at_each_coordinate(shape, flow):
    moves(shape, flow)


@pytest.mark.parametrize(("shape", "flow"), [*CASES["bn"], *CASES["dropout"]])
def test_in_training_the_gradient_of_an_op_is_its_slope_at_each_coordinate(shape, flow):
    """Of `bn` through the mean and the variance of the batch; of `dropout` under one choice of what drops."""
    moves(shape, flow, training=True)


@pytest.mark.parametrize(("shape", "flow"), EACH)
def test_all_that_an_op_learns_gets_a_gradient(shape, flow):
    """So that no slope agrees because both are nothing."""
    each = trial(net_of(shape, flow), unit, batch=8, seed=2)
    for found in torch.autograd.grad(each.loss(), each.tensors):
        assert found.abs().sum() > 0


# --- what is not smooth


def test_lateral_hands_no_gradient_on():
    each = trial(loads("net a {\n    in: [6]\n    in -> linear(6) -> lateral(0.25) by (i -> i + 1) -> out\n}\n"))
    assert not each.outputs()[0].requires_grad
    tally = compared(each, coordinates(each))
    assert tally["skipped"] == tally["moving"] == 0


def test_beside_lateral_gradients_are_those_of_what_is_beside_it():
    """A winner takes all: the gradient of what is let through is that of the winners."""
    spec = "net a {\n    in: [6]\n    x = in -> lateral(0) by (i -> j where i != j)\n    (x, in) -> mul -> out\n}\n"
    each = trial(loads(spec), batch=5)
    (x,) = each.inputs
    (out,) = each.outputs()
    (found,) = torch.autograd.grad(out.sum(), x)
    assert torch.equal(found, F.one_hot(x.argmax(1), 6).to(x))


def test_dropout_hands_on_the_gradient_of_what_it_lets_through():
    each = trial(loads("net a {\n    in: [200]\n    in -> dropout(0.25) -> out\n}\n"), training=True)
    (x,) = each.inputs
    (out,) = each.outputs()
    (found,) = torch.autograd.grad(out.sum(), x)
    assert torch.equal(found, (out.detach() != 0).to(x) / 0.75)
    assert 0.5 < (found != 0).to(x).mean() < 0.95


def test_in_training_bn_takes_the_gradient_through_the_batch():
    """What is normalised by its own mean has no gradient that all samples share, and none along itself."""
    each = trial(loads("net a {\n    in: [6]\n    in -> bn(eps = 0.000001) -> out\n}\n"), training=True, batch=9)
    (x,) = each.inputs
    (found,) = torch.autograd.grad(each.loss(), x)
    assert found.abs().max() > 0.1
    assert found.sum(0).abs().max() < 1e-9
    assert (found * (x - x.mean(0))).sum(0).abs().max() < 1e-4
    each.module.eval()
    (apart,) = torch.autograd.grad(each.loss(), x)
    assert apart.sum(0).abs().max() > 0.1


# --- junctions are their edges

RULED = [
    pytest.param(shape, flow, id=f"{name}-{at}")
    for name, cases in CASES.items()
    for at, (shape, flow) in enumerate(cases)
    if " by " in flow and name in ("conv", "linear", "synapse", "synapse_conv")
]


def ruled(net):
    """The one layer with a rule: its module in torch, and its op."""
    (node,) = (node for node in net if not isinstance(node.what, Network) and node.what.rule is not None)
    return node.name, node.what


@pytest.mark.parametrize(("shape", "flow"), RULED)
def test_a_gradient_is_stored_at_the_edges_alone(shape, flow):
    net = net_of(shape, flow)
    each = trial(net, unit)
    each.loss().backward()
    name, op = ruled(net)
    tensors = dict(each.module.get_submodule(name).named_parameters())
    (key,) = tensors.keys() & {"weight", "threshold"}
    assert tensors[key].grad.shape == (op.rule.count, *getattr(op, "kernel", ()))
    stored = sum(found.grad.numel() for found in each.module.parameters())
    assert stored == tensors[key].numel() + sum(len(found) for other, found in tensors.items() if other != key)


DENSE = [case for case in RULED if "linear" in case.id or case.id.startswith("conv")]


@pytest.mark.parametrize(("shape", "flow"), DENSE)
def test_the_gradient_at_the_edges_is_that_of_the_dense_layer_there(shape, flow):
    net = net_of(shape, flow)
    sparse, dense = trial(net), trial(net_of(shape, flow.partition(" by ")[0] + " -> out"))
    name, op = ruled(net)
    at = tuple(torch.tensor(side).long() for side in reversed(op.rule.pairs()))
    mine, theirs = sparse.module.get_submodule(name), dense.module.get_submodule(name)
    with torch.no_grad():
        theirs.weight.zero_()[at] = mine.weight
        if mine.bias is not None:
            theirs.bias.copy_(mine.bias)
    sparse.loss().backward()
    dense.loss().backward()
    torch.testing.assert_close(mine.weight.grad, theirs.weight.grad[at])
    torch.testing.assert_close(sparse.inputs[0].grad, dense.inputs[0].grad)


# --- a wrong gradient is noticed


def wrongly(kernel, change):
    """A kernel that computes as it should, and whose gradients are others."""

    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, weight, *rest):
            ctx.rest = rest
            ctx.save_for_backward(x, weight)
            return kernel(x, weight, *rest)

        @staticmethod
        def backward(ctx, given):
            with torch.enable_grad():
                x, weight = (each.detach().requires_grad_() for each in ctx.saved_tensors)
                found = torch.autograd.grad(kernel(x, weight, *ctx.rest), (x, weight), given)
            return *change(*found), *(None for _ in ctx.rest)

    return lambda x, weight, bias, *rest: Wrong.apply(x, weight, bias, *rest)


CHANGES = {
    "nothing for the inputs": lambda x, weight: (None, weight),
    "nothing for the weights": lambda x, weight: (x, None),
    "the weights' shifted by one": lambda x, weight: (x, weight.roll(1, 0)),
    "the inputs' shifted by one": lambda x, weight: (x.roll(1, 1), weight),
    "the inputs' of another sample": lambda x, weight: (x.flip(0), weight),
    "the inputs' backwards": lambda x, weight: (-x, weight),
    "the weights' a thousandth too large": lambda x, weight: (x, weight * 1.001),
    "the first weight's left out": lambda x, weight: (
        x,
        weight * (torch.arange(len(weight)) > 0).view(-1, *[1] * (weight.dim() - 1)),
    ),
}
KERNELS = {"junction": (VECTOR, f"linear(4, bias = false) by {FEW}"), "junction_conv": (MAP, f"conv(3, 2) by {FEW}")}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_a_kernel_with_a_wrong_gradient_is_noticed(kernel, change, monkeypatch):
    shape, layer = KERNELS[kernel]
    each = trial(net_of(shape, f"in -> tanh -> {layer} -> tanh -> out"))
    monkeypatch.setattr(kernels, kernel, wrongly(getattr(kernels, kernel), lambda *found: found))
    compared(each, drawn(each, 4, 20))
    monkeypatch.setattr(kernels, kernel, wrongly(getattr(kernels, kernel), change))
    with pytest.raises(AssertionError, match="the gradient says"):
        compared(each, drawn(each, 4, 20))


def test_a_wrong_gradient_is_noticed_in_nets_that_are_drawn(monkeypatch):
    right = kernels.segment_sum
    monkeypatch.setattr(kernels, "segment_sum", lambda x, *rest: right(x, *rest) + 0.1 * (x - x.detach()).sum())
    with pytest.raises(AssertionError, match="the gradient says"):
        held(60, False, [Phase.generate], layers=6, ops=["synapse", "relu", "linear"], densities=(0.2, 0.8))
