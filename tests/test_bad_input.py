"""Hostile text and hostile imports: always a diagnostic with a place, never an exception, in linear time."""

import gc
import io
import os
import re
import subprocess
import sys
import time

import pytest

from connc.cli.app import run
from connc.compiler.vocabulary import VOCABULARY
from connc.dsl.check import World, check
from connc.dsl.diagnostic import Refusal
from connc.dsl.format import format_source
from connc.dsl.library import Library, Roots
from connc.dsl.limits import Limits
from connc.dsl.parser import lex, parse
from connc.dsl.reading import read_bytes
from connc.dsl.source import Source
from connc.target import STDLIB

SPEC = """\
use std.rules (chain as each)

widths = [2 * k for k in 1..3 where k > 1]
rule skip(far = 2) = (d, w) -> (d + s, w) for s in [1, far] where d < 4

module cell(k: int, layer: module = relu) {
    in left: [k, _]
    in right
    (left, right) -> sum -> layer -> out
}

net a(n = 3, xs: int[2] = [1, 2]) {
    in: [8, 8]
    h = in -> stem: linear(2 ^ n)
    step[n]: linear(8)
    connect h, step, out by each using concat
    require n >= 2 and not n == 5 else "too few"
}
"""
MEBIBYTE = 2**20


def front_end(data, limits=Limits(), root=None):
    """What is wrong with a file, all of it, as `connc check` finds it; what is fine is formatted too."""
    library = Library(Roots(STDLIB, root), limits)
    try:
        source = read_bytes(data if isinstance(data, bytes) else data.encode(), "spec.conn", limits, root)
        units = library.load(source, "spec")
    except Refusal as refusal:
        return [refusal.diagnostic]
    found = list(check(units, World(VOCABULARY, limits, library.in_std)).diagnostics)
    if not any(diagnostic.is_error for diagnostic in found):
        format_source(source, limits)
    return found


def codes(found):
    return [diagnostic.code.id for diagnostic in found]


def within(seconds, run, *arguments):
    start = time.perf_counter()
    result = run(*arguments)
    assert time.perf_counter() - start < seconds
    return result


