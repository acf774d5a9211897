"""Diagnostics for the tests: written in a golden's short notation, or drawn."""

import json
import re

from hypothesis import strategies as st

from connc.dsl.diagnostic import Code, Diagnostic, Label
from connc.dsl.source import Source, Span

LABEL = re.compile(r'  (.+?) ("(?:[^"\\]|\\.)*") ?(.*)')


def code(id: str) -> Code:
    return Code(id, "shapes do not join", "Two values\nhave shapes that do not join.", "a -> b\n", "a -> c -> b\n")


def read(text: str, sources: dict[str, Source]) -> list[Diagnostic]:
    """`E101 message`, then indented: `file "snippet" words` for each label, `help: words` for each help.

    A label stands at the first place of its snippet; an empty snippet is the end of the file.
    """
    told: list[Diagnostic] = []
    for head, *lines in map(str.splitlines, re.split(r"\n(?=\S)", text.strip("\n"))):
        helps = [line.removeprefix("  help: ").replace(r"\n", "\n") for line in lines if line.startswith("  help: ")]
        labels = [label(line, sources) for line in lines if not line.startswith("  help: ")]
        told.append(Diagnostic(code(head[:4]), head[5:], tuple(labels), tuple(helps)))
    return told


def label(line: str, sources: dict[str, Source]) -> Label:
    found = LABEL.fullmatch(line)
    assert found, f"not a label: {line}"
    source, snippet = sources[found[1]], json.loads(found[2])
    start = source.text.index(snippet) if snippet else len(source.text)
    return Label(Span(source, start, start + len(snippet)), found[3])


NASTY = st.sampled_from("\0\t\n\r\x1b\x7f\x85\xa0\xad\u0301\u200b\u202e\u2028\u2066\ud800\ufeff世\uff05🙂%:,é…")
TEXTS = st.text(NASTY | st.characters(codec="utf-8"), max_size=30) | st.text(NASTY | st.just("a"), max_size=400)
SOURCES = st.builds(
    Source, st.text(max_size=8) | st.sampled_from(["net.conn", "<stdin>", "/a b/c", "C:x,y=50%"]), TEXTS
)
SOURCE_LISTS = st.lists(SOURCES, min_size=1, max_size=2)


@st.composite
def spans(draw, sources):
    source = draw(st.sampled_from(sources))
    start, stop = sorted(draw(st.tuples(*[st.integers(0, len(source.text))] * 2)))
    return Span(source, start, stop)


@st.composite
def diagnostics(draw):
    """Any mistakes, with labels anywhere in one or two files of any text."""
    sources = draw(SOURCE_LISTS)
    labels = st.lists(st.builds(Label, spans(sources), TEXTS), min_size=1, max_size=3).map(tuple)
    codes = st.sampled_from(["E101", "E203", "W101"]).map(code)
    helps = st.lists(TEXTS, max_size=2).map(tuple)
    return draw(st.lists(st.builds(Diagnostic, codes, TEXTS, labels, helps), max_size=3))
