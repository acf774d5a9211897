"""Names that Python or torch need for themselves, and names that would run if they were pasted into code."""

import builtins
import keyword

import pytest
import torch
from torch import fx, nn

import connc
from connc.backends.torch.code import UnlawfulCode, check
from connc.backends.torch.lower import compile_network
from connc.backends.torch.names import TAKEN, argument, child, class_name, module_path
from connc.backends.torch.tree import Part
from connc.compiler.names import is_lawful
from connc.compiler.network import Network, Node, Source
from connc.compiler.ops import OPS
from connc.compiler.verify import Invalid
from connc.dsl.words import KEYWORDS

SPEC = """\
net {net} {{
    in {given}: [6]
    {module}_: twice(6)
    {layer}: linear(6)
    {family}[2]: linear(6) by (i -> j where mod(i + j, 3) != 0)
    a = {given} -> {layer} -> {family}[0] -> {family}[1] -> {module}_
    b = a -> {word} -> relu -> linear(3)
    b -> {result}
    out {result}
}}
module twice(n) {{
    in -> {layer}: linear(n) -> {word}: tanh -> out
}}
"""


def lawful(words):
    """Those that a spec can say."""
    return sorted({word for word in words if word.isascii() and word.isidentifier()} - KEYWORDS - {"_"})


def attributes():
    graph = fx.Graph()
    graph.output(graph.placeholder("x"))
    for module in (fx.GraphModule(nn.Module(), graph), nn.Linear(1, 1), nn.Conv2d(1, 1, 1), Part()):
        yield from dir(module)
        yield from vars(module)


UNLUCKY = lawful(
    [
        *attributes(),
        *dir(builtins),
        *keyword.kwlist,
        *keyword.softkwlist,
        *[
            "self",
            "torch",
            "operator",
            "math",
            "fx_pytree",
            "pytree",
            "device",
            "inf",
            "nan",
            "NoneType",
            "wrap",
            "args",
            "kwargs",
            "root",
            "graph_module",
        ],
        *[
            "v0",
            "v1",
            "v2",
            "v3",
            "v10",
            "v0_",
            "v1_",
            "_0",
            "_v0",
            "__",
            "___",
            "_",
            "__class__",
            "__dict__",
            "__call__",
            "__init__",
            "__reduce__",
            "edges",
            "join",
        ],
        *(f"{word}_" for word in ("forward", "to", "class", "self", "torch", "network", "forward_")),
        *[
            "weight",
            "bias",
            "running_mean",
            "num_batches_tracked",
            "sources",
            "targets",
            "starts",
            "relation",
            "seed",
            "network",
        ],
        *(f"connc_backends_torch_kernels_{name}" for name in ("gather", "junction", "at_least")),
        *[
            "torch_relu",
            "torch_nn_functional_linear",
            "getattr_1",
            "add_1",
            "builtins",
            "os",
            "sys",
            "subprocess",
            "system",
            "eval",
            "exec",
        ],
    ]
)
HARMLESS = {
    "net": "plain",
    "given": "x",
    "layer": "one",
    "family": "many",
    "module": "mod",
    "word": "relu",
    "result": "y",
}


def test_there_are_many_of_them():
    assert len(UNLUCKY) > 350


@pytest.fixture(scope="module")
def harmless():
    return compiled(HARMLESS)


def compiled(words):
    return connc.compile(connc.loads(SPEC.format(**words)))


def test_unlucky_names_compute_what_harmless_ones_compute(harmless):
    """Each in one of the places of a spec."""
    check_names([(word, ROLES[i % len(ROLES)]) for i, word in enumerate(UNLUCKY)], harmless)


ROLES = ("net", "given", "layer", "family", "module", "result")


def check_names(cases, harmless):
    x = torch.rand(3, 6)
    want = harmless(x)
    for word, role in cases:
        made = compiled({**HARMLESS, role: word})
        for one, other in zip(made.parameters(), harmless.parameters(), strict=True):
            one.data = other.data
        assert torch.equal(made(x), want), (role, word)
        assert type(made).__name__.isidentifier(), word


