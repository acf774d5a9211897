"""What holds for any mistake anywhere in any text."""

import json
import re
from pathlib import Path, PurePath
from unicodedata import category, east_asian_width
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connc.dsl.codes import CATALOGUE
from connc.dsl.diagnostic import Diagnostic, Label
from connc.dsl.parser import parse
from connc.dsl.source import Source, Span
from connc.report import FORMATS, render
from connc.report.places import in_order, place_of
from connc.report.sarif import uri
from connc.report.visible import visible
from tests.report.samples import SOURCES, TEXTS, code, diagnostics, spans

SGR = re.compile(r"\x1b\[[0-9;]*m")
COMMAND = re.compile(r"::(error|warning) ([^\n]*?)::([^\n]*)")
ESCAPED = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
VALIDATOR = jsonschema.Draft202012Validator(
    json.loads(Path(__file__).with_name("sarif.schema.json").read_text("utf-8"))
)

A_SPAN = SOURCES.flatmap(lambda source: spans([source]))


def diagnostic_at(span: Span) -> Diagnostic:
    return Diagnostic(code("E101"), "wrong", (Label(span),))


def cells(text: str) -> list[str]:
    """What a terminal shows in each column."""
    wide = {"W": 2, "F": 2}
    return [c for c in text if category(c) not in ("Mn", "Me") for _ in range(wide.get(east_asian_width(c), 1))]


def columns_marked(span: Span) -> tuple[str, str, str]:
    """The line that is shown, a character for each column; the marked columns of it; and what the marks say."""
    *_, line, marks = render([diagnostic_at(span)]).split("\n\n")[0].splitlines()
    gutter = marks.index("|") + 2
    found = re.fullmatch(r"( *)(\^+)(.*)", marks[gutter:])
    assert found, marks
    shown = "".join(cells(line[gutter:]))
    return shown, shown.ljust(len(marks))[slice(*found.span(2))], found[3]


def meant(span: Span) -> str:
    """The columns of a span's first line, as it should be shown."""
    text = span.source.text
    first, end = text.rfind("\n", 0, span.start) + 1, text.find("\n", span.start)
    line = text[first : end if end >= 0 else None].rstrip("\r")
    return "".join(cells(visible(line[span.start - first : span.stop - first])))


@given(diagnostics(), st.sampled_from(sorted(FORMATS)))
def test_nothing_reaches_a_terminal_raw(told, format):
    output = render(told, format)
    assert all(character == "\n" or character.isprintable() for character in output)
    output.encode("utf-8")
    assert output.endswith("\n") or output == ""


@given(diagnostics())
def test_colors_change_nothing_else(told):
    assert SGR.sub("", render(told, color=True)) == render(told)


@given(A_SPAN.filter(lambda span: span.source.text))
def test_marks_stand_under_what_they_mean(span):
    _, marked, words = columns_marked(span)
    if words == "…":  # the line is cut in the midst of the place
        assert meant(span).startswith(marked)
    elif words:
        assert meant(span).rstrip() == marked.rstrip()
        assert words == f"… to line {span.source.text[: span.stop - 1].count(chr(10)) + 1}"
    else:
        assert meant(span) == marked or (meant(span) == "" and len(marked) == 1)


@given(A_SPAN.filter(lambda span: span.source.text))
def test_a_line_is_shown_within_bounds(span):
    shown, marked, _ = columns_marked(span)
    assert max(len(shown), len(marked)) <= 120 + len("……")


@given(diagnostics())
def test_the_same_mistakes_are_told_in_one_order(told):
    def place(diagnostic):
        return diagnostic.span.source.name, diagnostic.span.start, diagnostic.code.id

    assert [place(d) for d in in_order(told)] == sorted(map(place, told))
    assert in_order(in_order(told)) == in_order(told)


@given(diagnostics())
def test_json_tells_every_mistake(told):
    document = json.loads(render(told, "json"))
    assert [d["message"] for d in document["diagnostics"]] == [d.message for d in in_order(told)]
    assert document["summary"]["errors"] + document["summary"]["warnings"] == len(told)
    assert json.dumps(document, indent=2, sort_keys=True) + "\n" == render(told, "json")


