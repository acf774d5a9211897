"""How bounded connections learn: not by gradients, but by a rule that says what each would have had to pass.

A neuron is told what it should have given (y + Δy). From that follow the threshold that would have given it, what
should have arrived (Δx), the share of each connection in that, the threshold of the connection that would have passed
it, and what should have come in. Backward passes carry these corrections in place of gradients, with their sign turned
around; so an ordinary loss starts them, and what stands between the layers hands them on as it does gradients.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, fx

from connc.backends.torch import kernels
from connc.backends.torch.module import Module
from connc.backends.torch.training.bounded import bounded_layers, made, passing

XI, ETA, TAU = 0.5, 0.1, 0.01
_BELOW_ONE = 1e-6  # a target is less than 1: at 1 the threshold that gives it is not determined


class BoundedRule(torch.optim.Optimizer):
    """Learns the bounded connections of a module; calling it computes what the module does, so that it can be told.

    `xi` is how far thresholds go to where they should be, `eta` how much of a correction is handed back, and a
    connection that is to pass less and has its threshold within `tau` of the highest becomes one of the other kind.
    The loss is a mean over samples.
    """

    def __init__(self, module: Module, xi: float = XI, eta: float = ETA, tau: float = TAU) -> None:
        if not all(0 < each < 1 for each in (xi, eta, tau)):
            raise ValueError("`xi`, `eta` and `tau` are between 0 and 1")
        self.layers = list(bounded_layers(module))
        if not self.layers:
            raise ValueError(f"{module.network.kind} has no bounded connections, `synapse` or `synapse_conv`")
        self.tau, self.called = tau, False
        self.module = _told(module, eta, tau)
        super().__init__([each for layer in self.layers for each in (layer.threshold, layer.neuron)], {"lr": xi})

    def __call__(self, *inputs: Tensor) -> Any:
        self.called = True
        return self.module(*inputs)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move each threshold, and turn the connections around that cannot pass any less."""
        if closure is not None:
            raise ValueError("the rule is told once a step: call `step` without a closure")
        if not self.called:
            raise RuntimeError("nothing was told since the last step: compute the outputs by the rule, `rule(x)`")
        self.called = False
        self.move()

    @torch.no_grad()
    def move(self) -> None:
        """A step by what the thresholds have for gradients now."""
        xi = self.param_groups[0]["lr"]
        for layer in self.layers:
            for each in (layer.threshold, layer.neuron):
                if each.grad is not None:
                    each.sub_(xi * each.grad).clamp_(0.0, layer.amax)
            if (wanted := layer.threshold.grad) is not None:
                layer.signs[(wanted < 0) & (layer.amax - layer.threshold < self.tau)] *= -1


# --- a module whose backward passes carry corrections


def _told(module: Module, eta: float, tau: float) -> fx.GraphModule:
    """The same layers and numbers; each layer of bounded connections one step, which knows the rule."""
    graph = fx.Graph()
    graph.output(graph.graph_copy(module.graph, {}))
    for layer in bounded_layers(module):
        first, second = (passing(graph, key) for key in (layer.key, layer.neuron_key))
        numbers = Numbers(layer.amax, eta, tau, len(first))
        for (each, threshold, passed), (_, neuron, out) in zip(first, second, strict=True):
            signed = next(iter(passed.users))
            signs = next(node for node in signed.args if node is not passed)
            targets = _targets(signed)
            with graph.inserting_before(out):
                arguments = (each, threshold, signs, neuron, targets, numbers)
                out.replace_all_uses_with(graph.call_function(corrected, arguments))
    for node in graph.find_nodes(op="call_function", target=kernels.at_least):
        with graph.inserting_after(node):
            kept = graph.call_function(through, (node, cast(fx.Node, node.args[0]).args[0]))
        node.replace_all_uses_with(kept, delete_user_cb=lambda user, own=kept: user is not own)
    return made(module, graph)


def _targets(node: fx.Node) -> fx.Node | None:
    """The table by which what connections pass is summed up; none where all sources feed all targets."""
    while True:
        node = next(iter(node.users))
        if node.target is kernels.segment_sum:
            return cast(fx.Node, node.args[1])
        if node.target is not torch.sum:
            return None


class Numbers(NamedTuple):
    """Of a layer; `uses` is how often it is computed, each time with its own part in a move."""

    amax: float
    eta: float
    tau: float
    uses: int


def corrected(*arguments: Any) -> Tensor:
    return cast(Tensor, _Corrected.apply(*arguments))  # type: ignore[no-untyped-call]


def through(active: Tensor, before: Tensor) -> Tensor:
    return cast(Tensor, _Through.apply(active, before))  # type: ignore[no-untyped-call]


