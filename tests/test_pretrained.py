"""Weights of other implementations: what fits is found, what could be wrong is said, and nothing is guessed."""

import json
import os
import pickle
import random
import socket
import time
from collections import OrderedDict
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune

import connc
from connc.backends.pretrained.adopt import Adopted, MatchError, adopt
from connc.backends.torch import compile_network
from connc.backends.torch.folder import SaveError
from connc.backends.torch.manifest import LIMIT
from connc.backends.torch.tensors import read_tensors
from connc.testing import nets

DENSENET = "std.densenet"
SMALL = "net small {\n    in: [3]\n    in -> linear(4) -> relu -> linear(4) -> relu -> linear(2) -> out\n}\n"
CONVS = """\
net convs(classes = 5) {
    in: [3, 8, 8]
    in -> conv(4, 3) -> bn -> relu -> conv(4, 3) -> bn -> relu -> globalpool -> head: linear(classes) -> out
}
"""
ATTENTIVE = "net attentive {\n    in: [6, 8]\n    in -> layernorm -> attention(2) -> linear(3) -> out\n}\n"
SPARSE = "net sparse {\n    in: [12]\n    in -> linear(8) by random(fan_in = 3) -> relu -> linear(2) -> out\n}\n"


def module_of(text, params=None, seed=1):
    return compile_network(connc.loads(text, params), seed)


def drawn(module, seed=0):
    """A module of others, all its values drawn, those that it runs on too."""
    numbers = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                value.copy_(
                    torch.rand(value.shape, generator=numbers) + 0.5 if "var" in name else weight(value, numbers)
                )
            else:
                value.fill_(3)
    return module


def weight(value, numbers):
    """Of a size that keeps what flows through a deep net in bounds."""
    fan_in = value[0].numel() if value.dim() > 1 else 1
    return torch.randn(value.shape, generator=numbers) / fan_in**0.5


def values(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def maps(adopted):
    """Layers of theirs by ours."""
    return {each.ours.rpartition(".")[0]: each.theirs.rpartition(".")[0] for each in adopted.pairs}


def refused(module, source, words, **options):
    """It says so, and nothing has changed."""
    before = values(module)
    with pytest.raises(MatchError, match=words) as caught:
        adopt(module, source, **options)
    assert same(values(module), before)
    assert len(str(caught.value).splitlines()) < 50
    return str(caught.value)


def pairs(module, layer):
    """The sources and the targets of its connections."""
    return (torch.tensor(side.tolist()) for side in module.network[layer].what.rule.pairs())


def convs(classes=5):
    """What the spec says, as a `Sequential`."""
    made = [nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()]
    made += [nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()]
    return drawn(nn.Sequential(*made, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, classes)))


# --- DenseNet-121, layers named as torchvision names them


