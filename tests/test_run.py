"""`connc run` and `connc bench`: what flows in and out, what it takes, and where numbers stop being finite."""

import gc
import json
import os
import socket
import stat
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import connc
from connc.backends.torch import measure
from connc.backends.torch.anomaly import anomaly_in
from connc.backends.torch.measure import Live, bytes_of, interleaved, ratios
from connc.backends.torch.saving import save
from connc.backends.torch.trial import Trial, times, trial
from connc.cli.computing import size_text, time_text
from connc.compiler.ops import OPS, Op, op
from connc.files import replace_file

SMALL = "net small(width = 4, factor = 1) {\n    in: [3]\n    a: linear(width)\n    y = factor * a\n    in -> a\n"
SPECS = {
    "small": SMALL + "    y * y -> out\n}\n",
    "two": "net two {\n    in left: [2]\n    in right: [2]\n    out sum_\n    out file\n"
    "    left + right -> sum_\n    left * right -> file\n}\n",
    "norm": "net norm {\n    in: [3]\n    in -> linear(4) -> bn -> out\n}\n",
    "drop": "net drop {\n    in: [64]\n    in -> dropout(0.5) -> out\n}\n",
}
SHAPE = {"shape": [1, 3], "type": "float32"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "connc.toml").touch()
    for name, text in SPECS.items():
        (tmp_path / f"{name}.conn").write_text(text)
    return tmp_path


@pytest.fixture
def figures(call):
    def figures(*arguments):
        status, out, err = call(*arguments, "--format", "json")
        assert (status, err) == (0, "")
        return json.loads(out)

    return figures


def kept(path):
    with np.load(path) as found:
        return dict(found)


# --- run


def test_a_net_is_run_on_random_numbers(call, figures):
    found = figures("run", "small.conn")
    assert found["inputs"] == {"in": SHAPE}
    assert found["outputs"] == {"out": SHAPE | {"shape": [1, 4]}}
    assert (found["net"], found["params"], found["format_version"]) == ("small", 16, 1)
    assert found["memory"]["weights"] == 16 * 4
    assert found["seconds"] > 0
    status, out, err = call("run", "small.conn", "--batch", "5", "--set", "width=7", "--rounds", "1")
    assert (status, err) == (0, "")
    assert "out: [5, 7] float32" in out
    assert "the median of 1 round\n" in out


def test_what_flows_is_not_copied_where_only_its_shape_is_told(figures, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "cpu", lambda _: pytest.fail("copied"))
    assert figures("run", "small.conn")["inputs"] == {"in": SHAPE}


def test_a_net_that_is_no_net_is_told_before_anything_runs(call):
    status, out, err = call("run", "small.conn", "--set", "width=0")
    assert (status, out) == (1, "")
    assert "E413" in err