@given(diagnostics())
def test_sarif_validates_and_points_at_its_rules(told):
    document = json.loads(render(told, "sarif"))
    VALIDATOR.validate(document)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [d.code.id for d in in_order(told)]
    assert set(CATALOGUE) <= {rule["id"] for rule in rules}


@given(st.text() | st.sampled_from(["<stdin>", "a b/ü.conn", "c:x", "a%20b", "x?y#z", "\udcff.conn", "/x", "//x"]))
def test_a_uri_leads_back_to_the_file(name):
    path = unquote(uri(name).removeprefix("file:///"), errors="surrogatepass")
    assert path == PurePath(name).as_posix().lstrip("/")


@given(diagnostics())
def test_github_gets_a_line_for_each_mistake(told):
    lines = render(told, "github").splitlines()
    assert len(lines) == len(told)
    for diagnostic, line in zip(in_order(told), lines, strict=True):
        found = COMMAND.fullmatch(line)
        properties = dict(item.split("=", 1) for item in found[2].split(","))
        assert found[1] == diagnostic.code.severity
        file = re.sub("|".join(ESCAPED), lambda m: ESCAPED[m[0]], properties["file"])
        assert file == visible(diagnostic.span.source.name)


@pytest.mark.parametrize("format", FORMATS)
def test_the_syntax_errors_of_the_catalogue_can_be_told(format):
    sources = (Source(f"{code.id}.conn", code.wrong) for code in CATALOGUE.values() if code.id.startswith("E1"))
    told = [diagnostic for source in sources for diagnostic in parse(source)[1]]
    assert told
    assert render(told, format)


@given(TEXTS, st.integers(-3, 500), st.integers(-3, 500))
def test_a_span_outside_its_text_is_kept_inside(text, start, stop):
    place = place_of(Span(Source("net.conn", text), start, stop))
    assert (1, 1) <= (place.line, place.column) <= (place.end_line, place.end_column)
    assert place.end_line <= text.count("\n") + 1
    render([diagnostic_at(Span(Source("net.conn", text), start, stop))])


def test_names_and_messages_are_made_visible():
    source = Source("\x1b[2J.conn", "x")
    told = Diagnostic(code("E101"), "\x1b[1mbold\u202e\nand more", (Label(Span(source, 0, 1), "\x07"),), ("\x00",))
    assert render([told]) == (
        "error[E101]: <U+001B>[1mbold<U+202E> and more\n"
        " --> <U+001B>[2J.conn:1:1\n"
        "  |\n"
        "1 | x\n"
        "  | ^ <U+0007>\n"
        "  |\n"
        "  = help: <U+0000>\n"
        "\n"
        "1 error in <U+001B>[2J.conn; `connc explain E101` says more\n"
    )


def test_errors_are_red_warnings_yellow_and_gutters_blue():
    source = Source("net.conn", "ab")
    labels = (Label(Span(source, 0, 1)), Label(Span(source, 1, 2)))
    for id, style in ("E101", "1;31"), ("W101", "1;33"):
        told = render([Diagnostic(code(id), "wrong", labels)], color=True)
        assert f"\x1b[{style}m{code(id).severity}[{id}]\x1b[0m" in told
        assert f"\x1b[1;34m  |\x1b[0m\x1b[{style}m ^\x1b[0m" in told
        assert "\x1b[1;34m  |\x1b[0m\x1b[1;34m  -\x1b[0m" in told


@pytest.mark.parametrize("format", ["text", "github"])
def test_nothing_is_said_about_nothing(format):
    assert render([], format) == ""


def test_the_place_in_a_line_of_ten_thousand_characters_is_shown():
    text = "a + " * 2500 + "b"
    for start in (0, 4000, 5001, 10000):
        shown, marked, _ = columns_marked(Span(Source("net.conn", text), start, start + 1))
        assert marked == text[start]
        assert shown.strip("…") in text
    _, marked, words = columns_marked(Span(Source("net.conn", text), 4000, 9000))
    assert text[4000:9000].startswith(marked)
    assert words == "…"
