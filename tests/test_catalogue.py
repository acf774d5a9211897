"""The catalogue of mistakes is true: each wrong example gives exactly its code, each right one nothing."""

import json

import pytest
from click.testing import CliRunner

from connc.api import SpecError, parse_ir
from connc.cli.app import connc
from connc.dsl.codes import CATALOGUE
from connc.dsl.format import format_source
from connc.dsl.source import Source

NETWORK = "E9"  # codes whose examples are texts of networks, not specs
SPECS = {name: code for name, code in CATALOGUE.items() if not name.startswith(NETWORK)}
TEXTS = {name: code for name, code in CATALOGUE.items() if name.startswith(NETWORK)}


@pytest.fixture
def codes_in(tmp_path, monkeypatch):
    """Check a spec as `connc check` does; the codes of all it finds."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "connc.toml").touch()

    def run(spec, flags):
        (tmp_path / "example.conn").write_bytes(spec.encode("utf-8", "surrogateescape"))
        result = CliRunner().invoke(connc, ["check", "--format", "json", *flags, "example.conn"])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return [each["code"] for each in json.loads(result.stdout)["diagnostics"]], result.exit_code

    return run


@pytest.mark.parametrize("code", SPECS.values(), ids=SPECS)
def test_the_wrong_example_gives_exactly_its_code(code, codes_in):
    found, status = codes_in(code.wrong, code.flags)
    assert found == [code.id]
    assert status == (1 if code.severity == "error" else 0)


@pytest.mark.parametrize("code", SPECS.values(), ids=SPECS)
def test_the_right_example_gives_nothing(code, codes_in):
    assert codes_in(code.right, code.flags) == ([], 0)


@pytest.mark.parametrize("code", SPECS.values(), ids=SPECS)
def test_the_right_example_stands_in_the_house_format(code):
    text, report = format_source(Source("example.conn", code.right))
    assert (text, report) == (code.right, [])


@pytest.mark.parametrize("code", TEXTS.values(), ids=TEXTS)
def test_of_two_texts_of_networks_the_wrong_one_is_refused_and_the_right_one_read(code):
    with pytest.raises(SpecError) as caught:
        parse_ir(code.wrong)
    assert [each.code.id for each in caught.value.diagnostics] == [code.id]
    assert str(parse_ir(code.right)) == code.right


@pytest.mark.parametrize("code", CATALOGUE.values(), ids=CATALOGUE)
def test_a_code_explains_itself(code):
    assert code.meaning.endswith((".", ")"))
    assert not code.title.endswith(".")
