"""Files of Python from unlucky and hostile specs: names, documentation, wirings, and what tensors start from."""

import ast
import math
import re
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
import torch

import connc
from connc.backends.python import python_of
from connc.backends.python.layers import INLINE
from connc.backends.torch.lower import compile_network
from connc.backends.torch.names import class_name, tensor_place
from connc.compiler.expand import expand
from connc.compiler.initial import bounds
from connc.compiler.ops import OPS, Op, op
from connc.compiler.parameters import parameters
from connc.compiler.start import Between, Constant, FanIn, Signs
from tests.python_backend import by_file, imported, twin, written
from tests.test_torch_names import UNLUCKY

BIN = Path(sys.executable).parent
NETS = Path(__file__).parent / "data" / "nets"


def checked(net, batch=2):
    """The module of the file of a net, given as text or as such: it computes the same, bit by bit, in both modes."""
    module = compile_network(connc.loads(net) if isinstance(net, str) else net)
    twin.cache_clear()
    x = [torch.randn(batch, *node.shapes[0]) for node in module.network.inputs]
    for training in (True, False):
        by_file(module.train(training))(*x)
    return twin(module)


def text_of(net):
    return python_of(connc.compile(connc.loads(net))).text


# --- names

SPOKEN = ["x", "y", "seen", "d", "i", "each", "reads", "self", "torch", "nn", "reduce", "place"]
HELPERS = ["put", "edges", "stored", "read", "connected", "start", "trained", "junction", "attend", "at_least"]
IMPORTED = [
    "Path",
    "json",
    "math",
    "cache",
    "Sequence",
    "Tensor",
    "Edges",
    "Junction",
    "JunctionConv",
    "TYPES",
    "Sizes",
]
PARAMETERS = ["channels", "offsets", "features", "units", "in_features", "kernel", "size", "stride", "step_channels"]
PARAMETERS += ["step_reads", "last_reads", "step_count", "shape", "fan_in", "weights", "connections", "out_channels"]
OTHERS = ["forward", "forward2", "forward3", "list", "len", "zip", "range", "super", "class", "None", "lambda", "match"]
OTHERS += ["weight", "bias", "training", "modules", "x_2", "__a", "__a__b", "_a", "_1", "__1", "l", "I", "O", "l_"]
WORDS = [*SPOKEN, *HELPERS, *IMPORTED, *PARAMETERS, *OTHERS]

SPEC = """\
net main0 {{
    in {given}: [4, 6, 6]
    in given2: [4, 6, 6]
    a1 = ({given}, given2) -> mixed(4, 3)
    b1 = a1.late -> conv(3, 1)
    c1 = (a1.late, b1) -> {layer}: mixed(5, 2)
    a1 -> conv(2, 3) -> {result}
    out {result}
    c1 -> out
    c1.late -> late
    out late
}}
module mixed(k: int, p: int) {{
    in {given}
    in given2
    out late
    e1 = ({given}, given2) -> concat -> {layer}: conv(k, 3) -> bn -> relu -> maxpool(p, stride = 1)
    {family}[4]: conv(k, 3)
    connect e1, {family}, late by {rule} using concat
    step[5]: {kind}(k)
    connect e1, step, out by (a -> a + 2 ^ q for q in 0..) using concat
}}
module {kind}(k: int) {{
    in -> bn -> {layer}: conv(k, 1) -> relu -> out
}}
"""
RULES = ["(a -> a + 1)", "(a -> b where a < b)", "(a -> b where a < b and mod(a + 2 * b, 3) != 1 or b == a + 1)"]
HARMLESS = {"given": "given", "layer": "layer1", "result": "result", "family": "many", "kind": "inner"}


@pytest.mark.parametrize("first", range(0, len(WORDS), 3))
def test_unlucky_names_in_all_places_of_a_spec(first):
    words = [WORDS[(first + i) % len(WORDS)] for i in range(len(HARMLESS))]
    checked(SPEC.format(**dict(zip(HARMLESS, words, strict=True)), rule=RULES[first % len(RULES)]))


