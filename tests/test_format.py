"""The formatter: laws over specs made at random, damaged ones and all that the project holds; and the look."""

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import connc
import connc.dsl.format as formatter
from connc.dsl.format import COLUMNS, Unfaithful, comments, format_source
from connc.dsl.limits import Limits
from connc.dsl.parser import lex, parse
from connc.dsl.source import Source
from connc.testing import specs, texts
from connc.testing.grammar import END, laid_out

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data" / "format"
TOUR = (DATA / "tour.conn").read_text(encoding="utf-8")
SPECS = [
    path for folder in ("stdlib", "examples", "tests/data/format") for path in sorted(ROOT.glob(f"{folder}/**/*.conn"))
]
PAIR = re.compile(r"```conn\n(.*?)```\n+```conn formatted\n(.*?)```", re.DOTALL)
PAIRS = [
    pytest.param(*pair.groups(), id=f"{path.stem}-{number}")
    for path in sorted(DATA.glob("*.md"))
    for number, pair in enumerate(PAIR.finditer(path.read_text(encoding="utf-8")), start=1)
]

quick = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
few = settings(quick, max_examples=60)
fewest = settings(quick, max_examples=25)  # of what is put together too
long = settings(quick, max_examples=1250)  # four times


def formatted(text):
    result, report = format_source(Source("spec.conn", text))
    assert not report, report[0]
    return result


def tree(text):
    return parse(Source("spec.conn", text))[0]


def tokens(text):
    return [str(token) for token in lex(Source("spec.conn", text)) if token.type != "_NL"]


def check_the_laws(text):
    result = formatted(text)
    assert formatted(result) == result
    assert tree(result) == tree(text)
    assert tokens(result) == tokens(text)
    assert comments(result) == comments(text)
    assert formatted(re.sub("\r?\n", "\r\n", text)) == result
    check_the_white_space(result)


def check_the_white_space(result):
    lines = result.split("\n")
    assert lines.pop() == ""
    assert [line for line in lines if line != line.rstrip()] == []
    assert "\n\n\n" not in result
    assert not re.search(r"\{\n\n|\n\n\}", result)
    assert lines[:1] != [""]
    assert lines[-1:] != [""]
    assert all((len(line) - len(line.lstrip(" "))) % 4 == 0 for line in lines)


# --- laws


@quick
@given(texts())
def test_formatting_keeps_all_that_is_said_and_does_it_once(text):
    check_the_laws(text)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
@long
@given(text=texts())
def test_formatting_keeps_all_that_is_said_and_does_it_once_many_times(part, text):
    check_the_laws(text)


@fewest
@given(specs())
def test_a_formatted_spec_is_the_same_network(text):
    check_the_laws(text)
    assert connc.loads(formatted(text)) == connc.loads(text)


@fewest
@given(specs(), st.integers(0, 2**32))
def test_a_spec_in_a_wild_layout_is_the_same_network(text, seed):
    wild = laid_out([*words(text), END], Random(seed))
    check_the_laws(wild)
    assert connc.loads(formatted(wild)) == connc.loads(wild) == connc.loads(text)


def words(text):
    """The words of a spec, with the ends of its statements."""
    return [END if token.type == "_NL" else str(token) for token in lex(Source("spec.conn", text))]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_every_spec_of_the_project_keeps_all_that_it_says(path):
    check_the_laws(path.read_text(encoding="utf-8"))


@quick
@given(texts(), st.integers(0, 2**32))
def test_a_damaged_spec_is_refused_or_formatted(text, seed):
    check_the_damaged(text, Random(seed))


@few
@given(st.integers(0, 2**32))
def test_a_damaged_tour_is_refused_or_formatted(seed):
    check_the_damaged(TOUR, Random(seed))


def check_the_damaged(text, random):
    text = damaged(text, random)
    result, report = format_source(Source("spec.conn", text))
    if result is None:
        assert any(diagnostic.is_error for diagnostic in report)
    else:
        check_the_laws(text)


