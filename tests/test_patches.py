"""Layers of bounded connections that learn without labels; what of them each input uses; filters of colours."""

import numpy as np
import pytest
import torch

import connc
from connc.backends.torch.training import PlanError
from connc.backends.torch.training.bounded import bounded_layers
from connc.backends.torch.training.patches import alienate, at_a_place, competitions, learn_patches
from connc.backends.torch.training.rule import BoundedRule

TWO = """
use std.dsc (winners, others)

net two {
    in: [1, 6, 6]
    in -> first: synapse_conv(4, 3) -> winners(0.05, others) -> second: synapse_conv(4, 3) -> winners(0.05, others)
        -> flatten -> last: synapse(3) -> out
}
"""


def learned(module, count=64, seed=0, images=None):
    shape = module.network.inputs[0].shapes[0]
    images = torch.rand(20, *shape, generator=torch.manual_seed(0)) if images is None else images
    rule = BoundedRule(module, xi=0.2)
    learn_patches(rule, list(competitions(rule)), images, count, 16, np.random.default_rng(seed))
    return module.state_dict()


def test_thresholds_are_made_to_differ_strictly():
    module = connc.compile(connc.loads(TWO))
    for layer in bounded_layers(module):
        alienate(layer, np.random.default_rng(0))
        assert len(layer.threshold.unique()) == layer.threshold.numel()
        assert layer.threshold.min() > 0
        assert layer.threshold.max() < layer.amax
        filters = layer.threshold.flatten(1) if layer.threshold.dim() > 1 else layer.threshold[:, None]
        assert len(filters.unique(dim=0)) == len(filters)


def test_layers_that_compete_learn_from_patches_and_others_stay():
    before = connc.compile(connc.loads(TWO)).state_dict()
    after = learned(connc.compile(connc.loads(TWO)))
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert {"first.threshold", "second.threshold"} <= changed
    assert not any(key.startswith("last") for key in changed)


def test_a_layer_learns_when_those_in_front_have_learned():
    """The first ends the same whether there is a second or not."""
    alone = TWO.replace("-> second: synapse_conv(4, 3) -> winners(0.05, others)", "")
    one, two = (learned(connc.compile(connc.loads(text))) for text in (alone, TWO))
    assert torch.equal(one["first.threshold"], two["first.threshold"])


def test_patches_are_drawn_from_the_seed_alone():
    torch.manual_seed(1)
    state = torch.get_rng_state()
    one, again, other = (
        learned(connc.compile(connc.loads(TWO)), seed=seed, images=torch.ones(9, 1, 6, 6) / 2) for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one["second.threshold"], again["second.threshold"])
    assert not torch.equal(one["second.threshold"], other["second.threshold"])


def test_who_wins_learns_and_who_loses_does_not():
    """One patch again and again; what each neuron gives is read off behind the competition."""
    text = """
    net a {
        in: [6]
        in -> neurons: synapse(5, excitatory = 100%) -> lateral(0.01) by (i -> j where i != j) -> out
    }
    """
    module, x = connc.compile(connc.loads(text)), 0.3 * torch.rand(1, 6, generator=torch.manual_seed(3))
    learned(module, 1, images=x)
    won = module(x)[0] > 0
    assert won.sum() == 1
    before = module.neurons.threshold.detach().clone()
    again = connc.compile(connc.loads(text))
    learned(again, 100, images=x)
    assert torch.equal((again.neurons.threshold != before).any(1), won)
    assert torch.equal(again(x)[0] > 0, won)


def test_a_patch_is_at_one_place_of_its_sample_and_at_any():
    error = torch.rand(300, 4, 5, 3) + 1
    found = at_a_place(error, np.random.default_rng(0))
    told = (found != 0).all(3)
    assert (told.flatten(1).sum(1) == 1).all()
    assert torch.equal(found[told], error[told])
    assert told.any(0).all()


