"""What the built packages hold: a clone hides a file that the wheel forgot."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import connc

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["connc", "dsl", "compiler", "backends", "stdlib"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """A folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(dist):
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist(dist):
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def in_wheel(path: Path) -> str:
    name = path.relative_to(ROOT).as_posix()
    return name if name.startswith("connc/") else f"connc/{name}"


def test_the_wheel_puts_only_connc_into_site_packages(wheel):
    assert {name.partition("/")[0] for name in wheel} == {"connc", f"connc-{connc.__version__}.dist-info"}


def test_the_wheel_holds_exactly_what_the_clone_holds(wheel):
    files = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file())
    expected = {in_wheel(path) for path in files if path.parent.name != "__pycache__"}
    assert {name for name in wheel if name.startswith("connc/")} == expected


def test_the_wheel_carries_the_grammar_the_standard_library_and_its_types(wheel):
    assert {"connc/dsl/grammar.lark", "connc/stdlib/sparsenet.conn", "connc/py.typed"} <= wheel


def test_the_sdist_can_be_built_and_tested(sdist):
    assert {"README.md", "LICENSE", "CHANGELOG.md", "Makefile", "constraints.txt", "tests/test_package.py"} <= sdist
