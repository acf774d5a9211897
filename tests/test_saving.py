"""Saves: what comes back is what went in; a crash leaves the old or the new; what was tampered with is refused."""

import copy
import hashlib
import io
import itertools
import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import time

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from torch import nn

import connc
from connc.backends.torch import compile_network, folder, manifest, saving
from connc.backends.torch.folder import KINDS, Entry, SaveError, locked
from connc.backends.torch.manifest import Kind, head, parsed, printed
from connc.backends.torch.saving import restore, save
from connc.testing import nets
from tests.networks import EVERYTHING

SPEC = """\
module unit(k: int) {
    in -> conv(k, 3) -> bn -> relu -> out
}

net small_net {
    in: [2, 4, 4]
    step[2]: unit(2)
    connect in, step by (i -> i + 1) using concat
    step[1] -> dropout(0.25) -> flatten -> rewired: linear(6) by random(fan_in = 16) -> head: linear(2) -> out
}
"""
TINY = "net tiny {\n    in: [3]\n    in -> layer: linear(2) -> relu -> out\n}\n"


def module_of(text=TINY, seed=0, by=0.0):
    """A module, all its floats moved by a little, so that it is told from others by its values."""
    made = compile_network(connc.loads(text), seed)
    with torch.no_grad():
        for value in made.state_dict().values():
            value.add_(by if value.is_floating_point() else int(by))
    return made


def bits(module):
    """All of the state: names, types, shapes and bytes."""
    return {
        name: (value.dtype, value.shape, value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).tolist())
        for name, value in module.state_dict().items()
    }


def outputs(module):
    """What a module makes of fixed inputs of its type, as bytes: a NaN is a NaN."""
    kinds = [value.dtype for value in module.parameters()] or [torch.float32]
    random = torch.Generator().manual_seed(1)
    inputs = [torch.randn(2, *node.shapes[0], generator=random).to(kinds[0]) for node in module.network.inputs]
    with torch.no_grad():
        made = copy.deepcopy(module).eval()(*inputs)
    made = made if isinstance(made, dict) else {"out": made}
    return {name: value.float().numpy().tobytes() for name, value in made.items()}


def files(path):
    return {each.name: each.read_bytes() for each in path.iterdir()}


def file(path, kind):
    (found,) = path.glob(f"{kind}*")
    return found