def test_what_flows_out_is_kept_and_is_that_of_python(call):
    assert call("run", "small.conn", "--batch", "2", "--seed", "3", "--output", "a.npz")[0] == 0
    assert call("run", "small.conn", "--batch", "2", "--seed", "3", "-o", "b.npz", "--threads", "1")[0] == 0
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()
    x = np.random.default_rng([3, 0]).standard_normal((2, 3), dtype=np.float32)
    expected = connc.compile("small.conn", seed=3).eval()(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_array_equal(kept("a.npz")["out"], expected)


def test_outputs_may_have_any_names_and_an_older_file_is_replaced(call, folder):
    np.save("l.npy", np.array([[1, 2]]))
    np.save("r.npy", np.array([[3.0, 4.0]]))
    (folder / "kept.npz").write_text("older")
    (folder / "kept.npz").chmod(0o640)
    before = set(folder.iterdir())
    assert call("run", "two.conn", "--input", "left=l.npy", "--input", "right=r.npy", "-o", "kept.npz")[0] == 0
    assert {name: value.tolist() for name, value in kept("kept.npz").items()} == {"sum_": [[4, 6]], "file": [[3, 8]]}
    assert stat.S_IMODE((folder / "kept.npz").stat().st_mode) == 0o640
    assert set(folder.iterdir()) == before


def test_an_output_that_cannot_be_written_is_told_before_anything_runs(call, folder, monkeypatch):
    monkeypatch.setattr(Trial, "compute", lambda _: pytest.fail("computed"))
    os.mkfifo("pipe")
    (folder / "x.npz").symlink_to("pipe")
    status, out, err = call("run", "small.conn", "-o", "x.npz")
    assert (status, out) == (2, "")
    assert "x.npz: it is a device, a pipe or the like" in err


def test_the_batch_is_that_of_the_files(call, figures):
    np.save("x.npy", np.zeros((3, 3), dtype=np.int64))
    assert figures("run", "small.conn", "--input", "x.npy")["outputs"]["out"]["shape"] == [3, 4]
    np.save("l.npy", np.zeros((3, 2), dtype=bool))
    assert figures("run", "two.conn", "--input", "left=l.npy")["inputs"]["right"]["shape"] == [3, 2]
    status, _, err = call("run", "small.conn", "--input", "in=x.npy", "--batch", "4")
    assert status == 2
    assert "in holds 3 samples, --batch says 4" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["small.conn", "--input", "none.npy"], "none.npy: no such file"),
        (["small.conn", "--input", "inn=x.npy"], "did you mean `in`?"),
        (["two.conn", "--input", "x.npy"], "the inputs left, right; say which"),
        (["small.conn", "--input", "x.npy", "--input", "in=x.npy"], "given twice"),
        (["small.conn", "--output", "x.npy"], "should end in .npz"),
        (["small.conn", "--output", "none/x.npz"], "none/x.npz: there is no folder"),
        (["small.conn", "--output", "folder.npz"], "folder.npz: it is a folder"),
        (["small.conn", "--device", "warp"], "this machine has no device `warp`"),
        (["small.conn", "--batch", "0"], "0 is not in the range"),
        (["norm.conn", "--train"], "try --batch 2"),
        (["small.conn", "--weights", "none"], "none"),
    ],
)
def test_wrong_use_is_told_with_a_way_out(call, arguments, said):
    np.save("x.npy", np.zeros((1, 3)))
    os.mkdir("folder.npz")
    status, out, err = call("run", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert "internal" not in err


def header(text):
    said = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no .npy file"),
        (b"PK\x03\x04 a zip", "no .npy file"),
        (b"\x93NUMPY", "cannot read"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3)}") + b"\0" * 11, "cut off"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 3)}"), "cut off"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 3)}") + b"\0" * 12, ""),
        (header("{'descr': '|O', 'fortran_order': False, 'shape': (1, 3)}") + b"\0" * 99, "Python objects"),
        (header("[" * 9_000), "cannot read"),
        (header("__import__('os').system('touch hacked')"), "cannot read"),
        (header("{'descr': '<c8', 'fortran_order': False, 'shape': (1, 3)}") + b"\0" * 24, "no real numbers"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}") + b"\0" * 8, "takes [batch, 3]"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}") + b"\0" * 12, "array[None]"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': ()}") + b"\0" * 4, "takes [batch, 3]"),
        (header("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}"), ""),
    ],
)
def test_a_file_that_is_no_input_is_refused(call, folder, content, said):
    (folder / "x.npy").write_bytes(content)
    status, out, err = call("run", "small.conn", "--input", "x.npy")
    assert (status, out) == (2, "")
    assert said in err
    assert "internal" not in err
    assert not (folder / "hacked").exists()


def test_a_pipe_is_no_file_to_wait_for(call):
    os.mkfifo("x.npy")
    assert "no such file" in call("run", "small.conn", "--input", "x.npy")[2]


def test_arrays_in_any_layout_and_byte_order_are_read(call):
    np.save("x.npy", np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)))
    assert call("run", "small.conn", "--input", "x.npy", "-o", "a.npz")[0] == 0
    np.save("x.npy", np.arange(6, dtype=np.uint8).reshape(2, 3))
    assert call("run", "small.conn", "--input", "x.npy", "-o", "b.npz")[0] == 0
    np.testing.assert_array_equal(kept("a.npz")["out"], kept("b.npz")["out"])


def test_in_training_what_is_drawn_depends_on_the_seed(call):
    for name, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        assert call("run", "drop.conn", "--train", "--seed", seed, "-o", f"{name}.npz")[0] == 0
    a, b, c = (kept(f"{name}.npz")["out"] for name in "abc")
    assert (a == b).all()
    assert (a == 0).any()
    assert (a != c).any()


def test_what_has_nothing_to_learn_is_trained_too(call):
    assert "parameters  0" in call("run", "drop.conn", "--train", "--detect-anomaly")[1]


def test_a_step_of_training_holds_more(figures):
    inference, training = (figures("run", "small.conn", "--batch", "64", *way) for way in ([], ["--train"]))
    assert training["train"]
    assert training["memory"]["peak"] > inference["memory"]["peak"]


