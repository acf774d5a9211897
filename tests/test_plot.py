"""Figures: the numbers are those of plain loops, all that is drawn is in the tables, and files are real pictures."""

import io
import re
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from matplotlib import image, rcParams
from matplotlib.figure import Figure

import connc
from connc.backends.plots import FIGURES, MEASURED, tables
from connc.backends.plots.blocks import opened, shares
from connc.backends.plots.pairs import layer_of, layers, means, norms
from connc.backends.plots.panels import NoFigure, matrix, measured, weighed
from connc.backends.plots.sheet import picture
from connc.backends.plots.strengths import channel_norms, layer_strengths
from connc.backends.plots.style import count_text, short
from connc.backends.torch.strengths import weights_of
from connc.cli.app import run
from connc.compiler.expand import expand
from connc.compiler.parameters import parameters
from connc.testing import nets

TARGETS = ["std.sparsenet", "std.sdmn:sdmn_small", "std.predefined:morse"]
PNG = b"\x89PNG\r\n\x1a\n"
LINKED = """
use std.rules (exponential)

module layer(k: int) {
    in -> bn -> relu -> conv(k, 3) -> out
}

module block {
    in -> bn -> in2: identity
    step[4]: layer(3)
    connect in2, step, out by exponential(2) using concat
}

net linked {
    in: [2, 8, 8]
    in -> block -> maxpool(2) -> flatten -> head: linear(10) -> out
}
"""


def weights(net, seed=0):
    return {each.name: each.initial(seed) for each in parameters(net)}


def axes_of(draw, *given):
    axes = Figure().add_subplot()
    draw(axes, *given)
    return axes


@pytest.fixture(scope="module")
def known():
    """Nets and their tables, each made once."""
    loaded = {target: connc.load(target) for target in TARGETS}
    return {target: (net, connc.analyze(net)) for target, net in loaded.items()}


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    Path("linked.conn").write_text(LINKED)

    def call(*arguments):
        status = run(arguments)
        return status, *capsys.readouterr()

    return call


# --- pairs


def test_a_norm_is_that_of_the_kernel_between_two_channels():
    w = np.random.default_rng(0).standard_normal((5, 4, 3, 2))
    found = channel_norms(w)
    for j in range(5):
        for i in range(4):
            assert found[j, i] == pytest.approx(sum(w[j, i, m, n] ** 2 for m in range(3) for n in range(2)) ** 0.5)
    flat = w[:, :, 0, 0]
    assert np.array_equal(channel_norms(flat), np.abs(flat))


# What one layer of a net weighs: for each connection its place and its weights, one after the other.


def of_groups(op, w, x):
    outputs, inputs = w.shape[0] // op.groups, w.shape[1]
    for j in range(w.shape[0]):
        for i in range(inputs):
            yield j, j // outputs * inputs + i, w[j, i].ravel()


def of_a_rule(op, w, x):
    at = 0
    for j in range(op.rule.starts.size - 1):
        for i in op.rule.sources_of(j).tolist():
            yield j, i, w[at].ravel()
            at += 1


def of_all(op, w, x):
    for j in range(w.shape[0]):
        for i in range(w.shape[1]):
            yield j, i, w[j, i].ravel()


