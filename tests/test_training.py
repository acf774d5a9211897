"""Nets that learn: what they come to, the same each time, and taken up again as if nothing had been between."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import connc
from connc.backends.data import Data, Part, load_data
from connc.backends.torch.saving import SaveError
from connc.backends.torch.training import RECIPES, Learner, Plan, PlanError, planned
from connc.backends.torch.training.loop import augmented, batches
from connc.backends.torch.training.plan import Adam, Bounded, Constant, Cosine, Sgd, Step

NET = """
net small(classes = 3, input: shape = [1, 8, 8], p = 0.2) {
    in: input
    in -> conv(8, 3) -> bn -> relu -> maxpool(2) -> dropout(p) -> flatten -> linear(classes) -> out
}

net fixed {
    in: [1, 8, 8]
    in -> flatten -> linear(10) -> out
}

net rows(classes = 3, input: shape = [5]) {
    in: input
    in -> linear(16) -> relu -> linear(classes) -> out
}

net still {
    in: [10]
    in -> relu -> out
}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.conn").write_text(NET)
    torch.set_num_threads(1)
    return tmp_path


def state(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def equal(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


# --- learning


def test_digits_are_learned():
    _, history = connc.train("net.conn:small", "digits", epochs=5)
    assert [each.epoch for each in history] == [1, 2, 3, 4, 5]
    assert history[-1].val_accuracy > 0.9
    assert history[-1].loss < history[0].loss


def test_a_module_trains_as_its_net_does():
    module = connc.compile("net.conn:small", {"classes": 10})
    made, history = connc.train(module, "digits", epochs=1)
    assert made is module
    other, same = connc.train("net.conn:small", "digits", epochs=1)
    assert history == same
    assert equal(state(module), state(other))


def test_training_depends_on_its_seed_and_draws_from_nothing_global():
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = connc.train("net.conn:small", "digits", epochs=2, limit=200)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    np.random.seed(2)
    again = connc.train("net.conn:small", "digits", epochs=2, limit=200)
    assert first.history == again.history
    assert equal(state(first.module), state(again.module))
    assert connc.train("net.conn:small", "digits", epochs=2, limit=200, seed=1).history != first.history


def test_no_batch_is_left_with_a_single_sample():
    """65 samples in batches of 64: a norm over one value would be refused."""
    module = connc.compile("net.conn:small", {"classes": 10})
    data = load_data("digits").first(65)
    seen = []
    module.register_forward_pre_hook(lambda each, x: seen.append(len(x[0])) if each.training else None)
    connc.train(module, data, epochs=1)
    assert sorted(seen) == [32, 33]


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_batches_hold_each_sample_once_and_never_one_alone(size):
    for count in range(2, 70):
        found = batches(np.arange(count), size)
        assert np.concatenate(found).tolist() == list(range(count))
        assert size == 1 or min(map(len, found)) > 1
        assert max(map(len, found)) <= size + (size < 4)


def test_the_order_differs_from_epoch_to_epoch():
    module, seen = connc.compile("net.conn:small", {"classes": 10}), []
    module.register_forward_pre_hook(lambda each, x: seen.append(x[0].clone()) if each.training else None)
    connc.train(module, load_data("digits").first(50), epochs=2)
    assert not torch.equal(*seen)
    assert torch.equal(*(each.sum(0) for each in seen))


def test_a_module_gets_data_of_its_own_kind():
    data = load_data("digits").first(50)
    data.train.inputs.flags.writeable = False
    module, history = connc.train(connc.compile("net.conn:small", {"classes": 10}).double(), data, epochs=1)
    assert history[0].loss > 0
    assert next(module.parameters()).dtype == torch.float64


# --- nets for data


def test_a_net_gets_its_input_and_its_classes_from_the_data():
    assert connc.train("net.conn:small", "digits", epochs=1, limit=64).module.network.shapes == ((10,),)
    rows = connc.train("net.conn:rows", "digits", epochs=1, limit=64).module.network
    assert (rows.inputs[0].shapes, rows.shapes) == (((64,),), ((10,),))


def test_what_is_set_stays():
    found = connc.train("net.conn:small", "digits", {"classes": 16}, epochs=1, limit=64)
    assert found.module.network.shapes == ((16,),)
    padded = connc.train("net.conn:small", "digits", recipe="adam30", epochs=1, limit=64)
    assert padded.module.network.shapes == ((16,),)


@pytest.mark.parametrize(
    ("target", "params", "said"),
    [
        ("net.conn:small", {"input": [3, 8, 8]}, "takes inputs of the shape 3x8x8, digits has 1x8x8"),
        ("net.conn:small", {"classes": 7}, "gives \\[7\\], digits needs a number for each of 10 classes"),
        ("net.conn:still", {}, "takes inputs of the shape \\[10\\], digits has \\[64\\]"),
    ],
)
def test_a_net_that_does_not_fit_the_data_is_told(target, params, said):
    with pytest.raises(connc.TrainError, match=said):
        connc.train(target, "digits", params, epochs=1)


def test_a_net_that_fits_as_it_is_needs_no_parameters():
    assert len(connc.train("net.conn:fixed", "digits", epochs=1, limit=64).history) == 1


def test_a_net_without_parameters_has_nothing_to_learn():
    draws = np.random.default_rng(0)
    part = Part(draws.random((20, 10), np.float32), np.arange(20) % 10)
    with pytest.raises(ValueError, match="nothing to learn"):
        connc.train("net.conn:still", Data("noise", part, part, 10), epochs=1)


# --- going on


@pytest.mark.parametrize("optimizer", ["sgd(lr = 0.05, nesterov = true)", "sgd(momentum = 0)", "adam", "bounded"])
def test_a_training_that_goes_on_ends_as_one_that_was_never_cut(optimizer):
    net, patches = ("std.dsc:dsc_conv", 100) if optimizer == "bounded" else ("net.conn:small", None)
    how = {"optimizer": optimizer, "schedule": "cosine", "epochs": 4, "limit": 200, "patches": patches}
    whole = connc.train(net, "digits", folder="whole", **how)
    with pytest.raises(KeyboardInterrupt):
        connc.train(net, "digits", folder="cut", told=interrupt_at(2), **how)
    rest = connc.train(net, "digits", folder="cut", resume=True, **how)
    assert rest.history == whole.history
    assert equal(state(rest.module), state(whole.module))
    assert equal(state(connc.restore("cut")), state(whole.module))


def interrupt_at(number):
    def told(epoch):
        if epoch.epoch == number:
            raise KeyboardInterrupt

    return told


def test_a_training_that_is_over_stays_as_it_is():
    how = {"epochs": 2, "limit": 100, "folder": "kept"}
    first = connc.train("net.conn:small", "digits", **how)
    again = connc.train("net.conn:small", "digits", resume=True, **how)
    assert again.history == first.history
    assert equal(state(again.module), state(first.module))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": 3, "schedule": "cosine"}, "it was trained with"),
        ({"optimizer": "sgd"}, "it was trained with optimizer"),
        ({"limit": 99}, "it was trained with other data"),
        ({"seed": 1}, "it was trained with seed 0 and not 1"),
        ({"params": {"p": 0.5}}, "it holds another network"),
    ],
)
def test_another_training_does_not_go_on(change, said):
    how = {"epochs": 2, "limit": 100, "folder": "kept"}
    connc.train("net.conn:small", "digits", **how)
    with pytest.raises(SaveError, match=said):
        connc.train("net.conn:small", "digits", resume=True, **(how | change))


