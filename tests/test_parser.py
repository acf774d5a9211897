"""Laws of the parser: recovery, precedence, places; and what beginners' slips are answered with."""

import re
from fractions import Fraction
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from connc.dsl.diagnostic import Refusal
from connc.dsl.evaluate import Budget, Evaluator
from connc.dsl.limits import Limits
from connc.dsl.parser import parse
from connc.dsl.source import Source
from connc.dsl.tree import Expr, Module, Name, walk
from connc.testing.grammar import END, declarations, expressions, laid_out, statements, texts

quick = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(quick, max_examples=1000)


def read(text):
    return parse(Source("spec.conn", text))


def value_of(text):
    """The tree of an expression that can be read."""
    file, report = read(f"x = {text}\n")
    assert not report, report[0]
    return file.declarations[0].value


# --- recovery: a damaged statement costs only itself

DAMAGED = (
    "x = = 1",
    "x 3",
    "in -> -> out",
    "connect a by by b",
    "x = f(1, , 2)",
    "x = [1 2]",
    "x = 1)",
    "x = (1]",
    'x = "open',
    "x = a $ b",
    "require",
    "in -> relu ->",
    "3: relu 4",
    "h = conv(3 4, [5",
)


def lines_of(parts):
    """Each statement on a line of its own, as words with blanks between them."""
    return [" ".join(part) for part in parts]


def body_of(lines):
    file, report = read("\n".join(["module m {", *lines, "}", "after = 1", ""]))
    (module,) = (each for each in file.declarations if isinstance(each, Module))
    assert [each.name.text for each in file.declarations] == ["m", "after"]
    return module.body.statements, report


def check_recovery(lines, at, damage):
    whole, report = body_of(lines)
    assume(not report)
    left, report = body_of([*lines[:at], damage, *lines[at:]])
    assert left == whole
    assert {diagnostic.span.line for diagnostic in report} == {at + 2}


cases = st.tuples(st.lists(statements, max_size=4).map(lines_of), st.integers(0, 4), st.sampled_from(DAMAGED))


@quick
@given(cases)
def test_a_damaged_statement_costs_only_itself(case):
    lines, at, damage = case
    check_recovery(lines, min(at, len(lines)), damage)


@pytest.mark.slow
@many
@given(cases)
def test_a_damaged_statement_costs_only_itself_many_times(case):
    lines, at, damage = case
    check_recovery(lines, min(at, len(lines)), damage)


@quick
@given(st.lists(declarations, max_size=3), st.integers(0, 3), st.sampled_from(DAMAGED[:8]), st.integers(0, 2**32))
def test_a_damaged_declaration_costs_only_itself(parts, at, damage, seed):
    texts = [laid_out([*part, END], Random(seed + i)).strip() + "\n\n" for i, part in enumerate(parts)]
    texts = [re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE) for text in texts]  # the margin tells where one starts
    whole, report = read("".join(texts))
    assume(not report)
    before = "".join(texts[:at])
    left, report = read(f"{before}{damage}\n\n{''.join(texts[at:])}")
    assert (left.uses, left.declarations) == (whole.uses, whole.declarations)
    assert {diagnostic.span.line for diagnostic in report} == {before.count("\n") + 1}


@pytest.mark.parametrize("damage", ["h = conv(3", "h = [1, 2", "h = f(a, [b", "require f(x"])
@pytest.mark.parametrize("following", ["in -> out", "x = 1", "connect a by b", "require true", "out: [3]"])
def test_an_open_bracket_costs_only_its_statement(damage, following):
    whole, _ = body_of([following, following])
    left, report = body_of([following, damage, following])
    assert left == whole
    assert {diagnostic.code.id for diagnostic in report} == {"E103"}


def test_a_missing_brace_costs_no_declaration():
    file, report = read("net a {\n    in -> out\n\nnet b {\n    in -> out\n}\n\nx = 1\n")
    assert [each.name.text for each in file.declarations] == ["a", "b", "x"]
    assert [diagnostic.code.id for diagnostic in report] == ["E103"]


def test_a_damaged_head_keeps_its_body_apart():
    file, report = read("net a(n int) {\n    in -> out\n    x = 1\n}\ny = 2\n")
    assert [each.name.text for each in file.declarations][-1] == "y"
    assert len(report) == 1


# --- slips of beginners: what they are told

