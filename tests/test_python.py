"""The Python that a module is written to: it computes the same, bit by bit, and reads as people write it."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings

import connc
from connc.backends.python import python_of
from connc.backends.python.code import Row, written
from connc.backends.python.layout import laid_out
from connc.testing import Undecided, assert_agrees, nets
from tests.python_backend import Unlike, by_file, twin
from tests.python_backend import written as module_file
from tests.torch_backend import torch_backend

many = partial(settings, deadline=None, suppress_health_check=list(HealthCheck))
NETS = Path(__file__).parent / "data" / "nets"


def agrees(net):
    for training in (False, True):
        try:
            assert_agrees(net, partial(torch_backend, training=training, way=by_file), training=training)
        except Undecided:  # `lateral` and `dropout` decide by a hair or by chance
            continue


def text_of(target, params=None):
    return python_of(connc.compile(target, params), "a spec").text


def of_text(text, **given):
    return python_of(connc.compile(connc.loads(text, **given))).text


# --- it computes what the module and the reference compute


@many(max_examples=100)
@given(nets(layers=10))
def test_a_file_computes_what_module_and_reference_compute(net):
    agrees(net)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
@many(max_examples=150)
@given(net=nets(layers=10))
def test_a_file_computes_what_module_and_reference_compute_many_times(part, net):
    agrees(net)


@pytest.mark.parametrize(
    ("target", "params"),
    [
        ("std.predefined:morse", {}),
        ("std.sdmn", {"depths": [1, 2], "growth": 4}),
        ("std.densenet", {"blocks": [2, 3]}),
        pytest.param("std.sparsenet", {}, marks=pytest.mark.slow),
        *((str(path), {}) for path in sorted(NETS.glob("*.conn")) if path.stem != "unequal"),
    ],
    ids=lambda value: Path(value).name if isinstance(value, str) else "",
)
def test_real_nets_compute_the_same(target, params):
    module = connc.compile(target, params)
    x = [torch.randn(2, *node.shapes[0]) for node in module.network.inputs]
    for training in (True, False):
        by_file(module.train(training))(*x)


def test_a_file_that_computes_something_else_is_noticed(monkeypatch):
    module = connc.compile(connc.loads("net a {\n in: [4]\n in -> linear(4) -> relu -> out\n}\n")).eval()
    twin.cache_clear()
    monkeypatch.setattr("connc.backends.python.layers._get_qualified_name", lambda function: "torch.tanh")
    with pytest.raises(Unlike):
        by_file(module)(torch.randn(2, 4))
    twin.cache_clear()


def test_gradients_are_those_of_the_module(tmp_path):
    module = connc.compile("std.predefined:morse", {"hidden": 256, "fan_out": [64, 16]})
    other = module_file(module, tmp_path).Morse()
    other.load_state_dict(module.state_dict())
    x = torch.randn(3, 64)
    for each in (module, other):
        each(x).square().mean().backward()
    mine = dict(module.named_parameters())
    assert all(torch.equal(each.grad, mine[name].grad) for name, each in other.named_parameters())


def test_a_file_trains_moves_and_is_compiled_as_any_module(tmp_path):
    module = connc.compile("std.predefined:morse", {"hidden": 256, "fan_out": [64, 16]})
    other = module_file(module, tmp_path).Morse().double()
    optimizer, x, y = torch.optim.SGD(other.parameters(), 0.1), torch.randn(64, 64).double(), torch.arange(64)
    losses = []
    for _ in range(20):
        loss = torch.nn.functional.cross_entropy(other(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.1
    made = torch.export.export(other, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    assert torch.equal(made.module()(x[:5]), other(x[:5]))


def test_neurons_start_within_their_own_fan_in(tmp_path):
    net = connc.loads("net a {\n in: [6]\n in -> fc: linear(6) by (i -> j where i <= j) -> out\n}\n")
    file = module_file(connc.compile(net), tmp_path)
    weight, bias = (torch.stack([getattr(file.A().fc, name) for _ in range(300)]) for name in ("weight", "bias"))
    fan_in = torch.arange(1, 7)
    reach = fan_in.repeat_interleave(fan_in) ** -0.5
    assert ((weight.abs().amax(0) <= reach) & (weight.abs().amax(0) > 0.9 * reach)).all()
    assert ((bias.abs().amax(0) <= fan_in**-0.5) & (bias.abs().amax(0) > 0.9 * fan_in**-0.5)).all()


# --- it reads as people write it


def test_sparsenet_is_short_and_one_class_a_module():
    text = text_of("std.sparsenet")
    assert len(text.splitlines()) <= 600
    classes = re.findall(r"^class (\w+)", text, re.MULTILINE)
    assert classes == [
        "ImagenetStem",
        "ImagenetHead",
        "Transition",
        "Bottleneck",
        "Block",
        "Stage",
        "Stage2",
        "Sparsenet",
    ]
    assert "for step in self.step:" in text
    assert "for d in self.offsets if d <= len(seen)" in text


def test_dense_blocks_read_all_that_was_seen():
    text = text_of("std.densenet")
    assert "seen.append(step(concat(seen, 1)))" in text
    assert "range(64, 225, 32)" in text


def test_a_chain_of_members_is_a_loop():
    text = of_text("net a {\n in: [4]\n fc[3]: linear(4)\n connect in, fc, out by (i -> i + 1)\n}\n")
    assert "self.fc = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))" in text
    assert "for fc in self.fc:\n            x = fc(x)" in text


def test_documentation_is_taken_over():
    text = of_text(
        "## What it is.\nnet a {\n in: [4]\n in -> inner -> out\n}\n"
        "## The inner one.\nmodule inner { in -> relu -> out }\n"
    )
    assert '"""What it is."""' in text
    assert '"""The inner one."""' in text


def test_few_connections_stand_in_the_file_and_many_beside_it():
    spec = "net a {{\n in: [{0}]\n in -> linear({0}) by near(1) -> out\n}}\n"
    few, many = (python_of(connc.compile(connc.loads("use std.rules (near)\n" + spec.format(n)))) for n in (6, 60))
    assert "edges(((1,), (0, 2)" in few.text
    assert not few.tensors
    assert 'stored("linear.edges.' in many.text
    assert [name.rpartition(".")[2] for name in many.tensors] == ["sources", "counts"]


def test_instances_that_differ_in_numbers_alone_are_one_class():
    text = of_text(
        "module two(k) { in -> linear(k) -> relu -> linear(k) -> out }\n"
        "net a {\n in: [4]\n in -> two(8) -> two(3) -> two(3) -> out\n}\n"
    )
    assert text.count("class Two") == 1
    assert "def __init__(self, in_features: int, out_features: int) -> None:" in text
    assert "self.two2 = Two(8, 3)" in text


def test_a_file_names_where_it_is_from_and_imports_torch_alone():
    text = text_of("std.sparsenet")
    assert text.startswith('"""The net `sparsenet`, written by connc from a spec.')
    imported = re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)
    assert set(imported) - set(sys.stdlib_module_names) == {"torch"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Row([64, 96, 128, 160]), "range(64, 161, 32)"),
        (Row([0, 1, 2, 3]), "range(4)"),
        (Row([4, 3, 2, 1]), "range(4, 0, -1)"),
        (Row([5, 5, 5]), "(5,) * 3"),
        (Row([1, 2, 4, 8]), "(1, 2, 4, 8)"),
        (Row([True, False, True, False]), "(True, False, True, False)"),
        ((0, 1, 2, 3), "(0, 1, 2, 3)"),
        ((7,), "(7,)"),
        ('a"b\\', '"a\\"b\\\\"'),
        (float("1e-05"), "1e-05"),
    ],
)
def test_literals_are_written_as_people_write_them(value, text):
    assert written(value) == text


def test_long_rows_of_numbers_stand_side_by_side():
    lines = laid_out(f"self.a = Block({tuple(range(100, 140))})", 8)
    assert max(map(len, lines)) <= 100
    assert len(lines) < 10
    assert lines[-1].endswith("# fmt: skip")


# --- with its weights beside it


def test_trained_gives_the_module_with_its_weights(tmp_path):
    module = connc.compile("std.predefined:morse", {"hidden": 256, "fan_out": [64, 16]}, seed=3).eval()
    connc.emit(module, tmp_path / "morse.py")
    check = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.modules['connc'] = None\n"
        "import morse, torch\n"
        "print(morse.trained().eval()(torch.ones(2, 64)).double().sum().item())\n"
    )
    done = subprocess.run([sys.executable, "-c", check, tmp_path], capture_output=True, text=True, check=True)
    assert float(done.stdout) == module(torch.ones(2, 64)).double().sum().item()