@pytest.mark.slow
@pytest.mark.parametrize("role", HARMLESS)
def test_each_unlucky_name_in_each_place_of_a_spec(role):
    for i, word in enumerate(WORDS):
        checked(SPEC.format(**{**HARMLESS, role: word}, rule=RULES[i % len(RULES)]))


def test_names_that_python_or_torch_need_in_one_net():
    words = [word for word in UNLUCKY if not word.endswith("__")]
    layers = "".join(f"    {word}: linear(3)\n" for word in words)
    made = checked(f"net main0 {{\n    in x0: [3]\n{layers}    x0 -> {' -> '.join(words)} -> end0\n    out end0\n}}\n")
    assert len(list(made.parameters())) == 2 * len(words) > 400


KINDS = ["tensor", "path", "sequence", "sizes", "TYPES", "edges", "junction", "junctionConv", "__", "torch", "nn"]
KINDS += ["list", "none", "value_error", "json", "reduce"]
RULED = """\
## Junction, Tensor and Path are not what they were.
net {net} {{
    in: [64]
    in -> linear(64) by random(fan_in = 4) -> relu -> linear(16) by random(fan_in = 4)
        -> f[3]: {module}(8) -> sum -> out
}}
module {module}(k) {{
    in -> linear(k) -> relu -> linear(k) -> out
}}
"""


@pytest.mark.parametrize("kind", KINDS)
def test_nets_and_modules_may_be_called_as_what_a_file_needs(kind, tmp_path):
    texts = [RULED.format(net=net, module=module) for net, module in ((kind, "inner"), ("main0", kind))]
    check_style(map(text_of, texts), tmp_path)
    for text, net in zip(texts, (kind, "main0"), strict=True):
        made = checked(text)
        assert type(made).__name__ == class_name(net)
        assert "Junction, Tensor and Path are not what they were." in type(made).__doc__


def test_a_net_called_as_what_a_file_needs_brings_its_weights(tmp_path):
    for kind in ("tensor", "path", "sequence", "TYPES", "edges"):
        module = connc.compile(connc.loads(RULED.format(net=kind, module="inner")), seed=1)
        connc.emit(module, tmp_path / f"{kind}.py", weights=True)
        x = torch.rand(2, 64)
        assert torch.equal(imported(tmp_path / f"{kind}.py").trained()(x), module(x))


def test_each_module_has_a_class_of_its_own_name():
    names = ["a_b", "aB", "AB", "stage", "stage2", "stage3", "main_0"]
    modules = "".join(
        f"module {name} {{\n in -> linear({i + 2}) -> tanh -> linear(3) -> out\n}}\n" for i, name in enumerate(names)
    )
    stage = "module deep(k) {\n in -> linear(3) -> (if k == 1 then tanh else relu) -> out\n}\n"
    chain = " -> ".join([*names, "deep(1)", "deep(2)", "deep(3)"])
    text = f"net main0 {{\n in: [3]\n in -> {chain} -> out\n}}\n{modules}{stage}"
    checked(text)
    found = re.findall(r"^class (\w+)", text_of(text), re.MULTILINE)
    assert len(found) == len(set(found)) == len(names) + 3
    assert found[-1] == "Main0"


def test_what_varies_is_not_taken_for_what_a_loop_runs_over():
    """`channels` is what each member reads, and what each instance is given."""
    checked("""\
net main0 {
    in: [8, 4, 4]
    in -> part(8) -> conv(16, 1) -> part(16) -> globalpool -> out
}
module part(k: int) {
    first = in -> bn
    layer[3]: conv(k, 3)
    connect first, layer, out by (i -> j where i < j) using concat
}
""")


def test_a_word_that_is_not_said_is_not_imported(tmp_path):
    text = "## Sequence[ of torch.relu and json.load( with Path( and reduce( and math. or Sizes: stored( TYPES[\n"
    text += "net main0 {\n    in: [3]\n    reduce[2]: linear(3)\n    in -> reduce[0] -> reduce[1] -> out\n}\n"
    made = text_of(text)
    assert re.findall(r"^(?:import|from) .*", made, re.MULTILINE) == [
        "from __future__ import annotations",
        "from torch import Tensor, nn",
    ]
    check_style([made], tmp_path)


