"""What a command is pointed at: a file, a folder, a module of the standard library, standard input; and a net in it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from connc.dsl.library import STD, Library, Roots, Unit
from connc.dsl.limits import Limits
from connc.dsl.reading import Unreadable, read_bytes, read_file
from connc.dsl.source import Source
from connc.dsl.tree import File, Net
from connc.dsl.words import alternatives, closest, did_you_mean

STDLIB = Path(__file__).resolve().parent / "stdlib"
if not STDLIB.is_dir():  # in a clone it lies beside this folder
    STDLIB = STDLIB.parent.parent / "stdlib"
STDIN = "<stdin>"
_MARKS = ("connc.toml", "pyproject.toml")
_WITH_NET = re.compile(r"(.+):([A-Za-z_][A-Za-z0-9_]*)", re.DOTALL)
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


class TargetError(Exception):
    """A target that leads nowhere; says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """One file to work on. `net` is the one that was asked for, or nothing."""

    name: str  # as other files call it
    path: Path | None  # nothing for standard input and for a text
    roots: Roots
    net: str = ""
    text: str | None = None

    @property
    def shown(self) -> str:
        return self.name if self.path is None or self.name.startswith(STD + ".") else _near(self.path)

    def read(self, limits: Limits) -> Source:
        """The text; raises `Refusal` where it cannot be one, `TargetError` where there is none."""
        if self.text is not None:
            return read_bytes(self.text.encode(errors="surrogatepass"), self.name, limits, Path.cwd())
        if self.path is None:
            return read_bytes(sys.stdin.buffer.read(limits.size + 1), STDIN, limits, Path.cwd())
        try:
            return read_file(self.path, self.shown, limits)
        except Unreadable as reason:
            raise TargetError(f"cannot read {self.shown}: {reason}") from None

    def load(self, library: Library) -> list[Unit]:
        """The file and all that it uses, each behind those that it uses."""
        return library.load(self.read(library.limits), self.name)


def targets(text: str) -> Iterator[Target]:
    """What a target means: one file, or all `.conn` files below a folder."""
    match = None if Path(text).exists() else _WITH_NET.fullmatch(text)
    base, net = match.groups() if match else (text, "")
    for target in _files(base):
        yield replace(target, net=net)


def every_std() -> Iterator[Target]:
    """All files of the standard library."""
    for name in Roots(STDLIB).names():
        yield _of_std(name)


def target(text: str) -> Target:
    """A target that is one file."""
    found = list(targets(text))
    if len(found) != 1:
        raise TargetError(f"{text} is a folder; name one file")
    return found[0]


def target_of_text(text: str, net: str = "") -> Target:
    """A text that is in no file; it can use the standard library alone."""
    return Target("<text>", None, Roots(STDLIB), net, text)


def _files(text: str) -> Iterator[Target]:
    path = Path(text)
    if text == "-":
        yield Target(STDIN, None, Roots(STDLIB))
    elif path.is_dir():
        files = sorted(each for each in path.rglob("*.conn") if each.is_file())
        if not files:
            raise TargetError(f"no .conn file below {text}")
        for each in files:
            yield _file(each)
    elif path.exists() or text.endswith(".conn") or not _DOTTED.fullmatch(text):
        yield _file(path)
    else:
        yield _of_std(text)


def _file(path: Path) -> Target:
    """A file, whatever it is called by; what is no spec by its name is not read as one."""
    if path.exists() and path.suffix != ".conn":
        raise TargetError(f"{path} is no .conn file")
    absolute = Path.cwd() / path
    root = project_root(absolute.parent)
    inside = absolute.is_relative_to(root)
    name = ".".join(absolute.relative_to(root).with_suffix("").parts) if inside else absolute.stem
    return Target(name, absolute, Roots(STDLIB, root))


def _of_std(text: str) -> Target:
    roots = Roots(STDLIB)
    path = roots.path(text)
    if path and text.startswith(STD + ".") and path.is_file():
        return Target(text, path, Roots(STDLIB, STDLIB))
    near = closest(text, roots.names()) or closest(f"{STD}.{text}", roots.names())
    hint = f"did you mean {near}?" if near else f"the standard library has {', '.join(roots.names())}"
    raise TargetError(
        f"there is no {text}: a target is a .conn file, a folder, a module such as std.blocks, or -; {hint}"
    )


def project_root(folder: Path) -> Path:
    """The nearest folder upwards that is marked as a project's, else the folder itself."""
    folder = folder.resolve()
    for each in (folder, *folder.parents):
        if any((each / mark).is_file() for mark in _MARKS):
            return each
    return folder


def _near(path: Path) -> str:
    """A path as a person standing here would write it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def net_of(file: File, chosen: Target) -> str:
    """The net that a target means: the one it names, the one called as the file, the only one."""
    nets = [d.name.text for d in file.declarations if isinstance(d, Net)]
    stem = chosen.name.rpartition(".")[2]
    if chosen.net:
        if chosen.net in nets:
            return chosen.net
        hint = did_you_mean(chosen.net, nets) or (f"it has {', '.join(nets)}" if nets else "it has none")
        raise TargetError(f"{chosen.shown} has no net {chosen.net}; {hint}")
    if stem in nets or len(nets) == 1:
        return stem if stem in nets else nets[0]
    if not nets:
        raise TargetError(f"{chosen.shown} has no net")
    names = (f'net="{net}"' if chosen.text is not None else f"{chosen.shown}:{net}" for net in nets)
    raise TargetError(f"{chosen.shown} has several nets; name one: {alternatives(names)}")
