"""`connc compile` and `connc.emit`: what each form holds, its use without connc, and which files are replaced."""

import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

import connc
from connc.backends.onnx.prims import OnnxPrims
from connc.backends.torch import program
from connc.cli.app import run

# Two inputs, two outputs, and all that differs in evaluation; the connections of `fc` stand beside a file of Python.
PAIR = """\
net pair {
    in image: [3, 8, 8]
    in hint: [4]
    out scores
    out seen
    layer[2]: conv(4, 3)
    connect image, layer by (i -> i + 1)
    layer[1] -> bn -> relu -> pooled: globalpool -> seen
    pooled + hint -> fc: linear(64) by random(fan_in = 2) -> dropout(0.5) -> head: linear(5) -> scores
}
"""
SMALL = """\
## Reads three numbers.
net small(width = 4) {
    in: [3]
    in -> a: linear(width) -> relu -> b: linear(2) -> out
}
"""
WIRED = "net wired {\n    in: [6]\n    in -> fc: linear(8) by random(fan_in = 3) -> relu -> linear(2) -> out\n}\n"
SPECS = {"pair": PAIR, "small": SMALL, "wired": WIRED}
SUFFIXES = {"py": ".py", "safetensors": ".safetensors", "pt2": ".pt2", "onnx": ".onnx", "fx": ".txt"}
SEED = 3
BATCHES = 1, 5


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "connc.toml").touch()
    for name, text in SPECS.items():
        (tmp_path / f"{name}.conn").write_text(text)
    return tmp_path


def moved(module):
    """All its values drawn, those that a norm runs on too."""
    numbers = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in module.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.rand(value.shape, generator=numbers) + 0.1)
    return module


def trained(text, seed=SEED):
    return moved(connc.compile(connc.loads(text, seed=seed), seed=seed))


def written(folder):
    """Files by name, as bytes."""
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


# --- each form, used where connc is not

REFUSE = """
import sys

class Refuse:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refuse())
import numpy as np
inputs = [(f["image"], f["hint"]) for f in (np.load(f"x{batch}.npz") for batch in (1, 5))]

def keep(name, found):
    np.savez(name, **{key: value if isinstance(value, np.ndarray) else value.detach().numpy() for key, value in found})
"""