@pytest.mark.parametrize(
    ("layer", "key", "places", "shown"),
    [
        ("conv(6, 3)", "weight", of_all, lambda w: w),
        ("conv(6, 3, groups = 2)", "weight", of_groups, lambda w: w),
        ("conv(6, 3) by random(fan_in = 2)", "weight", of_a_rule, lambda w: w),
        ("sepconv(6, 3)", "point_weight", of_all, lambda w: w),
        ("synapse_conv(6, 3)", "threshold", of_all, lambda w: 1 - w),
        ("globalpool -> linear(6)", "weight", of_all, lambda w: w),
        ("globalpool -> linear(6) by random(fan_in = 2)", "weight", of_a_rule, lambda w: w),
        ("globalpool -> synapse(6) by random(fan_in = 2)", "threshold", of_a_rule, lambda w: 1 - w),
    ],
)
def test_norms_and_means_stand_where_the_connections_are(layer, key, places, shown):
    net = connc.loads(f"net one {{\n    in: [4, 5, 5]\n    in -> {layer} -> out\n}}")
    values = weights(net)
    (found,) = layers(net)
    assert found.key.endswith(f".{key}")
    norm, mean = np.full((6, 4), np.nan), np.full((6, 4), np.nan)
    for j, i, w in places(found.op, shown(values[found.key]), 4):
        norm[j, i] = sum(float(each) ** 2 for each in w) ** 0.5
        mean[j, i] = sum(abs(float(each)) for each in w) / len(w)
    np.testing.assert_allclose(norms(found, values), norm, rtol=1e-6)
    np.testing.assert_allclose(means(found, values), mean, rtol=1e-6)


def test_a_shared_layer_is_one_and_what_weighs_nothing_none():
    net = connc.loads("net one {\n    in: [4]\n    a: linear(4)\n    in -> a -> relu -> a -> out\n}")
    assert [each.name for each in layers(net)] == ["a"]
    kernel = expand(net)
    assert layer_of(kernel, kernel["in"]) is None


# --- strengths


def test_strengths_are_the_means_over_the_channels_of_each_source():
    net = connc.loads(LINKED)
    values = weights(net)
    ((name, found),) = layer_strengths(net, values).items()
    assert name == found.connect == "block.in2.connect"
    assert found.sources == ("in2", "step[0]", "step[1]", "step[2]", "step[3]")
    assert found.targets == ("step[0]", "step[1]", "step[2]", "step[3]", "out")
    # who reads whom, in the order of positions, and how many channels each gives
    order = {"in2": 2, "step[0]": 3, "step[1]": 3, "step[2]": 3, "step[3]": 3}
    positions = [*order, "out"]
    for t, target in enumerate(positions[1:], start=1):
        read = [source for s, source in enumerate(positions[:t]) if t - s in (1, 2, 4)]
        w = values["head.weight"].reshape(10, -1, 4, 4) if target == "out" else values[f"block.{target}.conv.weight"]
        assert w.shape[1] == sum(order[source] for source in read)
        low = 0
        for source in order:
            strength = found.values[found.sources.index(source), found.targets.index(target)]
            if source in read:
                part = [abs(float(each)) for each in w[:, low : low + order[source]].ravel()]
                assert strength == pytest.approx(sum(part) / len(part))
                low += order[source]
            else:
                assert np.isnan(strength)


def strengths_of(text):
    net = connc.loads(text)
    return layer_strengths(net, weights(net))


def test_what_is_added_up_has_no_strengths():
    assert strengths_of(LINKED.replace("using concat", "using sum").replace("[2, 8, 8]", "[3, 8, 8]")) == {}


def test_behind_adapters_channels_are_those_that_arrive():
    net = connc.load("std.sdmn:sdmn_small", {"adding": False, "links": "forward"})
    values = weights(net)
    found = layer_strengths(net, values)["cell[0,0].connect"]
    cells = [f"cell[{depth},{lane}]" for depth in range(4) for lane in range(3)]
    assert found.sources == tuple(cells[:9])
    assert found.targets == tuple(cells[3:])
    wide = [net[cell].shapes[0][0] for cell in cells[:9]]
    w = values["cell[3,1].block.step[0].conv.weight"]
    parts = np.split(np.abs(w), np.cumsum(wide)[:-1], axis=1)
    assert found.values[:, found.targets.index("cell[3,1]")] == pytest.approx([part.mean() for part in parts])