class DenseLayer(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(channels), nn.Conv2d(channels, 128, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(128), nn.Conv2d(128, 32, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv2(self.norm2(self.conv1(self.norm1(x).relu())).relu())], 1)


class DenseNet(nn.Module):
    def __init__(self, classes=1000, blocks=(6, 12, 24, 16)):
        super().__init__()
        channels, stem = 64, [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)]
        parts = dict(zip(("conv0", "norm0", "relu0", "pool0"), [*stem, nn.ReLU(), nn.MaxPool2d(3, 2, 1)], strict=True))
        for number, size in enumerate(blocks, 1):
            layers = {f"denselayer{i + 1}": DenseLayer(channels + 32 * i) for i in range(size)}
            parts[f"denseblock{number}"] = nn.Sequential(OrderedDict(layers))
            channels += 32 * size
            if number < len(blocks):
                steps = {"norm": nn.BatchNorm2d(channels), "relu": nn.ReLU()}
                steps |= {"conv": nn.Conv2d(channels, channels // 2, 1, bias=False), "pool": nn.AvgPool2d(2)}
                parts[f"transition{number}"] = nn.Sequential(OrderedDict(steps))
                channels //= 2
        self.features = nn.Sequential(OrderedDict(parts | {"norm5": nn.BatchNorm2d(channels)}))
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x):
        return self.classifier(self.features(x).relu().mean((2, 3)))


def densenet(**params):
    return compile_network(connc.load(DENSENET, params), 1)


def test_the_spec_of_densenet_has_the_size_of_torchvisions():
    assert connc.analyze(connc.load(DENSENET), "params") == {"params": 7_978_856}


@pytest.mark.parametrize("how", ["module", "state", "sorted", "file"])
def test_weights_of_densenet_are_found_and_compute_the_same(how, tmp_path):
    module, theirs = densenet(), drawn(DenseNet())
    state = theirs.state_dict()
    if how == "file":
        safetensors.torch.save_file(state, tmp_path / "a.safetensors")
        state = read_tensors(tmp_path / "a.safetensors")
    source = {"module": theirs, "sorted": {key: state[key] for key in sorted(state)}}.get(how, state)
    started = time.perf_counter()
    adopted = adopt(module, source)
    assert time.perf_counter() - started < 10
    x = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.equal(module.eval()(x), theirs.eval()(x))
    assert (len(adopted.pairs), adopted.missing, adopted.unused, adopted.uncertain) == (727, (), (), ())
    assert {each.theirs for each in adopted.pairs} == state.keys()
    assert "727 of 727 tensors, all of them" in str(adopted)
    assert " ".join(str(adopted).split()).count(" -> ") == 242
    assert maps(adopted)["part.2.transition.conv"] == "features.transition3.conv"


def test_densenet_for_other_classes_keeps_its_own_head():
    module, theirs = densenet(blocks=[2, 2], classes=7), drawn(DenseNet(blocks=(2, 2)))
    said = refused(module, theirs, "nothing fits 2 of our tensors")
    assert "head.linear.weight  [7, 128]  nearest is classifier.weight [1000, 128]" in said
    before = values(module)
    adopted = adopt(module, theirs, partial=True)
    assert [each.name for each in adopted.missing] == ["head.linear.weight", "head.linear.bias"]
    assert [each.name for each in adopted.unused] == ["classifier.weight", "classifier.bias"]
    assert torch.equal(module.head.linear.weight, before["head.linear.weight"])
    assert torch.equal(module.stem.conv.weight, theirs.features.conv0.weight)
    assert "not compared" in str(adopted)


# --- what stands in another order


class Bottleneck(nn.Module):
    """As in torchvision: what fits the shortcut is defined last."""

    def __init__(self, channels, width, out, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out)
        fits = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        self.downsample = fits if channels != out else None

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()
        return (self.bn3(self.conv3(y)) + (self.downsample(x) if self.downsample else x)).relu()


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(Bottleneck(8, 8, 32, 1), Bottleneck(32, 8, 32, 1))
        self.layer2 = nn.Sequential(Bottleneck(32, 16, 64, 2), Bottleneck(64, 16, 64, 1))
        self.fc = nn.Linear(64, 5)

    def forward(self, x):
        return self.fc(self.layer2(self.layer1(self.bn1(self.conv1(x)).relu())).mean((2, 3)))


SHORTCUT = """\
module shortcut(k: int, stride: int) {{
    in -> conv(k, 1, stride) -> bn -> out
}}

module unit(w: int, k: int, stride = 1) {{
{body}
    kept + made -> relu -> out
}}

net residual {{
    in: [3, 8, 8]
    in -> conv(8, 3) -> bn -> relu -> unit(8, 32) -> unit(8, 32) -> unit(16, 64, 2) -> unit(16, 64)
        -> globalpool -> linear(5) -> out
}}
"""
KEPT = "    kept = in -> (if in.channels == k then identity else {})\n"
MADE = "    made = in -> conv(w, 1) -> bn -> relu -> conv(w, 3, stride) -> bn -> relu -> conv(k, 1) -> bn\n"


@pytest.mark.parametrize("body", [KEPT + MADE, MADE + KEPT])
@pytest.mark.parametrize("ordered", [True, False])
def test_a_shortcut_is_found_where_it_is_defined_elsewhere(body, ordered):
    module, theirs = module_of(SHORTCUT.format(body=body.format("shortcut(k, stride)").rstrip())), drawn(ResNet())
    state = theirs.state_dict()
    adopted = adopt(module, theirs if ordered else {key: state[key] for key in sorted(state)})
    assert maps(adopted)["unit.shortcut.conv"] == "layer1.0.downsample.0"
    assert maps(adopted)["unit3.shortcut.bn"] == "layer2.0.downsample.1"
    assert torch.equal(module.unit.conv3.weight, theirs.layer1[0].conv3.weight)
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(module.eval()(x), theirs.eval()(x))


class Tokens(nn.Module):
    """Attention by hand, its parts in any order and under any names."""

    def __init__(self, *names):
        super().__init__()
        self.norm, self.names = nn.LayerNorm(8), names
        for name in names:
            self.add_module(name, nn.Linear(8, 8))
        self.fc = nn.Linear(8, 3)


def test_parts_of_attention_under_other_names():
    theirs = drawn(Tokens("q", "k", "v", "proj"))
    adopted = adopt(module := module_of(ATTENTIVE), theirs.state_dict())
    assert torch.equal(module.attention.value.weight, theirs.v.weight)
    assert {each.how for each in adopted.pairs} == {"order"}


def test_order_against_names_is_uncertain():
    theirs, module = drawn(Tokens("key", "query", "value", "proj")), module_of(ATTENTIVE)
    said = refused(module, theirs.state_dict(), "2 layers are uncertain")
    assert "attention.query  could be `query` or `key`: order and names disagree" in said
    assert "value" not in said
    assert 'names={"query": "attention.query"}' in said
    adopted = adopt(module, theirs.state_dict(), names={"query": "attention.query", "key": "attention.key"})
    assert torch.equal(module.attention.key.weight, theirs.key.weight)
    assert [each.how for each in adopted.pairs if each.theirs == "query.bias"] == ["pinned"]


def test_without_order_names_decide_or_nothing_does():
    told, untold = (drawn(Tokens(*names)).state_dict() for names in (("q", "k", "v", "proj"), ("a", "b", "c", "d")))
    adopted = adopt(module := module_of(ATTENTIVE), {key: told[key] for key in sorted(told)})
    assert {each.how for each in adopted.pairs if "attention" in each.ours} == {"name"}
    assert torch.equal(module.attention.query.weight, told["q.weight"])
    refused(module, {key: untold[key] for key in sorted(untold)}, "4 layers are uncertain")


def test_a_layer_that_several_could_be_is_not_guessed():
    module = module_of("net a {\n    in: [4]\n    in -> linear(4) -> linear(4) -> linear(2) -> out\n}\n")
    theirs = drawn(nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)))
    for partial in (False, True):
        said = refused(module, theirs.state_dict(), "2 layers are uncertain", partial=partial)
        assert "`0` or `1` or `2`: nothing tells them apart" in said
    adopted = adopt(module, theirs.state_dict(), names={"0": "linear", "2": "linear2"})
    assert maps(adopted) == {"linear": "0", "linear2": "2", "linear3": "3"}
    assert [each.name for each in adopted.unused] == ["1.weight", "1.bias"]


