"""How bounded connections learn: single neurons by their laws, layers against plain loops, nets by statistics."""

import itertools

import pytest
import torch
from torch import nn

import connc
from connc.backends.torch.training.rule import BoundedRule, agreed, corrections

AMAX = 0.98


def net(layers, size, **params):
    made = connc.compile(connc.loads(f"net a {{\n    in: {size}\n    in -> {layers} -> out\n}}\n"), **params)
    return made.double()


# --- one neuron


def passed(x, a):
    return ((x - a) / (1 - a)).clamp(0, 1)


def neurons(count=100_000):
    torch.manual_seed(0)
    x, a, target = (torch.rand(count, dtype=torch.float64) for _ in range(3))
    a = a * AMAX
    return x, a, target, passed(x, a)


@pytest.mark.parametrize("xi", [0.1, 0.5, 1.0])
def test_a_neuron_comes_nearer_to_what_it_is_told_and_never_beyond(xi):
    x, a, target, y = neurons()
    move, _ = corrections(x, a, y, target - y, AMAX, 0.5)
    after = passed(x, a + xi * move)
    assert ((target - after).abs() <= (target - y).abs() + 1e-12).all()
    assert ((target - after) * (target - y) >= -1e-9).all()


def test_at_once_a_neuron_gives_what_it_can_be_told_to_give():
    x, a, target, y = neurons()
    reachable = (target <= x) & (target < 0.999) & ((x - target) / (1 - target) <= AMAX)
    move, _ = corrections(x, a, y, target - y, AMAX, 0.5)
    assert (passed(x, a + move) - target)[reachable].abs().max() < 1e-9


def test_a_threshold_stays_in_its_bounds():
    x, a, _, y = neurons()
    for wanted in (-5.0, -0.5, 0.0, 0.5, 5.0):
        move, _ = corrections(x, a, y, torch.full_like(x, wanted), AMAX, 0.5)
        assert ((a + move >= 0) & (a + move <= AMAX)).all()
        if wanted == 0:
            assert not move.any()


def test_a_neuron_that_is_right_asks_for_nothing():
    """In the dead zone and where it is saturated too, where the printed rule would move it."""
    x = torch.tensor([0.1, 0.5, 1.4], dtype=torch.float64)
    a = torch.full_like(x, 0.3)
    move, back = corrections(x, a, passed(x, a), torch.zeros_like(x), AMAX, 0.5)
    assert not move.any()
    assert not back.any()


# --- layers, against plain loops


def by_hand(o, thresholds, signs, neurons_, wanted, eta):
    """One sample: how far each threshold is to move, what it is to pass besides, and what is to come in."""
    moves, owed = torch.zeros_like(thresholds), torch.zeros_like(thresholds)
    neuron_moves, came = torch.zeros_like(neurons_), torch.zeros_like(o)
    for k, b in enumerate(neurons_):
        m = [passed(o[i], thresholds[k, i]) for i in range(len(o))]
        x = sum(signs[k, i] * m[i] for i in range(len(o)))
        y = passed(x, b)
        t = (y + wanted[k]).clamp(0, 1 - 1e-6)
        ideal = ((x - t) / (1 - t)).clamp(0, AMAX)
        if (ideal - b) * wanted[k] < 0:
            neuron_moves[k] = ideal - b
        dx = (1 - b) * t + b - x
        dx = eta * dx if dx * wanted[k] > 0 else torch.zeros(())
        for i in range(len(o)):
            e = signs[k, i] * dx * o[i] / o.sum() if o.sum() > 0 else torch.zeros(())
            owed[k, i] = e
            a, tm = thresholds[k, i], (m[i] + e).clamp(0, 1 - 1e-6)
            ideal = ((o[i] - tm) / (1 - tm)).clamp(0, AMAX)
            if (ideal - a) * e < 0:
                moves[k, i] = ideal - a
            do = (1 - a) * tm + a - o[i]
            if do * e > 0:
                came[i] += eta * do
    return moves, owed, neuron_moves, came