def test_kept_weights_are_used(call):
    module = connc.compile("small.conn")
    with torch.no_grad():
        for each in module.parameters():
            each.fill_(2)
    save(module, "kept")
    np.save("x.npy", np.ones((1, 3)))
    assert call("run", "small.conn", "--weights", "kept", "--input", "x.npy", "-o", "a.npz")[0] == 0
    assert kept("a.npz")["out"].tolist() == [[64.0] * 4]
    status, _, err = call("run", "norm.conn", "--weights", "kept")
    assert status == 2
    assert "the weights of the net small, not norm" in err


def test_kept_weights_of_another_precision_are_run_in_float32(call):
    save(connc.compile("small.conn").to(torch.bfloat16), "kept")
    assert call("run", "small.conn", "--weights", "kept", "-o", "a.npz")[0] == 0
    assert kept("a.npz")["out"].dtype == np.float32


def test_tables_of_connections_count_as_weights(figures):
    Path("wired.conn").write_text("net wired {\n    in: [9]\n    in -> linear(9) by (i -> i) -> out\n}\n")
    found = figures("run", "wired.conn")
    assert found["memory"]["weights"] > 4 * found["params"]


# --- files


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield
    os.umask(before)


def test_a_new_file_has_the_ordinary_permissions(umask, folder):
    replace_file(folder / "new", b"1")
    assert stat.S_IMODE((folder / "new").stat().st_mode) == 0o640


def test_links_are_followed_also_where_they_lead_to_nothing_yet(folder):
    (folder / "first").symlink_to("second")
    (folder / "second").symlink_to("file")
    for data in (b"1", b"\x00\r\n"):
        replace_file(folder / "first", data)
        assert (folder / "file").read_bytes() == data
    assert (folder / "first").is_symlink()
    assert (folder / "second").is_symlink()


def test_a_name_may_be_as_long_as_the_system_bears(folder):
    replace_file(folder / ("n" * 255), b"1")
    assert (folder / ("n" * 255)).read_bytes() == b"1"


def a_pipe(path):
    os.mkfifo(path)


def a_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


def a_read_only_file(path):
    path.write_text("older")
    path.chmod(0o444)


def a_link_to_itself(path):
    path.symlink_to(path.name)


@pytest.mark.parametrize("make", [a_pipe, a_socket, a_read_only_file, a_link_to_itself, Path.mkdir])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_file_to_write_stays_whoever_runs_it(call, folder, make, linked):
    """Also for root, who may replace all of them."""
    path = folder / ("there" if linked else "x.npz")
    make(path)
    if linked:
        (folder / "x.npz").symlink_to(path)
        (folder / "x.svg").symlink_to(path)
    before = {each.name: each.lstat() for each in folder.iterdir()}
    with pytest.raises(OSError, match=r"it is|symbolic links"):
        replace_file(path, b"new")
    status, out, err = call("run", "small.conn", "-o", "x.npz")
    assert (status, out) == (2, "")
    assert "x.npz: " in err
    if linked:
        assert call("graph", "small.conn", "-o", "x.svg")[0] == 2
    after = {each.name: each.lstat() for each in folder.iterdir()}
    assert after.keys() == before.keys()
    assert all(after[name].st_ino == before[name].st_ino for name in before)
    assert make is not a_read_only_file or path.read_text() == "older"


def test_a_failure_names_the_file_and_leaves_no_litter(folder, monkeypatch):
    def fails(_):
        raise OSError(28, "no space left on device")

    before = set(folder.iterdir())
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="no space left") as found:
        replace_file(folder / "new", b"1")
    assert found.value.filename == str(folder / "new")
    assert set(folder.iterdir()) == before


# --- anomalies


def test_the_first_infinity_is_told_with_its_line(call):
    status, out, err = call("run", "small.conn", "--set", "factor=1e30", "--detect-anomaly")
    assert (status, out) == (1, "")
    assert err.startswith("infinity is made of finite numbers, 4 of 4 numbers:\n")
    assert "small.conn:6" in err
    assert "`y * y`" in err
    status, out, _ = call("run", "small.conn", "--set", "factor=1e30", "--detect-anomaly", "--format", "json")
    assert (status, json.loads(out)["anomaly"]["step"]) == (1, "forward")


def test_where_all_is_finite_it_says_so(call, figures):
    assert "no NaN, no infinity" in call("run", "small.conn", "--detect-anomaly", "--train")[1]
    assert figures("run", "small.conn", "--detect-anomaly")["anomaly"] is None


def test_an_input_that_is_off_is_named(call):
    np.save("x.npy", np.array([[1, np.nan, 2]]))
    status, _, err = call("run", "small.conn", "--input", "x.npy", "--detect-anomaly")
    assert status == 1
    assert "the input `in` holds NaN, 1 of 3 numbers" in err