# --- documentation

DOCS = [
    'He said """quit""" ',
    'x """',
    'x """"',
    '"""',
    '""" + print(1) + """',
    '"starts',
    'ends with "',
    'ends with ""',
    "ends with \\",
    '\\"',
    '\\"""',
    '\\\\"""\\',
    "\\N{x} \\x \\u12 \\n \\8",
    "{x} %s #}",
    "tab\there\tand",
    "\ttabbed",
    "größer → ∞ 漢字 …",
    "w" * 200,
    "word " * 40 + '"""',
    '"""\\\\\\' * 60,
    "\\" * 100,
    "'''",
    "a\n\n\n\nb\n\nc",
    "a\n  indented\n  more\n\n  - item\nend   ",
    "    indented first\nother",
    "x\n\ty\n\tz",
    'a\n"',
    "a\n\\",
    *("a" * length + end for length in range(74, 86) for end in ('"', "\\")),
]


@pytest.mark.parametrize("doc", DOCS, ids=range(len(DOCS)))
def test_documentation_stays_what_it_is(doc):
    net = connc.loads(documented(doc))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tree = ast.parse(python_of(compile_network(net)).text)
    assert [type(each) for each in tree.body[1:]] == [ast.ImportFrom, ast.ImportFrom, ast.ClassDef]
    assert ast.get_docstring(tree.body[-1]).split() == net.doc.split()


def test_files_with_any_documentation_are_well_formed(tmp_path):
    check_style([text_of(documented(doc)) for doc in DOCS], tmp_path)


def documented(doc):
    lines = "".join(f"## {line}\n" for line in doc.split("\n"))
    return f"\n{lines}net main0 {{\n    in: [3]\n    in -> linear(2) -> out\n}}\n"