def test_a_training_at_one_rate_goes_on_for_more_epochs():
    how = {"limit": 100, "folder": "kept"}
    connc.train("net.conn:small", "digits", epochs=2, **how)
    more = connc.train("net.conn:small", "digits", epochs=4, resume=True, **how)
    assert more.history == connc.train("net.conn:small", "digits", epochs=4, limit=100).history


def test_a_save_without_a_training_does_not_go_on():
    connc.save(connc.compile("net.conn:small", {"classes": 10}), "kept")
    with pytest.raises(SaveError, match="nothing of a training"):
        connc.train("net.conn:small", "digits", epochs=1, folder="kept", resume=True)


@pytest.mark.parametrize(
    ("make", "options", "said"),
    [
        (lambda path: path.write_text(""), {}, "is a file"),
        (lambda path: (path.mkdir(), (path / "x").touch()), {}, "is not empty"),
        (lambda path: path.mkdir(), {"resume": True}, "keeps no training"),
        (lambda path: None, {"resume": True}, "keeps no training"),
    ],
)
def test_a_folder_that_cannot_keep_a_training_is_told_before_there_is_one(folder, make, options, said):
    make(folder / "kept")
    with pytest.raises(connc.TrainError, match=said):
        connc.train(
            "net.conn:small",
            "digits",
            folder="kept",
            epochs=1,
            **options,
            told=lambda epoch: pytest.fail("it has learned"),
        )


