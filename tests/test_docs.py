"""The documentation is true: its specs check, its commands print what it shows, its links lead somewhere.

A ```conn block is a whole file. It checks and stands in the house format; with `error=E301` behind the `conn` it gives
exactly that code, with `error=E301,E507` these two. The blocks of a page share a folder, in which
`name=parts/widths.conn` gives a block a name for later ones. A ```console block shows commands, each behind `$ `, and
all that they print; a ```pycon block is a session of Python, which later ones go on with. A ```python block is a file
of tests, called `name=test_mine.py`, which pass unless it says `fails=yes`; what a later ```text block with `said=yes`
holds it said. All run in that folder.
"""

import doctest
import json
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from connc.cli.app import VERBS, connc
from connc.compiler.ops import OPS
from connc.compiler.vocabulary import VOCABULARY
from connc.dsl.codes import CATALOGUE
from connc.dsl.format import format_source
from connc.dsl.functions import FUNCTIONS
from connc.dsl.source import Source
from connc.dsl.types import NAMES as TYPES
from connc.dsl.words import KEYWORDS

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.conn"))
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_OTHERS_OPTIONS = {"--help", "--version"}


def name(path):
    return str(path.relative_to(ROOT))


def blocks(path):
    """Language, attributes, text and line of each block of a page."""
    text = path.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        attributes = dict(word.split("=", 1) for word in match[2].split())
        yield match[1], attributes, match[3], text.count("\n", 0, match.start()) + 2


def prose(path):
    """The text of a page without its blocks."""
    return _BLOCK.sub("", path.read_text(encoding="utf-8"))


def run(*arguments):
    result = CliRunner().invoke(connc, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project to be in; layers that a page defines end with it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(OPS, "_classes", dict(OPS._classes))
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "connc.toml").touch()
    return tmp_path


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_the_blocks_of_a_page_are_true(page, project):
    names = {}
    for language, attributes, text, line in blocks(page):
        place = f"{name(page)}:{line}"
        if language == "conn":
            assert set(attributes) <= {"error", "name"}, place
            spec = attributes.get("name", "example.conn")
            assert Path(spec).suffix == ".conn", place
            Path(spec).parent.mkdir(parents=True, exist_ok=True)
            Path(spec).write_text(text, encoding="utf-8")
            check_spec(spec, text, attributes["error"].split(",") if "error" in attributes else [], place)
        elif language == "console":
            assert session(text) == text, place
        elif language == "pycon":
            check_python(text, names, place)
        elif language == "python":
            said = check_tests(Path(attributes["name"]), text, "fails" in attributes, place)
        elif "said" in attributes:
            assert bare(text) in bare(said), f"{place}\n{said}"


def check_spec(spec, text, errors, place):
    found = [each["code"] for each in json.loads(run("check", "--format", "json", spec).stdout)["diagnostics"]]
    assert [code for code in found if CATALOGUE[code].severity == "error"] == errors, place
    formatted, _ = format_source(Source(spec, text))
    if formatted is None:  # it cannot be read
        assert all(code.startswith("E1") for code in errors), place
    else:
        assert formatted == text, place


def check_python(text, names, place):
    """Run a session of Python; what it names is known in the next one."""
    lesson = doctest.DocTestParser().get_doctest(text, names, place, place, 0)
    found = []
    doctest.DocTestRunner(verbose=False).run(lesson, out=found.append, clear_globs=False)
    names |= lesson.globs
    assert found == [], "".join(found)


def check_tests(path, text, fails, place):
    """Run a file of tests as a user does; the seed is fixed: one search in many ends before the smallest case."""
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "--hypothesis-seed=0", path]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == (1 if fails else 0), f"{place}\n{found.stdout}"
    return found.stdout


def bare(text):
    """Its lines without what stands in front of them."""
    return re.sub(r"^E? *", "", text, flags=re.MULTILINE)


def session(text):
    """The block as it really goes."""
    shown = []
    for line in text.splitlines():
        if line.startswith("$ "):
            command, *arguments = shlex.split(line[2:])
            assert command == "connc", line
            shown.append(f"{line}\n{run(*arguments).output.rstrip()}")
    return "\n".join("\n".join(shown).rstrip().splitlines()) + "\n"


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_an_example_is_documented_formatted_and_right(example, monkeypatch):
    monkeypatch.chdir(ROOT)
    text = example.read_text(encoding="utf-8")
    assert text.startswith("## ")
    check_spec(str(example), text, [], name(example))


def test_errors_md_is_what_the_catalogue_says():
    page = runpy.run_path(str(ROOT / "docs" / "errors.py"))["page"]()
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == page, "run `make docs`"
    for code in CATALOGUE:
        assert f"### {code}\n" in page


@pytest.mark.parametrize("page", [*WRITTEN, ROOT / "CHANGELOG.md"], ids=name)
def test_every_link_leads_somewhere(page):
    for target in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        assert other.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(other), target


def anchors(page):
    """What can stand behind `#` in a link to a page."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_every_option_exists(page):
    parameters = [parameter for verb in VERBS for parameter in verb.params]
    known = {option for each in parameters for option in (*each.opts, *each.secondary_opts)} | _OTHERS_OPTIONS
    named = set(_OPTION.findall(page.read_text(encoding="utf-8")))
    assert named <= known


def test_the_readme_names_every_command():
    rows = re.findall(r"^\| `connc (\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(verb.name for verb in VERBS)


@pytest.mark.parametrize(
    "words",
    [KEYWORDS, FUNCTIONS, TYPES, VOCABULARY.generators, VOCABULARY.analyses],
    ids=["grammar", "functions", "types", "generators", "analyses"],
)
def test_the_manual_names_every_word(words):
    manual = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    assert [word for word in words if not re.search(rf"`{word}\b", manual)] == []