def damaged(text, random):
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(text) + 1)
        inserted = random.choice(
            ("", *'\n\r\t {}()[]"#=:,.-*_0éx\x00\ufeff\u2028', "##", " by ", "\n->", "\n\n## doc\n")
        )
        text = text[:at] + inserted + text[at + random.choice((0, 1, 1, 7)) :]
    return text


@few
@given(st.integers(0, 2**32))
def test_white_space_within_the_lines_of_the_tour_does_not_matter(seed):
    random = Random(seed)
    widened = re.sub(r'"[^"\n]*"|#.*|(?<=\S)[ ]+(?=[^\s#])', lambda m: stretched(m[0], random), TOUR)
    assert formatted(widened) == formatted(TOUR)


def stretched(part, random):
    return part if part.strip() else random.choice((" ", "  ", "\t", part))


# --- the look


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_the_look(before, after):
    assert formatted(before) == after
    check_the_laws(before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("\n \t\n", ""),
        ("x=1", "x = 1\n"),
        ("\n\n#a comment", "# a comment\n"),
        ("x=1\r\n\r\n\r\ny=2 # two\r\n", "x = 1\n\ny = 2  # two\n"),
        ("##about the file\n\n\nx=1", "## about the file\n\nx = 1\n"),
        ("##about x\nx=1", "## about x\nx = 1\n"),
        ("  ## two lines\n ## about the file\n \nx = 1", "## two lines\n## about the file\n\nx = 1\n"),
        ("## about a file of nothing\n\n", "## about a file of nothing\n"),
        ("## about the net\nnet a { x = 1 }", "## about the net\nnet a {\n    x = 1\n}\n"),
        ("net a {##no doc\n x=1}", "net a {  ## no doc\n    x = 1\n}\n"),
        ("x = f(\n\n)", "x = f()\n"),
    ],
)
def test_the_edges_of_a_file(before, after):
    assert formatted(before) == after
    check_the_laws(before)


@pytest.mark.parametrize("length", range(COLUMNS - 3, COLUMNS + 3))
def test_a_line_is_broken_behind_column_100(length):
    head, tail = "x = concat(a_first_value = 1, another_value = 2, a_third_value = ", ")"
    text = head + "y" * (length - len(head + tail)) + tail + "  # not counted\n"
    assert ("\n    a_first_value = 1,\n" in formatted(text)) == (length > COLUMNS)


# --- refusals


@pytest.mark.parametrize("text", ["net a {", "x = 1 $ 2", 'x = "a', "rule = 3", "\ufeffx = 1", "x = 1\ry = 2"])
def test_what_cannot_be_read_is_refused(text):
    result, report = format_source(Source("spec.conn", text))
    assert result is None
    assert report


def test_the_limits_hold():
    result, report = format_source(Source("spec.conn", "x = ((1))"), Limits(nesting=1))
    assert result is None
    assert [diagnostic.code.id for diagnostic in report] == ["E106"]


def test_brackets_and_suffixes_as_deep_as_the_limits_allow():
    text = "x = " + "(" * 31 + "a" + ").b" * 31 + "\n"
    assert formatted(text) == text


@pytest.mark.parametrize(
    "plant",
    [
        lambda text: text.replace("i + 1", "i + 2"),
        lambda text: text.replace("# a comment\n", "\n"),
        lambda text: text.replace("## One", "# One"),
        lambda text: text.replace("net slim", "\nslim"),
        lambda text: text + "}",
    ],
)
def test_a_mistake_of_the_formatter_is_noticed(monkeypatch, plant):
    text = TOUR + "# a comment\n"
    wrong = plant(formatted(text))
    assert wrong != formatted(text)
    monkeypatch.setattr(formatter, "_lines", lambda file: [wrong])
    with pytest.raises(Unfaithful, match=r"spec\.conn"):
        format_source(Source("spec.conn", text))