def test_all_unlucky_names_in_one_net_compute_what_numbered_ones_compute():
    """Where escaped names met, one layer would take the place of another."""
    results = []
    for words in (UNLUCKY, [f"layer{i}x" for i in range(len(UNLUCKY))]):
        layers = "".join(f"    {word}: linear(4)\n" for word in words)
        chain = " -> ".join(words)
        module = connc.compile(
            connc.loads(
                f"net a {{\n    in given0: [4]\n{layers}    given0 -> {chain} -> result0\n    out result0\n}}\n"
            )
        )
        found = list(module.parameters())
        assert len(found) == 2 * len(UNLUCKY)
        for i, each in enumerate(found):
            generator = torch.Generator().manual_seed(i)
            each.data = torch.rand(each.shape, generator=generator) / 2
        results.append(module(torch.ones(2, 4)))
    assert torch.equal(*results)


def test_escapes_never_meet():
    words = {f"{word}{'_' * i}" for word in UNLUCKY for i in range(4)}
    assert len({child(word) for word in words}) == len(words)
    assert len({argument(word) for word in words}) == len(words)


def test_the_list_holds_all_that_modules_of_this_torch_have():
    assert {name.rstrip("_") for name in attributes() if not name.startswith("_")} - TAKEN - OWN == set()


OWN = {
    "weight",
    "bias",
    "in_features",
    "out_features",
    "in_channels",
    "out_channels",
    "kernel_size",
    "stride",
    "padding",
}
OWN |= {"dilation", "transposed", "output_padding", "groups", "padding_mode"}  # of layers, which hold nothing of a spec


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("fc", "fc"),
        ("block[1].layer[12].conv", "block.1.layer.12.conv"),
        ("cell[2,3].step", "cell.2.3.step"),
        ("tower@2.conv", "tower.conv"),
        ("forward.to", "forward_.to_"),
        ("class", "class_"),
        ("class_", "class__"),
        ("_a", "_a_"),
        ("fc.via.block.out0", "fc.via.block.out0"),
    ],
)
def test_names_of_a_spec_are_paths(name, path):
    assert module_path(name) == path


@pytest.mark.parametrize(
    ("kind", "name"),
    [("resnet_cifar", "ResnetCifar"), ("a", "A"), ("_", "_"), ("none", "_None"), ("x_1", "X1"), ("_1", "_1")],
)
def test_the_class_is_called_as_the_net(kind, name):
    assert class_name(kind) == name


# --- what no spec can say, a network made by hand can

PAYLOADS = [
    "x); import os; os.system('true'",
    "x\nimport os",
    "x\rimport os",
    "x # y",
    "x = __import__('os')",
    "__import__('os').system('true')",
    "a b",
    "a;b",
    "a\\b",
    'a"b',
    "a'b",
    "a[0](1)",
    "a.b()",
    "a\u2028b",
    "\ufb01rst",
    "prénom",
    "a\x00b",
    "{a}",
    "%s",
    "",
    " ",
    "1a",
    "a..b",
    ".a",
    "a.",
    "a@",
    "a[",
    "a]",
    "a[1",
    "self.__class__",
    "lambda: 0",
    "f(x)",
    "x or y",
    "*a",
    "**a",
    "a:=1",
    "@a",
    "$(id)",
    "`id`",
    "../../etc/passwd",
]
HOSTILE = [*PAYLOADS, *(f"v{each}" for each in PAYLOADS), *(f"{each}_" for each in PAYLOADS)]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("role", ["layer", "input", "output", "net"])
def test_names_that_no_spec_can_say_never_reach_the_code(name, role):
    words = {"layer": "fc", "input": "in", "output": "out", "net": "a", role: name}
    try:
        made = by_hand(**words)
        module = compile_network(made)
    except (Invalid, UnlawfulCode, ValueError):
        return
    assert "import" not in module.code
    assert role == "net" or is_lawful(name)  # a class gets no line of code, and a layer may be called `a._`