def test_what_is_random_elsewhere_stays_out_of_it():
    """No global generator moves, no norm sees the patches, and the mode of the module does not matter."""
    text = TWO.replace("in -> first", "in -> dropout(0.5) -> bn -> first")
    found = []
    for train in (True, False):
        module = connc.compile(connc.loads(text)).train(train)
        before, state = module.bn.running_mean.clone(), torch.manual_seed(3).get_state()
        with torch.no_grad():
            found.append(learned(module, images=torch.ones(9, 1, 6, 6) / 2)["first.threshold"].clone())
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.equal(module.bn.running_mean, before)
    assert torch.equal(*found)


def test_a_layer_learns_once_however_often_it_competes():
    text = TWO.replace("-> second: synapse_conv(4, 3) ->", "-> maxpool(2) ->")
    rule = BoundedRule(connc.compile(connc.loads(text)))
    assert [each.layer.name for each in competitions(rule)] == ["first"]


def test_layers_that_compete_together_are_refused():
    text = """
    net a {
        in: [64]
        one = in -> s: synapse(5)
        two = in -> u: synapse(5)
        one + two -> lateral(0.1) by (i -> i + 1) -> synapse(10) -> out
    }
    """
    with pytest.raises(PlanError, match="reads several layers together"):
        connc.train(connc.compile(connc.loads(text)), "digits", patches=10)


@pytest.mark.parametrize(
    ("layers", "optimizer", "said"),
    [
        ("linear(3)", "adam", "add the optimizer `bounded`"),
        ("synapse(3)", "bounded", "neurons that compete, by `lateral` behind bounded connections: there are none"),
        ("lateral(0.1) by (i -> i + 1) -> synapse(3)", "bounded", "there are none"),
    ],
)
def test_patches_that_teach_nothing_are_told(layers, optimizer, said):
    module = connc.compile(connc.loads(f"net a {{\n    in: [64]\n    in -> {layers} -> linear(10) -> out\n}}\n"))
    with pytest.raises(PlanError, match=said):
        connc.train(module, "digits", optimizer=optimizer, patches=10)


# --- the sparse graph of each input


def test_connections_that_pass_something_are_counted_for_each_sample():
    module = connc.compile(connc.loads("net a {\n    in: [3]\n    in -> one: synapse(2) -> out\n}\n"))
    module.one.threshold.data.copy_(torch.tensor([[0.1, 0.5, 0.9], [0.0, 0.3, 0.2]]))
    found = connc.active(module, torch.tensor([[0.2, 0.5, 1.0], [0.0, 0.0, 0.0]]))["one"]
    assert found.counts.tolist() == [[[1, 0, 1], [1, 1, 1]], [[0, 0, 0], [0, 0, 0]]]
    assert found.masks.tolist() == [[[True, False, True], [True, True, True]], [[False] * 3] * 2]
    assert found.shares.tolist() == [5 / 6, 0]


def test_places_of_a_map_are_counted():
    text = "net a {\n    in: [1, 3, 3]\n    in -> one: synapse_conv(2, 1) -> synapse_conv(1, 3) -> out\n}\n"
    module = connc.compile(connc.loads(text))
    module.one.threshold.data.copy_(torch.tensor([0.35, 0.75]).reshape(2, 1, 1, 1))
    image = torch.arange(9).reshape(1, 1, 3, 3) / 10
    found = connc.active(module, image)
    assert found["one"].counts.flatten().tolist() == [5, 1]
    assert list(found) == ["one", "synapse_conv"]
    assert found["synapse_conv"].counts.shape == (1, 1, 2, 3, 3)


def test_of_a_rule_there_is_a_count_for_each_connection():
    module = connc.compile(connc.loads("net a {\n    in: [4]\n    in -> one: synapse(4) by (i -> i + 1) -> out\n}\n"))
    module.one.threshold.data.fill_(0.5)
    found = connc.active(module, torch.tensor([[0.9, 0.1, 0.8, 0.9]]))["one"]
    assert found.counts.tolist() == [[1, 0, 1]]


def test_a_layer_that_is_used_twice_counts_what_both_pass():
    text = """
    net a {
        in: [2]
        twice: synapse(2)
        in -> twice -> twice -> out
    }
    """
    module = connc.compile(connc.loads(text))
    module.twice.threshold.data.copy_(torch.tensor([[0.1, 0.1], [0.1, 0.9]]))
    module.twice.signs.fill_(1.0)
    found = connc.active(module, torch.tensor([[0.5, 0.0]]))["twice"]
    assert found.counts.tolist() == [[[2, 1], [2, 0]]]


