"""Files that use one another: found below a root, read once, put into the order in which they build on each other."""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from connc.dsl import codes, tree
from connc.dsl.diagnostic import Diagnostic, Label, Refusal
from connc.dsl.limits import Limits
from connc.dsl.parser import parse
from connc.dsl.reading import Unreadable, read_file
from connc.dsl.source import Source, Span
from connc.dsl.tree import Argument, File, Imported, Loop, Name, Use, walk
from connc.dsl.words import closest

STD = "std"
LENT = (f"{STD}.rules", f"{STD}.blocks")  # what settings know without a `use`; neither uses a file with nets
_DECLARED = re.compile(r"^(?:rule|module|net) ([A-Za-z_]\w*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Roots:
    """Where dotted names are looked up: below `project`, and what starts with `std` below `std`."""

    std: Path
    project: Path | None = None

    def path(self, dotted: str) -> Path | None:
        first, *rest = dotted.split(".")
        root = self.std if first == STD and rest else self.project
        return root and root.joinpath(*(rest if root is self.std else [first, *rest])).with_suffix(".conn")

    def names(self) -> list[str]:
        """All dotted names that there are, but no deeper than three folders of the project."""
        found = [STD + "." + _dotted(path.relative_to(self.std)) for path in self.std.rglob("*.conn")]
        if self.project:
            for depth in ("*.conn", "*/*.conn", "*/*/*.conn"):
                found += [_dotted(path.relative_to(self.project)) for path in self.project.glob(depth)]
        return sorted(found)


def _dotted(relative: Path) -> str:
    return ".".join(relative.with_suffix("").parts)


@dataclass(eq=False)
class Unit:
    """A file that was read: its tree, what is wrong with it, and the files that it uses."""

    name: str
    source: Source
    file: File
    report: list[Diagnostic]
    uses: dict[str, Unit] = field(default_factory=dict)


class Library:
    """Reads files; one file is one unit, whoever asks for it. `settings` are those of a net in the file asked for."""

    def __init__(self, roots: Roots, limits: Limits = Limits(), settings: Sequence[Argument] = ()) -> None:
        self.roots, self.limits, self.settings = roots, limits, settings
        self.units: dict[str, Unit] = {}
        self._declared_in_std: dict[str, str] | None = None

    def load(self, source: Source, name: str) -> list[Unit]:
        """A source and all that it uses, directly or not; each behind those that it uses."""
        entry = self._unit(source, name)
        entry.file = replace(entry.file, uses=(*entry.file.uses, *self._lent(entry.file)))
        waiting, found = [entry], {name: entry}
        while waiting:
            unit = waiting.pop()
            for use in unit.file.uses:
                other = self._used(unit, use)
                if other and other.name not in found:
                    found[other.name] = other
                    waiting.append(other)
        return self._in_order(entry, found)

    def in_std(self) -> Mapping[str, str]:
        """What the standard library declares, and in which file. Reads all of it, for a message's sake."""
        if self._declared_in_std is None:
            self._declared_in_std = {}
            for dotted in (each for each in self.roots.names() if each.startswith(STD + ".")):
                for found in _DECLARED.findall(self._read(dotted).text):
                    self._declared_in_std.setdefault(found, dotted)
        return self._declared_in_std

    def _lent(self, file: File) -> Iterator[Use]:
        """Imports of what only the settings name, and neither the file nor they themselves mean anything else by."""
        inside = [node for setting in self.settings for node in walk(setting.value)]
        names = {node.text: node for node in inside if isinstance(node, Name)}
        bound = [name for node in inside if isinstance(node, tree.Mapping) for name in node.positions]
        bound += [node.name for node in inside if isinstance(node, Loop)]
        taken = {node.text for node in (*walk(file), *bound) if isinstance(node, Name)} if names else set()
        for dotted in LENT:
            declared = _DECLARED.findall(self._read(dotted).text) if names.keys() - taken else []
            if wanted := [names[text] for text in declared if text in names and text not in taken]:
                span = wanted[0].span
                path = tuple(Name(span, part) for part in dotted.split("."))
                yield Use(span, path, tuple(Imported(name.span, name, None) for name in wanted))

    def _unit(self, source: Source, name: str) -> Unit:
        if name not in self.units:
            file, report = parse(source, self.limits)
            self.units[name] = Unit(name, source, file, report)
        return self.units[name]

    def _used(self, unit: Unit, use: Use) -> Unit | None:
        name, span = use.dotted, use.path[0].span.to(use.path[-1].span)
        if name not in self.units:
            try:
                self._unit(self._read(name), name)
            except Unreadable as reason:
                near = closest(name, self._names)
                help_ = f"did you mean `{near}`?" if near else self._looked(name)
                unit.report.append(codes.NO_FILE.at(span, f"cannot use `{name}`: {reason}", help=help_))
                return None
            except Refusal as refusal:
                refused = Unit(name, refusal.diagnostic.span.source, _nothing(refusal), [refusal.diagnostic])
                self.units[name] = refused
        return unit.uses.setdefault(name, self.units[name])

    def _read(self, name: str) -> Source:
        path = self.roots.path(name)
        if path is None:
            raise Unreadable("text from standard input has no project around it; only `std` can be used")
        root = self.roots.std if name.startswith(STD + ".") else self.roots.project
        try:
            real = path.resolve()
        except RuntimeError:  # what Python up to 3.12 makes of links in a circle
            raise Unreadable("it is a link that leads to itself") from None
        if root and not real.is_relative_to(root.resolve()):
            raise Unreadable("it is a link that leads out of the project")
        return read_file(real, _shown_path(path, name), self.limits)

    @cached_property
    def _names(self) -> list[str]:
        return self.roots.names()

    def _looked(self, name: str) -> str:
        path = self.roots.path(name)
        root = self.roots.project
        if path is None or root is None or not path.is_relative_to(root):
            return ""
        here = f"it would be `{path.relative_to(root)}` in `{root.name}`, where imports start"
        return f"{here}: the nearest folder with a connc.toml or pyproject.toml, else the file's own"

    def _in_order(self, entry: Unit, found: dict[str, Unit]) -> list[Unit]:
        graph = {name: sorted(unit.uses) for name, unit in found.items()}
        try:
            return [found[name] for name in graphlib.TopologicalSorter(graph).static_order()]
        except graphlib.CycleError as error:
            self._report_cycle(error.args[1][::-1], found)
        return [unit for unit in reversed(found.values()) if unit is not entry] + [entry]

    def _report_cycle(self, cycle: list[str], found: dict[str, Unit]) -> None:
        ring = _from_smallest(cycle[:-1])
        places = [
            next(use.span for use in found[a].file.uses if use.dotted == b)
            for a, b in zip(ring, ring[1:] + ring[:1], strict=True)
        ]
        message = "files use one another in a circle: " + " -> ".join(f"`{name}`" for name in [*ring, ring[0]])
        more = [Label(place, "and from here") for place in places[1:]]
        help_ = "move what both need into a third file"
        found[ring[0]].report.append(codes.IMPORT_CYCLE.at(places[0], message, "from here", *more, help=help_))


def _nothing(refusal: Refusal) -> File:
    return File(Span(refusal.diagnostic.span.source, 0, 0), (), (), "", refused=True)


def _from_smallest(ring: list[str]) -> list[str]:
    start = ring.index(min(ring))
    return ring[start:] + ring[:start]


def _shown_path(path: Path, name: str) -> str:
    """The standard library is called by its names, a project's file by its path from here."""
    if name.startswith(STD + "."):
        return name
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
