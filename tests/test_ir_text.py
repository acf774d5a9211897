"""Networks as text: what is printed is read again, and of what is read nothing but a refusal comes when it is wrong."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings

from connc import report
from connc.compiler.expand import expand
from connc.compiler.make import make_op
from connc.compiler.network import KERNEL, Network, Node, Ref, Source
from connc.compiler.text.parser import parse_ir
from connc.dsl.codes import CATALOGUE
from connc.dsl.diagnostic import Refusal
from connc.dsl.limits import Limits
from connc.testing import nets, relations
from tests.golden import BLOCK, sections, title, with_outputs
from tests.networks import EVERYTHING

DATA = Path(__file__).with_name("data") / "ir"


def refusal(text, limits=Limits()):
    """What is wrong with a text, nothing where it is read."""
    try:
        net = parse_ir(text, "network", limits)
    except Refusal as refused:
        return refused.diagnostic
    assert parse_ir(str(net)) == net
    return None


# --- goldens


def printed(section):
    """A section with its network printed anew."""
    (text,) = (body for kind, _, body in BLOCK.findall(section) if kind == "ir")
    net = parse_ir(text)
    return with_outputs(section, {"ir": str(net), "kernel": str(expand(net))})


@pytest.mark.parametrize("section", sections(DATA / "text.md", printed), ids=title)
def test_what_is_printed_reads_well(section):
    assert printed(section) == section


def refused(section):
    """A section with its message made anew."""
    (text,) = (body for kind, _, body in BLOCK.findall(section) if kind == "ir")
    return with_outputs(section, {"text": report.render([refusal(text)])})


@pytest.mark.parametrize("section", sections(DATA / "refusals.md", refused), ids=title)
def test_what_is_said_of_a_wrong_text(section):
    assert refused(section) == section


CODES = [code for id, code in CATALOGUE.items() if id.startswith("E9")]


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.id)
def test_the_examples_of_a_code_are_true(code):
    assert refusal(code.wrong).code is code
    assert refusal(code.right) is None
    assert str(parse_ir(code.right)) == code.right


# --- round trips


@settings(max_examples=25, deadline=None)
@given(nets(layers=12) | nets(layers=90))
def test_what_is_printed_is_read_again(net):
    for each in (net, expand(net)):
        text = str(each)
        assert parse_ir(text) == each
        assert str(parse_ir(text)) == text


def test_lines_may_stand_in_any_order():
    head, *lines, last = EVERYTHING[EVERYTHING.index("net ") :].splitlines()
    mixed = [line for line in lines if "= input" not in line]
    Random(1).shuffle(mixed)
    ordered = [line for line in lines if "= input" in line] + sorted(mixed, key=lambda line: "connect " in line)
    before = EVERYTHING[: EVERYTHING.index("net ")]
    assert parse_ir("\n".join([before, head, *ordered, last])) == parse_ir(EVERYTHING)
    assert parse_ir(EVERYTHING.replace("\n", "\r\n")) == parse_ir(EVERYTHING)


@settings(max_examples=50, deadline=None)
@given(relations().filter(lambda rule: rule.count))
def test_relations_are_read_as_they_were(rule):
    op = make_op("linear", {"units": rule.targets[0]}, rule)
    nodes = [Node("in", make_op("input", {"size": rule.sources}), (rule.sources,)), Node("linear", op, (rule.targets,))]
    net = Network("a", KERNEL, nodes, {"linear": [Source(Ref("in"))]}, {"out": Ref("linear")})
    (read,) = (node.what.rule for node in parse_ir(str(net)) if node.what.rule is not None)
    assert read == rule
    assert read.digest() == rule.digest()


def test_equal_bodies_are_printed_once():
    text = EVERYTHING.replace("%layer[0] = cell(1)", "%layer[0] = cell(2)")
    cell = text[text.index("body cell(1)") : text.index("relation #1")]
    assert str(parse_ir(cell.replace("cell(1)", "cell(2)") + text)) == EVERYTHING


def test_nodes_know_their_lines():
    net = parse_ir(EVERYTHING)
    assert net["tower"].span.text == "%tower = linear{units=2} %in : [2]"


# --- hostile text


def test_a_text_that_breaks_off_is_refused():
    lines = EVERYTHING.splitlines(keepends=True)
    for count in range(len(lines)):
        assert refusal("".join(lines[:count])) is not None


def test_no_end_of_a_text_does_more_than_a_refusal():
    for stop in range(0, len(EVERYTHING), 7):
        refusal(EVERYTHING[:stop])


JUNK = [
    "%",
    "%in",
    "#1",
    "#9",
    "-1",
    "1/0",
    "0.5",
    '"',
    '"a',
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "=",
    "->",
    "input",
    "*",
]
JUNK += [
    "bundle",
    "by",
    "using",
    "via",
    "return",
    "\n",
    "\0",
    "é",
    "true",
    "9" * 3000,
    "[" * 50,
    "net",
    "body a(1)\n",
    "%a[*]",
]


def test_junk_in_a_text_does_no_more_than_a_refusal():
    random = Random(7)
    for _ in range(200):
        start = random.randrange(len(EVERYTHING))
        stop = start + random.choice([0, 0, 1, 5, 40])
        refusal(EVERYTHING[:start] + random.choice(JUNK) + EVERYTHING[stop:])


def test_lines_that_are_lost_or_doubled_do_no_more_than_a_refusal():
    lines = EVERYTHING.splitlines(keepends=True)
    for i in range(len(lines)):
        refusal("".join(lines[:i] + lines[i + 1 :]))
        refusal("".join(lines[:i] + lines[i : i + 1] + lines[i:]))


@pytest.mark.parametrize(
    "text",
    [
        "relation #1: [2147483647] -> [2147483647] = full\n",
        "relation #1: [9999999999999] -> [1]\n",
        "relation #1: [40000000] -> [40000000]\n  0..39999999: 0..39999999\n",
        "relation #1: [4] -> [4] = affine 99999999999999999999 [0]\n",
        "relation #1: [4] -> [4] = affine 1 [1, 0]\n",
        "relation #1: [4] -> [4] = blocks 3\n",
        "relation #1: [4] -> [4] = blocks 2 [0, 1, 2, 2] [0, 1, 2, 3]\n",
        "relation #1: [4] -> [4]\n  0: 1, 0\n",
        "relation #1: [4] -> [4]\n  1: 0\n  1: 1\n",
        "relation #1: [4] -> [4]\n  4: 0\n",
        "relation #1: [4] -> [4]\n  0: 2..1\n",
        "relation #1: [4] -> [4]\n  0: 1 2\n",
        "net a, level wiring\n  %in = input : [4]\n  family in[99999, 99999]\n  return %in\n",
        "net a, level wiring\n  %in = input : [4]\n  family in[0]\n  return %in\n",
        "net a, level kernel\n  %in = input : [99999999999]\n  return %in\n",
        "net a, level kernel\n  %in = input : [0]\n  return %in\n",
        "net a, level kernel\n  %in = input : " + "[" * 10**5 + "\n",
        "net a, level kernel\n  %in = reshape{to=" + "[" * 10**5 + "}\n",
        "net a, level kernel\n  %in = input : [" + "9" * 10**5 + "]\n",
        "net a, level kernel\n" + '"\\' * 10**5,
        "%in = input : [4]\n",
        "",
    ],
)
def test_a_bomb_is_refused(text):
    assert refusal(text) is not None


def tower(levels, uses):
    """Bodies in bodies: each uses the one before."""
    parts = ["body b(1)\n  %in = input : [4]\n  %relu = relu %in : [4]\n  return %relu\n"]
    for i in range(1, levels):
        nodes = "".join(f"  %n{k} = b({i}) %{f'n{k - 1}' if k else 'in'} : [4]\n" for k in range(uses))
        parts.append(f"body b({i + 1})\n  %in = input : [4]\n{nodes}  return %n{uses - 1}\n")
    last = f"net a, level wiring\n  %in = input : [4]\n  %b = b({levels}) %in : [4]\n  return %b\n"
    return "\n".join([*parts, last])


def test_bodies_in_bodies_have_bounds():
    assert "levels of modules" in refusal(tower(40, 1)).message
    assert "layers" in refusal(tower(30, 2)).message
    assert refusal(tower(16, 2)) is None
    assert "bytes" in refusal(EVERYTHING, Limits(size=100)).message