# --- names


def test_equal_keys_are_taken_by_name_in_any_order():
    theirs, module = drawn(module_of(CONVS)), module_of(CONVS)
    state = theirs.state_dict()
    adopted = adopt(module, dict(reversed(state.items())))
    assert same(values(module), state)
    assert {each.how for each in adopted.pairs} == {"name"}
    assert [each.name for each in adopt(module_of(CONVS, {"classes": 3}), state, partial=True).missing] == [
        "head.weight",
        "head.bias",
    ]


def test_pins_are_groups_layers_or_tensors():
    theirs = drawn(
        nn.ModuleDict({"b": nn.Linear(3, 4), "a": nn.ModuleDict({"x": nn.Linear(4, 4), "y": nn.Linear(4, 2)})})
    )
    module, state = module_of(SMALL), theirs.state_dict()
    state["gain"] = state.pop("b.weight")
    adopted = adopt(module, state, names={"gain": "linear.weight", "b.bias": "linear.bias", "a.x": "linear2"})
    assert torch.equal(module.linear.weight, theirs["b"].weight)
    assert [each.how for each in adopted.pairs] == ["pinned"] * 4 + ["order"] * 2


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"6": "head"}, "nothing of the source is called `6`"),
        ({"8.wieght": "head"}, "did you mean `8.weight`"),
        ({"8": "haed"}, "nothing of the module is called `haed`; did you mean `head`"),
        ({"8": "head", "0": "head"}, "`head` twice"),
    ],
)
def test_names_that_there_are_not(names, words):
    refused(module_of(CONVS), convs().state_dict(), words, names=names)