def put_back(path, contents):
    """Let a folder hold these files alone."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    for name, data in contents.items():
        (path / name).write_bytes(data)


def refused(path, words=None):
    with pytest.raises(SaveError, match=words) as caught:
        restore(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture
def saved(tmp_path):
    save(module_of(), tmp_path / "saved")
    return tmp_path / "saved"


# --- there and back


@pytest.mark.parametrize("text", [TINY, SPEC])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_module_comes_back_as_it_was(text, dtype, tmp_path):
    module = module_of(text, 7, 0.5).to(dtype)
    save(module, tmp_path)
    found = restore(tmp_path)
    assert bits(found) == bits(module)
    assert outputs(found) == outputs(module)
    assert type(found).__name__ == type(module).__name__
    assert found.network == module.network
    assert found.seed == 7
    assert found.training
    assert all(value.device.type == "cpu" for value in (*found.parameters(), *found.buffers()))


@pytest.mark.slow
@pytest.mark.parametrize("text", ["std.sparsenet", "std.densenet"])
def test_nets_of_the_standard_library_come_back(text, tmp_path):
    module = compile_network(connc.load(text))
    save(module, tmp_path)
    found = restore(tmp_path)
    assert all(torch.equal(value, module.state_dict()[name]) for name, value in found.state_dict().items())


def test_a_network_with_a_bit_of_everything_comes_back(tmp_path):
    module = compile_network(connc.parse_ir(EVERYTHING))
    save(module, tmp_path)
    assert outputs(restore(tmp_path)) == outputs(module)


def holds_of_a_network(net, folder):
    module = compile_network(net, 3)
    save(module, folder)
    found = restore(folder)
    assert bits(found) == bits(module)
    assert outputs(found) == outputs(module)
    assert found.network == net


@given(nets(layers=4))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_network_of_any_kind_comes_back(tmp_path, net):
    holds_of_a_network(net, tmp_path)


@pytest.mark.slow
@given(nets())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_networks_come_back(tmp_path, net):
    holds_of_a_network(net, tmp_path)


def test_types_may_differ_from_tensor_to_tensor(tmp_path):
    module = module_of(SPEC)
    module.step.half()
    module.head.double()
    save(module, tmp_path)
    assert bits(restore(tmp_path)) == bits(module)
    assert {dtype for dtype, _, _ in bits(module).values()} == {
        torch.float16,
        torch.float32,
        torch.float64,
        torch.int64,
    }


def test_what_is_no_number_comes_back_bit_by_bit(tmp_path):
    module = module_of()
    odd = torch.tensor([0x7FC00001, 0x7F800000, -0x7FFFFFFF, 1], dtype=torch.int32).view(torch.float32)
    with torch.no_grad():
        module.layer.weight.view(-1)[:4] = odd
    save(module, tmp_path)
    assert bits(restore(tmp_path)) == bits(module)


def test_what_comes_back_trains_and_is_saved_again(tmp_path):
    module = module_of(SPEC)
    save(module, tmp_path)
    found = restore(tmp_path)
    descent = torch.optim.SGD(found.parameters(), lr=0.5)
    found(torch.randn(2, 2, 4, 4)).square().sum().backward()
    descent.step()
    assert bits(found) != bits(module)
    save(found, tmp_path)
    assert bits(restore(tmp_path)) == bits(found)
    assert len(files(tmp_path)) == 3


def test_tensors_that_two_layers_share_come_back_with_their_values(tmp_path):
    module = module_of("net two {\n    in: [3]\n    in -> a: linear(3) -> b: linear(3) -> out\n}\n")
    module.b.weight = module.a.weight
    save(module, tmp_path)
    assert bits(restore(tmp_path)) == bits(module)


def test_views_and_transposed_tensors_are_saved_by_their_values(tmp_path):
    module = module_of("net one {\n    in: [3]\n    in -> a: linear(3) -> out\n}\n")
    module.a.weight = nn.Parameter(torch.arange(36.0).reshape(6, 6)[::2, ::2].t())
    save(module, tmp_path)
    assert bits(restore(tmp_path)) == bits(module)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_module_on_a_gpu_comes_back_on_the_cpu(tmp_path):
    module = module_of(SPEC)
    save(copy.deepcopy(module).cuda(), tmp_path)
    assert bits(restore(tmp_path)) == bits(module)


def test_a_device_that_is_preferred_changes_nothing(saved):
    with torch.device("meta"):
        found = restore(saved)
    assert bits(found) == bits(module_of())


def test_saving_and_restoring_draw_nothing_from_the_generator_of_torch(tmp_path):
    before = torch.random.get_rng_state()
    save(module_of(SPEC), tmp_path)
    restore(tmp_path)
    assert torch.equal(torch.random.get_rng_state(), before)


# --- what the folder holds


def test_the_weights_are_those_that_safetensors_itself_writes_and_reads(tmp_path):
    module = module_of(SPEC, 1, 0.25)
    save(module, tmp_path)
    data = file(tmp_path, "weights").read_bytes()
    assert data == safetensors.torch.save(module.state_dict())
    assert safetensors.torch.load(data).keys() == module.state_dict().keys()


@pytest.mark.parametrize("names", list(itertools.permutations(["float16", "float64", "bfloat16"])))
def test_a_head_is_that_of_safetensors_whatever_the_types(names):
    tensors = {f"t{i}": torch.zeros(i, 3, dtype=getattr(torch, name)) for i, name in enumerate(names)}
    kinds = {name: Kind(str(value.dtype)[6:], tuple(value.shape)) for name, value in tensors.items()}
    assert safetensors.torch.save(tensors).startswith(head(kinds))


def test_the_manifest_says_what_there_is(saved):
    data = (saved / "manifest.json").read_bytes()
    said = json.loads(data)
    assert list(said) == sorted(said)
    assert said["net"] == "tiny"
    assert said["format_version"] == 1
    assert said["tensors"]["layer.weight"] == {"dtype": "float32", "shape": [2, 3]}
    for each in said["files"].values():
        content = (saved / each["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (each["size"], each["sha256"])
    assert parsed(data, saved).net == "tiny"


def test_the_same_module_gives_the_same_bytes(saved, tmp_path):
    save(module_of(), tmp_path / "other" / "place")
    assert files(saved) == files(tmp_path / "other" / "place")


def test_a_folder_may_be_named_by_text_and_through_a_link(saved, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to("saved")
    monkeypatch.chdir(tmp_path)
    assert bits(restore("link")) == bits(module_of())
    save(module_of(by=1.0), "link")
    assert bits(restore("saved")) == bits(module_of(by=1.0))


# --- where it may be saved


@pytest.mark.parametrize("text", [TINY, SPEC])
def test_a_save_takes_the_place_of_an_older_one(saved, text):
    (saved / "notes.md").write_text("mine")
    module = module_of(text, by=1.0)
    save(module, saved)
    assert bits(restore(saved)) == bits(module)
    assert len(files(saved)) == 4


@pytest.mark.parametrize("name", ["notes.md", "network.txt", ".hidden", "weights-0.safetensors"])
def test_a_folder_that_holds_other_things_is_refused(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(SaveError, match=f"other things, '{name}'"):
        save(module_of(), tmp_path)
    assert files(tmp_path) == {name: b"mine"}


@pytest.mark.parametrize("text", ["{}", "", '{"format_version": 2}', '{"manifest_version": 3, "name": "mine"}'])
def test_a_manifest_of_something_else_is_never_replaced(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(SaveError, match="save into a folder that is new"):
        save(module_of(), tmp_path)
    assert files(tmp_path) == {"manifest.json": text.encode()}


def test_a_path_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(SaveError, match="it is no folder"):
            save(module_of(), path)
    assert files(tmp_path) == {"file": b"mine"}


def test_a_link_to_nowhere_is_refused(tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(SaveError, match="link"):
        save(module_of(), tmp_path / "link")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(SaveError, match="permission denied"):
        save(module_of(), tmp_path)


def test_of_two_that_save_at_once_the_second_is_refused(saved):
    before = files(saved)
    with locked(saved), pytest.raises(SaveError, match="something else saves into it now"):
        save(module_of(by=1.0), saved)
    assert files(saved) == before
    save(module_of(by=1.0), saved)


def test_a_save_that_comes_while_another_is_read_is_the_one_restored(saved, monkeypatch):
    read = saving.read_entry

    def interrupted(path, entry, limit):
        monkeypatch.setattr(saving, "read_entry", read)
        save(module_of(SPEC), saved)
        return read(path, entry, limit)

    monkeypatch.setattr(saving, "read_entry", interrupted)
    assert bits(restore(saved)) == bits(module_of(SPEC))


# --- what may be saved


def swap_relu(module):
    for node in module.graph.nodes:
        if node.target is torch.relu:
            node.target = torch.tanh
    module.recompile()


def swap_layer(module):
    module.head = nn.Bilinear(6, 6, 2)


CHANGES = {
    "a tensor more": (lambda m: m.register_buffer("extra", torch.zeros(1)), "has `extra`"),
    "a layer more": (lambda m: m.add_module("extra", nn.Linear(2, 2)), "has `extra.bias`"),
    "a layer more without tensors": (lambda m: m.add_module("extra", nn.ReLU()), r"`extra` of the module is ReLU\(\)"),
    "a tensor less": (lambda m: setattr(m.head, "bias", None), "lacks `head.bias`"),
    "a layer less": (lambda m: delattr(m, "head"), "lacks `head.bias`"),
    "another layer": (swap_layer, "`head` of the module is Bilinear"),
    "another shape": (lambda m: setattr(m.head, "weight", nn.Parameter(torch.zeros(3, 6))), r"shape \[3, 6\]"),
    "another option": (lambda m: setattr(m.dropout, "p", 0.5), "`dropout` of the module is Dropout.p=0.5"),
    "another function": (swap_relu, "graph of the module was changed"),
    "parametrized": (lambda m: nn.utils.parametrizations.weight_norm(m.head), "`head.parametrizations"),
    "no values": (lambda m: m.to("meta"), "without values"),
    "complex": (lambda m: m.to(torch.complex64), "of complex64"),
    "sparse": (lambda m: setattr(m.head, "weight", nn.Parameter(m.head.weight.detach().to_sparse())), "sparse"),
}


@pytest.mark.filterwarnings("ignore:Complex modules")
@pytest.mark.parametrize("change", CHANGES)
def test_a_module_that_is_not_what_its_network_says_is_refused(change, tmp_path):
    apply, words = CHANGES[change]
    module = module_of(SPEC)
    apply(module)
    with pytest.raises(SaveError, match=words):
        save(module, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_copies_and_modules_that_ran_are_what_they_were(tmp_path):
    module = module_of(SPEC)
    module.eval()(torch.randn(2, 2, 4, 4))
    for each in (module, copy.deepcopy(module), restore_of(module, tmp_path / "a")):
        save(each.requires_grad_(False), tmp_path / "b")
        assert bits(restore(tmp_path / "b")) == bits(module)


def restore_of(module, path):
    save(module, path)
    return restore(path)


@pytest.mark.parametrize("what", [nn.Linear(2, 2), None, {}])
def test_what_no_spec_made_is_not_saved(what, tmp_path):
    with pytest.raises(TypeError, match=r"save takes a module that `connc.compile` made"):
        save(what, tmp_path)


def test_what_would_be_too_large_to_restore_is_not_saved(tmp_path, monkeypatch):
    save(module_of(), tmp_path)
    before = files(tmp_path)
    for name, most in (("LIMIT", len(before["manifest.json"]) - 1), ("MOST_WEIGHTS", 16)):
        with monkeypatch.context() as patch:
            patch.setattr(saving, name, most)
            with pytest.raises(SaveError, match="the limit is"):
                save(module_of(), tmp_path / "new")
        assert not list(tmp_path.glob("new/*"))


# --- what was damaged


def test_a_bit_that_flips_anywhere_is_noticed(saved):
    for name, data in files(saved).items():
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 1 << place * 5 % 8
            (saved / name).write_bytes(changed)
            refused(saved)
        (saved / name).write_bytes(data)
    restore(saved)


def test_a_file_that_is_cut_or_longer_is_noticed(saved):
    for name, data in files(saved).items():
        for size in sorted({0, 1, 7, 8, 9, len(data) // 2, len(data) - 1, *range(0, len(data), 37)} - {len(data)}):
            (saved / name).write_bytes(data[:size])
            refused(saved)
        (saved / name).write_bytes(data + b"\n")
        refused(saved)
        (saved / name).write_bytes(data)


def test_a_file_that_is_missing_is_named(saved):
    for name, data in files(saved).items():
        (saved / name).unlink()
        assert name in refused(saved, "there is no such file")
        (saved / name).write_bytes(data)


def test_files_that_change_places_are_noticed(saved, tmp_path):
    save(module_of(by=1.0), tmp_path / "other")
    ours, others = (files(path) for path in (saved, tmp_path / "other"))
    for (name, data), (_, other) in itertools.product(ours.items(), [*ours.items(), *others.items()]):
        if data != other and name != "manifest.json":
            (saved / name).write_bytes(other)
            refused(saved, "the manifest says")
            (saved / name).write_bytes(data)


class Trap:
    """What tells when something unpickles it."""

    def __reduce__(self):
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize("kind", [*KINDS, "manifest"])
def test_a_pickle_is_refused_under_any_name(saved, kind, monkeypatch):
    monkeypatch.chdir(saved.parent)
    made, whole = io.BytesIO(), files(saved)
    torch.save({"layer.weight": Trap()}, made)
    for data in (pickle.dumps(Trap()), made.getvalue()):
        put_back(saved, whole)
        forge(saved, **{kind: data})
        refused(saved)
    assert [each.name for each in saved.parent.iterdir()] == ["saved"]


def link(path):
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def device(path):
    path.unlink()
    path.symlink_to("/dev/zero")


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def listener(path):
    path.unlink()
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path has to be short
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def directory(path):
    path.unlink()
    path.mkdir()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kind", [*KINDS, "manifest"])
@pytest.mark.parametrize("put", [link, device, pipe, listener, directory])
def test_what_is_no_regular_file_is_refused(saved, kind, put):
    put(file(saved, kind))
    refused(saved, r"it is (a link|a pipe or a device|no regular file|a folder)")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_much_longer_is_not_read(saved, kind):
    os.truncate(file(saved, kind), 2**36 + 1)
    refused(saved, "68,719,476,737 bytes, and the manifest says")
    os.truncate(saved / "manifest.json", 2**36 + 1)
    refused(saved, "68,719,476,737 bytes, and the limit is")


def test_where_there_is_no_save_there_is_nothing_to_restore(tmp_path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(SaveError, match=str(path)):
            restore(path)


# --- what was forged: all hashes are right


def forge(path, change=lambda said: said, **contents):
    """Rewrite files of a save, and the manifest so that it says so; `change` then changes what it says."""
    said = parsed(file(path, "manifest").read_bytes(), path)
    if "manifest" in contents:
        file(path, "manifest").write_bytes(contents["manifest"])
        return
    for kind, data in contents.items():
        entry = Entry(kind, hashlib.sha256(data).hexdigest(), len(data))
        file(path, kind).unlink()
        (path / entry.name).write_bytes(data)
        said = said._replace(**{kind: entry})
    file(path, "manifest").write_bytes(printed(change(said)))


def with_tensors(said, **tensors):
    kept = {name: kind for name, kind in {**said.tensors, **tensors}.items() if kind is not None}
    return said._replace(tensors=kept)


def weights_for(said):
    return head(said.tensors) + bytes(sum(kind.size for kind in said.tensors.values()))


WEIGHT, FLOATS = "layer.weight", Kind("float32", (2, 3))
TENSORS = {
    "missing": ({WEIGHT: None}, "`layer.weight` of the network is missing"),
    "extra": ({"more": FLOATS}, "'more', which the network has not"),
    "of a name for terminals": ({"\x1b[2J\u202e": FLOATS}, r"'\\x1b\[2J\\u202e', which"),
    "of a long name": ({"x" * 100_000: FLOATS}, "'x{70,80}'?, which"),
    "without a name": ({"": FLOATS}, "'', which"),
    "transposed": ({WEIGHT: Kind("float32", (3, 2))}, r"is float32 \[3, 2\], and the network says float32 \[2, 3\]"),
    "flat": ({WEIGHT: Kind("float32", (6,))}, r"is float32 \[6\], and"),
    "whole numbers": ({WEIGHT: Kind("int32", (2, 3))}, r"is int32 \[2, 3\], and"),
    "empty": ({WEIGHT: Kind("float32", (0, 2**62))}, r"is float32 \[0, "),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_that_are_not_those_of_the_network_are_refused(saved, name):
    tensors, words = TENSORS[name]
    said = with_tensors(parsed((saved / "manifest.json").read_bytes(), saved), **tensors)
    forge(saved, lambda each: with_tensors(each, **tensors), weights=weights_for(said))
    assert len(refused(saved, words)) < 2000


def test_a_thousand_tensors_without_a_value_are_refused(saved):
    tensors = {f"t{i}": Kind("float32", (0,)) for i in range(1000)}
    said = with_tensors(parsed((saved / "manifest.json").read_bytes(), saved), **tensors)
    forge(saved, lambda each: with_tensors(each, **tensors), weights=weights_for(said))
    refused(saved, "'t0', which the network has not")


def reheaded(data, change):
    """A file of safetensors whose head says otherwise."""
    length = int.from_bytes(data[:8], "little")
    text = change(data[8 : 8 + length])
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


HEADS = {
    "overlapping": lambda text: text.replace(b"[0,8]", b"[8,16]"),
    "beyond the end": lambda text: text.replace(b"[8,32]", b"[8,99]"),
    "twice": lambda text: text.rstrip()[:-1] + b',"layer.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    "one more": lambda text: text.rstrip()[:-1] + b',"more":{"dtype":"F32","shape":[0],"data_offsets":[32,32]}}',
    "other shape": lambda text: text.replace(b"[2,3]", b"[3,2]"),
    "other type": lambda text: text.replace(b"F32", b"I32"),
    "remarks": lambda text: text.rstrip()[:-1] + b',"__metadata__":{"a":"b"}}',
    "too large": lambda text: text + b" " * 2**20,
    "nothing": lambda text: b"",
    "no JSON": lambda text: b"\x80\x02" * (len(text) // 2),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_says_otherwise_is_refused(saved, name):
    data, whole = file(saved, "weights").read_bytes(), files(saved)
    forged = reheaded(data, HEADS[name])
    assert forged != data
    forge(saved, weights=forged)
    refused(saved)
    put_back(saved, whole)
    size = len(data)  # that of a file that fits its manifest
    forge(saved, weights=(forged + bytes(size))[:size])
    refused(saved, "its head is not what the manifest says")


@pytest.mark.parametrize("by", [-4, -1, 1, 4])
def test_values_too_few_or_too_many_are_refused(saved, by):
    data = file(saved, "weights").read_bytes()
    forge(saved, weights=(data + bytes(4))[: len(data) + by])
    refused(saved, "the size of the weights is not that of their tensors")


def test_a_length_of_the_head_beyond_all_measure_is_refused(saved):
    data = file(saved, "weights").read_bytes()
    forge(saved, weights=b"\xff" * 8 + data[8:])
    refused(saved, "its head is not what the manifest says")


NETWORKS = {
    "nothing": (b"", "cannot be read"),
    "no network": (b"import os", "cannot be read: network-[0-9a-f]{16}.txt:1:1"),
    "no UTF-8": (b"net a\xff", "cannot be read"),
    "hidden characters": ("net a, level wiring \u202e".encode(), "cannot be read"),
    "an unknown layer": (b"net tiny, level wiring\n  %a = evil : [3]\n  return %a\n", "cannot be read"),
    "huge": (
        b"net tiny, level wiring\n  %in = input : [2147483647]\n"
        b"  %layer = linear{units=2147483647} %in : [2147483647]\n  return %layer\n",
        "its network cannot be compiled",
    ),
    "large": (
        b"net tiny, level wiring\n  %in = input : [1048576]\n"
        b"  %layer = linear{units=1048576} %in : [1048576]\n  return %layer\n",
        r"float32 \[2\], and the network says float32 \[1048576\]",
    ),
    "another": (
        b"net other, level wiring\n  %in = input : [3]\n  return %in\n",
        "it says net 'tiny', and the network is other",
    ),
    "other tensors": (
        b"net tiny, level wiring\n  %in = input : [3]\n  %layer = linear{units=4} %in : [4]\n  return %layer\n",
        r"`layer.bias` is float32 \[2\], and the network says float32 \[4\]",
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_that_is_not_the_one_is_refused(saved, name):
    data, words = NETWORKS[name]
    forge(saved, network=data)
    refused(saved, words)


def test_what_goes_wrong_in_compiling_is_no_other_exception(saved, monkeypatch):
    def broken(network, seed):
        raise KeyError("inside")

    monkeypatch.setattr(saving, "compile_network", broken)
    assert "inside" not in refused(saved, "its network cannot be compiled")


def test_a_size_beyond_the_limit_is_refused_unread(saved):
    shape = (2**35, 1)
    tensors = {WEIGHT: Kind("float16", shape)}
    said = with_tensors(parsed((saved / "manifest.json").read_bytes(), saved), **tensors)
    size = len(head(said.tensors)) + sum(kind.size for kind in said.tensors.values())
    weights = Entry("weights", said.weights.sha256, size)
    forge(saved, lambda each: with_tensors(each, **tensors)._replace(weights=weights))
    os.truncate(file(saved, "weights"), size)
    refused(saved, "and the limit is 68,719,476,736")


def signed(said):
    """A manifest of any kind, with a hash of its own that is right."""
    said = {name: value for name, value in said.items() if name != "sha256"}
    return manifest._json(said | {"sha256": hashlib.sha256(manifest._json(said)).hexdigest()})


def changed(said, path, value):
    """What a manifest says with one thing otherwise; `path` leads to it."""
    found = said = copy.deepcopy(said)
    *steps, last = path.split("/")
    for step in steps:
        found = found[step]
    found[last] = value
    return said


ODD = [None, True, -1, 1.0, 10**400, "x", "", [], {}, [1], {"a": 1}, float("nan"), float("inf")]
PATHS = [
    *("connc", "format_version", "net", "seed", "more"),
    *("files", "files/network", "files/weights", "files/more"),
    *("files/network/name", "files/network/sha256", "files/network/size", "files/network/more"),
    *("files/weights/name", "files/weights/size"),
    *("tensors", "tensors/layer.weight", "tensors/more", "tensors/layer.weight/dtype", "tensors/layer.weight/shape"),
]


@pytest.mark.parametrize("path", PATHS)
def test_a_manifest_says_nothing_else(saved, path):
    said = json.loads((saved / "manifest.json").read_text())
    for odd in ODD:
        if path in ("connc", "seed") and type(odd) is type(said[path]) and odd != -1:
            continue  # these may be anything of their type
        (saved / "manifest.json").write_bytes(signed(changed(said, path, odd)))
        refused(saved)


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "network.txt", "weights-0000000000000000.safetensors", "NUL", "a\x00b"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_no_name_of_a_file_is_taken_from_a_manifest(saved, kind, name):
    said = json.loads((saved / "manifest.json").read_text())
    (saved / "manifest.json").write_bytes(signed(changed(said, f"files/{kind}/name", name)))
    refused(saved, "it is not as connc wrote it")


TEXTS = {
    "twice": lambda text: text.replace('"net"', '"net": "tiny",\n "net"'),
    "an escape": lambda text: text.replace("tiny", "\\u0074iny"),
    "a blank": lambda text: text + " ",
    "line ends": lambda text: text.replace("\n", "\r\n"),
    "a mark in front": lambda text: "\ufeff" + text,
    "a number with a plus": lambda text: text.replace('"size": ', '"size": +'),
    "a number with a part": lambda text: text.replace('"format_version": 1', '"format_version": 1.0'),
    "a comment": lambda text: text + "// all is well\n",
    "deep": lambda text: "[" * 100_000,
    "deep in it": lambda text: text.replace('"tiny"', "[" * 900 + "]" * 900),
    "deep version": lambda text: text.replace('"format_version": 1', '"format_version": ' + "[" * 900 + "]" * 900),
    "many digits": lambda text: text.replace('"seed": 0', '"seed": ' + "9" * 10_000),
    "a list": lambda text: "[]",
    "nothing": lambda text: "",
    "NUL": lambda text: "\0" * 100,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_manifest_in_another_form_is_refused(saved, name):
    text = (saved / "manifest.json").read_text()
    forged = TEXTS[name](text)
    assert forged != text
    (saved / "manifest.json").write_bytes(forged.encode())
    refused(saved)


def test_a_shape_without_end_is_refused_before_it_is_multiplied(saved):
    said = json.loads((saved / "manifest.json").read_text())
    forged = signed(changed(said, "tensors/layer.weight/shape", [2**62] * 200_000))
    (saved / "manifest.json").write_bytes(forged)
    start = time.perf_counter()
    refused(saved, "it does not say what a manifest says")
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize("version", [0, 2, 99, "1.1"])
def test_a_format_of_another_version_is_refused_by_its_version(saved, version):
    said = json.loads((saved / "manifest.json").read_text())
    (saved / "manifest.json").write_bytes(signed(changed(said, "format_version", version)))
    refused(saved, f"its format_version is {version!r}, and this connc reads 1")


# --- crashes


class Killed(BaseException):
    """The process is no more."""


class Disk:
    """`os`, which writes down what is done to the disk, and fails at one point with an error or for good."""

    def __init__(self, at=None, error=None):
        self.at, self.error, self.log, self.dead = at, error, [], False
        self.inodes, self.number = {}, itertools.count()

    def __getattr__(self, name):
        return getattr(os, name)

    def _fails(self):
        failing = self.dead or len(self.log) == self.at
        self.dead = failing and isinstance(self.error, Killed)
        return failing

    def _step(self, *entry):
        if self._fails():
            self.log.append(("failed",))
            raise self.error
        self.log.append(entry)

    def open(self, path, flags, mode=0o777):
        if flags & os.O_CREAT:
            number = next(self.number)
            self._step("create", os.path.basename(path), number)
            descriptor = os.open(path, flags, mode)
            self.inodes[descriptor] = self.inodes[os.fspath(path)] = number
            return descriptor
        return os.open(path, flags, mode)

    def write(self, descriptor, data):
        if self._fails():
            os.write(descriptor, bytes(data)[: len(data) // 2])
            self.log.append(("failed",))
            raise self.error
        self.log.append(("write", self.inodes[descriptor], bytes(data)))
        return os.write(descriptor, data)

    def fsync(self, descriptor):
        self._step("sync", self.inodes.get(descriptor, "folder"))
        os.fsync(descriptor)

    def replace(self, old, new):
        self._step("rename", os.path.basename(old), os.path.basename(new), self.inodes[os.fspath(old)])
        os.replace(old, new)

    def unlink(self, path):
        self._step("unlink", os.path.basename(path))
        os.unlink(path)

    def close(self, descriptor):
        self.inodes.pop(descriptor, None)
        os.close(descriptor)


def recorded(monkeypatch, module, path, at=None, error=None):
    """Save while a disk takes notes; what it noted."""
    disk = Disk(at, error)
    with monkeypatch.context() as patch:
        patch.setattr(folder, "os", disk)
        patch.setattr(saving, "os", disk)
        if error is None:
            save(module, path)
        else:
            with pytest.raises((SaveError, Killed)):
                save(module, path)
    return disk.log


def left_by(log, before):
    """All that a power failure can leave of a folder, at each step of a log.

    What was not synced may be there or not: of each file all, half or nothing, of the names all, none or any one.
    """
    names, synced, pending, written, safe = dict.fromkeys(before), dict.fromkeys(before), [], {}, {}
    for step in [("start",), *log]:
        match step:
            case "create", name, number:
                written[number] = safe[number] = b""
                pending.append({name: number})
            case "write", number, data:
                written[number] += data
            case "sync", "folder":
                for each in pending:
                    synced |= each
                pending = []
            case "sync", number:
                safe[number] = written[number]
            case "rename", old, new, number:
                pending.append({old: "gone", new: number})
            case "unlink", name:
                pending.append({name: "gone"})
        for done in [[], *([each] for each in pending), *(pending[:stop] for stop in range(2, len(pending) + 1))]:
            names = dict(synced)
            for each in done:
                names |= each
            for part in ("all", "half", "none"):
                kept = {name: number for name, number in names.items() if number != "gone"}
                yield {name: before[name] if n is None else torn(written[n], safe[n], part) for name, n in kept.items()}


def torn(written, safe, part):
    """What is left of a file."""
    more = written[len(safe) :]
    return safe + {"all": more, "half": more[: len(more) // 2], "none": b""}[part]


def outcomes(log, before, path):
    """What is restored from all that can be left: the state, or nothing."""
    seen = set()
    for content in left_by(log, before):
        if (key := frozenset(content.items())) not in seen:
            seen.add(key)
            put_back(path, content)
            try:
                yield bits(restore(path)), path
            except SaveError:
                yield None, path


OLD, NEW = (TINY, 0.0), ("net later {\n    in: [2]\n    in -> layer: linear(3) -> out\n}\n", 1.0)


@pytest.fixture
def pair(tmp_path):
    """An older save, the module that shall replace it, and both their states."""
    old, new = (module_of(text, by=by) for text, by in (OLD, NEW))
    save(old, tmp_path / "run")
    return tmp_path / "run", new, bits(old), bits(new)


def test_a_power_failure_at_any_step_leaves_the_old_save_or_the_new(pair, tmp_path, monkeypatch):
    path, new, *whole = pair
    before = files(path)
    log = recorded(monkeypatch, new, path)
    assert len(log) > 15
    found = []
    for state, left in outcomes(log, before, tmp_path / "left"):
        found.append(state)
        save(new, left)
        assert bits(restore(left)) == whole[1]
        assert len(files(left)) == 3
    assert all(state in whole for state in found)
    assert all(state in found for state in whole)


def test_a_power_failure_in_the_first_save_leaves_nothing_or_all(tmp_path, monkeypatch):
    new = module_of()
    log = recorded(monkeypatch, new, tmp_path / "run")
    found = []
    for state, left in outcomes(log, {}, tmp_path / "left"):
        found.append(state)
        save(new, left)
        assert len(files(left)) == 3
    assert all(state in (None, bits(new)) for state in found)
    assert found[-1] == bits(new)


def moved(log, what, before):
    """The log with some steps before the first of some others."""
    taken = [step for step in log if what(step)]
    rest = [step for step in log if not what(step)]
    at = next(i for i, step in enumerate(rest) if before(step))
    return rest[:at] + taken + rest[at:]


def is_last_rename(step):
    return step[0] == "rename" and step[2] == "manifest.json"


def manifest_first(log):
    """All that is done to the manifest stands before all that is done to other files."""
    (number,) = (step[3] for step in log if is_last_rename(step))
    return moved(log, lambda step: number in step, lambda step: step[0] == "create")


def in_place(log):
    """A manifest that is written where it stands."""
    (number,) = (step[3] for step in log if is_last_rename(step))
    renamed = (
        ("create", "manifest.json", number) if step[0] == "create" and step[2] == number else step for step in log
    )
    return [step for step in renamed if not is_last_rename(step)]


WRONG_WRITERS = {
    "no file is synced": lambda log: [step for step in log if step[0] != "sync" or step[1] == "folder"],
    "the folder is not synced": lambda log: [step for step in log if step != ("sync", "folder")],
    "nothing is synced": lambda log: [step for step in log if step[0] != "sync"],
    "the manifest first": manifest_first,
    "the old is removed first": lambda log: moved(log, lambda step: step[0] == "unlink", is_last_rename),
    "the manifest in place": in_place,
}


@pytest.mark.parametrize("name", WRONG_WRITERS)
def test_a_wrong_writer_is_noticed(pair, tmp_path, monkeypatch, name):
    path, new, *whole = pair
    before = files(path)
    log = WRONG_WRITERS[name](recorded(monkeypatch, new, path))
    assert not all(state in whole for state, _ in outcomes(log, before, tmp_path / "left"))


ERRORS = {
    "full": OSError(28, "No space left on device"),
    "killed": Killed(),
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("first", [True, False], ids=["first", "again"])
def test_a_save_that_fails_at_any_step_leaves_the_old_or_the_new(pair, tmp_path, monkeypatch, name, first):
    path, new, *whole = pair
    steps = len(recorded(monkeypatch, new, tmp_path / "count" if first else path))
    removals = 0 if first else 2
    for at in range(steps - removals):  # what cannot be removed afterwards stays until the next save
        here = tmp_path / f"{at}"
        if not first:
            save(module_of(OLD[0], by=OLD[1]), here)
        log = recorded(monkeypatch, new, here, at, ERRORS[name])
        assert ("failed",) in log
        if first and not (here / "manifest.json").exists():
            refused(here)
        else:
            assert bits(restore(here)) in whole
        save(new, here)
        assert bits(restore(here)) == whole[1]
        assert len(files(here)) == 3


def test_a_full_disk_is_said_with_the_path_and_leaves_nothing_behind(saved, monkeypatch):
    before = files(saved)
    for at in range(12):
        with monkeypatch.context() as patch:
            patch.setattr(folder, "os", Disk(at, ERRORS["full"]))
            with pytest.raises(SaveError, match=f"{saved}: no space left on device"):
                save(module_of(SPEC), saved)
        assert files(saved) == before


def test_short_writes_are_finished(tmp_path, monkeypatch):
    class Short(Disk):
        def write(self, descriptor, data):
            return os.write(descriptor, data[:100])

    monkeypatch.setattr(folder, "os", Short())
    save(module_of(SPEC), tmp_path)
    assert bits(restore(tmp_path)) == bits(module_of(SPEC))


LOOP = """
import sys
import tests.test_saving as t
module = t.module_of(t.SPEC)
print("ready", flush=True)
for i in range(10**6):
    with t.torch.no_grad():
        module.head.bias.fill_(i)
    t.save(module, sys.argv[1])
"""


@pytest.mark.slow
def test_a_process_that_is_killed_leaves_a_whole_save(tmp_path):
    path, place = tmp_path / "run", os.pathsep.join(sys.path)
    save(module_of(SPEC), path)
    for wait in range(5):
        line = [sys.executable, "-c", LOOP, str(path)]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": place})
        with process:
            assert process.stdout.readline() == b"ready\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.2 + wait * 0.077)
            process.kill()
        assert len(set(restore(path).head.bias.tolist())) == 1