def by_hand(*, layer, input, output, net):
    given = Node(input, connc.loads("net a {\n in: [4]\n in -> out\n}").inputs[0].what, ((4,),))
    node = Node(layer, OPS["linear"](2), ((2,),))
    ref = type(connc.loads("net a {\n in: [4]\n in -> out\n}").outputs["out"])
    return Network(net, "wiring", [given, node], {layer: [Source(ref(input))]}, {output: ref(layer)})


# --- generated code is checked

UNLAWFUL = [
    "import os",
    "v0 = __import__('os')",
    "v0 = eval('1')",
    "v0 = x.__class__",
    "v0 = getattr(self, 'fc')",
    "v0 = getattr(self, '__class__')",
    "v0 = [y for y in x]",
    "v0 = lambda: x",
    "v0 = (v1 := x)",
    "v0 = x if x else x",
    "v0 = f'{x}'",
    "self.fc(x)",
    "del x",
    "global x",
    "for i in x: pass",
    "while x: pass",
    "if x: return x",
    "raise x",
    "assert x",
    "with x: pass",
    "try: x\n    except x: pass",
    "v0 = os.system('true')",
    "v0 = yield x",
    "v0 = await x",
    "def f(): pass",
    "class A: pass",
    "v0 = {*x}",
    "v0 = [getattr][0](x, '__class__')",
    "v0 = getattr",
    "self.forward = x",
    "torch.load = x",
    "x[0] = x",
    "v0, self.a = x",
    "v0 = torch.serialization.os.system('true')",
    "v0 = torch.load(x)",
    "v0 = torch",
    "v0 = '{0.__class__}'.format(x)",
    "v0 = x\\\n; import os",
]


@pytest.mark.parametrize("line", UNLAWFUL)
def test_what_no_generated_code_needs_is_not_executed(line):
    with pytest.raises((UnlawfulCode, SyntaxError)):
        check(f"def forward(self, x):\n    {line}\n    return x\n", {"nn"}, {"torch.relu"})


@pytest.mark.parametrize(
    "code",
    [
        "import os\ndef forward(self, x):\n    return x\n",
        "def forward(self, x):\n    return x\nos = 1\n",
        "@x\ndef forward(self, x):\n    return x\n",
        "def forward(self, x=print()):\n    return x\n",
        "def forward(self, x: print()):\n    return x\n",
        "forward = 1\n",
        "def backward(self, x):\n    return x\n",
        "def forward(self, x) -> print():\n    return x\n",
        "def forward(self, *, x: print()):\n    return x\n",
        "def forward(self, x: print(), /):\n    return x\n",
        "def forward(self, *x: print()):\n    return x\n",
        "",
    ],
)
def test_code_is_one_plain_function(code):
    with pytest.raises(UnlawfulCode):
        check(code, {})


def test_what_fx_generates_is_lawful():
    code = """
torch.fx._symbolic_trace.wrap("connc_at_least")

def forward(self, x, y = None):
    v0 = torch.relu(x);  x = None  # fc (net.conn:3)
    v1 = getattr(self.layer, "0").fc(v0 + 1.5)
    v2 = connc_at_least(v1.to(torch.float32), -1)
    v3 = v2.expand((-1, 3, 4))
    return {'out': v3, 'hint': [v1, (v2,)]}
    """
    check(code, {"torch", "connc_at_least"}, {"torch.relu"})


def test_a_graph_with_a_payload_is_not_compiled(tmp_path):
    module, mark = connc.compile("std.predefined:morse"), tmp_path / "mark"
    (relu,) = (node for node in module.graph.nodes if node.target is torch.relu)
    relu.target, relu.op = f"relu(v0), open({str(mark)!r}, 'w')  #", "call_method"
    with pytest.raises((UnlawfulCode, SyntaxError)):
        module.recompile()
    assert not mark.exists()