@pytest.fixture
def command(capsys, monkeypatch):
    """A function that runs the command line: its exit status and what it prints. Nothing is an internal error."""

    def execute(*arguments, text=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        status = run(arguments)
        output = "".join(capsys.readouterr())
        assert "internal error" not in output
        return status, output

    return execute


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A function that writes files of a project, and stands in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "connc.toml").touch()

    def write(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.conn").write_text(text, encoding="utf-8")
        return tmp_path

    return write


# --- syntax errors

TOKENS = [token for token in lex(Source("spec.conn", SPEC)) if token.type != "_NL"]
REPLACEMENTS = ("", "(", ")", "[", "]", "{", "}", "net", "->", "=", ",", "7", '"', "1a", "é", "$")


def test_the_sample_is_fine():
    assert not [d for d in front_end(SPEC) if d.is_error]


@pytest.mark.parametrize("token", TOKENS[::9], ids=str)
def test_a_token_that_is_lost_or_replaced_gives_diagnostics_with_a_place(token):
    check_replacements(token)


@pytest.mark.slow
@pytest.mark.parametrize("token", TOKENS, ids=str)
def test_each_token_that_is_lost_or_replaced_gives_diagnostics_with_a_place(token):
    check_replacements(token)


def check_replacements(token):
    for replacement in REPLACEMENTS:
        text = SPEC[: token.start_pos] + replacement + SPEC[token.end_pos :]
        for diagnostic in front_end(text):
            assert 0 <= diagnostic.span.start <= diagnostic.span.stop <= len(text)
            assert diagnostic.message


def test_a_syntax_error_ends_with_1(project, command):
    project(spec="net a {\n    in -> -> out\n}\n")
    status, output = command("check", "spec.conn")
    assert status == 1
    assert "spec.conn:2:11" in output


def test_independent_mistakes_are_all_found_in_one_run():
    text = (
        SPEC.replace("2 * k for", "2 * for").replace("linear(2 ^ n)", "linear(2 ^)").replace("linear(8)", "lineal(8)")
    )
    lines = {diagnostic.span.line for diagnostic in front_end(text) if diagnostic.is_error}
    assert lines == {3, 14, 15}


def test_reading_stops_after_a_hundred_mistakes():
    assert len(front_end("x = = 1\n" * 5000)) == 101
    assert len(front_end("$\n" * 5000)) == 101
    assert len(front_end("x = [" + "1a, " * 5000 + "1]")) == 101


# --- bytes and characters


def test_a_byte_order_mark_in_front_is_nothing():
    assert front_end(b"\xef\xbb\xbfx = 1\n") == []


@pytest.mark.parametrize(
    ("data", "code", "offset"),
    [
        (b"x = 1 # \xe9\n", "E109", 8),
        (b'x = "\xc3\xa9\xff"\n', "E109", 7),
        (b"x = \xed\xa0\x80\n", "E109", 4),
        (b"x = 1\x00\n", "E110", 5),
        ("# é\nx = \ufeff1\n".encode(), "E110", 9),
        ("x = 1 # \u202e\n".encode(), "E110", 8),
        ("x\u200b = 1\n".encode(), "E110", 1),
        (b"x = 1\ry = 2\n", "E110", 5),
        (b"x = 1\x0c\n", "E110", 5),
        ("x = 1\u2028y = 2\n".encode(), "E110", 5),
    ],
)
def test_what_no_text_may_hold_is_refused_at_its_byte(data, code, offset):
    (found,) = front_end(data)
    assert found.code.id == code
    assert re.search(rf"\b{offset}\b", found.message)


@pytest.mark.parametrize("name", ["é", "größe", "\uff41", "x²", "ﬁrst", "٣", "\uff11"])
def test_names_and_digits_are_ascii(name):
    found = front_end(f"{name} = 1\n")
    assert found
    assert name in found[0].message


def test_line_ends_of_either_kind_give_the_same_tree():
    assert parse(Source("s", SPEC.replace("\n", "\r\n")))[0] == parse(Source("s", SPEC))[0]
    assert codes(front_end(SPEC.replace("\n", "\r\n"))) == codes(front_end(SPEC))


@pytest.mark.parametrize("text", ["", "\n", " \t ", "# nothing", "# nothing\n\n## here\n", "\r\n\r\n"])
def test_a_file_may_be_empty(text):
    assert front_end(text) == []


# --- depth and length

NESTS = {
    "parentheses": ("(1 + ", "1", ")"),
    "lists": ("[", "1", "]"),
    "calls": ("floor(1 + ", "1", ")"),
    "subscripts": ("widths[", "0", "]"),
    "choices": ("(if true then 1 else ", "1", ")"),
    "conditions": ("(false or ", "true", ")"),
    "negations": ("(not ", "true", ")"),
    "comprehensions": ("[1 for x in ", "[1]", "]"),
    "named arguments": ("f(n = ", "1", ")"),
    "mappings": ("f(i -> ", "i", ")"),
}
HEAD = "widths = [0, 1]\nmodule f(n: int) {\n    in -> out\n}\n"


@pytest.mark.parametrize("kind", NESTS)
def test_brackets_nest_as_deep_as_the_limit_and_no_deeper(kind):
    opening, core, closing = NESTS[kind]
    extra = core.count("[")
    for depth, refused in ((64 - extra, False), (65 - extra, True)):
        found = front_end(f"{HEAD}x = {opening * depth}{core}{closing * depth}\n")
        assert ("E106" in codes(found)) == refused


def test_all_kinds_of_brackets_nest_in_one_another():
    kinds = [NESTS[kind] for kind in ("calls", "lists", "subscripts", "choices")] * 16
    text = "".join(opening for opening, _, _ in kinds) + "0" + "".join(closing for _, _, closing in reversed(kinds))
    assert "E106" not in codes(front_end(f"{HEAD}x = {text}\n"))


@pytest.mark.parametrize(
    "operand",
    ["a" + ".b" * 5000, "f" + "()" * 5000, "a" + "[0]" * 5000, "(" * 60 + "a" + (".b" * 60 + ")") * 60]
    + [("(a or b and not c < d | e & f + g * -h ^ " * depth + "1" + ")" * depth) for depth in (20, 40, 60)],
    ids=lambda text: text[:12],
)
def test_what_nests_without_brackets_is_limited_too(operand):
    assert codes(front_end(f"x = {operand}\n")) == ["E106"]


def test_a_comprehension_may_have_as_many_loops_as_terms():
    loops = " ".join(f"for i{k} in [1]" for k in range(3000))
    assert front_end(f"x = len([1 {loops}])\n") == []


BOMBS = {
    "parentheses": ("(", "E106", "--max-nesting"),
    "closing parentheses": (")", "", ""),
    "closing braces": ("}", "", ""),
    "brackets": ("[", "E106", "--max-nesting"),
    "braces": ("net a {\n", "", ""),
    "minuses": ("-", "E107", "--max-terms"),
    "a parenthesis and pluses": ("+", "E107", "--max-terms"),
    "nots": ("not ", "E107", "--max-terms"),
    "powers": ("a^", "E106", "--max-nesting"),
    "sums": ("1 + ", "E107", "--max-terms"),
    "list items": ("1, ", "E107", "--max-terms"),
    "calls": ("()", "E106", "--max-nesting"),
    "subscripts": ("[0]", "E106", "--max-nesting"),
    "attributes": (".b", "E106", "--max-nesting"),
    "choices": ("if a then b else ", "E107", "--max-terms"),
    "documentation": ("##\n", "", ""),
    "comments": ("# x\n", "", ""),
    "line ends": ("\n", "", ""),
    "blank lines": ("\r\n \t", "", ""),
    "blanks": (" ", "", ""),
    "quotes": ('"', "", ""),
    "escapes": ("\\n", "", ""),
    "digits": ("9", "", ""),
    "letters": ("x", "", ""),
    "letters with an accent": ("é", "", ""),
    "arrows": (" -> x", "E107", "--max-terms"),
    "dollars": ("$ ", "", ""),
}
HEADS = {
    "a parenthesis and pluses": "x = (",
    "list items": "x = [",
    "escapes": 'x = "',
    "documentation": "",
    "line ends": "",
}


def read(text):
    """Reading, without formatting: what is printed is not what is measured."""
    gc.collect()
    return parse(Source("spec.conn", text))[1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", BOMBS)
def test_four_mebibytes_of_anything_are_read_or_refused_in_linear_time(kind):
    unit, code, flag = BOMBS[kind]
    head = HEADS.get(kind, "x = f")
    found = within(10, read, head + unit * (4 * MEBIBYTE // len(unit)))
    if code:
        assert found[-1].code.id == code
        assert any(flag in line for line in found[-1].help)
    assert len(found) <= 101


@pytest.mark.parametrize("kind", BOMBS)
def test_a_little_of_anything_is_read_or_refused(kind):
    unit, _, _ = BOMBS[kind]
    front_end(HEADS.get(kind, "x = f") + unit * 3000)


def test_a_million_terms_are_refused():
    found = within(10, read, "x = [" + "1, " * 10**6 + "1]")
    assert codes(found) == ["E107"]
    assert "--max-terms" in found[0].help[1]


def test_a_file_has_a_largest_size():
    (found,) = front_end("x = 1\n" * 100, Limits(size=599))
    assert found.code.id == "E110" or "bytes" in found.message
    assert any("--max-size 600" in line for line in found.help)


@pytest.mark.parametrize(
    "line",
    ["x{0} = y{0}z", "x{0} = x{0}", "x{0} = 1 / 0", "x = {0}", "use nowhere{0} (a{0})", "rule r{0} = i -> q{0} + 1"],
)
def test_a_thousand_mistakes_take_no_longer_than_a_thousand_times_one(line):
    found = within(10, front_end, "".join(line.format(i) + "\n" for i in range(3000)))
    assert len(found) >= 2999


# --- numbers

NINES = "9" * 400


@pytest.mark.parametrize(
    "number",
    ["1e400", "1e-400", "1e0000009999999", "1e-0000009999999", NINES + "9", "0." + NINES, "1e" + NINES, "1e+309"],
)
def test_a_number_beyond_all_measure_is_refused_where_it_is_read(number):
    found = within(10, front_end, f"x = {number}\n")
    assert codes(found) == ["E105"]


@pytest.mark.parametrize("number", ["0", NINES, "1e308", "1e-308", "1e+0000000001", "0.0%", "4.51M", "007"])
def test_a_large_or_small_number_is_a_number(number):
    assert front_end(f"x = {number}\n") == []


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "NaN", "infinity"])
def test_there_are_no_numbers_that_are_none(number):
    assert codes(front_end(f"x = {number}\n")) == ["E301"]


@pytest.mark.parametrize("number", ["12abc", "0x1F", "1_000", "1.2.3", "1e", "5%%", "1.", ".5"])
def test_a_broken_number_is_a_mistake(number):
    assert front_end(f"x = {number}\n")


@pytest.mark.parametrize(
    "value",
    [
        "2 ^ (10 ^ 9)",
        "2 ^ 10 ^ 9",
        "(1 / 3) ^ (10 ^ 9)",
        "2 ^ -(10 ^ 9)",
        "1e308 ^ 1e308",
        "((((((9 ^ 9) ^ 9) ^ 9) ^ 9) ^ 9) ^ 9) ^ 9",
        "sum([1 / k for k in 1..20000])",
        "mean([1 / k for k in 1..20000])",
    ],
)
def test_a_number_cannot_grow_without_end(value):
    assert codes(within(10, front_end, f"x = {value}\n")) == ["E409"]


def test_squaring_again_and_again_is_refused():
    lines = ["x0 = 3", *(f"x{i + 1} = x{i} * x{i}" for i in range(100))]
    assert codes(front_end("\n".join(lines))) == ["E409"]


@pytest.mark.parametrize("value", ["2 ^ 3000 - 2 ^ 3000", "1 ^ (10 ^ 9)", "0 ^ (10 ^ 9)", "(-1) ^ (10 ^ 9 + 1)"])
def test_a_power_that_stays_within_measure_has_a_value(value):
    assert front_end(f"x = {value}\n") == []


@pytest.mark.parametrize("value", ["1 / 0", "0 ^ -1", "mod(1, 0)", "1 / (2 - 2)", "max([])", "mean([])", "[1][1]"])
def test_what_has_no_value_is_a_mistake(value):
    assert [code[:2] for code in codes(front_end(f"x = {value}\n"))] == ["E4"]


@pytest.mark.parametrize("size", ["0", "-1", "2147483648", "1 / 2", "1e308"])
def test_a_dimension_is_a_whole_number_within_bounds(size):
    assert front_end(f"net a {{\n    in: [{size}]\n    in -> relu -> out\n}}\n")


@pytest.mark.parametrize(
    "value",
    [
        "-[[1]][0]",
        "[y for x in [[1]][0] for y in x]",
        "sum([[[1]][0], 1])",
        "sum([_, 1])",
        "max([_, 1])",
        "[_, 1][0] + 1",
        "[_, 1][0] < 1",
        "-[_, 1][0]",
        "if [[1]][0] then 1 else 2",
        "[[true]][0][0] + 1",
        "[1, 2][[[0]][0]]",
        "[k for k in 0..[[1]][0]]",
        "2 ^ [[1]][0]",
        "not [[1]][0]",
    ],
)
def test_what_is_no_number_never_gets_calculated_with(value):
    front_end(f"x = {value}\n")
    front_end(f"net a(s: shape = [_, 3], n = {value}) {{\n    in: [s[0] + 1]\n    in -> relu -> out\n}}\n")


# --- bombs of repetition


@pytest.mark.parametrize(
    "text",
    [
        "x = [1 for a in 1..1000 for b in 1..1000 for c in 1..1000]",
        "x = [[[1 for a in 1..1000] for b in 1..1000] for c in 1..1000]",
        "x = [1 for a in 1..1000000000000 where false]",
        "x = [1 for a in 1..10^12 for b in []]",
        "xs = [i for i in 1..100000]\nx = [len(xs[0..]) for i in 1..100000]",
        "xs = [i for i in 1..100000]\nx = [sum(xs) for i in 1..100000]",
        "xs = [i for i in 1..100000]\nys = [i for i in 1..100000]\nx = [xs == ys for i in 1..100000]",
        "\n".join(f"x{i} = [2 ^ 2000 * i for i in 1..100000]" for i in range(100)),
        "\n".join(f"x{i} = [i for i in 1..100000]" for i in range(1000)),
        "a0 = [1]\nb0 = [1]\n"
        + "\n".join(f"a{i + 1} = [a{i}, a{i}]\nb{i + 1} = [b{i}, b{i}]" for i in range(60))
        + "\nx = a60 == b60",
    ],
    ids=range(10),
)
def test_a_bomb_of_repetition_is_refused_once(text):
    found = within(10, front_end, text + "\n")
    assert codes(found).count("E411") == 1
    assert "--max-steps" in found[-1].help[1]


def test_lists_in_lists_are_compared_without_recursion():
    lines = ["a0 = [1]", "b0 = [1]", *(f"a{i + 1} = [a{i}]\nb{i + 1} = [b{i}]" for i in range(1000))]
    assert front_end("\n".join([*lines, "x = a1000 == b1000\n"])) == []


# --- names

OF_OTHERS = (
    *("forward", "class", "to", "self", "__init__", "lambda", "None", "True", "def", "torch", "import", "nn"),
    *("weight", "training", "T", "eval", "exec"),
)


@pytest.mark.parametrize("name", OF_OTHERS)
def test_names_of_python_and_torch_are_names(name):
    text = f"module {name}({name}_ = 8) {{\n    in -> {name}__: linear({name}_) -> out\n}}\n"
    net = f"net net_of_{name} {{\n    in: [8]\n    in -> {name} -> out\n}}\n"
    assert front_end(text + net) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x = 1\ny = 2\nx = 3\n", (3, 1)),
        ("rule r = i -> i\nmodule r {\n    in -> out\n}\n", (2, 1)),
        ("use std.rules (chain, dense as chain)\n", (1, 1)),
        ("module m(a: int, b: int, a: int) {\n    in -> out\n}\n", (1, 1)),
        ("module m {\n    in -> x: relu -> out\n    x = in -> relu\n}\n", (3, 2)),
        ("module m {\n    in a\n    in a\n    a -> out\n}\n", (3, 2)),
    ],
)
def test_a_name_that_is_given_twice_shows_both_places(text, lines):
    found = next(d for d in front_end(text) if d.code.id == "E302")
    assert tuple(label.span.line for label in found.labels) == lines


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("growth = 1\nx = growht\n", "growth"),
        ("net a {\n    in: [8]\n    in -> lineer(4) -> out\n}\n", "linear"),
        ("net a {\n    in: [8]\n    in -> linear(unitz = 4) -> out\n}\n", "units"),
        ("modul a {\n    in -> out\n}\n", "module"),
        ("use std.ruels (chain)\n", "std.rules"),
        ("use std.rules (chian)\n", "chain"),
    ],
)
def test_a_slip_gets_the_name_that_was_meant(text, hint):
    assert any(f"did you mean `{hint}`?" in line for d in front_end(text) for line in d.help)