def test_a_training_whose_loss_is_no_number_any_more_ends():
    with pytest.raises(connc.TrainError, match="the loss of epoch 1 is no number any more"):
        connc.train("net.conn:small", "digits", optimizer="sgd(lr = 1e30)", limit=200)


def test_rows_are_not_shifted():
    with pytest.raises(connc.TrainError, match="rows of numbers"):
        connc.train("net.conn:rows", "digits", recipe="steps160", epochs=1)


@pytest.mark.parametrize("name", ["epochs", "batch", "limit"])
def test_counts_are_whole_numbers_from_one_on(name):
    for count in (0, -1, 1.5, True):
        with pytest.raises(connc.TrainError, match=f"`{name}` is a whole number"):
            connc.train("net.conn:small", "digits", **{name: count})


def test_data_of_ones_own_is_looked_at():
    part = Part(np.zeros((4, 1, 8, 8), np.float32), np.array([0, 1, 2, 20]))
    with pytest.raises(connc.DataError, match="a label 20"):
        connc.train("net.conn:small", Data("mine", part, part, 10), epochs=1)
    doubles = Part(np.zeros((4, 1, 8, 8)), np.array([0, 1, 2, 1]))
    assert connc.train("net.conn:small", Data("mine", doubles, doubles, 3), epochs=1).history


# --- plans


def test_rates_fall_where_they_are_told_to():
    rates = RECIPES["steps160"]
    shares = [rates.schedule((epoch - 1) / 160) for epoch in range(1, 161)]
    assert shares == [1.0] * 90 + [0.1] * 50 + [0.01] * 20
    rates = RECIPES["steps280"]
    shares = [rates.schedule((epoch - 1) / 280) for epoch in range(1, 281)]
    assert shares == [1.0] * 150 + [0.1] * 50 + [0.01] * 50 + [0.002] * 30


def test_a_cosine_falls_from_one_to_nothing():
    found = [Cosine()(over / 4) for over in range(5)]
    assert found == pytest.approx([1, 0.853553, 0.5, 0.146447, 0], abs=1e-6)


def test_the_optimiser_gets_the_rates_of_the_plan():
    plan = Plan(Sgd(lr=0.2), Step((0.5,), (0.1,)), epochs=4)
    learner = Learner(connc.compile("net.conn:small", {"classes": 10}), load_data("digits").first(64), plan)
    seen = [learner.optimizer.param_groups[0]["lr"] for _ in learner.epochs()]
    assert seen == pytest.approx([0.2, 0.2, 0.02, 0.02])


@pytest.mark.parametrize(
    ("said", "plan"),
    [
        ({}, Plan()),
        ({"recipe": "steps40"}, RECIPES["steps40"]),
        ({"epochs": 3, "batch": None}, replace(Plan(), epochs=3)),
        ({"optimizer": "sgd"}, replace(Plan(), optimizer=Sgd())),
        ({"optimizer": "adam(lr = 1e-2)"}, replace(Plan(), optimizer=Adam(lr=0.01))),
        ({"optimizer": "sgd(lr = 1 / 4, nesterov = true)"}, replace(Plan(), optimizer=Sgd(lr=0.25, nesterov=True))),
        ({"optimizer": "bounded(xi = 0.1)"}, replace(Plan(), optimizer=Bounded(xi=0.1))),
        ({"schedule": "constant"}, replace(Plan(), schedule=Constant())),
        ({"schedule": "step(at = [0.5], to = [10%])"}, replace(Plan(), schedule=Step((0.5,), (0.1,)))),
    ],
)
def test_a_plan_is_a_recipe_and_what_is_told_besides(said, plan):
    assert planned(**said) == plan


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"recipe": "step40"}, "there is no recipe `step40`; did you mean `steps40`?"),
        ({"optimizer": "adamw"}, "there is no optimizer `adamw`; did you mean `adam`?"),
        ({"optimizer": "sgd(rate = 1)"}, "there is no `rate`; it has lr, momentum, nesterov, weight_decay"),
        ({"optimizer": "sgd(0.1)"}, "name what is given, as in `lr = 0.1`"),
        ({"optimizer": "sgd(lr = fast)"}, "`fast` is not a number"),
        ({"optimizer": "sgd(lr = [1])"}, "`[1]` is not a number"),
        ({"optimizer": "sgd(nesterov = 1)"}, "`1` is not true or false"),
        ({"optimizer": "sgd(lr = "}, "is no optimizer"),
        ({"schedule": "step(at = [0.5])"}, "`at` rises, and has as many shares as `to`"),
        ({"schedule": "step(at = 0.5)"}, "`0.5` is not a list of numbers"),
        ({"schedule": "step(at = [90], to = [0.1])"}, "`at` are shares of all epochs, between 0 and 1"),
    ],
)
def test_a_plan_that_nothing_stands_for_is_told(said, message):
    with pytest.raises(PlanError) as caught:
        planned(**said)
    assert message in str(caught.value)