@pytest.mark.parametrize("seed", range(5))
def test_a_layer_moves_as_computed_neuron_by_neuron(seed):
    torch.manual_seed(seed)
    module = net("synapse(4)", "[6]")
    module.synapse.neuron_threshold.data.uniform_(0, 0.5)
    rule = BoundedRule(module, eta=0.5)
    x, wanted = torch.rand(3, 6, dtype=torch.float64), torch.rand(3, 4, dtype=torch.float64) - 0.5
    x[2] = 0.0
    x.requires_grad_()
    (rule(x) * -wanted).sum(1).mean().backward()
    layer = module.synapse
    each = [
        by_hand(x.detach()[s], layer.threshold.detach(), layer.signs, layer.neuron_threshold.detach(), wanted[s], 0.5)
        for s in range(3)
    ]
    moves, owed, neuron_moves, came = (torch.stack(found) for found in zip(*each, strict=True))
    torch.testing.assert_close(-layer.threshold.grad, voted(moves, owed), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(-layer.neuron_threshold.grad, voted(neuron_moves, wanted), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(-3 * x.grad, came, rtol=1e-9, atol=1e-12)


def voted(moves, wanted):
    """Of several samples those decide that want more than the others, which take away from the move."""
    found = torch.zeros_like(moves[0])
    for at in itertools.product(*map(range, found.shape)):
        mine, votes = [float(each[at]) for each in moves], [float(each[at]) for each in wanted]
        most = sum(votes)
        if most:
            agreeing = [i for i, vote in enumerate(votes) if vote * most > 0]
            mean = sum(mine[i] * abs(votes[i]) for i in agreeing) / sum(abs(votes[i]) for i in agreeing)
            found[at] = mean * abs(most) / sum(map(abs, votes))
    return found


def test_one_sample_moves_a_threshold_as_its_law_says():
    x, a, target, y = neurons(1000)
    move, _ = corrections(x, a, y, target - y, AMAX, 0.5)
    torch.testing.assert_close(agreed(move, target - y, a), move, rtol=1e-12, atol=0)


def test_samples_that_want_the_opposite_in_equal_measure_move_nothing():
    x = torch.tensor([[0.2], [0.9]], dtype=torch.float64)
    a, wanted = torch.tensor([0.5], dtype=torch.float64), torch.tensor([[0.1], [-0.1]], dtype=torch.float64)
    move, _ = corrections(x, a, passed(x, a), wanted, AMAX, 0.5)
    assert (move[0] < -0.2).all()
    assert (move[1] > 0).all()
    assert agreed(move, wanted, a).item() == 0


@pytest.mark.parametrize(
    ("layers", "size"),
    [
        ("synapse(5) -> lateral(0.05) by (i -> i + s for s in [-1, 1]) -> synapse(3)", "[6]"),
        ("synapse(5) by random(fan_in = 2) -> synapse(3)", "[5]"),
        ("synapse_conv(3, 3) -> maxpool(2) -> flatten -> synapse(4)", "[2, 6, 6]"),
        ("synapse_conv(4, 3, stride = 2) by blocks(2) -> flatten -> synapse(4)", "[2, 6, 6]"),
        ("synapse_conv(3, 2) -> bn -> relu -> flatten -> linear(2)", "[1, 4, 4]"),
    ],
)
def test_what_can_be_told_computes_what_the_module_does(layers, size):
    module = net(layers, size)
    rule = BoundedRule(module)
    x = torch.rand(4, *module.network.inputs[0].shapes[0], dtype=torch.float64, requires_grad=True)
    found = rule(x)
    torch.testing.assert_close(found, module(x), rtol=0, atol=0)
    found.sum().backward()
    assert all(each.grad is not None for each in module.parameters())


@pytest.mark.parametrize(
    ("dense", "sparse", "size"),
    [
        ("synapse(4)", "synapse(4) by (i -> j)", "[6]"),
        ("synapse_conv(3, 3)", "synapse_conv(3, 3) by (i -> j)", "[2, 5, 5]"),
    ],
)
def test_connections_of_a_rule_learn_as_those_of_a_full_layer(dense, sparse, size):
    found = []
    for layers in (dense, sparse):
        module = net(layers, size)
        (layer,) = (each for each in module.children() if hasattr(each, "threshold"))
        torch.manual_seed(0)
        draws = torch.rand(2, layer.threshold.numel(), dtype=torch.float64)
        layer.threshold.data.copy_(draws[0].reshape(layer.threshold.shape) * AMAX)
        layer.signs.copy_((draws[1] < 0.5).double().reshape(layer.signs.shape) * 2 - 1)
        rule = BoundedRule(module)
        x = torch.rand(3, *module.network.inputs[0].shapes[0], dtype=torch.float64, requires_grad=True)
        (rule(x) * torch.rand_like(module(x))).flatten(1).sum(1).mean().backward()
        found.append((layer.threshold.grad.flatten(), layer.neuron_threshold.grad, x.grad))
    torch.testing.assert_close(found[0], found[1], rtol=1e-9, atol=1e-12)


def test_a_connection_that_can_pass_no_less_becomes_one_of_the_other_kind():
    module = net("synapse(1)", "[1]")
    layer = module.synapse
    layer.threshold.data.fill_(0.975)
    layer.signs.fill_(1.0)
    rule = BoundedRule(module, tau=0.01)
    x = torch.ones(1, 1, dtype=torch.float64)
    (0.5 * rule(x).square()).mean().backward()
    rule.step()
    assert layer.signs.item() == -1
    assert rule(x).item() == 0


def test_a_connection_that_passes_nothing_and_is_to_pass_less_turns_around():
    """0.5 is below the threshold, so that its law moves nothing; another input makes the neuron give too much."""
    module = net("synapse(1)", "[2]")
    module.synapse.threshold.data.copy_(torch.tensor([[0.975, 0.1]]))
    module.synapse.signs.fill_(1.0)
    rule = BoundedRule(module, tau=0.01)
    (0.5 * rule(torch.tensor([[0.5, 0.9]]).double()).square()).mean().backward()
    rule.step()
    assert module.synapse.signs.tolist() == [[-1, 1]]
    assert module.synapse.threshold[0, 0].item() == pytest.approx(0.975, abs=1e-6)


def test_thresholds_of_neurons_and_connections_move_by_the_rate():
    moved = []
    for rate in (0.1, 0.2):
        module = net("synapse(3)", "[4]")
        module.synapse.neuron_threshold.data.fill_(0.3)
        rule = BoundedRule(module)
        rule.param_groups[0]["lr"] = rate
        before = [each.detach().clone() for each in module.parameters()]
        x = torch.rand(5, 4, generator=torch.manual_seed(0)).double()
        nn.functional.cross_entropy(rule(x), torch.arange(5) % 3).backward()
        rule.step()
        moved.append([after.detach() - was for after, was in zip(module.parameters(), before, strict=True)])
    for one, two in zip(*moved, strict=True):
        assert one.any()
        torch.testing.assert_close(2 * one, two)


def test_a_layer_that_is_used_twice_stays_in_its_bounds():
    text = "net a {\n    in: [3]\n    twice: synapse(3)\n    in -> twice -> twice -> out\n}\n"
    module = connc.compile(connc.loads(text)).double()
    rule = BoundedRule(module, xi=0.99)
    for seed in range(20):
        x = torch.rand(1, 3, generator=torch.manual_seed(seed)).double()
        rule.zero_grad()
        (0.5 * (rule(x) - 0.9).square().sum()).backward()
        for threshold in (module.twice.threshold, module.twice.neuron_threshold):
            after = threshold - threshold.grad
            assert after.min() > -1e-9
            assert after.max() < AMAX + 1e-9
        rule.step()


def test_a_module_that_is_cast_later_learns_all_the_same():
    module = connc.compile("std.dsc", {"hidden": 8, "votes": 4})
    rule = BoundedRule(module, tau=0.5)
    module.double()
    before = module.synapse.signs.clone()
    x = torch.rand(9, 64, generator=torch.manual_seed(0)).double()
    for _ in range(5):
        rule.zero_grad()
        nn.functional.cross_entropy(rule(x), torch.arange(9)).backward()
        rule.step()
    assert not torch.equal(module.synapse.signs, before)


def test_a_connection_at_the_highest_threshold_turns_around_too():
    module = net("synapse(1)", "[1]")
    module.synapse.threshold.data.fill_(AMAX)
    module.synapse.signs.fill_(1.0)
    rule = BoundedRule(module)
    (0.5 * rule(torch.ones(1, 1, dtype=torch.float64)).square()).mean().backward()
    rule.step()
    assert module.synapse.signs.item() == -1
    assert module.synapse.threshold.item() == AMAX


def test_a_step_without_anything_told_is_refused():
    """Outputs that the module computed bring gradients, which are no corrections."""
    module = net("synapse(2)", "[3]")
    rule = BoundedRule(module)
    module(torch.rand(2, 3).double()).sum().backward()
    with pytest.raises(RuntimeError, match="compute the outputs by the rule"):
        rule.step()
    rule(torch.rand(2, 3).double()).sum().backward()
    rule.step()
    with pytest.raises(RuntimeError, match="nothing was told since the last step"):
        rule.step()


def test_another_module_has_no_rule():
    with pytest.raises(TypeError, match="not Linear"):
        BoundedRule(nn.Linear(2, 3))


def test_a_net_without_bounded_connections_has_nothing_to_be_told():
    with pytest.raises(ValueError, match="no bounded connections"):
        BoundedRule(net("linear(2)", "[3]"))


# --- nets, by statistics


@pytest.mark.parametrize(("target", "above"), [("std.dsc", 0.6), ("std.dsc:dsc_conv", 0.35)])
def test_digits_are_told_apart_far_above_chance(target, above):
    history = connc.train(target, "digits", epochs=5).history
    assert history[-1].val_accuracy > above
    assert history[-1].loss < history[0].loss


def test_filters_that_learned_from_patches_tell_digits_apart_too():
    assert connc.train("std.dsc:dsc_conv", "digits", epochs=3, patches=5_000).history[-1].val_accuracy > 0.35


def test_small_nets_come_nearer_to_what_they_are_told():
    """One sample, two layers: most end near, though a single one may not, for the rule promises it of neurons alone."""
    before, after = [], []
    for seed in range(8):
        torch.manual_seed(seed)
        module = net("synapse(5) -> synapse(1)", "[6]", seed=seed)
        rule = BoundedRule(module, xi=0.2, eta=0.5)
        x, target = torch.rand(1, 6).double(), torch.rand(1, 1).double()
        errors = []
        for _ in range(200):
            y = rule(x)
            errors.append((y - target).abs().item())
            rule.zero_grad()
            (0.5 * nn.functional.mse_loss(y, target)).backward()
            rule.step()
        before.append(errors[0])
        after.append(errors[-1])
    assert sum(a < b for a, b in zip(after, before, strict=True)) >= 6
    assert sum(after) < 0.5 * sum(before)
    assert not any(itertools.filterfalse(lambda each: each <= 1, after))