def test_a_pin_that_does_not_fit_says_why():
    said = refused(module_of(CONVS), convs().state_dict(), "nothing fits", names={"0": "head", "8": "conv"})
    assert "`8.weight` does not fit: it is [5, 4], and ours [4, 3, 3, 3]" in said


# --- other forms of the same


@pytest.mark.parametrize("wrapper", ["module.", "module._orig_mod."])
def test_names_in_front_of_all_names_make_no_difference(wrapper):
    theirs, module = convs(), module_of(CONVS)
    state = {wrapper + key: value for key, value in theirs.state_dict().items()}
    adopted = adopt(module, state, names={f"{wrapper}8": "head"})
    assert torch.equal(module.head.weight, theirs[8].weight)
    assert {each.theirs for each in adopted.pairs} == state.keys()


def test_old_checkpoints_count_no_batches():
    theirs, module = convs(), module_of(CONVS)
    state = {key: value for key, value in theirs.state_dict().items() if "num_batches" not in key}
    adopted = adopt(module, state)
    assert [each.name for each in adopted.missing] == ["bn.num_batches_tracked", "bn2.num_batches_tracked"]
    assert str(adopted).startswith("12 of 14 tensors, all that outputs depend on")
    assert torch.equal(module.bn2.running_var, theirs[4].running_var)


def test_numbers_stay_whole_and_others_take_our_precision():
    theirs, module = convs().double(), module_of(CONVS)
    adopt(module, theirs)
    assert module.bn.num_batches_tracked.dtype == torch.int64
    assert module.bn.num_batches_tracked == 3
    assert torch.equal(module.head.weight, theirs[8].weight.float())
    state = theirs.state_dict() | {
        "1.num_batches_tracked": torch.tensor(2.5),
        "8.bias": torch.ones(5, dtype=torch.int64),
    }
    assert "8.bias` does not fit: it holds int64, and ours float32" in refused(module, state, "nothing fits 1 of")


@pytest.mark.parametrize(
    "bad", [torch.zeros(5, device="meta"), torch.zeros(5).to_sparse(), torch.zeros(5, dtype=torch.complex64)]
)
def test_tensors_that_have_no_plain_values_do_not_fit(bad):
    refused(module_of(CONVS), convs().state_dict() | {"8.bias": bad}, "nothing fits 1 of")


def test_axes_of_size_1_make_no_difference():
    text = (
        "net a {\n    in: [3, 4, 4]\n    in -> conv(4, 1) -> relu -> globalpool -> linear(4, bias = false) -> out\n}\n"
    )
    first, second = torch.randn(4, 3), torch.randn(4, 4, 1, 1)
    adopt(module := module_of(text), {"b.weight": first, "a.weight": second})
    assert torch.equal(module.conv.weight[..., 0, 0], first)
    assert torch.equal(module.linear.weight, second[..., 0, 0])


def test_a_dense_weight_becomes_that_of_its_connections():
    module = module_of(SPARSE)
    sources, targets = pairs(module, "linear")
    mask = torch.zeros(8, 12)
    mask[targets, sources] = 1
    theirs = drawn(nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 2)))
    said = refused(module, theirs, "nothing fits 1 of our tensors")
    assert "linear.weight  [24]  `0.weight` does not fit: 72 of its entries are not 0 where the rule" in said
    with torch.no_grad():
        theirs[0].weight *= mask
    adopted = adopt(module, theirs)
    assert "outputs compared: equal" in str(adopted)
    assert torch.equal(module.linear.weight, theirs[0].weight[targets, sources])
    adopt(other := module_of(SPARSE, seed=2), dict(zip("abcd", module.state_dict().values(), strict=True)), names={
        "a": "linear.weight", "b": "linear.bias", "c": "linear2.weight", "d": "linear2.bias"
    })  # fmt: skip
    assert same(values(other), values(module))


@pytest.mark.parametrize("layer", ["conv(8, 3) by random(fan_in = 2)", "conv(8, 3) by full"])
def test_channels_of_a_dense_kernel(layer):
    module = module_of(f"use std.rules (full)\n\nnet a {{\n    in: [4, 5, 5]\n    in -> {layer} -> out\n}}\n")
    sources, targets = pairs(module, "conv")
    dense = torch.zeros(8, 4, 3, 3)
    dense[targets, sources] = torch.randn(len(sources), 3, 3)
    theirs = nn.Conv2d(4, 8, 3, padding=1, bias=False)
    theirs.weight.data = dense
    assert "outputs compared" in str(adopt(module, nn.Sequential(theirs)))