SLIPS = {
    "missing arrow": ("in -> linear(4) relu -> out", "expected an operator, `->`, `:`, `by`", ""),
    "missing comma": ("in -> conv(64 3) -> out", "found `3`", ""),
    "unclosed bracket": ("in -> linear(4 -> relu\nrequire true", "this `(` is never closed", ""),
    "keyword with a slip": ("conect in, out by chain", "found `in`", "did you mean `connect`?"),
    "clause with a slip": ("connect in, out bye chain", "found `bye`", "did you mean `by`?"),
    "fat arrow": ("in => relu => out", "expected a value, found `>`", "an arrow is written `->`"),
    "Unicode arrow": ("in → out", "no word of the language holds `→`", "an arrow is written `->`"),
    "double star": ("x = 2 ** 3", "expected a value, found `*`", "a power is written `^`"),
    "semicolon": ("x = 1;", "no word of the language holds `;`", "a statement ends with its line"),
    "single quotes": ("x = 'a", "no word of the language holds `'`", 'strings stand between `"` and `"`'),
    "walrus": ("x := 1", "expected a value, found `=`", "`=` names a value, `:` names a layer"),
    "two ampersands": ("x = a && b", "expected a value, found `&`", "write `and`"),
    "two bars": ("x = a || b", "expected a value, found `|`", "write `or`"),
    "exclamation mark": ("x = !a", "no word of the language holds `!`", "negation is written `not`"),
    "question mark": ("x = a ? b : c", "no word of the language holds `?`", "a choice is written"),
    "percent sign": ("x = 10 % 3", "no word of the language holds `%`", "the remainder is `mod(a, b)`"),
    "statement if": ("if n > 3 then in -> out", "expected a statement or `}`, found `if`", "`if` chooses values"),
    "statement for": ("for i in 1..3", "found `for`", "`layer[n]: …` repeats a layer"),
    "declaration in a body": ("rule r = i -> i", "expected a statement or `}`, found `rule`", ""),
    "import in a body": ("use std.rules (chain)", "expected a statement or `}`, found `use`", ""),
    "keyword as a name": ("net = 3", "`net` is a word of the language", "`net_` could be one"),
    "keyword as an argument's name": ("x = f(by = 3)", "`by` is a word of the language", "`by_` could be one"),
    "glued number": ("x = 12abc", "`12abc` is neither a number nor a name", "numbers look like"),
    "open string": ('x = "abc', "this string does not end", "close it"),
    "a lone value": ("relu", "`relu` alone does nothing", "feed it"),
    "no rule": ("connect in, out", "`connect` needs a rule behind `by`", "say which pairs"),
    "computed left side": ("x = f(i + 1 -> i)", "the left side of a mapping holds names", "compute on the right"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_told_in_one_message_with_its_way_out(slip):
    line, message, way_out = SLIPS[slip]
    _, report = read(f"module m {{\n    {line}\n}}\n")
    assert message in report[0].message
    assert way_out in " ".join(report[0].help)
    assert len(report) == 1


# --- precedence

LEVELS = ("|", "&", "+", "*", "^")  # loosest first


@pytest.mark.parametrize(
    ("bare", "explicit"),
    [
        (f"a {loose} b {tight} c", f"a {loose} (b {tight} c)")
        for i, loose in enumerate(LEVELS)
        for tight in LEVELS[i + 1 :]
    ]
    + [
        (f"a {tight} b {loose} c", f"(a {tight} b) {loose} c")
        for i, loose in enumerate(LEVELS)
        for tight in LEVELS[i + 1 :]
    ]
    + [
        ("-a ^ b", "-(a ^ b)"),
        ("-a * b", "(-a) * b"),
        ("a ^ -b", "a ^ (-b)"),
        ("a @ b + c", "(a @ b) + c"),
        ("-a.b(c)[d]", "-(((a.b)(c))[d])"),
        ("a < b and c", "(a < b) and c"),
        ("not a < b and c", "(not (a < b)) and c"),
        ("a or b and c", "a or (b and c)"),
        ("a + 1 < b * 2", "(a + 1) < (b * 2)"),
        ("if a or b then c + 1 else d and e", "if (a or b) then (c + 1) else (d and e)"),
        ("if a then b else if c then d else e", "if (a) then (b) else if (c) then (d) else (e)"),
    ],
)
def test_precedence_says_what_parentheses_would_say(bare, explicit):
    assert value_of(bare) == value_of(explicit)


atoms = st.integers(0, 4).map(str)
signed = st.tuples(st.sampled_from(("", "", "-")), atoms).map("".join)
powers = st.one_of(signed, st.tuples(signed, signed).map(" ^ ".join), st.tuples(signed, atoms, atoms).map(" ^ ".join))
sums = st.lists(st.tuples(st.sampled_from(("+", "-", "*", "/")), powers), min_size=1, max_size=8)


def calculated(words):
    """A value by descent through the levels, one function a level."""
    words = list(words)

    def sum_():
        total = product()
        while words and words[0] in "+-":
            total = total + product() if words.pop(0) == "+" else total - product()
        return total

    def product():
        total = negation()
        while words and words[0] in "*/":
            total = total * negation() if words.pop(0) == "*" else total / negation()
        return total

    def negation():
        if words[0] == "-":
            words.pop(0)
            return -negation()
        return power()

    def power():
        base = Fraction(words.pop(0))
        if words and words[0] == "^":
            words.pop(0)
            return base ** int(negation())
        return base

    return sum_()


@quick
@given(powers, sums)
def test_arithmetic_means_what_it_means_in_mathematics(first, others):
    text = " ".join([first, *(word for pair in others for word in pair)])
    try:
        expected = calculated(text.replace("-", " - ").split())
    except ZeroDivisionError:
        expected = None
    try:
        got = Evaluator({}, Budget(Limits()))(value_of(text))
    except Refusal as refusal:
        got = None if refusal.diagnostic.code.id == "E408" else refusal
    assert got == expected


def test_comparisons_chain_and_conditions_stop_early():
    evaluate = Evaluator({}, Budget(Limits()))
    assert evaluate(value_of("1 < 2 <= 2 != 3")) is True
    assert evaluate(value_of("1 < 3 < 2")) is False
    assert evaluate(value_of("true or 1 / 0 == 1")) is True
    assert evaluate(value_of("false and 1 / 0 == 1")) is False
    assert evaluate(value_of("if true then 1 else 1 / 0")) == 1
    assert evaluate(value_of("2 ^ 3 ^ 2 - -3 - 1")) == 514
    assert evaluate(value_of("8 / 4 / 2 - 3 - 2")) == -4


# --- places


@quick
@given(expressions)
def test_the_text_at_a_place_says_what_its_node_says(words):
    text = " ".join(words)
    file, report = read(f"f(x = {text})\ny = f(x = {text})\n")
    assume(len(report) == 1)
    for node in walk(file.declarations[0].value):
        if isinstance(node, Expr) and type(node).__name__ not in ("Range", "Every", "Coordinate", "Mapping"):
            again, report = read(f"x = ({node.span.text})\n")
            assert not report, (node.span.text, report[0])
            assert again.declarations[0].value == node


@quick
@given(texts())
def test_places_lie_within_those_of_the_nodes_above(text):
    file, _ = read(text)
    for node in walk(file):
        for child in node.children():
            assert node.span.start <= child.span.start <= child.span.stop <= node.span.stop
        if isinstance(node, Name):
            assert node.text in node.span.text


# --- what a token may be


@pytest.mark.parametrize("text", ["x" * 100_000, '"' + "x" * 100_000 + '"', "# " + "x" * 100_000, " " * 100_000 + "1"])
def test_names_strings_comments_and_blanks_have_any_length(text):
    assert not read(f"a = {text.replace('# ', '1 # ')}\n")[1]


@pytest.mark.parametrize("length", [1, 399, 400, 401, 5000])
def test_a_number_has_at_most_400_characters(length):
    assert [each.code.id for each in read(f"x = {'7' * length}\n")[1]] == ["E105"] * (length > 400)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50%", Fraction(1, 2)),
        ("4.51M", 4_510_000),
        ("1e-3", Fraction(1, 1000)),
        ("0.1", Fraction(1, 10)),
        ("2K", 2000),
    ],
)
def test_numbers_are_exact(text, value):
    assert value_of(text).value == value


@pytest.mark.parametrize("text", ["a.b", "a . b", "a\t.\tb", "(\na\n.\nb\n)", "(a # comment\n.b)"])
def test_blanks_between_words_mean_nothing(text):
    assert value_of(text) == value_of("a.b")


@pytest.mark.parametrize("stray", ["}", ")", "]", "{", "x y", "in -> out", "rule", "}}"])
def test_what_is_stray_between_declarations_costs_none_of_them(stray):
    file, report = read(f"x = 1\nnet a {{\n    in -> out\n}}\n{stray}\nnet b {{\n    in -> out\n}}\ny = 2\n")
    assert report
    assert [declaration.name.text for declaration in file.declarations] == ["x", "a", "b", "y"]