def test_numbers_that_would_become_infinite_are_refused(call):
    np.save("x.npy", np.array([[1, 1e300, 2]]))
    status, _, err = call("run", "small.conn", "--input", "x.npy")
    assert status == 2
    assert "x.npy holds numbers that float32 cannot hold" in err


def test_a_weight_that_is_off_is_named():
    module = connc.compile("small.conn")
    with torch.no_grad():
        module.a.weight[1, 2] = torch.nan
    found = anomaly_in(module, [torch.ones(1, 3)])
    assert (found.step, found.name, found.kind, found.wrong, found.size) == ("weight", "a.weight", "NaN", 1, 12)
    assert "`a` (small.conn:" in found.place


def test_a_gradient_that_is_off_is_named():
    module = connc.compile("small.conn", {"factor": 1e30})
    with torch.no_grad():  # forward 1e5 and its square; back 2e10 · 1e5 · 1e30, which no float32 holds
        module.a.weight.fill_(1e-25)
        module.a.bias.fill_(0)
    x = torch.ones(1, 3)
    assert anomaly_in(module, [x]) is None
    found = anomaly_in(module, [x], train=True)
    assert (found.step, found.kind) == ("backward", "infinity")
    assert found.name in ("a.weight", "a.bias")
    assert "`a` (small.conn:" in found.place
    assert all(each.grad is None for each in module.parameters())


def test_a_loss_that_is_off_is_told(call):
    np.save("x.npy", np.full((1, 3), 1e10))
    status, _, err = call("run", "small.conn", "--input", "x.npy", "--detect-anomaly", "--train")
    assert status == 1
    assert "the mean of the squares of all outputs is infinity" in err


# --- infinities on purpose


@pytest.fixture
def over_nothing(monkeypatch):
    """A net of `greatest`, the maximum over the sources of a rule, which the first neuron has none of."""
    monkeypatch.setattr(OPS, "_classes", dict(OPS._classes))

    @op("greatest", relates="features", needs_rule=True)
    class Greatest(Op):
        """The greatest of its sources."""

        def shape(self, x):
            return x

        def spaces(self, x):
            return x, x

        def body(self, p, x):
            return p.segment_max(p.gather(x, self.rule, 0), self.rule, 0)

    def net(*then):
        lines = ["in: [3]", "x: linear(3)", "y: greatest by (i -> i + 1)", "in -> x -> y", *then]
        return connc.compile(connc.loads("net n {\n" + "".join(f"    {line}\n" for line in lines) + "}\n"))

    return net


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize(
    ("then", "kind", "words"),
    [
        (["z = y - y", "z -> out"], "NaN", "NaN is made of finite numbers and the -inf of a target without sources"),
        (["z = y - y", "z -> relu -> linear(2) -> out"], "NaN", "`y - y`"),
        (["z = 1e38 * y", "w = z * z", "w -> sigmoid -> out"], "infinity", "`z * z`"),
        (["y -> out"], "infinity", "the output `out` holds infinity, 1 of 3 numbers"),
        (["z = 2 * y", "out a", "out b", "y -> relu -> a", "z -> b"], "infinity", "the output `b`"),
    ],
)
def test_what_an_infinity_on_purpose_leads_to_is_told(over_nothing, then, kind, words, train):
    found = anomaly_in(over_nothing(*then), [torch.tensor([[1.0, -2, 3]])], train=train)
    assert found.kind == kind
    assert words in str(found)
    assert found.step in ("forward", "output")


@pytest.mark.parametrize("then", ["relu", "sigmoid", "tanh"])
def test_an_infinity_on_purpose_that_ends_is_none(over_nothing, then):
    assert anomaly_in(over_nothing(f"y -> {then} -> out"), [torch.ones(1, 3)]) is None


def test_neurons_without_neighbours_compete(folder):
    net = connc.compile(connc.loads("net n {\n    in: [3]\n    in -> lateral(0.5) by (i -> i + 1) -> out\n}\n"))
    assert anomaly_in(net, [torch.ones(1, 3)]) is None
    assert anomaly_in(net, [torch.ones(1, 3)], train=True) is None


# --- bench


def test_two_nets_are_timed_in_turns(call, figures):
    arguments = ["bench", "small.conn", "--set", "width=8", "--against", "small.conn", "--rounds", "3"]
    found = figures(*arguments, "--batch", "2", "--train")
    assert found["nets"]["target"]["params"] == 2 * found["nets"]["against"]["params"] == 32
    assert [(each["batch"], each["way"]) for each in found["runs"]] == [(2, "inference"), (2, "training")]
    for each in found["runs"]:
        assert each["quartiles"][0] <= each["ratio"] <= each["quartiles"][1]
        assert each["target"]["peak"] > each["against"]["peak"]
    status, out, err = call(*arguments, "--threads", "1")
    assert (status, err) == (0, "")
    assert "small.conn width=8 against small.conn: cpu, 1 thread, torch" in out
    assert "inference, batch 16" in out


