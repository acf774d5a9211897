"""The architecture as laws over the syntax trees of all modules: who imports whom, and what nobody may call."""

import ast
import graphlib
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# What each folder may import besides Python's own library; a name stands for everything below it.
MAY_IMPORT = {
    "stdlib": set(),
    "dsl": {"connc.dsl", "lark"},
    "compiler": {"connc.compiler", "connc.dsl", "networkx", "numpy"},
    "backends": {"connc.backends", "connc.compiler", "connc.dsl", "numpy", "onnx", "onnxruntime", "torch"},
    "connc": {"connc", "click", "hypothesis", "numpy", "rich"},
}

# Packages that may import less than their folder: data is numpy's, whatever learns from it.
MAY_IMPORT_LESS = {
    "connc.backends.data": {"connc.backends.data", "connc.dsl.words", "numpy"},
    "connc.backends.plots": {"connc.backends", "connc.compiler", "connc.dsl", "matplotlib", "numpy"},
}

# What only an extra brings is imported where it is needed, in the one function that needs it.
IMPORTED_LATE = {"connc.backends.data.digits": ("digits", "sklearn")}

# A spec is hostile input: nothing here may turn text or a file into running code.
BANNED_MODULES = {"cloudpickle", "dill", "marshal", "pickle", "shelve", "yaml"}
BANNED_CALLS = {"eval", "exec", "__import__", "torch.load"}

# The one exception: whoever gives `module:function` as data asks for their own module to be run.
ASKED_FOR = {"connc.backends.data.user": {"import_module(module)"}}


def module_name(path: Path) -> str:
    """The name under which a file is imported, in a clone and in the wheel alike."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts if parts[0] == "connc" else ("connc", *parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for folder in MAY_IMPORT for path in sorted((ROOT / folder).rglob("*.py"))}
TREES = {name: ast.parse(path.read_bytes()) for name, path in FILES.items()}


def is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def imports(tree: ast.AST, module: str, *, is_package: bool = False) -> Iterator[str]:
    """The dotted names that a module imports, wherever in it; `from a import b` gives `a.b`."""
    parents = module.split(".") + ["__init__"] * is_package
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parents[: -node.level] if node.level else []
            yield from (".".join([*base, *filter(None, [node.module]), alias.name]) for alias in node.names)


def imports_of(module: str) -> list[str]:
    return list(imports(TREES[module], module, is_package=FILES[module].name == "__init__.py"))


def rights(module: str) -> set[str]:
    """What a module may import besides Python's own library."""
    narrow = [allowed for package, allowed in MAY_IMPORT_LESS.items() if is_below(module, package)]
    late = {IMPORTED_LATE[module][1]} if module in IMPORTED_LATE else set()
    return late | (narrow[0] if narrow else MAY_IMPORT[FILES[module].relative_to(ROOT).parts[0]])


def strangers(names: list[str], rights: set[str]) -> list[str]:
    """The imported names that are not allowed."""
    allowed = rights | sys.stdlib_module_names
    return [name for name in names if not any(is_below(name, package) for package in allowed)]