def test_pruned_weights_are_taken_as_they_compute():
    module = module_of(SPARSE)
    sources, targets = pairs(module, "linear")
    mask = torch.zeros(8, 12)
    mask[targets, sources] = 1
    theirs = drawn(nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 2)))
    prune.custom_from_mask(theirs[0], "weight", mask)
    adopted = adopt(module, theirs)
    assert adopted.unused == ()
    assert adopted.pairs[0].theirs == "0.weight_orig"
    assert torch.equal(module.linear.weight, theirs[0].weight_orig[targets, sources])


# --- outputs


class Other(nn.Sequential):
    """The same layers, another computation."""

    def forward(self, x):
        return super().forward(x) * 1.5


@pytest.mark.parametrize("training", [True, False])
def test_other_outputs_are_an_error_and_nothing_is_kept(training):
    theirs, module = Other(*convs()).train(training), module_of(CONVS).train(not training)
    theirs[1].eval()
    before, kept = values(theirs), [each.training for each in theirs.modules()]
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    said = refused(module, theirs, "the outputs differ from those of the source by 0.33 of their size, 0.0001 allowed")
    assert torch.equal(torch.rand(3), wanted)
    assert "0 -> conv" in said
    assert same(values(theirs), before)
    assert [each.training for each in theirs.modules()] == kept
    assert all(each.training is not training for each in module.modules())


def test_outputs_that_cannot_be_compared():
    class Two(Other):
        def forward(self, x, y):
            return x

    class Fails(Other):
        def forward(self, x):
            raise RuntimeError

    class Pair(Other):
        def forward(self, x):
            return x, x

    class Flat(Other):
        def forward(self, x):
            return x

    assert "takes other inputs" in str(adopt(module_of(CONVS), Two(*convs())))
    assert "has 2 and we have 1" in str(adopt(module_of(CONVS), Pair(*convs())))
    refused(module_of(CONVS), Fails(*convs()), r"fails on inputs of our shapes, \[2, 3, 8, 8\], with a RuntimeError")
    refused(module_of(CONVS), Flat(*convs()), "other shapes")


# --- arguments


def test_what_is_no_source_is_refused():
    module = module_of(CONVS)
    for source, words in (
        ({"state_dict": convs().state_dict(), "epoch": 3}, r"source\['state_dict'\]"),
        ({}, "no tensors"),
        ({"epoch": 3}, "no tensors"),
    ):
        refused(module, source, words)
    for arguments in ((module, [1]), (nn.Linear(1, 1), {})):
        with pytest.raises(TypeError, match="adopt"):
            adopt(*arguments)
    with torch.device("meta"):
        empty = module_of(CONVS)
    with pytest.raises(MatchError, match="`meta`"):
        adopt(empty, convs())


# --- laws

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def holds_of_a_renaming(network, seed, ordered=True):
    """All that is taken is right, and what is not is said."""
    module, numbers = compile_network(network, 1), random.Random(seed)
    state = drawn(compile_network(network, 2)).state_dict()
    assume(state)
    paths, renamed = {"": ""}, dict[str, str]()
    for key in state:
        words = key.split(".")[:-1]
        for i in range(len(words)):
            above, path = ".".join(words[:i]), ".".join(words[: i + 1])
            if path not in paths:
                word = f"{''.join(numbers.choices('abcdefghij', k=8))}"
                paths[path] = f"{paths[above]}.{word}".lstrip(".")
        renamed[f"{paths['.'.join(words)]}.{key.rpartition('.')[2]}"] = key
    if ordered:
        assume(list(renamed) != sorted(renamed))
    before = values(module)
    given_state = {new: state[old] for new, old in renamed.items()}
    try:
        adopted = adopt(module, given_state if ordered else {key: given_state[key] for key in sorted(given_state)})
    except MatchError as error:
        said = str(error)
    else:
        assert {each.ours: renamed[each.theirs] for each in adopted.pairs} == {key: key for key in state}
        assert same(values(module), state)
        return
    assert "uncertain" in said or not ordered
    assert same(values(module), before)


@QUICK
@given(nets(), st.integers(0, 2**16))
def test_renamed_weights_find_back_or_are_uncertain(network, seed):
    holds_of_a_renaming(network, seed)