class _Through(torch.autograd.Function):
    """A neuron that is active or not is corrected as what it was before its neighbours depressed it."""

    @staticmethod
    def forward(ctx: Any, active: Tensor, before: Tensor) -> Tensor:
        return active.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return None, gradients[0]


class _Corrected(torch.autograd.Function):
    """A layer. Samples, and places of a map, come first; then one axis of neurons or of pairs; then those of a window.

    Without `targets` the axis of what comes in has one position for all neurons, and all behind it feed each of them.
    """

    @staticmethod
    def forward(
        ctx: Any,
        each: Tensor,
        threshold: Tensor,
        signs: Tensor,
        neuron: Tensor,
        targets: Tensor | None,
        numbers: Numbers,
    ) -> Tensor:
        passed = _pass(each, threshold)
        arrived = _summed(signs * passed, threshold, targets, len(neuron))
        given = _pass(arrived, neuron)
        ctx.save_for_backward(each, threshold, signs, neuron, targets, passed, arrived, given)
        ctx.numbers = numbers
        return given

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        each, threshold, signs, neuron, targets, passed, arrived, given = ctx.saved_tensors
        samples = len(each)
        wanted = -samples * gradients[0]
        amax, eta, tau, uses = ctx.numbers
        move, back = corrections(arrived, neuron, given, wanted, amax, eta)
        strength = each.clamp(min=0).expand_as(passed)
        total = _summed(strength, threshold, targets, len(neuron))
        share = torch.where(total > 0, back / total.clamp(min=torch.finfo(total.dtype).tiny), 0.0)
        owed = signs * _spread(share, threshold, targets) * strength
        moves, backs = corrections(each, threshold, passed, owed, amax, eta)
        came = backs if targets is not None else backs.sum(each.dim() - threshold.dim(), keepdim=True)
        least = torch.where((owed < 0) & (amax - threshold < tau), torch.finfo(moves.dtype).eps, 0.0)
        moved, neuron_moved = agreed(moves + least, owed, threshold), agreed(move, wanted, neuron)
        return -came / samples, -moved / uses, None, -neuron_moved / uses, None, None


def corrections(
    x: Tensor, threshold: Tensor, y: Tensor, wanted: Tensor, amax: float, eta: float
) -> tuple[Tensor, Tensor]:
    """How far a threshold is from the one that would give y + wanted, and by how much x should have been other.

    Where the one nearest to it in 0 to `amax`, or the other x, would lead away from what is wanted, it is 0.
    """
    target = (y + wanted).clamp(0.0, 1.0 - _BELOW_ONE)
    ideal = ((x - target) / (1.0 - target)).clamp(0.0, amax)
    move, back = ideal - threshold, (1.0 - threshold) * target + threshold - x
    return torch.where(move * wanted < 0, move, 0.0), torch.where(back * wanted > 0, eta * back, 0.0)


def agreed(moves: Tensor, wanted: Tensor, like: Tensor) -> Tensor:
    """One move for all samples and places: towards what more is wanted, the further the less is wanted the other way.

    Those that want it count as they want it; a single one moves as it would alone. A plain mean would not do: from
    where a connection passes nothing its threshold is far to move, however little is wanted, and as long as some want
    a little more and others a little less, all thresholds would fall.
    """
    moves, wanted = (each.reshape(-1, *like.shape) for each in (moves, wanted))
    most, weight = wanted.sum(0), wanted.abs()
    tiny = torch.finfo(weight.dtype).tiny
    agreeing = torch.where(wanted * most > 0, weight, 0.0)
    mean = (moves * agreeing).sum(0) / agreeing.sum(0).clamp(min=tiny)
    return mean * most.abs() / weight.sum(0).clamp(min=tiny)


def _pass(x: Tensor, threshold: Tensor) -> Tensor:
    return ((x - threshold) / (1.0 - threshold)).clamp(0.0, 1.0)


def _summed(values: Tensor, threshold: Tensor, targets: Tensor | None, neurons: int) -> Tensor:
    """What arrives at each neuron."""
    axis = values.dim() - threshold.dim()
    behind = values.flatten(axis + 1).sum(-1) if threshold.dim() > 1 else values
    return behind if targets is None else kernels.segment_sum(behind, targets, neurons, axis)


def _spread(values: Tensor, threshold: Tensor, targets: Tensor | None) -> Tensor:
    """What each neuron has, for each of its connections."""
    found = values if targets is None else values.index_select(-1, targets)
    return found.reshape(*found.shape, *(1,) * (threshold.dim() - 1))