@pytest.mark.parametrize("optimizer", ["sgd(lr = -1)", "sgd(nesterov = true, momentum = 0)", "adam(lr = -1)"])
def test_numbers_that_torch_does_not_take_are_told(optimizer):
    with pytest.raises(PlanError, match=r"Invalid|Nesterov"):
        connc.train("net.conn:small", "digits", optimizer=optimizer)


@pytest.mark.parametrize(
    ("layers", "optimizer"),
    [
        ("synapse(10)", Bounded()),
        ("lateral(0.0) by (i -> i + 1) -> synapse(9) -> synapse(10)", Bounded()),
        ("synapse(9) -> linear(10)", Adam()),
        ("linear(10)", Adam()),
    ],
)
def test_a_net_gets_the_optimiser_that_suits_it(layers, optimizer):
    module = connc.compile(connc.loads(f"net a {{\n    in: [64]\n    in -> {layers} -> out\n}}\n"))
    assert Plan().suited(module).optimizer == optimizer
    assert Plan(Sgd()).suited(module).optimizer == Sgd()


def test_the_rule_teaches_bounded_connections_alone():
    with pytest.raises(PlanError, match="small has no bounded connections"):
        connc.train("net.conn:small", "digits", optimizer="bounded")


def test_the_numbers_of_the_rule_are_between_0_and_1():
    with pytest.raises(PlanError, match="`xi`, `eta` and `tau` are between 0 and 1"):
        connc.train("std.dsc", "digits", optimizer="bounded(xi = 1)")


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("classes: int, input: shape", "linear(classes)"),
        ("classes = 3, input: shape = [2, 9, 9]", "flatten -> linear(8) by random(fan_in = 8) -> linear(classes)"),
        ("classes: int, input: shape", "conv(2, 3) -> flatten -> linear(classes)"),
    ],
)
def test_what_the_data_gives_may_be_all_that_a_net_lacks(head, body):
    text = f"net lacking({head}) {{\n    in: input\n    in -> {body} -> out\n}}\n"
    Path("lacking.conn").write_text(text)
    module, _ = connc.train("lacking.conn", "digits", epochs=1, limit=20)
    assert module.network.shapes == ((10,),)


def test_a_net_that_nothing_makes_whole_says_why():
    Path("lacking.conn").write_text(
        "net lacking(k: int, input: shape) {\n    in: input\n    in -> linear(k) -> out\n}\n"
    )
    with pytest.raises(connc.SpecError, match="`k`"):
        connc.train("lacking.conn", "digits", epochs=1)


def test_a_module_takes_no_params_and_others_no_training():
    with pytest.raises(connc.TrainError, match="params are those of a target"):
        connc.train(connc.compile("net.conn:fixed"), "digits", {"classes": 10})
    with pytest.raises(TypeError, match="not Linear"):
        connc.train(torch.nn.Linear(64, 10), "digits")