def test_many_sources_that_are_read_as_one_are_told_apart():
    net = connc.loads("""
use std.rules (dense)

net many {
    in: [1, 2, 2]
    a[80]: conv(1, 1)
    connect in, a by dense using concat
    a[79] -> out
}
""")
    values = weights(net)
    (found,) = layer_strengths(net, values).values()
    assert found.values.shape == (80, 80)
    for target in (0, 41, 79):
        w = values[f"a[{target}].weight"]
        assert found.values[: target + 1, target] == pytest.approx(np.abs(w).mean(axis=(0, 2, 3)))
        assert np.isnan(found.values[target + 1 :, target]).all()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(nets())
def test_of_any_net_a_strength_lies_between_the_weights(net):
    values = weights(net)
    most = max((float(np.abs(each).max()) for each in values.values() if each.size), default=0)
    for found in layer_strengths(net, values).values():
        there = found.values[np.isfinite(found.values)]
        assert there.size
        assert (there >= 0).all()
        assert (there <= most * (1 + 1e-6)).all()


# --- tables


@pytest.mark.parametrize("target", TARGETS)
def test_the_blocks_of_a_figure_make_up_the_net(target, known):
    _, table = known[target]
    rows = shares(table["costs"])
    assert 1 < len(rows) <= 13
    assert sum(row.amounts[0] for row in rows) == table["params"]
    assert sum(row.amounts[1] for row in rows) == table["macs"]


def test_blocks_are_opened_as_long_as_there_are_few():
    costs = {
        name: {"params": params, "macs": params, "memory": params + (name == "f")}
        for name, params in {"a": 3, "a.b": 3, "a.b.c": 1, "a.b.d": 2, "e": 4, "f": 0}.items()
    }
    assert opened(costs, 3) == ["a.b.c", "a.b.d", "e", "f"]
    assert opened(costs, 2) == ["a.b", "e", "f"]
    assert [(row.name, row.amounts) for row in shares(costs, 2)] == [
        ("a.b", (3, 3, 3)),
        ("e", (4, 4, 4)),
        ("f", (0, 0, 1)),
    ]
    many = {f"a[{i}]": {"params": i, "macs": 1, "memory": 1} for i in range(20)}
    assert [row.name for row in shares(many, 4)] == ["a[17]", "a[18]", "a[19]", "17 others"]
    assert shares(many, 4)[-1].amounts == (sum(range(17)), 17, 17)


def test_bars_are_as_high_as_the_table_says(known):
    _, table = known["std.sparsenet"]
    axes = axes_of(tables.fan_in, table["fan_in"])
    bars = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in axes.patches}
    assert bars == {int(count): layers for count, layers in table["fan_in"]["layers"]["histogram"].items()}
    axes = axes_of(tables.path_lengths, table["path_length"])
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(100)


def test_the_scatter_vector_is_labelled_as_in_the_paper(known):
    _, table = known["std.predefined:morse"]
    axes = axes_of(tables.scatter, table["scatter"])
    assert [bar.get_height() for bar in axes.patches] == table["scatter"]["vector"]
    words = [re.sub(r"[^Sfb0-9]", "", label.get_text().replace(r"\mathrm", "")) for label in axes.get_xticklabels()]
    assert words == ["S1f", "S1b", "S2f", "S2b", "Sf", "Sb"]
    assert len(tables.scatter_labels(1)) == 2


def test_links_that_are_alike_are_one_row(known):
    _, table = known["std.sdmn:sdmn_small"]
    rows = tables.link_rows(table["density"]["links"])
    assert len(rows) == 2
    assert any(name.endswith(" ×12") for name in rows)


def test_words_are_short():
    assert short("part[0].transition") == "part[0].transition"
    assert short("part[0].block.step[0].connect") == "part[0]…step[0].connect"
    assert len(short("a" * 99)) == 24
    assert [count_text(each) for each in (0, 940, 4_513_576, 1.72e9)] == ["0", "940", "4.51 M", "1.72 G"]
    assert count_text(105e6, "B") == "105 MB"


# --- pictures