def test_a_wrong_import_is_told_once_and_its_uses_not():
    found = front_end("use std.nowhere (a, b)\nuse std.rules (c)\nx = a\ny = [a, b, c, c(1)]\n")
    assert sorted(codes(found)) == ["E304", "E305"]


# --- imports


def imports(root, text):
    return front_end(text, root=root)


def test_an_import_that_is_not_there_is_told_with_its_name(project):
    (found,) = imports(project(), "use nowhere.at_all (x)\n")
    assert "nowhere.at_all" in found.message


@pytest.mark.parametrize("path", ["..secret", "a..b", ".a", "a/b", "../a", "a\\b", '"a"', "/a"])
def test_no_name_leads_out_of_the_root(project, path):
    assert front_end(f"use {path} (x)\n", root=project())[0].code.id.startswith("E1")


def special(root, kind):
    """A file x.conn that is no plain file of the project."""
    path, outside = root / "x.conn", root.parent / f"{root.name}-outside.conn"
    outside.write_text("secret = 12345\n", encoding="utf-8")
    makers = {
        "link out": lambda: path.symlink_to(outside),
        "link to itself": lambda: path.symlink_to(path),
        "dead link": lambda: path.symlink_to(root / "nothing"),
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to(os.devnull),
        "folder": path.mkdir,
        "huge": lambda: path.write_bytes(b"#" * 2000),
        "unreadable": lambda: (path.touch(), path.chmod(0)),
    }
    makers[kind]()