def test_the_command_says_what_was_decided_and_what_may_not_be_meant(call):
    Path("loud.py").write_text(
        "import numpy as np\n\n\ndef loud():\n    x = np.linspace(-1, 2, 200, dtype=np.float32).reshape(20, 10)\n"
        "    y = np.arange(20) % 3\n    return x, y, x, y\n"
    )
    Path("dsc.conn").write_text(
        "net a(classes = 2, input: shape = [4]) {\n    in: input\n    in -> synapse(classes) -> out\n}\n"
    )
    _, _, said = call("train", "dsc.conn", "--data", "loud:loud", "--epochs", "1")
    assert "20 to check with, 3 classes\n" in said
    assert "a --set input=[10] --set classes=3, learning by Bounded(xi=0.5, eta=0.1, tau=0.01)\n" in said
    assert "loud:loud goes beyond 0 to 1, and bounded connections tell nothing apart there\n" in said


def test_what_the_rule_leaves_as_it_is_is_counted(call):
    with open("mixed.conn", "w") as file:
        file.write("net a {\n    in: [1, 8, 8]\n    in -> conv(2, 1) -> flatten -> synapse(10) -> out\n}\n")
    _, _, said = call(
        "train", "mixed.conn", "--data", "digits", "--limit", "50", "--epochs", "1", "--optimizer", "bounded"
    )
    assert "2 of 1292 parameters are none of bounded connections and stay as they are" in said


# --- images shifted and mirrored


def test_an_image_is_shifted_and_mirrored_as_a_whole():
    image = torch.arange(1.0, 2 * 64 + 1).reshape(1, 2, 8, 8)
    moved = augmented(image.expand(200, 2, 8, 8), np.random.default_rng(0))
    wide = torch.nn.functional.pad(image[0], (1, 1, 1, 1))
    places = [wide[:, top : top + 8, left : left + 8] for top in range(3) for left in range(3)]
    known = [each for place in places for each in (place, place.flip(2))]
    counts = [sum(torch.equal(each, other) for each in moved) for other in known]
    assert sum(counts) == 200
    assert min(counts) > 0


# --- the command


def test_the_command_says_what_each_epoch_came_to(call):
    how = "train", "net.conn:small", "--data", "digits", "--epochs", "2", "--limit", "300", "--metrics", "m.jsonl"
    status, out, err = call(*how)
    assert (status, len(out.splitlines())) == (0, 3)
    assert "300 samples to learn from" in err
    lines = [json.loads(line) for line in Path("m.jsonl").read_text().splitlines()]
    _, history = connc.train("net.conn:small", "digits", epochs=2, limit=300)
    assert lines == [each._asdict() for each in history]
    assert list(lines[0]) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "digit"], "there is no data 'digit'"),
        (["--data", "digits", "--recipe", "x"], "there is no recipe `x`"),
        (["--data", "digits", "--resume"], "--resume goes on in a folder"),
        (["--data", "digits", "--resume", "-o", "x", "--weights", "y"], "leave out --weights"),
        (["--data", "digits", "--resume", "-o", "x"], "x"),
        (["--data", "digits", "--set", "classes=3"], "digits needs a number for each of 10 classes"),
        (["--data", "mnist:nowhere"], "nowhere"),
        (["--data", "digits", "--metrics", "no/m.jsonl", "--epochs", "1"], "no/m.jsonl: there is no folder"),
    ],
)
def test_wrong_use_is_told_in_words(call, arguments, said):
    status, out, err = call("train", "net.conn:small", *arguments)
    assert (status, out) == (2, "")
    assert said in err


@pytest.mark.slow
def test_a_training_that_is_killed_goes_on_to_the_same_end(call):
    how = "train", "net.conn:small", "--data", "digits", "--epochs", "6", "--limit", "400", "--threads", "1"
    assert call(*how, "--metrics", "whole.jsonl", "-o", "whole")[0] == 0
    cut = [*how, "--metrics", "cut.jsonl", "-o", "cut"]
    with subprocess.Popen([sys.executable, "-m", "connc", *cut], stdout=subprocess.DEVNULL) as started:
        deadline, metrics = time.monotonic() + 60, Path("cut.jsonl")
        while time.monotonic() < deadline and not (metrics.exists() and metrics.read_text().count("\n") > 1):
            time.sleep(0.01)
        started.kill()
    assert call(*cut, "--resume")[0] == 0
    assert metrics.read_text() == Path("whole.jsonl").read_text()
    assert equal(state(connc.restore("cut")), state(connc.restore("whole")))