def size_of(data):
    """Of a picture that can be decoded and shows something."""
    assert data.startswith(PNG)
    pixels = image.imread(io.BytesIO(data))
    assert pixels.std() > 0.01
    return pixels.shape[1], pixels.shape[0]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("figure", [*MEASURED, "matrix", ""])
def test_each_figure_is_a_picture(target, figure, known):
    net, table = known[target]
    panels, _ = matrix(net) if figure == "matrix" else measured(net, table, figure)
    wide, high = size_of(picture(panels, "png", net.kind))
    assert wide == (850 if len(panels) == 1 else 1700 if len(panels) in (2, 4) else 2550)
    assert high >= 600


@pytest.mark.parametrize("format_", ["png", "svg", "pdf"])
def test_the_same_is_the_same_bytes_and_settings_stay(format_, known):
    net, table = known["std.sdmn:sdmn_small"]
    before = dict(rcParams)
    first, second = (picture(measured(net, table)[0], format_, net.kind) for _ in range(2))
    assert first == second
    assert matplotlib.__version__.encode() not in first
    assert b"Date" not in first
    assert dict(rcParams) == before


@pytest.mark.slow
def test_a_trained_net_is_shown(call):
    connc.train("std.sdmn:sdmn_small", "digits", epochs=1, limit=32, folder="kept")
    target = ["std.sdmn:sdmn_small", "--set", "input=[1,8,8]", "--set", "classes=10", "--weights", "kept"]
    for figure in ((), ("--figure", "strengths"), ("--figure", "norms", "--module", "cell[3,0]")):
        status, out, err = call("plot", *target, *figure, "-o", "a.png")
        assert (status, out) == (0, "")
        size_of(Path("a.png").read_bytes())
    assert err == ""
    status, _, err = call("plot", *target, "-o", "b.png")
    assert err == (
        "shown are 6 of 12 tables of strengths; --module shows others\n"
        "shown are 6 of 47 layers; --module shows others\n"
    )
    first = Path("b.png").read_bytes()
    call("plot", *target, "-o", "b.png")
    assert Path("b.png").read_bytes() == first


def test_weights_of_another_net_are_refused(call):
    connc.save(connc.compile("linked.conn", seed=2), "kept")
    status, _, err = call("plot", "linked.conn", "--weights", "kept", "-o", "a.png")
    assert (status, err) == (0, "")
    status, _, err = call("plot", "std.sdmn:sdmn_small", "--weights", "kept", "-o", "b.png")
    assert status == 2
    assert "kept holds the weights of the net linked, not sdmn_small" in err
    assert not Path("b.png").exists()


def test_the_weights_of_a_module_go_by_the_names_of_the_spec():
    module = connc.compile("std.sdmn:sdmn_small", seed=3)
    found = weights_of(module.bfloat16())
    assert found.keys() == {each.name for each in parameters(module.network)}
    wanted = weights(module.network, 3)
    np.testing.assert_allclose(found["conv.weight"], wanted["conv.weight"], atol=0.01)