def hidden_imports(tree: ast.AST) -> list[tuple[str, str]]:
    """The functions that import, each with a package that it imports."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(f.name, name.partition(".")[0]) for f in functions for name in imports(f, "")]


def is_banned(node: ast.AST) -> bool:
    """A banned function, called or only named; or the import of a module whose name is computed."""
    if isinstance(node, ast.Name | ast.Attribute):
        return ast.unparse(node) in BANNED_CALLS
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        return not all(isinstance(argument, ast.Constant) for argument in arguments)
    return False


def banned(tree: ast.AST) -> list[str]:
    """Every use of what is banned."""
    modules = [name for name in imports(tree, "") if name.split(".")[0] in BANNED_MODULES or name in BANNED_CALLS]
    return modules + [f"line {node.lineno}: {ast.unparse(node)}" for node in ast.walk(tree) if is_banned(node)]


def import_graph() -> dict[str, set[str]]:
    """Module to the modules of ours that it names; `from package import module` is an edge to the module."""
    graph = {}
    for module in TREES:
        named = (name if name in TREES else name.rpartition(".")[0] for name in imports_of(module))
        graph[module] = {name for name in named if name in TREES}
    return graph


@pytest.mark.parametrize("module", TREES)
def test_imports_point_one_way(module):
    assert strangers(imports_of(module), rights(module)) == []


def test_imports_have_no_cycle():
    graphlib.TopologicalSorter(import_graph()).prepare()


@pytest.mark.parametrize("module", [m for m in TREES if FILES[m].relative_to(ROOT).parts[0] != "connc"])
def test_only_the_command_line_and_the_api_import_inside_functions(module):
    assert hidden_imports(TREES[module]) == ([IMPORTED_LATE[module]] if module in IMPORTED_LATE else [])


@pytest.mark.parametrize("module", IMPORTED_LATE)
def test_what_is_imported_late_is_imported_once(module):
    assert sum(is_below(name, IMPORTED_LATE[module][1]) for name in imports_of(module)) == 1


@pytest.mark.parametrize("module", TREES)
def test_nothing_turns_input_into_code_unless_it_was_asked_for(module):
    found = {each.partition(": ")[2] or each for each in banned(TREES[module])}
    assert found == ASKED_FOR.get(module, set())


@pytest.mark.parametrize("folder", ["dsl", "compiler", "backends", "stdlib"])
def test_a_folder_has_one_name(folder):
    with pytest.raises(ImportError, match=rf"import connc\.{folder}"):
        importlib.import_module(folder)


def test_no_file_names_a_path_of_the_machine_it_was_written_on():
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    files = [ROOT / name for name in names if (ROOT / name).is_file()]
    # A relative path and a URL may have such a part; only an absolute path starts with it.
    machine = re.compile(rb"(?<![\w.~$}-])/(?:work|root|tmp)/\w")
    assert [str(file.relative_to(ROOT)) for file in files if machine.search(file.read_bytes())] == []


# The laws above are worth something only if they notice a breach.


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        ("dsl", "import networkx as nx"),
        ("dsl", "from connc.compiler import network"),
        ("dsl", "from ..compiler import network"),
        ("dsl", "from connc import cli"),
        ("compiler", "import torch.fx"),
        ("compiler", "def f():\n    from connc.backends import reference"),
        ("backends", "from connc.cli import main"),
        ("stdlib", "import lark"),
    ],
)
def test_an_import_against_the_direction_is_noticed(folder, source):
    assert strangers(list(imports(ast.parse(source), f"connc.{folder}.planted")), MAY_IMPORT[folder])


@pytest.mark.parametrize("source", ["import torch", "import sklearn", "from connc.compiler import network"])
def test_a_package_has_fewer_rights_than_its_folder(source):
    assert strangers(list(imports(ast.parse(source), "connc.backends.data.idx")), rights("connc.backends.data.idx"))


def test_a_relative_import_is_named_from_the_module_or_from_the_package():
    tree = ast.parse("from . import a\nfrom .b import c\nfrom .. import d")
    assert list(imports(tree, "connc.dsl.x")) == ["connc.dsl.a", "connc.dsl.b.c", "connc.d"]
    assert list(imports(tree, "connc.dsl", is_package=True)) == ["connc.dsl.a", "connc.dsl.b.c", "connc.d"]


def test_an_import_inside_a_function_is_noticed():
    source = "class A:\n    async def f(self):\n        if self:\n            import os.path"
    assert hidden_imports(ast.parse(source)) == [("f", "os")]


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "run = exec",
        "import pickle",
        "from pickle import loads",
        "import yaml.loader",
        "from torch import load",
        "torch.load(f)",
        "__import__(name)",
        "importlib.import_module(name)",
        "import_module(f'connc.{name}')",
    ],
)
def test_a_way_to_run_input_is_noticed(source):
    assert banned(ast.parse(source))


@pytest.mark.parametrize("source", ["model.eval()", "evaluate(x)", "importlib.import_module('torch')", "json.load(f)"])
def test_what_only_looks_banned_is_fine(source):
    assert banned(ast.parse(source)) == []