@pytest.mark.parametrize("kind", ["link out", "link to itself", "dead link", "pipe", "device", "folder", "huge"])
def test_only_plain_files_of_the_project_are_read(project, command, kind):
    special(project(), kind)
    found = within(10, front_end, "use x (secret)\ny = secret\n", Limits(size=1000), project())
    assert len(found) == 1
    assert "12345" not in "".join(map(str, found))
    status, output = command("check", "--max-size", "1000", "x.conn")
    assert status == (0 if kind == "link out" else 1 if kind == "huge" else 2)
    assert "Traceback" not in output


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_told(project):
    special(project(), "unreadable")
    assert codes(imports(project(), "use x (secret)\n")) == ["E304"]


@pytest.mark.parametrize("ring", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_a_circle_of_files_is_shown_whole(project, command, ring):
    following = [*ring[1:], ring[0]]
    project(**{a: f"use {b} (x_{b})\nx_{a} = 1\n" for a, b in zip(ring, following, strict=True)})
    status, output = command("check", "a.conn")
    assert status == 1
    assert " -> ".join(f"`{name}`" for name in [*ring, "a"]) in output
    assert all(f"{name}.conn:1:1" in output for name in ring)


def test_a_diamond_of_files_is_read_once(project):
    files = {f"d{i}": f"use d{i + 1} (x as y)\nuse e{i + 1} (x as z)\nx = y + z\n" for i in range(30)}
    files |= {f"e{i}": files[f"d{i}"] for i in range(30)}
    root = project(**files, d30="x = 1\n", e30="x = 1\n")
    assert within(10, imports, root, "use d0 (x)\n") == []


@pytest.mark.slow
def test_a_chain_of_two_thousand_files_is_followed(project):
    files = {f"c{i}": f"use c{i + 1} (x as y)\nx = y\n" for i in range(2000)}
    root = project(**files, c2000="x = 1\n")
    assert within(10, imports, root, "use c0 (x)\n") == []


def test_mistakes_of_a_used_file_are_told_once_and_its_users_are_left_alone(project, command):
    project(a="use b (x, y)\nuse c (z)\nw = [x, y, z]\n", b="x = = 1\ny = 2\n", c="use b (x)\nz = x\n")
    status, output = command("check", "a.conn", "c.conn")
    assert status == 1
    assert output.count("error[") == 1
    assert "b.conn:1:5" in output


def test_standard_input_is_a_target(project, command):
    project()
    assert command("check", "-", text="x = 1\n")[0] == 0
    status, output = command("check", "-", text="use a (b)\n")
    assert status == 1
    assert "standard input" in output
    assert command("fmt", "-", text="x=1") == (0, "x = 1\n")


# --- the same bytes everywhere

HOSTILE = 'use nowhere (x)\nrule r(a, a) = i -> j + q\nx = "é…"\nnet a {\n  in -> relu é → out\n'


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ["check a.conn", "check --format json a.conn", "fmt --diff b.conn"])
def test_hash_seed_and_locale_do_not_change_what_is_printed(project, arguments):
    root = project(a=HOSTILE, b='x="é…"  # größe\n')
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PYTHON"))}
    plain["PYTHONPATH"] = os.pathsep.join(sys.path)
    surroundings = [
        {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "1", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONHASHSEED": "3", "LC_ALL": "tr_TR.ISO-8859-9", "TZ": "Asia/Tokyo"},
    ]
    line = [sys.executable, "-m", "connc", *arguments.split()]
    runs = [subprocess.run(line, capture_output=True, cwd=root, env=plain | each, check=False) for each in surroundings]
    assert len({(run.returncode, run.stdout, run.stderr) for run in runs}) == 1
    assert runs[0].returncode == 1