@QUICK
@given(nets(), st.integers(0, 2**16))
def test_renamed_weights_without_order_find_back_or_are_refused(network, seed):
    holds_of_a_renaming(network, seed, ordered=False)


@pytest.mark.slow
@settings(QUICK, max_examples=100)
@given(nets(layers=16), st.integers(0, 2**16), st.booleans())
def test_larger_renamed_nets_find_back_or_are_refused(network, seed, ordered):
    holds_of_a_renaming(network, seed, ordered)


@pytest.mark.slow
@pytest.mark.parametrize("change", ["none", "sorted", "head", "extra"])
def test_two_thousand_layers_take_seconds(change):
    rows = "net deep {\n    in: [8]\n    layer[2000]: linear(8)\n    connect in, layer by (i -> i + 1)\n    "
    module = module_of(rows + "layer[-1] -> head: linear(3) -> out\n}\n")
    layers = [nn.Linear(8, 8) for _ in range(2001 if change == "extra" else 2000)]
    state = drawn(nn.Sequential(*layers, nn.Linear(8, 4 if change == "head" else 3))).state_dict()
    state = {key: state[key] for key in sorted(state)} if change == "sorted" else state
    started = time.perf_counter()
    if change == "extra":
        refused(module, state, "2,000 layers are uncertain")
    else:
        assert torch.equal(
            adopt(module, state, partial=change == "head") and module.layer[1234].bias, state["1234.bias"]
        )
    assert time.perf_counter() - started < 10


# --- files


def written(path, head, data=b"", size=None):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    path.write_bytes((len(text) if size is None else size).to_bytes(8, "little") + text + data)
    return path


def entry(dtype="F32", shape=(2,), start=0, stop=8):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}


def not_read(path, words):
    with pytest.raises(SaveError, match=words) as caught:
        read_tensors(path)
    assert caught.value.help
    assert len(str(caught.value)) < 500 + len(str(path))


@pytest.mark.parametrize(
    "dtype",
    ["float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"],
)
def test_files_of_safetensors_are_read(dtype, tmp_path):
    tensors = {
        "a.b": torch.arange(6).reshape(2, 3).to(getattr(torch, dtype)),
        "scalar": torch.tensor(1.0),
        "none": torch.ones(0, 3),
        "odd": torch.arange(3, dtype=torch.int8),
    }
    safetensors.torch.save_file(tensors, tmp_path / "a", metadata={"format": "pt"})
    (tmp_path / "link").symlink_to(tmp_path / "a")
    for name in ("a", "link"):
        found = read_tensors(tmp_path / name)
        assert same({key: found[key] for key in tensors}, tensors)
        assert all(found[key].dtype == value.dtype for key, value in tensors.items())


def test_values_that_lie_anywhere_are_read(tmp_path):
    head = {"a": entry("U8", (1,), 0, 1), "b": entry("F32", (2,), 1, 9)}
    found = read_tensors(written(tmp_path / "a", head, b"\x07" + torch.tensor([1.5, 2.5]).numpy().tobytes()))
    assert found["b"].tolist() == [1.5, 2.5]