def test_to_look_changes_nothing():
    module = connc.compile(connc.loads("net a {\n    in: [3]\n    in -> bn -> synapse(2) -> out\n}\n"))
    before = module.bn.running_mean.clone()
    connc.active(module, torch.rand(9, 3))
    assert torch.equal(module.bn.running_mean, before)
    assert module.training


def test_neurons_that_lost_feed_nothing():
    module = connc.compile("std.dsc").eval()
    shares = connc.active(module, torch.rand(50, 64, generator=torch.manual_seed(0)))["poll.synapse"].shares
    assert 0 < shares.mean() < 0.5


def test_a_net_without_bounded_connections_has_no_such_graph():
    with pytest.raises(ValueError, match="no bounded connections"):
        connc.active(
            connc.compile(connc.loads("net a {\n    in: [2]\n    in -> linear(2) -> out\n}\n")), torch.rand(1, 2)
        )


# --- colours

COLORS = np.array([[1, 0, 0], [0, 1, 0], [0.2, 0.2, 1], [1, 1, 1], [1, 0.8, 0]])


def painted():
    draws = np.random.default_rng(0)
    chosen = draws.integers(len(COLORS), size=(20, 8, 8))
    light = draws.uniform(0.3, 1, (20, 8, 8, 1))
    images = (COLORS[chosen] * light + draws.normal(0, 0.01, (20, 8, 8, 3))).clip(0, 1)
    return np.moveaxis(images, -1, 1).astype(np.float32), chosen


def test_filters_find_the_colours_that_images_are_painted_with():
    images, chosen = painted()
    filters = connc.color_filters(images, 5)
    products = np.einsum("kc,nchw->nkhw", filters, images)
    assert 0 <= products.min() <= products.max() <= 1
    pairs = set(zip(chosen.ravel().tolist(), products.argmax(1).ravel().tolist(), strict=True))
    assert len(pairs) == 5
    assert np.array_equal(connc.color_filters(images, 5), filters)


def test_filters_move_to_the_middle_of_their_colours():
    """Two colours that shade into each other: the farthest pixels alone are not where they lie."""
    draws = np.random.default_rng(1)
    angles = np.concatenate([draws.normal(0.3, 0.08, 500), draws.normal(1.2, 0.08, 500)])
    images = np.stack([np.cos(angles), np.sin(angles)]).clip(0).reshape(2, 1000, 1).transpose(1, 0, 2)[..., None]
    filters = connc.color_filters(images.astype(np.float32), 2)
    assert sorted(np.arctan2(filters[:, 1], filters[:, 0])) == pytest.approx([0.3, 1.2], abs=0.02)


def test_the_palette_of_the_library_keeps_the_colour_that_fits_best():
    images, chosen = painted()
    text = "use std.dsc (palette)\n\nnet a {\n    in: [3, 8, 8]\n    in -> palette(5) -> out\n}\n"
    module = connc.compile(connc.loads(text))
    filters = torch.from_numpy(connc.color_filters(images, 5))
    module.palette.conv.weight.data.copy_(filters[:, :, None, None])
    kept = module(torch.from_numpy(images)).detach()
    assert ((kept > 0).sum(1) == 1).all()
    pairs = set(zip(chosen.ravel().tolist(), kept.argmax(1).ravel().tolist(), strict=True))
    assert len(pairs) == 5


@pytest.mark.parametrize(
    ("images", "count", "said"),
    [
        (np.zeros((2, 3, 4, 4), np.float32), 1, "there are 0 colours for 1 filters"),
        (np.full((2, 3, 4, 4), 0.5, np.float32), 2, "there are 1 colours for 2 filters"),
        (np.ones((2, 3), np.float32), 2, "takes images"),
        (np.ones((2, 3, 4, 4), np.float32), 0, "at least one filter"),
    ],
)
def test_colours_that_are_not_there_are_told(images, count, said):
    with pytest.raises(ValueError, match=said):
        connc.color_filters(images, count)
