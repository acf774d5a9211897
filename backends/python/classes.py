"""Classes: instances whose code differs in literals alone are one class, which takes those as parameters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from connc.backends.python import families, loops
from connc.backends.python.bodies import Bodies, Draft, Made, Unit
from connc.backends.python.code import Code, Forward, Literal, call, free, literals, skeleton, used
from connc.backends.torch.names import class_name
from connc.compiler.network import Network

_SHORT = 2  # arguments that are given without their names
_WORD = re.compile(r"\w+")
_LOOP = re.compile(r" for ([\w, ]+) in ")


@dataclass(frozen=True, slots=True)
class Class:
    """What its instances have in common. `parameters`: for each literal that varies its name; the others stand."""

    name: str
    doc: str
    lines: list[Code]  # of `__init__`
    forwards: list[Forward]
    parameters: dict[str, tuple[object, ...]]  # what instances are given
    names: list[str | None]  # for each literal of the lines, then of the forwards, the parameter that it is
    literals: list[tuple[object, ...]]  # for each its value in each instance
    methods: list[str]  # what computes each of the forwards
    top: bool


class _Sketch:
    """A draft with its families in loops, uses that compute alike being one."""

    def __init__(self, draft: Draft) -> None:
        self.unit = draft.unit
        self.lines = [*families.lines_of(draft.modules, draft.unit.families), *draft.lines]
        self.forwards: list[Forward] = []
        self.positions: list[list[int]] = []  # of the inputs that each takes
        self.uses: list[int] = []
        known: dict[object, int] = {}
        for forward in draft.forwards:
            loops.roll(forward, draft.unit.families)
            positions = _prune(forward, top=not draft.unit.path)
            key = repr(forward)
            if key not in known:
                known[key] = len(self.forwards)
                self.forwards.append(forward)
                self.positions.append(positions)
            self.uses.append(known[key])

    @property
    def key(self) -> object:
        forwards = [(each.inputs, each.outputs, each.names, _shape(each)) for each in self.forwards]
        return repr((self.unit.kind, self.unit.doc, list(map(skeleton, self.lines)), forwards))

    @property
    def literals(self) -> list[Literal]:
        return [each for code in self._codes for each in literals(code)]

    @property
    def bound(self) -> list[set[str]]:
        """For each of the literals the names that a comprehension around it binds."""
        return [_bound(code) for code in self._codes for _ in literals(code)]

    @property
    def _codes(self) -> list[Code]:
        return [*self.lines, *(code for forward in self.forwards for code in codes_of(forward))]

    @property
    def attributes(self) -> set[str]:
        """The words of what its lines assign to."""
        return {word for line in self.lines for word in _WORD.findall(str(line[0]))}


def codes_of(forward: Forward) -> Iterator[Code]:
    for statement in forward.statements:
        yield statement.head
        yield statement.code


def _bound(code: Code) -> set[str]:
    loops = (found[1] for part in code if isinstance(part, str) for found in _LOOP.finditer(part))
    return {word for names in loops for word in names.split(", ")}


def _shape(forward: Forward) -> object:
    return [(each.targets, skeleton(each.head), skeleton(each.code), each.infix) for each in forward.statements]


def _prune(forward: Forward, top: bool) -> list[int]:
    """Leave out inputs that nothing reads, but for those of the net; the positions of the others."""
    read = {number for code in codes_of(forward) for number in used(code)} | set(forward.outputs.values())
    read |= set(forward.inputs) if top else set()
    positions = [i for i, number in enumerate(forward.inputs) if number in read]
    forward.inputs = {number: name for number, name in forward.inputs.items() if number in read}
    return positions


def classes_of(network: Network, taken: Collection[str] = ()) -> list[Class]:
    """Those of a network, each behind the ones that it uses, its own last. `taken` names something else in the file."""
    bodies = Bodies(network)
    names = _Names(network.kind, taken)
    made: dict[Unit, Made] = {}
    found: list[Class] = []
    units = sorted(bodies.units(), key=lambda unit: unit.height)
    for _, level in groupby(units, key=lambda unit: unit.height):
        alike: dict[object, list[_Sketch]] = {}
        for unit in level:
            sketch = _Sketch(bodies.draft(unit, made))
            alike.setdefault(sketch.key, []).append(sketch)
        for sketches in alike.values():
            found.append(_class(sketches, names, bodies.top))
            for i, sketch in enumerate(sketches):
                made[sketch.unit] = _made(found[-1], sketch, i)
    return found


def _class(sketches: Sequence[_Sketch], taken: _Names, top: Unit) -> Class:
    first = sketches[0]
    columns = list(zip(*(sketch.literals for sketch in sketches), strict=True))
    literals = [tuple(each.value for each in column) for column in columns]
    parameters: dict[str, tuple[object, ...]] = {}
    known: dict[str, list[str]] = {}
    attributes = first.attributes
    names: list[str | None] = []
    for values, column, bound in zip(literals, columns, first.bound, strict=True):
        if all(repr(value) == repr(values[0]) for value in values):
            names.append(None)
            continue
        alike = known.setdefault(repr(values), [])
        name = next((each for each in alike if each not in bound), "")
        if not name:
            name = free(_plain(column[0].hint), {*parameters, *attributes, *bound})
            parameters[name] = values
            alike.append(name)
        names.append(name)
    methods = list(_methods(len(first.forwards), attributes))
    is_top = first.unit is top
    name = taken.top if is_top else taken.fresh(first.unit.kind)
    return Class(name, first.unit.doc, first.lines, first.forwards, parameters, names, literals, methods, is_top)


def _plain(word: str) -> str:
    """A name without two `_` in front, which classes keep to themselves."""
    return f"_{word.lstrip('_')}" if word.startswith("__") else word


def _methods(count: int, taken: Iterable[str]) -> Iterator[str]:
    """`forward` and others, one for each use that computes otherwise."""
    free = (f"forward{i}" for i in itertools.count(2) if f"forward{i}" not in taken)
    return itertools.islice(itertools.chain(["forward"], free), count)


def _made(cls: Class, sketch: _Sketch, i: int) -> Made:
    given: list[tuple[str, Code]] = [(name, (Literal(values[i], name),)) for name, values in cls.parameters.items()]
    short = len(given) <= _SHORT
    code = call(cls.name, [value if short else (f"{name}=", *value) for name, value in given])
    methods = [(f".{cls.methods[use]}" if use else "", sketch.positions[use]) for use in sketch.uses]
    return Made(code, methods)


class _Names:
    """Names of classes: that of the network, those of its modules, with numbers where there are several.

    Where the network is called as something else in the file, the two will change their names: see `file.py`.
    """

    def __init__(self, kind: str, taken: Collection[str]) -> None:
        found = class_name(kind)
        self.top = f"{found}_" if found in taken else found
        self._taken = {found, self.top, *taken}

    def fresh(self, kind: str) -> str:
        found = free(class_name(kind), self._taken)
        self._taken.add(found)
        return found