HOSTILE = {
    "lists": (b"[1]", "no file of safetensors"),
    "no JSON": (b'{"a": ', "no JSON"),
    "no UTF-8": (b'{"\xff": 1}', "no JSON"),
    "nested": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "no JSON"),
    "endless number": (b'{"a":' + b"9" * 5_000 + b"}", "no JSON"),
    "twice": (json.dumps({"a": entry()}).encode()[:-1] + b', "a": 1}', "'a' twice"),
    "inner twice": (b'{"a": {"dtype": "F32", "dtype": "F32"}}', "'dtype' twice"),
    "type": ({"a": entry("F33")}, "'F33', and what is read"),
    "no type": ({"a": entry(7)}, "what is no text"),
    "fraction": ({"a": entry(shape=(2.0,))}, "whole numbers are due"),
    "NaN": (b'{"a": {"dtype": "F32", "shape": [NaN], "data_offsets": [0, 8]}}', "whole numbers are due"),
    "truth": ({"a": entry(shape=(True, 2))}, "no list of sizes"),
    "negative": ({"a": entry(shape=(-2, -1))}, "no list of sizes"),
    "negative offset": ({"a": entry(start=-8, stop=0)}, "no list of sizes"),
    "text": ({"a": entry(shape="22")}, "no list of sizes"),
    "huge": ({"a": entry(shape=(2**62, 2**62))}, "a shape that no tensor has"),
    "huge and nothing": ({"a": entry(shape=(0, 2**62, 2**62), stop=0)}, "a shape that no tensor has"),
    "axes": ({"a": entry(shape=[1] * 17 + [2])}, "a shape that no tensor has"),
    "size": ({"a": entry(shape=(3,))}, "not those of 12 bytes"),
    "backwards": ({"a": entry(start=8, stop=0)}, "not those of 8 bytes"),
    "three": ({"a": entry() | {"data_offsets": [0, 8, 8]}}, "not those of 8 bytes"),
    "key more": ({"a": entry() | {"run": "me"}}, "alone"),
    "key less": ({"a": {"dtype": "F32", "shape": [2]}}, "alone"),
    "no entry": ({"a": 1}, "alone"),
    "overlap": ({"a": entry(), "b": entry(start=4, stop=12)}, "overlap others"),
    "gap": ({"a": entry(shape=(1,), stop=4), "b": entry(shape=(0,), start=8, stop=8)}, "leave a gap"),
    "short": ({"a": entry(shape=(1,), stop=4)}, "take 4 bytes, and 8 are there"),
    "long": ({"a": entry(shape=(4,), stop=16)}, "take 16 bytes, and 8 are there"),
    "NUL": ({"a\0": entry()}, "is no name"),
    "line": ({"a\nb": entry()}, "is no name"),
    "surrogate": (b'{"\\ud800": 1}', "is no name"),
    "no name": ({"": entry()}, "is no name"),
    "long name": ({"a" * 5_000: entry()}, "is no name"),
    "metadata": ({"__metadata__": {"a": 1}, "a": entry()}, "__metadata__"),
    "many": ({f"{i:x}": 0 for i in range(200_001)}, "200,001 tensors"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_head_that_lies_is_refused(name, tmp_path):
    head, words = HOSTILE[name]
    not_read(written(tmp_path / "a", head, bytes(8)), words)


def test_truth_values_are_0_or_1(tmp_path):
    not_read(written(tmp_path / "a", {"a": entry("BOOL", (2,), 0, 2)}, b"\0\2"), "truth values")


def test_files_that_are_none_are_refused(tmp_path):
    for size in (9, 2**63, LIMIT + 1):
        not_read(written(tmp_path / "a", b"{}", size=size), "its head would have")
    (tmp_path / "empty").touch()
    not_read(tmp_path / "empty", "no file of safetensors")
    not_read(tmp_path, "it is a folder")
    not_read(tmp_path / "absent", "no such file")
    not_read(Path("a\0b"), "no path")
    os.mkfifo(tmp_path / "pipe")
    not_read(tmp_path / "pipe", "a pipe or a device")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(name := os.path.relpath(tmp_path / "s"))
        not_read(Path(name), "no regular file")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("changed") / "a.safetensors"


@settings(QUICK, max_examples=100)
@given(data=st.data())
def test_a_file_with_changed_bytes_is_read_or_refused(data, place):
    whole = safetensors.torch.save({"a": torch.ones(2, 3), "b": torch.arange(4)})
    changed = bytearray(whole[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else whole)
    for i in data.draw(st.lists(st.integers(0, max(len(changed) - 1, 0)), max_size=3)) if changed else ():
        changed[i] = data.draw(st.integers(0, 255))
    place.write_bytes(changed)
    try:
        read_tensors(place)
    except SaveError as error:
        refusal = error
    else:
        return
    assert refusal.help


class Trap:
    def __reduce__(self):
        return pytest.fail, ("something was run",)


def test_pickles_are_not_read_and_the_way_out_is_said(tmp_path):
    torch.save({"a": torch.ones(2)}, tmp_path / "zip")
    torch.save({"a": torch.ones(2)}, tmp_path / "old", _use_new_zipfile_serialization=False)
    for protocol in (2, 3, 4, 5):
        (tmp_path / str(protocol)).write_bytes(pickle.dumps(Trap(), protocol))
    for path in tmp_path.iterdir():
        not_read(path, "it is a pickle, which can run code.*save_file")


def test_a_report_is_what_its_parts_say():
    adopted = Adopted((), (), (), ())
    assert str(adopted) == "0 of 0 tensors, all of them"