# --- what is wrong


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "a.gif"], "a.gif does not say a format; name it FILE.png or FILE.svg or FILE.pdf"),
        (["-o", "none/a.png"], "none/a.png: there is no folder to write it into"),
        (["-o", "a.png", "--figure", "norms"], "needs --weights FOLDER, which `connc train -o FOLDER` writes"),
        (
            ["-o", "a.png", "--figure", "cost", "--weights", "x"],
            "shows no weights; leave out --weights, or draw strengths",
        ),
        (["-o", "a.png", "--figure", "cost", "--module", "x"], "is of a whole net; --module goes with matrix"),
        (["-o", "a.png", "--weights", "x"], "there is no x, neither a folder nor a file"),
        (["-o", "a.png", "--module", "hea"], "linked has nothing called hea; did you mean `head`?"),
        (
            ["-o", "a.png", "--module", "head"],
            "head is no layer with a rule and no `connect`; there is block.in2.connect",
        ),
        (["-o", "a.png", "--figure", "scater"], "scater"),
    ],
)
def test_wrong_use_is_told(call, arguments, said):
    status, out, err = call("plot", "linked.conn", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert not Path("a.png").exists()


def test_a_net_without_what_a_figure_shows_says_what_it_has():
    net = connc.loads("net bare {\n    in: [1, 4, 4]\n    in -> conv(2, 3) -> out\n}")
    with pytest.raises(NoFigure, match="bare has nothing for the figure scatter; it has paths, fan_in, cost"):
        measured(net, connc.analyze(net), "scatter")
    with pytest.raises(NoFigure, match="bare has no layer with a rule and no `connect`"):
        matrix(net)
    with pytest.raises(NoFigure, match="bare has no `connect` that puts sources behind each other"):
        weighed(net, weights(net), "strengths")
    with pytest.raises(NoFigure, match=r"bare has no weights in convv; did you mean `conv`\?"):
        weighed(net, weights(net), "", "convv")
    net = connc.loads("net bare {\n    in: [1, 4, 4]\n    in -> relu -> out\n}")
    with pytest.raises(NoFigure, match="bare has no layer with weights"):
        weighed(net, {})


def test_where_matplotlib_is_not_installed_the_way_to_it_is_told(call, monkeypatch):
    for each in [each for each in sys.modules if each.startswith("connc.backends.plots.")]:
        monkeypatch.delitem(sys.modules, each)
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not there
    status, out, err = call("plot", "linked.conn", "-o", "a.png")
    assert (status, out) == (2, "")
    assert "figures need matplotlib, which is not installed; pip install 'connc[plot]'" in err


def test_a_figure_of_a_net_needs_neither_torch_nor_pyplot(tmp_path):
    code = (
        "import sys\nfrom connc.cli.app import run\n"
        "assert run(['plot', 'std.predefined:fig4', '-o', sys.argv[1]]) == 0\n"
        "print(sorted({'torch', 'matplotlib.pyplot'} & sys.modules.keys()))"
    )
    found = subprocess.run([sys.executable, "-c", code, tmp_path / "a.svg"], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")


def test_numbers_need_no_matplotlib():
    code = (
        "import sys\nimport connc.backends.plots.strengths\nprint('matplotlib' in sys.modules, 'torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False False\n"


def test_the_help_names_every_figure(call):
    _, out, _ = call("plot", "--help")
    assert all(figure in out for figure in FIGURES)


def test_a_layer_with_a_join_keeps_what_it_takes_itself():
    body = "in: [8]\n    c[3]: linear(8)\n    connect in, c, out by (i -> i + s for s in [1, 2]) using sum"
    found = connc.analyze(connc.loads(f"net a {{\n    {body}\n}}\n"))
    rows = shares(found["costs"])
    assert [sum(row.amounts[at] for row in rows) for at in range(3)] == [
        found["params"],
        found["macs"],
        found["memory"]["training"],
    ]


@pytest.mark.parametrize("target", ["std.sparsenet", "std.sdmn:sdmn_small", "std.resnet:resnet_cifar", "std.densenet"])
def test_shares_add_up_to_the_net(target):
    found = connc.analyze(connc.load(target), "costs", "params", "macs", "memory")
    rows = shares(found["costs"])
    totals = [sum(row.amounts[at] for row in rows) for at in range(3)]
    assert totals == [found["params"], found["macs"], found["memory"]["training"]]


def test_a_net_without_layers_says_what_it_has(call):
    Path("id.conn").write_text("net a {\n    in: [4]\n    in -> out\n}\n")
    assert call("plot", "id.conn", "-o", "sheet.png")[0] == 0
    status, _, err = call("plot", "id.conn", "--figure", "fan_in", "-o", "fans.png")
    assert status == 2
    assert "a has nothing for the figure fan_in; it has paths" in err
