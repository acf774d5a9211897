"""Drawings: the same picture in all formats, everything in it that is in the network, and nothing on top of another."""

import base64
import json
import os
import re
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import connc
from connc.backends.drawing import FORMATS, NoSuchPart, draw, svg_of_relation
from connc.backends.drawing.matrix import counted
from connc.backends.drawing.picture import BUNDLE, MODULE, OUTPUT, arrows_in, boxes_in
from connc.backends.drawing.rules import relation_words
from connc.backends.drawing.summary import picture_of
from connc.backends.drawing.widths import shortened, text_width
from connc.cli.app import run
from connc.compiler.expand import expand
from connc.compiler.make import make_op
from connc.compiler.network import WIRING, Network, Node, Ref, Source
from connc.compiler.relations.relation import Relation
from connc.compiler.text.parser import parse_ir
from connc.testing import nets
from tests.golden import BLOCK, sections, title, with_outputs
from tests.networks import EVERYTHING

ROOT = Path(__file__).resolve().parent.parent
GOLDENS = Path(__file__).with_name("data") / "graph" / "pictures.md"
FILES = [*sorted((ROOT / "tests" / "data" / "nets").glob("*.conn")), *sorted((ROOT / "examples").glob("*.conn"))]
STD = ["std.sparsenet", "std.sparsenet:sparsenet121", "std.densenet", "std.sdmn", "std.predefined:morse"]
NETS = [
    f"{path.relative_to(ROOT)}:{net}"
    for path in FILES
    for net in re.findall(r"^net (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)[:1]
]
TARGETS = [*STD, *NETS]
LOADED = {}


def net_of(target, **params):
    """Each is put together once."""
    key = target, str(params)
    if key not in LOADED:
        path = ROOT / target
        LOADED[key] = connc.load(target if target.startswith("std.") else str(path), params)
    return LOADED[key]


def spec(tmp_path, text, name="net.conn"):
    path = tmp_path / name
    path.write_text(text)
    return connc.load(str(path))


# --- goldens


def drawn(section):
    """A section with its pictures drawn anew."""
    ((attributes, text),) = [(more, body) for kind, more, body in BLOCK.findall(section) if kind == "conn"]
    options = dict(word.split("=") for word in attributes.split())
    depth = int(options["depth"]) if "depth" in options else None
    net = connc.loads(text)
    kinds = [kind for kind, _, _ in BLOCK.findall(section) if kind != "conn"]
    return with_outputs(section, {k: draw(net, k, depth=depth, module=options.get("module", "")) for k in kinds})


@pytest.mark.parametrize("section", sections(GOLDENS, drawn), ids=title)
def test_what_is_drawn_reads_well(section):
    assert drawn(section) == section


# --- all formats


@pytest.mark.parametrize("target", TARGETS)
def test_every_net_is_drawn_in_every_format(target):
    net = net_of(target)
    assert json.loads(draw(net, "json"))["format_version"] == 1
    for depth in (None, 1, 2, 3):
        drawing = draw(net, depth=depth)
        Geometry(drawing).check()
        assert drawing == draw(net, depth=depth)
    assert draw(net, "dot").startswith("digraph ")
    assert draw(net, "mermaid").startswith("flowchart ")


@settings(max_examples=15, deadline=None)
@given(nets() | nets(layers=90))
def test_any_network_is_drawn_at_both_levels(net):
    for each in (net, expand(net)):
        Geometry(draw(each, depth=4)).check()
        for format_ in FORMATS:
            assert draw(each, format_)


def test_what_cannot_be_drawn_is_said():
    net = parse_ir(EVERYTHING)
    with pytest.raises(ValueError, match="svg, dot, mermaid, json"):
        draw(net, "png")
    with pytest.raises(ValueError, match="depth"):
        draw(net, depth=0)


# --- geometry


class Geometry:
    """The texts and boxes of an SVG, in coordinates of the page."""

    def __init__(self, drawing):
        self.root = ET.fromstring(drawing)
        self.page = tuple(map(float, self.root.get("viewBox").split()))
        self.texts, self.boxes = [], []  # areas, and the number of the box that they belong to
        self.walk(self.root, 0.0, 0.0, False, None)

    def walk(self, element, x, y, upright, box):
        kind = element.tag.rpartition("}")[2]
        x, y, upright = moved(element, x, y, upright)
        if kind == "g" and any(child.tag.endswith("title") for child in element):
            box = len(self.boxes)
            self.boxes.append([area_of(child, x, y) for child in element if child.tag.endswith(("rect", "circle"))])
        if kind == "text":
            self.texts.append((text_area(element, x, y, upright), box, element.text))
        for child in element:
            self.walk(child, x, y, upright, box)

    def check(self):
        everything = (0.0, 0.0, *self.page[2:])
        for area, box, text in self.texts:
            assert inside(area, everything), text
            if box is not None:
                assert any(inside(area, frame) for frame in self.boxes[box]), text
        for i, (area, _, text) in enumerate(self.texts):
            for other, _, beside in self.texts[:i]:
                assert not overlap(area, other), (text, beside)
        self.check_boxes()

    def check_boxes(self):
        """Two boxes lie apart or one in the other, and what is written beside a box is in no other."""
        solid = [frames[-1] if len(frames) == 1 else frames[0] for frames in self.boxes]
        for i, area in enumerate(solid):
            for other in solid[:i]:
                assert not overlap(area, other) or inside(area, other) or inside(other, area)
        leaves = [area for area in solid if not any(inside(other, area) for other in solid if other != area)]
        for area, box, text in self.texts:
            assert box is not None or not any(overlap(area, leaf) for leaf in leaves), text


def moved(element, x, y, upright):
    transform = element.get("transform", "")
    if found := re.match(r"translate\((\S+) (\S+)\)", transform):
        x, y = x + float(found[1]), y + float(found[2])
    return x, y, upright or "rotate(-90)" in transform


def area_of(element, x, y):
    value = {name: float(element.get(name, "0")) for name in ("x", "y", "width", "height", "cx", "cy", "r")}
    if element.tag.endswith("circle"):
        r = value["r"]
        return x + value["cx"] - r, y + value["cy"] - r, x + value["cx"] + r, y + value["cy"] + r
    left, top = x + value["x"], y + value["y"]
    return left, top, left + value["width"], top + value["height"]


def text_area(element, x, y, upright):
    size = float(element.get("font-size"))
    width = text_width(element.text or "", size, element.get("font-weight") is not None)
    left = float(element.get("x")) - width * {"middle": 0.5, "end": 1.0}.get(element.get("text-anchor"), 0.0)
    base = float(element.get("y"))
    if upright:
        return x + base - 0.75 * size, y - left - width, x + base + 0.2 * size, y - left
    return x + left, y + base - 0.75 * size, x + left + width, y + base + 0.2 * size


def inside(area, other, slack=0.6):
    return (
        area[0] >= other[0] - slack
        and area[1] >= other[1] - slack
        and area[2] <= other[2] + slack
        and area[3] <= other[3] + slack
    )


def overlap(area, other, slack=0.6):
    apart = area[2] <= other[0] + slack or other[2] <= area[0] + slack
    return not (apart or area[3] <= other[1] + slack or other[3] <= area[1] + slack)


# --- what is in it


def names(body, prefix=""):
    """Those of all nodes on all levels."""
    for node in body:
        yield prefix + node.name
        if isinstance(node.what, Network):
            yield from names(node.what, f"{prefix}{node.name}.")


@pytest.mark.parametrize(
    ("target", "params"),
    [
        ("std.sdmn", {"depths": [2, 3]}),
        ("examples/unet.conn", {}),
        ("examples/resnet.conn", {"n": 2}),
        ("tests/data/nets/siamese.conn", {}),
        ("tests/data/nets/randwire.conn", {"n": 8}),
        ("", {}),
    ],
)
def test_at_full_depth_every_node_is_there_once(target, params):
    net = net_of(target, **params) if target else parse_ir(EVERYTHING)
    boxes = [box for box, _ in boxes_in(picture_of(net, depth=99).scene)]
    assert Counter(box.id for box in boxes if box.kind != OUTPUT) == Counter(names(net))
    assert sum(box.kind == OUTPUT for box in boxes) >= len(net.outputs)


def opened(net):
    """A body and all in it, each once."""
    found = {id(net): net}
    for node in net:
        if isinstance(node.what, Network):
            found |= {id(body): body for body in opened(node.what)}
    return list(found.values())


def connected(body, connect):
    """The pairs that a `connect` says, by the names of boxes: for an output that joins, what joins."""
    for source, target in zip(*(side.tolist() for side in connect.relation.pairs()), strict=True):
        start, end = connect.positions[source], connect.positions[target]
        if end.node:
            yield start.node, end.node
        else:
            made = body.outputs[end.port]
            alone = len(connect.relation.sources_of(target)) == 1 and made == start
            yield start.node, f":{end.port}" if alone else made.node


@pytest.mark.parametrize("target", ["std.sparsenet", "std.densenet", "std.sdmn", "tests/data/nets/randwire.conn"])
def test_every_connection_of_a_connect_is_drawn_once(target):
    for body in opened(net_of(target)):
        picture = picture_of(body, depth=1)
        if any(box.count > 1 or box.kind == BUNDLE for box in picture.scene.boxes):
            continue
        for number, connect in enumerate(body.connects):
            arrows = [arrow for arrow in picture.scene.arrows if arrow.rule == number]
            solid = Counter((arrow.source, arrow.target) for arrow in arrows if not arrow.candidate)
            assert solid == Counter(connected(body, connect))


def test_what_a_search_may_add_is_dashed():
    net = net_of("std.sdmn:exp1")
    (connect,) = net.connects
    rest = (connect.bound - connect.relation).count
    assert rest == sum(arrow.candidate for arrow in picture_of(net).scene.arrows) > 0
    assert draw(net).count('opacity="0.55"') == rest
    assert draw(net, "mermaid").count("-.->") == draw(net, "dot").count('style="dashed"') == rest


def test_what_a_search_may_rewire_is_seen_layer_by_layer():
    net = connc.loads(
        """
net evolving {
    in: [4]
    layer[6]: linear(4)
    connect in, layer, out by (i -> i + 1) using sum
        evolve within (i -> j where i < j)
}
"""
    )
    assert sum(arrow.candidate for arrow in picture_of(net).scene.arrows) == 21
    Geometry(draw(net)).check()


def test_a_search_may_add_what_leads_to_the_next_layer_or_back():
    net = connc.loads(
        """
net evolving {
    in: [4]
    layer[4]: linear(4)
    connect in, layer, out by (i -> i + 1) - (i -> 3 where i == 2) | (i -> i + 2) using sum
        evolve within (i -> j where i != j)
}
"""
    )
    found = [arrow for arrow in picture_of(net).scene.arrows if arrow.candidate]
    assert ("layer[1]", "layer[2]") in [(arrow.source, arrow.target) for arrow in found]
    assert ("layer[2]", "layer[1]") in [(arrow.source, arrow.target) for arrow in found]
    Geometry(draw(net)).check()


def test_parts_of_all_kinds_are_drawn_in_all_formats():
    net = parse_ir(EVERYTHING)
    for module in ("layer", "run[0..1]", "layer[0].connect", "linear", "tower", "both", "both.sum"):
        for each, format_ in ((net, format_) for format_ in FORMATS):
            assert draw(each, format_, module=module)
        Geometry(draw(net, module=module)).check()
    assert draw(expand(net), module="linear") == draw(expand(net), module="linear", depth=3)


def test_a_grid_is_laid_out_as_one():
    root = ET.fromstring(draw(net_of("std.sdmn")))
    texts = [e for e in root.iter() if e.tag.endswith("text") and e.text.startswith("cell[")]
    spots = {e.text: (float(e.get("x")), float(e.get("y"))) for e in texts}
    assert len(spots) == 12
    for d in range(4):
        for w in range(3):
            x, y = spots[f"cell[{d},{w}]"]
            assert d == 0 or x > spots[f"cell[{d - 1},{w}]"][0]
            assert abs(y - spots[f"cell[0,{w}]"][1]) < 0.2
            assert w == 0 or y > spots[f"cell[{d},{w - 1}]"][1]


def test_alike_layers_in_a_row_are_one_box():
    net = net_of("tests/data/nets/transformer.conn")
    boxes = {box.id: box for box in picture_of(net, depth=1).scene.boxes}
    assert boxes["block[0..5]"].count == 6
    assert boxes["block[0..5]"].kind == MODULE
    assert "encoder × 6" in draw(net, depth=1)


def test_the_formats_show_the_same_boxes_and_arrows():
    net = net_of("std.sparsenet")
    picture = picture_of(net, depth=2)
    boxes, arrows = [*boxes_in(picture.scene)], [*arrows_in(picture.scene)]
    found = json.loads(draw(net, "json", depth=2))
    assert len(found["nodes"]) + len(found["groups"]) == len(boxes)
    assert len(found["edges"]) == len(arrows)
    assert draw(net, "dot", depth=2).count(" -> ") == draw(net, "mermaid", depth=2).count(" -->") == len(arrows)
    assert draw(net, depth=2).count(" → ") >= len(arrows)


def test_depth_is_how_many_levels_are_shown():
    net = net_of("std.sparsenet")
    depths = [max(map(depth_of, scene.boxes)) for scene in (picture_of(net, depth=d).scene for d in (1, 2, 3, 4, 9))]
    assert depths == [1, 2, 3, 4, 4]


def depth_of(box):
    return 1 + (max(map(depth_of, box.inside.boxes)) if box.inside else 0)


# --- parts


@pytest.mark.parametrize(
    ("target", "module", "kind"),
    [
        ("std.sparsenet", "part[1].block", "block"),
        ("std.sparsenet", "part", "sparsenet"),
        ("std.sparsenet", "part[1].block.step", "block"),
        ("std.sdmn", "conv", "sdmn"),
        ("tests/data/nets/siamese.conn", "tower_@2", "tower"),
    ],
)
def test_a_part_is_drawn_by_its_name(target, module, kind):
    net = net_of(target)
    assert module in picture_of(net, module=module).title
    Geometry(draw(net, module=module)).check()
    assert module in draw(net, "dot", module=module)


def test_a_prefix_of_the_flat_network_is_a_part():
    net = expand(net_of("std.sparsenet"))
    found = json.loads(draw(net, "json", module="part[0].block"))
    assert {each["id"].rpartition(".block.")[0] for each in found["nodes"] if each["kind"] == "layer"} == {"part[0]"}


@pytest.mark.parametrize(
    ("module", "meant"),
    [("prat", "part"), ("part[0].blokc", r"part\[0\].block"), ("nothing", "expand"), ("part[9]", r"part\[")],
)
def test_a_part_that_is_not_there_is_said(module, meant):
    with pytest.raises(NoSuchPart, match=meant):
        draw(net_of("std.sparsenet"), module=module)


# --- junctions


def cells_of(drawing):
    """The cells that are drawn: of shapes by where they stand, of an image by its points."""
    root = ET.fromstring(drawing)
    image = next((e for e in root.iter() if e.tag.endswith("image")), None)
    if image is not None:
        return points(
            base64.b64decode(image.get("{http://www.w3.org/1999/xlink}href", image.get("href")).split(",")[1])
        )
    paths = [e.get("d") for e in root.iter() if e.get("fill") == "#0072b2"]
    return {tuple(map(float, each)) for each in re.findall(r"M(\S+) (\S+?)h(\S+?)v(\S+?)H", " ".join(paths))}


def points(data):
    """The shades of a PNG that has a byte a point."""
    assert data.startswith(b"\x89PNG")
    wide, high = struct.unpack(">II", data[16:24])
    at, packed = 8, b""
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        packed += data[at + 8 : at + 8 + size] if data[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + size
    rows = np.frombuffer(zlib.decompress(packed), dtype=np.uint8).reshape(high, wide + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:]


def random_relation(sources, targets, count, seed=0):
    random = np.random.default_rng(seed)
    pairs = random.integers(0, sources, count), random.integers(0, targets, count)
    return Relation.of_pairs((sources,), (targets,), *pairs)


def test_a_small_matrix_has_the_cells_of_its_relation():
    relation = random_relation(7, 5, 14)
    cells = cells_of(svg_of_relation(relation))
    (cell,) = {high for _, _, _, high in cells}
    found = {(round(x / cell) + i, round(y / cell)) for x, y, wide, _ in cells for i in range(round(wide / cell))}
    assert found == set(zip(*(side.tolist() for side in relation.pairs()), strict=True))


def test_a_larger_matrix_is_an_image_with_a_point_a_cell():
    net = net_of("examples/morse.conn")
    relation = net["reader"].what["first"].what.rule
    shades = cells_of(draw(net, module="reader.first"))
    source, target = np.nonzero((shades > 0).T)
    assert Relation.of_pairs(relation.sources, relation.targets, source, target) == relation
    rows = json.loads(draw(net, "json", module="reader.first"))["matrix"]["rows"]
    assert rows == [relation.sources_of(t).tolist() for t in range(1024)]


def test_the_largest_matrix_is_put_into_bins_and_stays_small():
    relation = random_relation(3000, 50_000, 1_000_000)
    drawing = svg_of_relation(relation)
    shades = cells_of(drawing)
    assert shades.shape == (256, 256)
    assert len(drawing) < 150_000
    cells = counted(relation, (256, 256))
    assert cells.sum() == relation.count
    assert ((shades > 0) == (cells > 0)).all()


def test_a_matrix_says_how_large_and_how_full_it_is():
    drawing = draw(net_of("examples/morse.conn"), module="reader.first")
    for said in ("64 → 1,024", "32,768 connections", "50% of all", "fan-in 32", "fan-out 512"):
        assert said in drawing
    Geometry(drawing).check()


def test_a_connect_is_drawn_as_the_matrix_of_its_positions():
    net = net_of("std.sdmn:exp1")
    drawing = draw(net, module="cell[0,0].connect")
    Geometry(drawing).check()
    assert drawing.count(">cell[3,2]<") == 2
    assert "27 more that a search may add" in drawing


# --- hostile input

HOSTILE = [
    '"',
    "</text><script>",
    "\\",
    "a\nb",
    "]]>",
    "&amp;",
    "`x`",
    "end",
    "#quot;",
    "\x07",
    "%%{init}%%",
    "𝔸é",
    "]-->[",
]


def hostile():
    """A network with names that mean something in each of the formats."""
    size = make_op("input", {"size": (4,)})
    body = Network('b"<', WIRING, [Node("in", size, ((4,),))], {}, {"out": Ref("in")})
    nodes = [Node("in", size, ((4,),))]
    sources = {}
    for at, name in enumerate(HOSTILE):
        what = body if at % 2 else make_op("relu", {})
        nodes.append(Node(name, what, ((4,),)))
        sources[name] = [Source(Ref(nodes[-2].name))]
    return Network('net "]<&', WIRING, nodes, sources, {'o"<': Ref(HOSTILE[-1])})


@pytest.mark.parametrize("depth", [1, 3])
def test_names_mean_nothing_in_any_format(depth):
    net = hostile()
    Geometry(draw(net, depth=depth)).check()
    assert "<script" not in draw(net, depth=depth)
    ids = {each["id"] for kind in ("nodes", "groups") for each in json.loads(draw(net, "json", depth=depth))[kind]}
    assert {*HOSTILE} < ids
    strings = re.sub(r'"(?:[^"\\\n]|\\[n"\\])*"', "S", draw(net, "dot", depth=depth))
    assert re.fullmatch(r"[\w\s\[\]{}=>-]*", strings), strings
    plain = re.sub(r'"[^"`<>]*"', "S", draw(net, "mermaid", depth=depth).replace("<br>", " "))
    node, arrow = r"n\d+(\[S\]|\(\[S\]\)|\(\(S\)\))", r"n\d+ -->(\|S\|)? n\d+"
    lawful = re.compile(rf" *(%%[^{{}}]*|{node}|{arrow}|subgraph n\d+\[S\]|end|class\w* [\w ,:#-]*)")
    assert [line for line in plain.splitlines()[1:] if not lawful.fullmatch(line)] == []


# --- large networks


def test_a_family_of_thousands_is_one_box(tmp_path):
    text = """
net wide {
    in: [3, 4, 4]
    layer[2000]: conv(2, 3)
    connect in, layer, out by (i -> j where i < j) using concat
}
"""
    net = spec(tmp_path, text)
    start = time.monotonic()
    for format_ in FORMATS:
        drawing = draw(net, format_)
        assert len(drawing) < 20_000
        assert "layer[0..1999]" in drawing
    assert "conv × 2,000" in draw(net)
    assert time.monotonic() - start < 20


def test_a_long_chain_of_different_layers_is_shown_by_its_ends(tmp_path):
    chain = " -> ".join(["relu", "tanh", "sigmoid"] * 500)
    net = spec(tmp_path, f"net long {{\n    in: [4]\n    in -> {chain} -> out\n}}\n")
    picture = picture_of(net)
    assert len(picture.scene.boxes) < 60
    assert sum(box.count for box in picture.scene.boxes) == len(net) + 1
    Geometry(draw(net)).check()


def test_more_arrows_than_anyone_would_look_at_are_counted():
    nodes = [Node("in", make_op("input", {"size": (4,)}), ((4,),)), Node("sum", make_op("sum", {}), ((4,),))]
    net = Network("many", WIRING, nodes, {"sum": [Source(Ref("in"))] * 30_000}, {"out": Ref("sum")})
    assert picture_of(net).scene.arrows[0].count == 30_000
    assert len(draw(net)) < 20_000


def test_what_would_be_too_much_is_not_opened():
    net = net_of("std.densenet", blocks=[40, 40, 40, 40])
    picture = picture_of(net, depth=9)
    assert len([*boxes_in(picture.scene)]) + len([*arrows_in(picture.scene)]) <= 4200
    assert "opened to depth" in draw(net, depth=9)


def test_a_long_chain_is_drawn_at_once(tmp_path):
    text = "net deep {\n    in: [4]\n    layer[10000]: relu\n    connect in, layer, out by (i -> i + 1)\n}\n"
    net = spec(tmp_path, text)
    start = time.monotonic()
    assert "relu × 10,000" in draw(net)
    assert time.monotonic() - start < 15


# --- the command


@pytest.fixture
def call(capfd, tmp_path, monkeypatch):
    """Run the command in an empty folder: exit status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        status = run(arguments)
        return status, *capfd.readouterr()

    return call


def test_it_prints_svg_unless_told(call):
    net = net_of("std.sdmn")
    assert call("graph", "std.sdmn") == (0, draw(net), "")
    assert call("graph", "std.sdmn", "--format", "dot")[1] == draw(net, "dot")
    assert call("graph", "std.sdmn", "--module", "cell", "--depth", "1")[1] == draw(net, depth=1, module="cell")


def test_the_output_says_the_format(call, tmp_path):
    starts = {"svg": "<svg", "dot": "digraph", "gv": "digraph", "mmd": "flowchart", "mermaid": "flowchart", "json": "{"}
    for suffix, start in starts.items():
        assert call("graph", "std.predefined:morse", "-o", f"net.{suffix}") == (0, "", "")
        assert (tmp_path / f"net.{suffix}").read_text(encoding="utf-8").startswith(start)
    assert call("graph", "std.predefined:morse", "-o", "net.txt", "--format", "json")[0] == 0
    json.loads((tmp_path / "net.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "net.png"], "net.png does not say a format"),
        (["--format", "png"], "png"),
        (["--depth", "0"], "depth"),
        (["--module", "fc11"], "did you mean `fc1`?"),
        (["-o", "nowhere/net.svg"], "nowhere/net.svg"),
        (["-o", "."], "does not say a format"),
        (["-o", "folder.svg"], "folder.svg"),
    ],
)
def test_wrong_use_is_said(call, tmp_path, arguments, said):
    (tmp_path / "folder.svg").mkdir()
    status, out, err = call("graph", "std.predefined:morse", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert [path.name for path in tmp_path.iterdir()] == ["folder.svg"]


def test_a_file_is_there_whole_or_as_it_was(call, tmp_path, monkeypatch):
    def fails(_):
        raise OSError(28, "no space left on device", "net.svg")

    (tmp_path / "net.svg").write_text("old")
    monkeypatch.setattr(os, "fsync", fails)
    assert call("graph", "std.predefined:morse", "-o", "net.svg")[0] == 2
    assert call("graph", "std.predefined:morse", "-o", "new.svg")[0] == 2
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"net.svg": "old"}


PROGRAM = """
import sys
import connc
from connc.backends.drawing import FORMATS, draw
net = connc.load("std.sdmn:exp1")
for format in FORMATS:
    print(draw(net, format))
    print(draw(net, format, module="cell[0,0]", depth=2))
assert not {"torch", "networkx"} & sys.modules.keys()
"""


def test_a_drawing_depends_on_nothing_but_the_network_and_needs_no_torch():
    outputs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            capture_output=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1] != b""


def test_equal_networks_are_drawn_alike():
    net = net_of("std.sdmn")
    assert draw(parse_ir(str(net)), depth=3) == draw(net, depth=3)


# --- notebooks


def test_a_notebook_shows_networks_and_relations():
    net = net_of("std.sparsenet")
    assert net._repr_svg_() == draw(net)
    html = net._repr_html_()
    assert "4,513,576 parameters" in html
    ET.fromstring(html)
    relation = random_relation(5, 5, 9)
    assert relation._repr_svg_() == svg_of_relation(relation)


def test_a_part_has_the_candidates_between_its_own_boxes():
    """Also where others lead to an output that the part does not have."""
    text = (
        "net n {\n    in: [4]\n    a[4]: linear(4)\n    connect in, a, out by (i -> i + s for s in [1, 2]) using sum\n"
        "        evolve within (i -> j where i < j)\n}\n"
    )
    assert json.loads(draw(connc.loads(text), "json", module="a"))["edges"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("(d, w) -> (d + 1, w)", "(i, j) → (i + 1, j)"),
        ("(d, w) -> (d + 1, w - s) for s in 0..1", "(i, j) → (i + 1, j - 1), (i + 1, j)"),
        ("(d, w) -> (d + 1, w) where w < 1", "a rule with 2 connections"),
    ],
)
def test_a_rule_on_a_grid_is_said_by_its_steps(rule, said):
    """Only where these say all of it."""
    assert relation_words(connc.relate(rule, [3, 2])) == said


def test_a_name_that_is_cut_keeps_its_index():
    assert shortened("a_very_long_name_of_a_layer[12,3]", 12, 120).endswith("…[12,3]")
    assert text_width(shortened("a_very_long_name_of_a_layer[12,3]", 12, 120), 12) <= 120