def alone(folder, code, *without):
    """Run Python in a folder, where these packages cannot be imported, and warnings are errors."""
    command = [sys.executable, "-W", "error", "-c", REFUSE + code, ",".join(without)]
    place = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"OMP_NUM_THREADS": "1"}
    found = subprocess.run(command, cwd=folder, env=place, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with `pair` in each form, trained, its inputs, and the module that all of it is of."""
    folder = tmp_path_factory.mktemp("made")
    module, random = trained(PAIR), np.random.default_rng(0)
    (folder / "pair.conn").write_text(PAIR)
    connc.save(module, folder / "trained")
    for batch in BATCHES:
        shapes = {"image": (batch, 3, 8, 8), "hint": (batch, 4)}
        given = {name: random.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}
        np.savez(folder / f"x{batch}.npz", **given)
    for form in SUFFIXES:
        name = "weights.safetensors" if form == "safetensors" else f"pair{SUFFIXES[form]}"
        command = ["compile", f"{folder}/pair.conn", "--emit", form, "-o", f"{folder}/{name}"]
        assert run([*command, "--seed", f"{SEED}", "--weights", f"{folder}/trained"]) == 0
    return folder, module.eval()


def assert_computed(folder, module, name):
    """What a process left behind is what the module computes."""
    for batch in BATCHES:
        with np.load(folder / f"x{batch}.npz") as x, np.load(folder / f"{name}{batch}.npz") as found, torch.no_grad():
            wanted = module(*(torch.from_numpy(x[key]) for key in ("image", "hint")))
            assert list(found) == ["scores", "seen"]
            for key in found:
                np.testing.assert_allclose(found[key], wanted[key].numpy(), rtol=1e-4, atol=1e-5)


USE_PYTHON = """
import torch
from pair import Pair, read, trained

kept, _ = read()
plain = Pair()
print(*plain.state_dict())
plain.load_state_dict({key: kept[key] for key in plain.state_dict()})
for name, module in (("trained", trained()), ("plain", plain)):
    module.eval()
    for x in inputs:
        found = module(*map(torch.from_numpy, x))
        sum(each.sum() for each in found.values()).backward()
        keep(f"{name}{len(x[0])}", found.items())
    assert all(each.grad is not None for each in module.parameters())
    assert module.training is False and module.train().training
assert "connc" not in sys.modules
"""


def test_a_file_of_python_is_used_without_connc(made):
    folder, module = made
    keys = alone(folder, USE_PYTHON, "connc", "safetensors", "onnx").split()
    assert keys == list(module.state_dict())
    for name in ("trained", "plain"):
        assert_computed(folder, module, name)


def test_beside_a_file_of_python_stand_connections_and_weights(made):
    folder, module = made
    found = safetensors.torch.load_file(folder / "pair.safetensors")
    tables = {key.rpartition(".")[2]: found.pop(key) for key in list(found) if key.startswith("fc.edges.")}
    assert same(found, module.state_dict())
    sources, targets = module.fc.edges.relation.pairs()
    assert tables["sources"].tolist() == sources.tolist()
    assert torch.arange(64).repeat_interleave(tables["counts"]).tolist() == targets.tolist()


def test_weights_are_read_by_any_reader_of_safetensors(made):
    folder, module = made
    assert same(safetensors.torch.load_file(folder / "weights.safetensors"), module.state_dict())


USE_PROGRAM = """
import torch

found = torch.export.load("pair.pt2").module()
for x in inputs:
    keep(f"program{len(x[0])}", found(*map(torch.from_numpy, x)).items())
assert "connc" not in sys.modules
"""


def test_a_program_is_run_by_torch_without_connc(made):
    folder, module = made
    alone(folder, USE_PROGRAM, "connc")
    assert_computed(folder, module, "program")


USE_ONNX = """
import onnxruntime

session = onnxruntime.InferenceSession("pair.onnx", providers=["CPUExecutionProvider"])
print(*(each.name for each in session.get_inputs()), *(each.name for each in session.get_outputs()))
print(*session.get_inputs()[0].shape)
for image, hint in inputs:
    keep(f"onnx{len(image)}", zip(("scores", "seen"), session.run(["scores", "seen"], dict(image=image, hint=hint))))
"""


def test_a_model_of_onnx_is_run_without_connc_and_torch(made):
    folder, module = made
    names, shape = alone(folder, USE_ONNX, "connc", "torch").splitlines()
    assert names == "image hint scores seen"
    assert shape == "batch 3 8 8"
    assert_computed(folder, module, "onnx")


def test_the_text_of_the_forward_is_that_of_the_module(made):
    folder, _ = made
    module = connc.compile(f"{folder}/pair.conn", seed=SEED)
    assert (folder / "pair.txt").read_text() == module.code.strip() + "\n"
    assert "# fc (" in module.code


@pytest.mark.slow
@pytest.mark.parametrize("target", ["std.sparsenet", "std.predefined:morse"])
@pytest.mark.parametrize("form", SUFFIXES)
def test_nets_of_the_standard_library_are_written(call, target, form):
    status, out, err = call("compile", target, "--emit", form, "-o", f"net{SUFFIXES[form]}")
    assert (status, out, err) == (0, "", "")
    if form == "py":
        module, name = connc.compile(target), "Morse" if "morse" in target else "Sparsenet"
        text = f"import torch\nfrom net import {name}\nprint(*{name}().state_dict())\n"
        np.savez("x1.npz", image=0, hint=0)
        np.savez("x5.npz", image=0, hint=0)
        assert alone(Path(), text, "connc").split() == list(module.state_dict())


# --- what is written where


def test_without_weights_a_file_of_python_has_its_connections_alone(call):
    assert call("compile", "pair.conn", "-o", "pair.py") == (0, "", "")
    assert "def trained" not in Path("pair.py").read_text()
    beside = safetensors.torch.load_file("pair.safetensors")
    assert [name.rpartition(".")[2] for name in sorted(beside)] == ["counts", "sources"]
    assert all(name.startswith("fc.edges.") for name in beside)


def test_nothing_stands_beside_a_file_of_python_that_needs_nothing(call, folder):
    before = set(written(folder))
    assert call("compile", "small.conn", "-o", "a.py") == (0, "", "")
    assert call("compile", "wired.conn", "-o", "b.py") == (0, "", "")
    assert set(written(folder)) == before | {"a.py", "b.py"}
    assert "written by connc from small.conn" in Path("a.py").read_text()


def test_the_option_decides_and_without_it_the_suffix(call):
    assert call("compile", "small.conn", "--emit", "fx", "-o", "a.fx") == (0, "", "")
    assert Path("a.fx").read_text().startswith("def forward(self, in_):\n")
    assert call("compile", "small.conn", "-o", "A.TXT") == (0, "", "")
    assert Path("A.TXT").read_text() == Path("a.fx").read_text()
    assert call("compile", "small.conn", "--emit", "safetensors", "-o", "kept.bin") == (0, "", "")
    assert same(safetensors.torch.load_file("kept.bin"), connc.compile("small.conn").state_dict())


@pytest.mark.parametrize("form", ["py", "fx"])
def test_texts_go_to_standard_output_without_a_file(call, form):
    assert call("compile", "wired.conn", "--emit", form, "-o", "a") == (0, "", "")
    assert call("compile", "wired.conn", "--emit", form) == (0, Path("a").read_text(), "")


@pytest.mark.parametrize("form", ["py", "fx", "safetensors", "onnx"])
def test_the_same_net_gives_the_same_bytes(call, folder, form):
    for name in ("first", "again"):
        (folder / name).mkdir()
        assert call("compile", "pair.conn", "--emit", form, "-o", f"{name}/pair") == (0, "", "")
    assert written(folder / "first") == written(folder / "again") != {}


def test_set_and_seed_are_those_of_the_module(call):
    assert call("compile", "small.conn", "--set", "width=7", "--seed", "5", "-o", "a.safetensors") == (0, "", "")
    found = safetensors.torch.load_file("a.safetensors")
    assert same(found, connc.compile("small.conn", {"width": 7}, seed=5).state_dict())
    assert found["a.weight"].shape == (7, 3)
    assert not same(found, connc.compile("small.conn", {"width": 7}).state_dict())
    call("compile", "wired.conn", "--seed", "5", "--emit", "py", "-o", "a.py")
    call("compile", "wired.conn", "--seed", "6", "--emit", "py", "-o", "b.py")
    assert Path("a.py").read_text() != Path("b.py").read_text()


def test_a_file_is_replaced_and_keeps_its_permissions(call, folder):
    Path("a.onnx").write_text("older")
    Path("a.onnx").chmod(0o640)
    before = set(written(folder))
    assert call("compile", "small.conn", "-o", "a.onnx") == (0, "", "")
    assert stat.S_IMODE(Path("a.onnx").stat().st_mode) == 0o640
    assert Path("a.onnx").stat().st_size > 100
    assert set(written(folder)) == before


def test_writing_leaves_a_module_as_it_was(tmp_path):
    module = trained(PAIR)
    module.layer[0].eval()  # and all others train
    before = {key: value.clone() for key, value in module.state_dict().items()}
    modes = [each.training for each in module.modules()]
    random = torch.get_rng_state()
    for form, suffix in SUFFIXES.items():
        (path, *_) = connc.emit(module, tmp_path / f"{form}{suffix}")
        assert path == tmp_path / f"{form}{suffix}"
    assert same(module.state_dict(), before)
    assert [each.training for each in module.modules()] == modes
    assert torch.equal(torch.get_rng_state(), random)


def test_emit_gives_the_files_that_it_wrote(tmp_path):
    module = trained(SMALL)
    assert connc.emit(module, "a.py") == [Path("a.py"), Path("a.safetensors")]
    assert connc.emit(module, tmp_path / "b.py", weights=False, origin="a spec") == [tmp_path / "b.py"]
    assert "written by connc from a spec" in Path("b.py").read_text()
    assert connc.emit(module, "c", "safetensors") == [Path("c")]


# --- weights


@pytest.fixture
def kept():
    """A folder and a file of weights of `small`, and their values."""
    module = trained(SMALL)
    connc.save(module, "trained")
    safetensors.torch.save_file(module.state_dict(), "own.safetensors")
    return module.state_dict()


def test_a_save_is_written_with_its_weights(call, kept):
    assert call("compile", "small.conn", "--weights", "trained", "-o", "a.safetensors") == (0, "", "")
    assert same(safetensors.torch.load_file("a.safetensors"), kept)
    assert call("compile", "small.conn", "--weights", "trained", "-o", "b.py") == (0, "", "")
    assert same(safetensors.torch.load_file("b.safetensors"), kept)
    assert "def trained() -> Small:" in Path("b.py").read_text()


def test_a_file_with_our_own_keys_is_taken_by_them(call, kept):
    status, out, err = call("compile", "small.conn", "--weights", "own.safetensors", "-o", "a.safetensors")
    assert (status, out, err) == (0, "", "own.safetensors: 4 of 4 tensors, all of them\n")
    assert same(safetensors.torch.load_file("a.safetensors"), kept)


def test_a_file_of_another_implementation_is_matched_and_a_report_says_how(call):
    others = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    safetensors.torch.save_file(others.state_dict(), "others.safetensors")
    status, out, err = call("compile", "small.conn", "--weights", "others.safetensors", "-v", "-o", "a.safetensors")
    assert (status, out) == (0, "")
    assert err.startswith("others.safetensors: 4 of 4 tensors, all of them\n")
    assert [line.split()[:3] for line in err.splitlines()[2:]] == [["0", "->", "a"], ["2", "->", "b"]]
    found = safetensors.torch.load_file("a.safetensors")
    assert torch.equal(found["a.weight"], others[0].weight)
    assert torch.equal(found["b.bias"], others[2].bias)


def test_the_report_of_a_text_is_not_part_of_it(call):
    state = connc.compile("wired.conn").state_dict()
    safetensors.torch.save_file(state | {"more": torch.ones(3)}, "more.safetensors")
    status, out, err = call("compile", "wired.conn", "--weights", "more.safetensors", "--emit", "fx")
    assert (status, out) == (0, call("compile", "wired.conn", "--emit", "fx")[1])
    assert "unused: theirs, which nothing took:\n  more  [3]\n" in err


@pytest.mark.parametrize("linked", [True, False])
def test_dense_weights_give_a_junction_its_connections_alone(call, linked):
    module = connc.compile("wired.conn")
    sources, targets = (torch.tensor(each.tolist()) for each in module.fc.edges.relation.pairs())
    dense = torch.zeros(8, 6)
    dense[targets, sources] = torch.arange(24.0) + 1
    dense += not linked
    state = {"first.weight": dense, "first.bias": torch.ones(8), "last.weight": torch.ones(2, 8)}
    safetensors.torch.save_file(state | {"last.bias": torch.ones(2)}, "masked.safetensors")
    status, _, err = call("compile", "wired.conn", "--weights", "masked.safetensors", "-o", "a.safetensors")
    if linked:
        assert status == 0
        assert safetensors.torch.load_file("a.safetensors")["fc.weight"].tolist() == [*range(1, 25)]
    else:
        assert status == 2
        assert "24 of its entries are not 0 where the rule of the layer connects nothing" in err
        assert not Path("a.safetensors").exists()


def a_pickle(path):
    path.write_bytes(pickle.dumps(os.system))


def a_checkpoint(path):
    torch.save({"a.weight": torch.ones(2)}, path)


def tensors(**state):
    return lambda path: safetensors.torch.save_file(state, path)


def of_another_width(path):
    tensors(**connc.compile("small.conn", {"width": 5}).state_dict())(path)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "neither a folder nor a file"),
        (Path.mkdir, "weights/manifest.json: there is no such file"),
        (lambda path: connc.save(trained(WIRED), path), "weights holds the weights of the net wired, not"),
        (lambda path: path.write_text("none"), "weights: it is no file of safetensors"),
        (a_pickle, "weights: it is a pickle, which can run code when it is loaded, so it is not read"),
        (a_checkpoint, "weights: it is a pickle, which can run code when it is loaded, so it is not read"),
        (tensors(x=torch.ones(5, 5)), "nothing fits 4 of our tensors"),
        (tensors(**{"a.weight": torch.ones(4, 3)}), "nothing fits 3 of our tensors"),
        (tensors(x=torch.ones(4), **{"a.weight": torch.ones(5, 3)}), "nearest is a.weight [5, 3]"),
        (of_another_width, "`a.weight` does not fit: it is [5, 3], and ours [4, 3]"),
    ],
)
def test_weights_that_do_not_belong_to_the_net_are_refused(call, folder, make, said):
    make(folder / "weights")
    Path("a.onnx").write_text("older")
    status, out, err = call("compile", "small.conn", "--weights", "weights", "-o", "a.onnx")
    assert (status, out) == (2, "")
    assert said in err
    assert "internal" not in err
    assert Path("a.onnx").read_text() == "older"


def test_a_save_of_other_connections_names_its_seed(call):
    connc.save(trained(WIRED), "trained")
    status, _, err = call("compile", "wired.conn", "--weights", "trained", "-o", "a.py")
    assert status == 2
    assert f"with --seed {SEED}" in err
    assert call("compile", "wired.conn", "--seed", f"{SEED}", "--weights", "trained", "-o", "a.py") == (0, "", "")


# --- wrong use


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["small.conn"],
            "say what to write: --emit py or fx prints a text; name a file by -o, whose suffix says the form",
        ),
        (["small.conn", "--emit", "onnx"], "onnx is no text; name a file by -o"),
        (["small.conn", "--emit", "pt2"], "pt2 is no text; name a file by -o"),
        (["small.conn", "--emit", "safetensors"], "safetensors is no text; name a file by -o"),
        (["small.conn", "--emit", "jpg", "-o", "a.py"], "'jpg' is not one of"),
        (
            ["small.conn", "-o", "a.bin"],
            "a.bin does not say a form; end it in .py, .safetensors, .pt2, .onnx, .txt, or name the form",
        ),
        (["small.conn", "-o", "a"], "a does not say a form"),
        (
            ["pair.conn", "--emit", "py"],
            "its connections or weights take a second file beside it; name the first by -o",
        ),
        (["small.conn", "-o", "none/a.onnx"], "none/a.onnx: there is no folder to write it into"),
        (["small.conn", "-o", "folder.onnx"], "folder.onnx: it is a folder; name a file"),
        (["small.conn", "-o", "folder.py"], "folder.safetensors: it is a folder; name a file"),
        (["small.conn", "-o", "fixed.onnx"], "fixed.onnx: it is read-only"),
        (["small.conn", "-o", "pipe.onnx"], "pipe.onnx: it is a device, a pipe or the like; name a file"),
        (["none.conn", "-o", "a.py"], "none.conn"),
        (["small.conn:big", "-o", "a.py"], "small"),
    ],
)
def test_wrong_use_is_told_with_a_way_out(call, folder, arguments, said):
    Path("folder.onnx").mkdir()
    Path("folder.safetensors").mkdir()
    os.mkfifo("pipe.onnx")
    Path("fixed.onnx").write_text("older")
    Path("fixed.onnx").chmod(0o444)
    before = written(folder)
    status, out, err = call("compile", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert "internal" not in err
    assert written(folder) == before


def test_a_net_that_is_no_net_is_told_as_everywhere(call, folder):
    status, out, err = call("compile", "small.conn", "--set", "width=0", "-o", "a.py")
    assert (status, out) == (1, "")
    assert "E413" in err
    assert not Path("a.py").exists()


def test_what_stands_in_the_way_is_told_before_anything_is_computed(call, monkeypatch):
    monkeypatch.setattr(torch.export, "export", lambda *_, **__: pytest.fail("exported"))
    Path("a.pt2").mkdir()
    status, _, err = call("compile", "small.conn", "-o", "a.pt2")
    assert status == 2
    assert "a.pt2: it is a folder" in err


@pytest.mark.parametrize("name", ["onnx", "onnxruntime"])
def test_where_onnx_is_not_installed_the_way_to_it_is_told(call, monkeypatch, name):
    for each in [each for each in sys.modules if each.startswith("connc.backends.onnx")]:
        monkeypatch.delitem(sys.modules, each)
    monkeypatch.setitem(sys.modules, name, None)
    status, out, err = call("compile", "small.conn", "-o", "a.onnx")
    assert (status, out) == (2, "")
    assert f"{name}, which is not installed; pip install 'connc[onnx]'" in err
    assert not Path("a.onnx").exists()
    assert call("compile", "small.conn", "-o", "a.py") == (0, "", "")


def mixed():
    module = trained(SMALL)
    module.b.double()
    return module


def altered():
    module = trained(SMALL)
    module.b = nn.Linear(4, 5)
    return module


@pytest.mark.parametrize(
    ("make", "path", "form", "said"),
    [
        (lambda: trained(SMALL), "a.bin", "", "a.bin does not say a form"),
        (lambda: trained(SMALL), "a.py", "jpg", "there is no form 'jpg'; there are py, safetensors, pt2, onnx, fx"),
        (lambda: trained(PAIR).double(), "a.onnx", "", r"ONNX Runtime.*layer\[0\]/Conv"),
        (lambda: trained(SMALL).bfloat16(), "a.onnx", "", "the module holds bfloat16; .* float16, float32, float64"),
        (mixed, "a.onnx", "", "holds float32, float64; an ONNX model is written of a module of one type"),
        (altered, "a.onnx", "", r"`b` of the module is Linear\(.*\), and its network says Linear"),
        (lambda: trained(SMALL).to("meta"), "a.onnx", "", "`a.weight` of the module is on the meta device"),
        (lambda: trained(SMALL).to("meta"), "a.safetensors", "", "`a.weight` is without values, on `meta`"),
    ],
)
def test_a_module_that_cannot_be_written_so_is_refused(make, path, form, said):
    Path(path).write_text("older")
    with pytest.raises(connc.EmitError, match=said):
        connc.emit(make(), path, form)
    assert Path(path).read_text() == "older"


def test_emit_says_of_a_path_what_stands_in_the_way():
    Path("folder.py").mkdir()
    for path, kind in (("none/a.py", FileNotFoundError), ("folder.py", IsADirectoryError)):
        with pytest.raises(kind):
            connc.emit(trained(SMALL), path)


def test_every_type_that_onnx_runtime_has_is_written(tmp_path):
    for dtype in (torch.float16, torch.float32, torch.float64):
        assert connc.emit(trained(SMALL).to(dtype), tmp_path / "a.onnx")


# --- an older file stays


@pytest.fixture
def older():
    """Files that stand where others would be written."""
    for suffix in SUFFIXES.values():
        Path(f"a{suffix}").write_text("older")
    return lambda: {path.read_text() for path in Path().glob("a.*")} == {"older"}


def test_a_model_that_computes_something_else_is_not_written(call, older, monkeypatch):
    monkeypatch.setattr(OnnxPrims, "relu", lambda self, x: self._made("Abs", x.shape, x))
    status, out, err = call("compile", "small.conn", "-o", "a.onnx")
    assert (status, out) == (2, "")
    assert "ONNX Runtime does not compute what the module does: `out` is off by" in err
    assert older()


def test_a_program_that_computes_something_else_is_not_written(call, older, monkeypatch):
    other = SimpleNamespace(module=lambda: connc.compile("small.conn", seed=8))
    monkeypatch.setattr(program.torch.export, "load", lambda _: other)
    status, out, err = call("compile", "small.conn", "-o", "a.pt2")
    assert (status, out) == (2, "")
    assert "the exported program does not compute what the module does: `out` is off by" in err
    assert older()


@pytest.mark.parametrize("form", SUFFIXES)
def test_a_full_disk_leaves_the_older_file_and_no_litter(call, older, folder, monkeypatch, form):
    def fails(_):
        raise OSError(28, "No space left on device")

    if form == "safetensors":
        Path("a.py").unlink()  # which could need what stands there
    before = set(written(folder))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        status, out, err = call("compile", "pair.conn", "-o", f"a{SUFFIXES[form]}")
    assert (status, out) == (2, "")
    assert "no space left on device" in err
    assert older()
    assert set(written(folder)) == before


def test_weights_of_other_connections_are_refused(call):
    call("compile", "std.predefined:morse", "-o", "m.safetensors")
    code, _, err = call(
        "compile",
        "std.predefined:morse",
        "--seed",
        "1",
        "-o",
        "m.onnx",
        "--weights",
        "m.safetensors",
    )
    assert code == 2
    assert "`fc1` are those of other connections" in err
    assert not Path("m.onnx").exists()


def test_what_is_read_is_not_replaced(call):
    spec, weights = "small.conn", Path("w.safetensors")
    assert call("compile", spec, "-o", str(weights))[0] == 0
    for given in (["-o", "w.py", "--weights", weights], ["-o", weights, "--weights", weights]):
        before = weights.read_bytes()
        code, _, err = call("compile", spec, *map(str, given))
        assert code == 2
        assert "would be replaced" in err
        assert weights.read_bytes() == before


def test_python_is_written_to_py_alone(tmp_path, call):
    code, _, err = call("compile", "std.sparsenet", "--emit", "py", "-o", "a.safetensors")
    assert code == 2
    assert "end it in .py" in err
    assert not list(tmp_path.glob("a.*"))


def test_a_module_that_was_altered_is_refused_where_its_network_is_written(tmp_path):
    module = connc.compile(connc.loads("net a {\n in: [4]\n in -> fc: linear(4) -> out\n}\n"))
    module.fc = torch.nn.Linear(4, 4, bias=False)
    for name in ("a.py", "a.onnx"):
        with pytest.raises(connc.EmitError, match="its network"):
            connc.emit(module, tmp_path / name)
    with pytest.raises(TypeError, match=r"connc\.compile"):
        connc.emit(torch.nn.Linear(2, 2), tmp_path / "a.py")


def test_a_module_without_values_or_of_several_types_is_refused(tmp_path):
    with torch.device("meta"):
        module = connc.compile(connc.loads("net a {\n in: [4]\n in -> linear(4) -> linear(4) -> out\n}\n"))
    for name in ("a.onnx", "a.pt2", "a.safetensors"):
        with pytest.raises(connc.EmitError, match="meta"):
            connc.emit(module, tmp_path / name)
    module = connc.compile(connc.loads("net a {\n in: [4]\n in -> linear(4) -> linear(4) -> out\n}\n"))
    module.linear.double()
    for name in ("a.onnx", "a.pt2"):
        with pytest.raises(connc.EmitError, match="float64"):
            connc.emit(module, tmp_path / name)


def test_a_file_of_python_and_the_one_beside_it_belong_together(call):
    Path("m.safetensors").write_text("mine")
    code, _, err = call("compile", "pair.conn", "-o", "m.py")
    assert code == 2
    assert "m.safetensors would be replaced, and belongs to no m.py" in err
    assert Path("m.safetensors").read_text() == "mine"
    Path("m.safetensors").unlink()
    for _ in range(2):
        assert call("compile", "pair.conn", "-o", "m.py")[0] == 0
    code, _, err = call("compile", "pair.conn", "-o", "m.safetensors")
    assert code == 2
    assert "m.py may need what m.safetensors holds" in err


@pytest.mark.parametrize("name", ["a.conn", "a.onnx", "a.pt2"])
def test_a_suffix_that_says_something_else_is_refused(call, name):
    code, _, err = call("compile", "small.conn", "--emit", "py", "-o", name)
    assert code == 2
    assert f"{name} is no name for py: end it in .py" in err


def test_the_table_of_another_file_is_refused(call):
    for seed, name in (("1", "a"), ("2", "b")):
        assert call("compile", "pair.conn", "--seed", seed, "-o", f"{name}.py")[0] == 0
    Path("b.safetensors").replace("a.safetensors")
    done = subprocess.run([sys.executable, "-c", "import a; a.Pair()"], capture_output=True, text=True, check=False)
    assert "is not in the file beside this one" in done.stderr


def test_trained_modules_share_nothing(call):
    connc.save(connc.compile("small.conn"), "kept")
    assert call("compile", "small.conn", "--weights", "kept", "-o", "s.py")[0] == 0
    check = "import s; a, b = s.trained(), s.trained(); a.a.weight.data.zero_(); print(b.a.weight.abs().sum().item())"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 0


def test_hooks_and_shared_parameters_are_not_dropped_silently(tmp_path):
    text = "net a {\n in: [4]\n in -> one: linear(4) -> two: linear(4) -> out\n}\n"
    module = connc.compile(connc.loads(text))
    module.one.register_forward_hook(lambda *_: None)
    with pytest.raises(connc.EmitError, match="`one` has hooks"):
        connc.emit(module, tmp_path / "a.py")
    module = connc.compile(connc.loads(text))
    module.two.weight = module.one.weight
    with pytest.raises(connc.EmitError, match=r"`two.weight` is another parameter too"):
        connc.emit(module, tmp_path / "a.py")


def test_inputs_of_another_shape_are_refused_by_the_file(call):
    assert call("compile", "small.conn", "-o", "s.py")[0] == 0
    check = "import s, torch; s.Small()(torch.zeros(2, 5))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert "x is a batch of [3], not [2, 5]" in done.stderr


def test_what_is_which_and_what_may_stay_can_be_said(call):
    theirs = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 7))
    safetensors.torch.save_file(theirs.state_dict(), "theirs.safetensors")
    code, _, err = call("compile", "small.conn", "-o", "s.safetensors", "--weights", "theirs.safetensors")
    assert code == 2
    assert "--partial" in err
    given = ["--weights", "theirs.safetensors", "--match", "0=a", "--partial"]
    code, _, err = call("compile", "small.conn", "-o", "s.safetensors", *given)
    assert code == 0, err
    assert torch.equal(safetensors.torch.load_file("s.safetensors")["a.weight"], theirs[0].weight)
    code, _, err = call("compile", "small.conn", "-o", "s.safetensors", *given[:2], "--match", "0")
    assert code == 2
    assert "--match 0 is not THEIRS=OURS" in err
    code, _, err = call("compile", "small.conn", "-o", "s.safetensors", "--partial")
    assert code == 2
    assert "--match and --partial are for --weights FILE" in err
