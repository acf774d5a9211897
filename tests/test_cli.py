"""The command line, as a person or a program meets it: what is printed where, and the exit status."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import connc as connc_module
from connc import SpecError, __version__, analyze, load, parse_ir
from connc.api import load_network
from connc.budgets import parse_budgets
from connc.cli.app import VERBS, connc
from connc.compiler.expand import expand
from connc.target import target as target_of

GOOD = "net good(width = 4) {\n    in: [8]\n    in -> linear(width) -> out\n}\n"
WRONG = "net wrong {\n    in: [8]\n    in -> rellu -> out\n}\n"
LOOSE = "width=1\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {"good": GOOD, "wrong": WRONG, "loose": LOOSE}.items():
        (tmp_path / f"{name}.conn").write_text(text)
    return tmp_path


def process(*arguments, **options):
    command = [sys.executable, "-m", "connc", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


# --- check


def test_check_says_on_standard_error_that_all_is_well(call):
    assert call("check", "good.conn") == (0, "", "checked 1 file, nothing to report\n")
    assert call("check", "-q", "good.conn") == (0, "", "")


def test_check_reads_standard_input():
    result = process("check", "-", input="net a {\n in: [3, 8, 8]\n in -> conv(8, 3) -> rellu -> out\n}\n")
    assert result.returncode == 1
    assert "<stdin>:3" in result.stderr
    assert "did you mean `relu`?" in result.stderr
    assert result.stdout == ""


def test_check_takes_folders_files_and_the_standard_library(call):
    status, out, err = call("check", ".", "std.sparsenet", "good.conn:good", "--format", "json")
    assert (status, err) == (1, "")
    assert [each["code"] for each in json.loads(out)["diagnostics"]] == ["E301"]


def test_a_mistake_in_a_file_that_two_targets_use_is_told_once(call, folder):
    (folder / "a.conn").write_text("use wrong (wrong)\n\nnet a {\n    in: [8]\n    in -> wrong -> out\n}\n")
    _, out, _ = call("check", "a.conn", "wrong.conn", "--format", "json")
    assert len(json.loads(out)["diagnostics"]) == 1


def test_set_fills_a_parameter_of_the_net(call):
    assert call("check", "-q", "good.conn", "--set", "width=16")[0] == 0
    assert "E413" in call("check", "good.conn", "--set", "width=0")[2]
    assert "did you mean `width`?" in call("check", "good.conn", "--set", "widht=3")[2]
    assert "E401" in call("check", "good.conn", "--set", "width=relu")[2]
    assert "E101" in call("check", "good.conn", "--set", "width=")[2]


def test_set_gives_each_parameter_one_value(call):
    assert "E405" in call("check", "good.conn", "--set", "width=3", "--set", "width=4")[2]


def test_python_is_told_what_it_may_not_give():
    with pytest.raises(ValueError, match="seed"):
        load("good.conn", seed=-1)
    with pytest.raises(TypeError, match=r"connc\.load"):
        analyze("good.conn")
    with pytest.raises(SpecError, match="params:1:7"):
        load("good.conn", {"width": "relu"})
    assert {"load", "analyze", "parse_ir", "SpecError"} <= set(dir(connc_module))


def test_set_takes_rules_and_lists(call):
    assert call("check", "-q", "std.sparsenet", "--set", "reach=chain", "--set", "blocks=[6, 12]")[0] == 0
    assert call("check", "std.sparsenet", "--set", "blocks=[6, 12.5]")[0] == 1


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("none.conn", "no such file"),
        ("std.sparsnet", "did you mean std.sparsenet?"),
        ("good.conn:god", "did you mean `good`?"),
        ("empty", "no .conn file"),
        ("what", "a target is"),
    ],
)
def test_a_target_that_leads_nowhere_is_wrong_use(call, target, said):
    Path("empty").mkdir()
    status, out, err = call("check", target)
    assert (status, out) == (2, "")
    assert said in err


def test_several_nets_are_named_when_one_is_to_be_chosen(call, folder):
    (folder / "two.conn").write_text(GOOD + "\n" + WRONG.replace("rellu", "relu"))
    status, _, err = call("check", "two.conn", "--set", "width=2")
    assert status == 2
    assert "two.conn:good or two.conn:wrong" in err


# --- expand, analyze


def test_expand_prints_a_network_at_both_levels(call):
    status, out, err = call("expand", "good.conn")
    assert (status, err) == (0, "")
    assert out.startswith("net good, level kernel\n")
    assert parse_ir(out) == expand(load("good.conn"))
    assert call("expand", "good.conn", "--level", "wiring")[1] == str(load("good.conn"))
    assert "units=7" in call("expand", "good.conn", "--set", "width=7")[1]


def test_the_seed_decides_what_is_drawn(call, folder):
    (folder / "drawn.conn").write_text(GOOD.replace("linear(width)", "linear(width) by random(fan_in = 2)"))
    texts = [call("expand", "drawn.conn:good", "--seed", seed)[1] for seed in ("0", "0", "1")]
    assert texts[0] == texts[1] != texts[2]
    assert call("expand", "good.conn", "--seed", "-1")[0] == 2


def test_analyze_counts_layer_by_layer(call):
    status, out, _ = call("analyze", "good.conn", "--format", "json")
    found = {"format_version": 1, "net": "good", "params": 8 * 4 + 4, "macs": 8 * 4, "flops": 2 * 8 * 4}
    assert (status, json.loads(out)) == (0, json.loads(out) | found)
    assert "parameters" in call("analyze", "good.conn")[1]


def test_a_report_is_written_in_the_format_that_its_name_says(call):
    for name, start in (("a.html", "<!doctype html>"), ("a.md", "# good"), ("a.csv", "name,"), ("a.json", "{")):
        assert call("analyze", "good.conn", "-o", name)[:2] == (0, "")
        assert Path(name).read_text().lower().startswith(start)
    status, _, err = call("analyze", "good.conn", "-o", "a.pdf")
    assert status == 2
    assert ".html" in err


@pytest.mark.parametrize(
    ("budget", "status", "said"),
    [
        ("params <= 36", 0, ""),
        ("params <= 35 or width == 4", 0, ""),
        ("params<=35", 1, "params is 36"),
        ("path(in, out) == 3 and params(linear) < 9", 1, "E401"),
        ("parms < 3", 1, "did you mean `params`?"),
        ("params <", 1, "expected a value"),
        ("params", 1, "E401"),
    ],
)
def test_a_budget_is_a_contract_of_the_net_itself(call, budget, status, said):
    found = call("analyze", "good.conn", "--budget", "params > 0", "--budget", budget)
    assert found[0] == status, found
    assert said in found[2]
    assert bool(found[1]) == (status == 0)


def test_a_budget_is_that_of_what_an_alias_stands_for():
    for target in ("std.sparsenet", "std.sparsenet:sparsenet_cifar"):
        assert load_with_budget(target, "params <= 4.6M and path(in, out) <= 30") is not None
    assert load_with_budget("std.densenet", "params <= 4.6M") is None


def load_with_budget(target, budget):
    budgets, report = parse_budgets([budget])
    assert report == []
    return load_network(target_of(target), budgets=budgets)[0]


def test_a_sweep_says_how_a_net_grows(call):
    status, out, _ = call("analyze", "good.conn", "--sweep", "width=1..40")
    rows = [line.split() for line in out.splitlines()]
    assert status == 0
    assert rows[0][:3] == ["width", "params", "macs"]
    assert rows[-1][:4] == ["grows", "O(n)", "±0%", "O(n)"]
    assert [row[1] for row in rows[1:-1]] == [str(9 * int(row[0])) for row in rows[1:-1]]
    found = json.loads(call("analyze", "good.conn", "--sweep", "width=1..40", "--format", "json")[1])
    assert found["sweep"]["measures"]["params"]["growth"] == "n"


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--sweep", "width"], 2, "such as depth=10..1000"),
        (["--sweep", "width=9..3"], 2, "such as depth=10..1000"),
        (["--sweep", "wdth=1..3"], 1, "did you mean `width`?"),
        (["--sweep", "width=1..9", "--budget", "params < 3"], 2, "takes no --budget"),
        (["--sweep", "width=1..9", "--format", "html"], 2, "text or json"),
    ],
)
def test_what_a_sweep_cannot_take(call, options, status, said):
    found = call("analyze", "good.conn", *options)
    assert (found[0], found[1]) == (status, "")
    assert said in found[2]


@pytest.mark.parametrize("verb", ["expand", "analyze"])
def test_what_has_mistakes_is_no_network(call, verb):
    status, out, err = call(verb, "wrong.conn")
    assert (status, out) == (1, "")
    assert "E301" in err


# --- fmt


def test_fmt_rewrites_in_place_and_keeps_the_mode(call, folder):
    loose = folder / "loose.conn"
    loose.chmod(0o640)
    assert call("fmt", "loose.conn") == (0, "", "formatted 1 file\n")
    assert loose.read_text() == "width = 1\n"
    assert stat.S_IMODE(loose.stat().st_mode) == 0o640
    assert call("fmt", ".") == (0, "", "")


def test_fmt_check_and_diff_change_nothing(call, folder):
    assert call("fmt", "--check", "loose.conn") == (1, "", "would format loose.conn\n")
    status, out, _ = call("fmt", "--diff", "loose.conn")
    assert status == 1
    assert "-width=1\n+width = 1\n" in out
    assert (folder / "loose.conn").read_text() == LOOSE


def test_fmt_filters_standard_input():
    result = process("fmt", "-", input=LOOSE)
    assert (result.returncode, result.stdout, result.stderr) == (0, "width = 1\n", "")


def test_fmt_leaves_a_broken_file_as_it_is(call, folder):
    (folder / "loose.conn").write_text("width=(1\n")
    status, out, err = call("fmt", "loose.conn", "good.conn")
    assert (status, out) == (1, "")
    assert "E103" in err
    assert (folder / "loose.conn").read_text() == "width=(1\n"


def test_fmt_says_that_a_file_is_read_only(call, folder):
    (folder / "loose.conn").chmod(0o440)
    status, _, err = call("fmt", "loose.conn")
    assert status == 2
    assert "loose.conn: it is read-only" in err
    assert (folder / "loose.conn").read_text() == LOOSE


def test_fmt_follows_a_link_and_leaves_no_litter(call, folder):
    (folder / "link.conn").symlink_to("loose.conn")
    before = set(folder.iterdir())
    assert call("fmt", "link.conn")[0] == 0
    assert (folder / "link.conn").is_symlink()
    assert (folder / "loose.conn").read_text() == "width = 1\n"
    assert set(folder.iterdir()) == before


def test_fmt_does_not_rewrite_the_standard_library(call):
    assert call("fmt", "--check", "std.blocks", "std.rules", "std.sparsenet")[0] == 0


# --- the others


def test_explain_prints_meaning_and_examples(call):
    status, out, _ = call("explain", "e101")
    assert status == 0
    assert "Wrong:" in out
    assert "Right:" in out
    assert call("explain", "E999")[0] == 2
    assert "E301  unknown name" in call("explain")[1]
    assert json.loads(call("explain", "--format", "json")[1])["codes"][0]["id"] == "E101"


def test_list_shows_names_with_their_first_line(call):
    out = call("list")[1]
    assert "bottleneck" in out
    assert "std.rules" in out
    names = json.loads(call("list", "good.conn", "--format", "json")[1])["names"]
    assert [(each["kind"], each["name"]) for each in names] == [("net", "good")]
    assert "random" in call("list", "--language")[1]


def test_show_prints_the_source(call):
    out = call("show", "std.blocks:bottleneck")[1]
    assert out.startswith("## ")
    assert out.endswith("}\n")
    assert call("show", "good.conn")[1] == GOOD
    assert "did you mean `good`?" in call("show", "good.conn:godd")[2]


def test_words_of_the_language_are_listed_and_shown_with_their_parameters(call):
    assert "conv(channels: int, kernel: int[2], stride: int[2] = [1, 1]" in call("list", "--language")[1]
    status, out, _ = call("show", "conv")
    assert status == 0
    assert out.startswith("layer conv(channels: int")
    assert "`stride`" in out
    assert call("show", "floor")[1].startswith("function floor")
    assert call("list", "--language", "good.conn")[0] == 2


def test_what_is_no_spec_by_its_name_is_not_read(call, folder):
    (folder / "README.md").write_text("# prose\n")
    assert call("check", "README.md") == (2, "", "connc: README.md is no .conn file\n")


def test_the_shell_completes_targets_and_codes():
    def completions(words):
        environment = os.environ | {"_CONNC_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "2"}
        return process(env=environment).stdout.split()

    assert "plain,std.blocks" in completions("connc check std.b")
    assert completions("connc check go") == ["file,go"]
    assert "plain,E301" in completions("connc explain E30")


def test_init_writes_a_spec_that_checks_and_is_formatted(call):
    assert call("init", "mine.conn")[0] == 0
    assert call("check", "-q", "mine.conn", "--set", "reach=dense") == (0, "", "")
    assert call("fmt", "--check", "mine.conn")[0] == 0
    status, _, err = call("init", "mine.conn")
    assert status == 2
    assert "exists already" in err


def test_doctor_names_versions(call):
    status, out, _ = call("doctor", "--format", "json")
    assert status == 0
    assert json.loads(out)["connc"] == __version__


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script(call, shell):
    assert "_CONNC_COMPLETE" in call("completion", shell)[1]


def test_version(call):
    assert call("--version") == (0, f"connc {__version__}\n", "")


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_help_with_an_example(call, verb):
    status, out, _ = call(verb.name, "--help")
    assert status == 0
    assert f"connc {verb.name}" in out.split("Usage:")[1].split("\n", 1)[1]


def test_a_wrong_verb_or_option_is_wrong_use_with_a_hint(call):
    for arguments in (["chek", "x"], ["check", "--formt", "json", "good.conn"], ["check"]):
        assert call(*arguments)[0] == 2
    assert "did you mean `check`?" in call("chek")[2]


# --- settings, colors, pipes, failures


def test_settings_of_the_project_fill_options(call, folder):
    (folder / "connc.toml").write_text('[check]\nformat = "json"\n')
    assert json.loads(call("check", "good.conn")[1])["diagnostics"] == []
    (folder / "connc.toml").write_text("[check]\nformt = 1\n")
    status, _, err = call("check", "good.conn")
    assert status == 2
    assert "did you mean `format`?" in err
    (folder / "connc.toml").unlink()
    (folder / "pyproject.toml").write_text("[tool.connc.check]\nquiet = true\n")
    assert call("check", "good.conn") == (0, "", "")


def test_colors_are_for_terminals_that_want_them(monkeypatch):
    colored = CliRunner().invoke(connc, ["check", "wrong.conn"], color=True)
    assert "\x1b[" in colored.stderr
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in CliRunner().invoke(connc, ["check", "wrong.conn"], color=True).stderr
    assert "\x1b[" not in process("check", "wrong.conn").stderr


def test_a_closed_pipe_is_no_failure():
    command = f"{sys.executable} -m connc list --language | head -1"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert result.stderr == ""


def test_an_internal_error_leaves_a_bundle_and_no_traceback(call, monkeypatch):
    monkeypatch.setattr("connc.api.check_target", lambda *_: 1 / 0)
    status, out, err = call("check", "good.conn")
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    bundle = Path(err.split()[-1])
    assert "ZeroDivisionError" in bundle.read_text()
    assert GOOD in bundle.read_text()
    bundle.unlink()


def test_nothing_slow_is_imported_where_it_is_not_needed():
    script = (
        "import sys; from connc.cli import main; sys.argv = ['connc', *sys.argv[1:]]; main();"
        "print(sorted({'torch', 'numpy', 'networkx', 'scipy', 'rich', 'hypothesis'} & set(sys.modules)))"
    )
    slow = {"check -q std.sparsenet": "['numpy']", "fmt --check good.conn": "[]", "explain E101": "[]"}
    for arguments, imported in slow.items():
        command = [sys.executable, "-c", script, *arguments.split()]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        assert result.stdout.splitlines()[-1] == imported