def check_style(texts, folder):
    """What linters and formatters of a fresh project would say."""
    for i, text in enumerate(texts):
        (folder / f"made{i}.py").write_text(text, encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compile(text, f"made{i}.py", "exec")
    for command in (["check", "--isolated", "-q"], ["format", "--isolated", "--diff", "-q"]):
        found = subprocess.run([BIN / "ruff", *command, folder], capture_output=True, text=True, timeout=60)
        assert found.returncode == 0, found.stdout + found.stderr


# --- wirings

FIT = "module fit(to: shape) {\n    in -> linear(to[0]) -> out\n}\n"
WIRINGS = {
    "no layer": "net main0 {\n in: [8]\n in -> out\n}",
    "no module": "net main0 {\n in: [8]\n in -> relu -> out\n}",
    "outputs that are inputs, and one another": """\
net main0 {
    in: [8]
    in -> out
    in -> y
    out y
    h = in -> linear(2)
    h -> z
    out z
    h -> z2
    out z2
}""",
    "a module that hands on its input": """\
net main0 {
    in: [8]
    a = in -> both
    b = a.y -> both
    a + b + b.y -> out
}
module both {
    out y
    in -> y
    in -> linear(8) -> out
}""",
    "a shared module that gets one value twice, or others": """\
net main0 {
    in: [8]
    h = in -> relu
    one: three
    p = (h, h, in) -> one
    q = (p, h, p.z) -> one
    q -> out
}
module three {
    in a
    in b
    in c
    a + b -> linear(8) -> out
    c -> linear(8) -> z
    out z
}""",
    "a shared module whose outputs are not all read": """\
net main0 {
    in: [8]
    t: two
    h = in -> t
    g = h -> t
    k = g -> t
    k + h.b -> out
}
module two {
    out b
    layer[3]: linear(8)
    connect in, layer, out by (i -> j where i < j) using sum
    in -> side[2]: inner -> concat -> linear(8) -> b
}
module inner {
    in -> linear(8) -> relu -> out
}""",
    "a layer called as the second way to compute": """\
net main0 {
    in: [8]
    tower: t
    a = in -> tower
    b = a -> tower
    (b, b.guess, a) -> concat -> out
}
module t {
    forward2: linear(8)
    out guess
    in -> forward2 -> relu -> out
    in -> linear(2) -> guess
}""",
    "shared modules in shared modules": """\
net main0 {
    in: [8]
    t: m
    s: m
    h = in -> t
    g = h -> t
    k = g -> s
    e = k -> t
    e + h.b -> out
}
module m {
    out b
    q: p
    h = in -> q
    h -> q -> out
    h -> r: p -> b
}
module p {
    one: linear(8)
    h = in -> one -> relu
    h -> one -> out
}""",
    "dropout, again and again": """\
net main0 {
    in: [8]
    t: m
    h = in -> t
    g = h -> t
    d0: dropout(0.5)
    e = g -> d0
    f = e -> d0
    f + e -> many[3]: dropout(0.5) -> sum -> out
}
module m {
    in -> linear(8) -> dropout(0.5) -> relu -> dropout(0.3) -> out
}""",
    "a value that all members read is computed once": """\
net main0 {
    in: [8]
    in -> linear(8) -> bn -> dropout(0.4) -> f[3]: linear(8) -> sum -> out
}""",
    "members that something else reads too": """\
net main0 {
    in: [8]
    f[3]: linear(8)
    in -> linear(8) -> f -> sum -> out
    f[1] -> linear(3) -> two
    out two
    e = f[0..1] -> mul
    e -> g[2]: linear(8)
    (g[1], g[0]) -> concat -> three
    out three
    e -> four
    out four
}""",
    "a dead member": """\
net main0 {
    in: [8]
    y = in -> m
    y + y.more -> out
}
module m {
    out guess
    out more
    layer[3]: linear(8)
    in -> layer[0]
    in -> layer[1] -> guess
    layer[0] -> out
    in -> layer[2] -> relu -> more
}""",
    "a dead member beside those with adapters": FIT
    + """\
net main0 {
    in: [8]
    y = in -> m
    y -> out
}
module m {
    out guess
    s = in -> linear(5)
    layer[3]: linear(8)
    connect in, s, layer[0], layer[1] by (i -> j where i < j) using sum via fit
    s -> layer[2] -> guess
    layer[1] -> out
}""",
    "members without parameters": """\
net main0 {
    in: [8]
    layer[3]: relu
    connect in, layer, out by (i -> j where i < j) using sum
}""",
    "members with and without parameters": """\
net main0 {
    in: [8]
    layer[d: 4]: (if mod(d, 2) == 0 then linear(8) else relu)
    connect in, layer, out by (i -> i + 1)
}""",
    "a family of one": """\
net main0 {
    in: [8]
    layer[1]: linear(8)
    connect in, layer, out by (i -> j where i < j) using sum
}""",
    "members in another order": """\
net main0 {
    in: [8]
    layer[3]: linear(8)
    in -> layer[2] -> layer[0] -> layer[1] -> out
}""",
    "families of families": """\
net main0 {
    in: [8]
    cell[c: 2, e: 2]: m(2 + c)
    in -> cell[0, *]
    connect cell by ((d, w) -> (d + 1, w))
    cell[-1, *] -> sum -> out
}
module m(n) {
    layer[n]: linear(8)
    connect in, layer, out by (i -> j where i < j) using sum
}""",
    "adapters onto members of a grid": FIT
    + """\
net main0 {
    in: [6]
    cell[c: 3, e: 2]: m(4 + c + e)
    in -> cell[0, *]
    connect cell by ((d, _) -> (e, _) where d < e) using sum via fit
    cell[-1, *] -> concat -> out
}
module m(k: int) {
    in: [6]
    in -> linear(k) -> out
}""",
    "names with two lines in front": FIT
    + """\
net main0 {
    in: [6]
    __cell[__c: 3, e: 2]: __m(4 + __c + e)
    in -> __cell[0, *]
    connect __cell by ((d, _) -> (e, _) where d < e) using sum via fit
    __cell[-1, *] -> concat -> __l: linear(2) -> out
}
module __m(k: int) {
    in: [6]
    __f[4]: linear(6)
    __h = in -> __g: linear(6)
    __last: linear(6)
    connect __h, __f, __last by (i -> j where i < j) using sum
    __h + __last -> linear(k) -> out
}""",
    "joins with parameters": """\
module join(k: int) {
    in xs[]
    a = xs -> concat -> linear(k)
    b = xs -> sum
    a + b -> out
}
net main0 {
    in: [8]
    layer[4]: linear(8)
    connect in, layer, mid by (i -> j where i < j) using join(8)
    mid: linear(8)
    mid -> other[2]: linear(8) -> join(8) -> out
    y = in -> split(2)
    (y, y[0]) -> join(4) -> two
    out two
    y[0..] -> concat -> linear(3) -> three
    out three
}""",
    "two searches": FIT
    + """\
net main0(depth = 3, lanes = 2) {
    in: [8]
    cell[d: depth, w: lanes]: linear(4 + d)
    in -> cell[0, *]
    connect cell by ((d, w) -> (d + 1, w)) using sum via fit
        evolve within ((d, _) -> (e, _) where d < e)
    chain[4]: linear(5)
    connect in, chain, last by matrix([[0,1,0,0,0,0], [0,0,1,0,0,0], [0,0,0,0,0,1], [0,0,0,0,0,0], [0,0,0,0,0,0],
                                       [0,0,0,0,0,0]]) using sum evolve within (i -> j where i < j)
    last: linear(3)
    (cell[-1, 0], cell[-1, 1], last) -> concat -> linear(3) -> out
}""",
    "all sorts of numbers": """\
net main0 {
    in: [4, 5, 5]
    in -> pad([0, 1, 1], value = 1e-7) -> pad([1, 0, 0], [0, 2, 1], value = -1e22) -> permute([2, 0, 1]) -> out
    b = in -> upsample([2, 3]) -> upsample(2, mode = "bilinear") -> globalpool
    b / 3 - 0.1 * b + b * -0.25 -> two
    out two
    in -> bn(affine = false, eps = 1e-3, momentum = 1) -> sepconv(3, 3, bias = true)
        -> maxpool([2, 1], stride = [1, 2]) -> avgpool([2, 1], padding = [1, 0]) -> three
    out three
    m = (b, b) -> max
    (m, b, b, b, b, b) -> mul -> four
    out four
    n = (m, b, b, b, b, b) -> mean
    (b - n) - (b - m) - m * (b + b) - -b -> five
    out five
}""",
}


@pytest.mark.parametrize("text", WIRINGS.values(), ids=WIRINGS)
def test_unusual_wirings(text):
    net = connc.loads(text)
    checked(net)
    checked(expand(net))


def test_files_of_unusual_wirings_are_well_formed(tmp_path):
    nets = [net for text in WIRINGS.values() for net in (connc.loads(text), expand(connc.loads(text)))]
    check_style([python_of(compile_network(net)).text for net in nets], tmp_path)


def test_deep_nesting():
    deep = "".join(f"module m{i} {{\n in -> linear(4) -> m{i + 1} -> relu -> out\n}}\n" for i in range(25))
    checked(f"net main0 {{\n in: [4]\n in -> m0 -> out\n}}\nmodule m25 {{\n in -> linear(4) -> out\n}}\n{deep}")


# --- rules

BETWEEN = {
    "sparse": "matrix([[0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]])",
    "one": "matrix([[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]])",
    "all": "(i -> j)",
    "half": "(i -> j where i < j)",
    "drawn": "random(fan_in = 2)",
    "itself": "(i -> i)",
    "near": "(i -> i + s for s in -1..1)",
}
RULED_LAYERS = {
    "linear(4)": "[4]",
    "linear(4, bias = false)": "[2, 4]",
    "conv(4, 3)": "[4, 6, 6]",
    "conv(4, [3, 2], padding = 1, dilation = [1, 2], bias = true)": "[4, 9, 9]",
    "synapse(4)": "[4]",
    "synapse_conv(4, 3)": "[4, 5, 5]",
    "attention(2)": "[4, 8]",
    "attention(2, bias = false)": "[4, 8]",
    "lateral(0.2)": "[4]",
}


@pytest.mark.parametrize("layer", RULED_LAYERS)
def test_rules_behind_layers(layer):
    for name, rule in BETWEEN.items():
        if not (layer.startswith("attention") and name in ("sparse", "one", "half")):
            text = f"net a {{\n in: {RULED_LAYERS[layer]}\n in -> {layer} by {rule} -> relu -> f[3]: {layer} by {rule}"
            checked(f"{text} -> sum -> out\n}}\n")


@pytest.mark.parametrize("count", [INLINE, INLINE + 1])
def test_tables_inside_and_beside_the_file(count):
    net = f"net a {{\n in: [80]\n in -> f[4]: linear(80) by (i -> i where i < {count}) -> sum -> out\n}}\n"
    checked(net)
    assert bool(python_of(connc.compile(connc.loads(net))).tensors) == (count > INLINE)


# --- ops of users


def test_ops_of_users(monkeypatch):
    monkeypatch.setattr(OPS, "_classes", dict(OPS._classes))

    @op("odd")
    class Odd(Op):
        """Tensors of its own; a quote: \""" and a \\."""

        count: int

        def shape(self, x):
            return x

        def params(self, x):
            return {"size": (self.count, *x), "depth_weight": (x[-1], x[-1]), "forward2": (x[-1],), "w": (x[-1],)}

        def buffers(self, x):
            return {"mask": x, "signs": x}

        def starts(self, x):
            return {
                "size": Between(-2.5, 1e-9),
                "depth_weight": FanIn(x[-1]),
                "forward2": Constant(0.1),
                "w": Constant(-math.inf),
                "mask": Constant(-3),
                "signs": Signs(0.25),
            }

        def body(self, p, x, **t):
            y = p.clamp(p.linear(x, t["depth_weight"], None), -math.inf, float(self.count))
            y = p.add(y, p.sum(t["size"], (0,)))
            y = p.add(p.mul(y, t["signs"]), p.add(t["mask"], t["forward2"]))
            return p.at_least(y, t["w"])

    text = """\
net main0 {
    in: [4]
    in -> shared: odd(2) -> odd(3) -> m -> m -> last
    last: linear(2)
    last -> out
}
module m {
    in -> odd(4) -> relu -> odd(5) -> out
}"""
    net = connc.loads(text)
    check_starts(net, checked(net))


# --- what tensors start from

PARAMETRISED = {
    "linear": ["linear(96)", "linear(96, bias = false)", "linear(96) by random(fan_in = 8)", "linear(96) by (i -> j)"],
    "conv": ["conv(24, 3)", "conv(24, 3, groups = 4, bias = true)", "conv(24, 3, bias = true) by (i -> j where i < j)"],
    "sepconv": ["sepconv(24, 3)", "sepconv(24, 3, bias = true)"],
    "bn": ["bn", "bn(affine = false)"],
    "layernorm": ["layernorm", "layernorm(2)", "layernorm(affine = false)"],
    "attention": ["attention(4)", "attention(4, bias = false)", "attention(4) by (i -> j where abs(i - j) < 3)"],
    "synapse": ["synapse(96)", "synapse(96, excitatory = 0.9)", "synapse(96) by random(fan_in = 8)"],
    "synapse_conv": ["synapse_conv(24, 3)", "synapse_conv(24, 3, amax = 0.5) by (i -> j where i < j)"],
}
MAPS = ("conv", "sepconv", "bn", "synapse_conv")


@pytest.mark.parametrize("layer", [layer for layers in PARAMETRISED.values() for layer in layers])
def test_fresh_modules_start_as_the_spec_says(layer):
    name = re.match(r"\w+", layer)[0]
    shape = "[24, 6, 6]" if name in MAPS else "[12, 96]"
    net = connc.loads(f"net a {{\n in: {shape}\n in -> {layer} -> f[2]: {layer} -> sum -> out\n}}\n")
    check_starts(net, checked(net))


def test_no_op_with_parameters_is_forgotten():
    assert {name for name, each in OPS.items() if each.params is not Op.params} <= PARAMETRISED.keys() | {"odd"}


def check_starts(net, module):
    """Constants as they are; what is drawn within its bounds and spread over them; `module` is of the file."""
    torch.manual_seed(0)
    module = type(module)()
    state = module.state_dict()
    for each in parameters(net):
        value = state[tensor_place(each.layer, each.key).key].double()
        match each.start:
            case Constant(start):
                assert torch.equal(value, torch.full_like(value, torch.tensor(start, dtype=torch.float32).item())), each
            case Between(least, most):
                check_spread((value - least) / (most - least) * 2 - 1, each)
            case Signs(share):
                assert set(value.unique().tolist()) <= {-1, 1}
                assert abs((value > 0).double().mean().item() - share) < 3 * value.numel() ** -0.5, each
            case FanIn():
                reach = torch.from_numpy(bounds(each.start)).reshape(-1, *(1,) * (value.dim() - 1)).expand_as(value)
                assert not value[reach == 0].any(), each
                check_spread(value[reach > 0] / reach[reach > 0], each)


def check_spread(value, parameter):
    """Numbers from -1 to 1, with the same chance for all."""
    assert value.abs().max() <= 1 + 1e-6, parameter
    assert abs(value.abs().mean() - 0.5) < 1.5 * value.numel() ** -0.5, parameter
    assert abs(value.mean()) < 3 * value.numel() ** -0.5, parameter


# --- size


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"in -> {' -> '.join(['linear(4)', 'relu'] * 1500)} -> out", id="chain"),
        pytest.param("layer[3000]: linear(4)\nconnect in, layer, out by (i -> i + 1)", id="family"),
        pytest.param(
            "layer[300]: linear(4)\nconnect in, layer, out by (i -> j where i < j) using sum",
            id="dense",
        ),
        pytest.param(
            "layer[300]: linear(4)\nconnect in, layer, out by between((i -> j where i < j) & random(density = 20%)) "
            "using sum",
            id="drawn",
        ),
    ],
)
def test_large_nets_take_seconds(body, tmp_path):
    module = connc.compile(connc.loads(f"net main0 {{\nin: [4]\n{body}\n}}\n"))
    start = time.perf_counter()
    made = written(module, tmp_path).Main0()
    assert time.perf_counter() - start < 60  # of seconds, not of minutes, on a slow and busy machine
    made.load_state_dict(module.state_dict())
    x = torch.rand(2, 4)
    assert torch.equal(made(x).nan_to_num(), module(x).nan_to_num())


# --- style

STANDARD = ["std.predefined:morse", "std.sdmn", "std.densenet", "std.densenet:densenet121"]
STANDARD += ["std.sparsenet", "std.sparsenet:sparsenet121", "std.sparsenet:sparsenet201_48"]
OWN = [str(path) for path in sorted(NETS.glob("*.conn")) if path.stem != "unequal"]


@pytest.mark.parametrize(
    "target", [*(pytest.param(each, marks=pytest.mark.slow) for each in STANDARD[1:]), STANDARD[0], *OWN], ids=Path
)
def test_files_are_as_linters_and_formatters_want_them(target, tmp_path):
    text = python_of(connc.compile(target), target).text
    check_style([text], tmp_path)
    assert not re.search(r"^\s*(?:import|from) connc", text, re.MULTILINE)


@pytest.mark.slow
def test_files_are_typed(tmp_path):
    targets = ["std.sparsenet", "std.predefined:morse"]
    names = [f"made{i}.py" for i in range(len(targets))]
    for name, target in zip(names, targets, strict=True):
        (tmp_path / name).write_text(python_of(connc.compile(target)).text, encoding="utf-8")
    command = [BIN / "mypy", "--config-file=", "--disallow-untyped-defs", *names]
    found = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