def test_the_other_net_has_parameters_of_its_own(figures):
    both = ["--set", "width=8", "--against-set", "width=8"]
    found = figures("bench", "small.conn", "--against", "small.conn", *both, "--batch", "1", "--rounds", "1")
    assert found["nets"]["target"] == found["nets"]["against"]


# --- measuring


def test_memory_is_what_lives_at_once():
    x = torch.ones(1000)
    with Live([x]) as live:
        y = x + 1  # 4,000 bytes
        z = y[:10].view(2, 5)  # a look at the same ones
        y = y * 2  # 4,000 more, while `z` holds the first
        del z
        torch.ones(500)  # 2,000 in the place of those
        x += 1
    assert (live.now, live.peak) == (4_000, 8_000)
    del y
    assert live.now == 0


def test_what_backward_holds_counts_until_it_is_given_back():
    w = torch.ones(100, requires_grad=True)
    with Live([w]) as live:
        y = (w * 2).exp().sum()
        assert live.now == 404  # what `exp` made is kept for backward, and the sum; the product is not
        y.backward()
    del y
    assert live.now == 400  # the gradient


def test_memory_grows_with_the_batch_and_is_the_same_each_time():
    module = connc.compile("small.conn")
    peaks = [trial(module, [np.ones((n, 3), np.float32)], "cpu", train=False).peak() for n in (1, 1, 10)]
    assert peaks == [44, 44, 440]


def test_shared_and_sparse_tensors_are_counted_once():
    x = torch.eye(10)
    assert bytes_of([x, x.t(), x[0]]) == 400
    assert bytes_of([x.to_sparse_coo()]) == 10 * (2 * 8 + 4)


def test_actions_take_turns_without_collecting_garbage():
    was_on, seen = gc.isenabled(), []
    times = interleaved([lambda: seen.append(("a", gc.isenabled())), lambda: seen.append(("b", gc.isenabled()))], 2)
    assert [name for name, _ in seen] == list("ababab")
    assert not any(on for _, on in seen[2:])
    assert gc.isenabled() == was_on
    assert [len(each) for each in times] == [2, 2]


def test_what_stands_before_an_action_is_not_timed():
    done = []
    [times] = interleaved(
        [lambda: done.append("action")], 2, before=[lambda: (time.sleep(0.05), done.append("before"))]
    )
    assert done == ["before", "action"] * 3
    assert max(times) < 0.05


@pytest.mark.parametrize("train", [False, True])
def test_only_computing_is_timed(monkeypatch, train):
    """Each round in the mode of its trial, with gradients of its own."""
    module = connc.compile("small.conn")
    tried = trial(module, [np.ones((2, 3), np.float32)], "cpu", train=train)
    other = trial(module, [np.ones((2, 3), np.float32)], "cpu", train=not train)
    tried()
    gradients = [each.grad for each in module.parameters()]
    done = []
    settle = measure._settle
    monkeypatch.setattr(measure, "_settle", lambda device: (done.append("clock"), settle(device)))
    for name in ("train", "zero_grad", "forward"):
        method = getattr(module, name)
        monkeypatch.setattr(module, name, noted(done, name, method))
    [_, taken] = times([other, tried], 1)
    steps = ["train", *["zero_grad"] * train, "clock", "forward", "clock"]
    assert len(taken) == 1
    assert done[-len(steps) :] == steps
    if train:
        for each, gradient in zip(module.parameters(), gradients, strict=True):
            torch.testing.assert_close(each.grad, gradient)


def noted(done, name, method):
    def call(*arguments):
        done.append(name)
        return method(*arguments)

    return call


def test_ratios_are_taken_round_by_round():
    assert ratios([1, 2, 3], [1, 1, 1]) == [1.5, 2, 2.5]
    assert ratios([2, 9], [1, 3]) == [2, 2.5, 3]
    assert ratios([4], [2]) == [2, 2, 2]


def test_figures_have_about_three_digits():
    assert [time_text(each) for each in (2, 0.0123, 0.001, 7.3e-4, 2e-9)] == [
        "2.00 s", "12.3 ms", "1.00 ms", "730 µs", "0.00 µs",
    ]  # fmt: skip
    assert [size_text(each) for each in (512, 2048, 3 * 2**20, 2**31)] == ["512 B", "2.0 KiB", "3.0 MiB", "2.0 GiB"]
