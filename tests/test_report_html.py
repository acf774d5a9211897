"""The report as a page: it stands alone, is well formed, says nothing unescaped, and draws nothing twice."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings

import connc
from connc.backends.report.formats import REPORTS
from connc.backends.report.parts import parts
from connc.compiler.network import Network
from connc.testing import nets
from tests.test_reports import NETS, STD, measured

TARGETS = [*STD, "std.densenet:densenet201", *NETS]
VOID = {"br", "hr", "img", "link", "meta", "input"}


class Page(HTMLParser):
    """What a page is made of; fails where tags do not fit."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.said = [], Counter(), [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said.append(data)

    def values(self, name):
        return [attributes[name] for _, attributes in self.attributes if name in attributes]


def page(target):
    """The page of a net that is put together once."""
    return REPORTS["html"](*measured(target))


def page_of(network):
    return REPORTS["html"](network, connc.analyze(network))


def is_sound(text):
    found = Page(text)
    assert found.tags.keys().isdisjoint({"script", "link", "iframe", "object", "embed", "use", "base"})
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)|url\((?!#)|@import", text) == []
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in _addresses(found))
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    assert {each[1:] for each in found.values("href") if each.startswith("#")} <= {*ids}
    assert {*re.findall(r"url\(#(\w+)\)", text)} <= {*ids}
    assert [name for name, _ in found.attributes if name.startswith("on")] == []
    assert all(attributes.get("alt") for tag, attributes in found.attributes if tag == "img")
    assert (found.tags["h1"], found.tags["main"], found.tags["title"] > 0) == (1, 1, True)
    assert found.tags["details"] == found.tags["summary"]
    return found


def _addresses(page):
    return [each for name in ("href", "src", "srcset", "xlink:href") for each in page.values(name)]


@pytest.mark.parametrize("target", TARGETS)
def test_a_page_stands_alone_and_is_well_formed(target):
    text = page(target)
    is_sound(text)
    assert len(text) < 3_000_000
    assert text == page(target)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nets())
def test_so_is_that_of_any_network(network):
    is_sound(page_of(network))


def test_what_comes_from_a_file_is_text():
    doc = '<script>alert(1)</script> & "quoted" <b>bold</b>'
    text = f"## {doc}\nnet a {{\n    in: [4]\n    in -> linear(2) by random(fan_in = 2) -> out\n}}\n"
    told = page_of(connc.loads(text))
    assert doc in "".join(is_sound(told).said)
    assert "<script" not in told
    assert "<b>bold" not in told


def test_a_name_that_is_no_word_is_text_too():
    network = connc.loads("net a {\n    in: [4]\n    in -> linear(3) -> out\n}\n")
    odd = Network(
        '<i onclick="x">&', network.level, network, {n.name: network.sources(n.name) for n in network}, network.outputs
    )
    for name, report in REPORTS.items():
        assert "<i onclick" not in report(odd, connc.analyze(odd)) or name == "text"
    assert is_sound(page_of(odd)).tags["i"] == Page(page_of(network)).tags["i"]


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_drawn_twice(target):
    drawings = re.findall(r'<div class="drawing".*?</div>', page(target), re.DOTALL)
    bodies = [re.sub(r"^<div[^>]*>|<title>[^<]*</title>", "", each) for each in drawings]
    assert len(bodies) == len(set(bodies))


def test_modules_that_are_built_alike_are_one_part():
    stem, *stages, _ = parts(measured("std.sparsenet")[0])
    assert stem.title == "stem"
    assert [each.title for each in stages] == ["part[0]", "part[1]", "part[2]", "part[3]"]
    block, transition = stages[0].inner
    assert (block.inner[0].title, block.inner[0].is_same) == ("part[0].block.step[0..5]", False)
    assert stages[1].inner[1].like == transition.path
    assert stages[1].inner[0].inner[0].like == "part[0].block.step[0]"


def test_modules_that_are_the_same_say_so():
    row = parts(measured("std.sdmn")[0])[0]
    assert (row.title, row.is_same, len(row.names)) == ("cell[0,0..2]", True, 3)
