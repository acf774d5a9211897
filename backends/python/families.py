"""Families as Python: their modules in lists, made by comprehensions, and loops in place of a statement a member."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from connc.backends.python.code import Code, Literal, Row, free, joined, literals, skeleton
from connc.backends.torch.names import child
from connc.compiler.places import Family

FEW = 2  # members that are rather written down one by one, where others in the list differ
_EASY = 1  # argument that may change from member to member in a comprehension that is easy to read
_LONG = 8  # members beyond which any comprehension is easier to read than all of them


def lines_of(modules: Mapping[str, Code], families: Sequence[Family]) -> Iterator[Code]:
    """What makes the modules of a class: lists of families, single ones, and last what stands inside of others."""
    rest = dict(modules)
    lists = {}
    for family in families:
        paths = members_of(family)
        codes = [rest.pop(path) for path in paths]
        lists[paths[0]] = _placed(child(family.name), _nested(family, codes, len(family.axes)))
    for path in modules:
        if path in lists:
            yield lists[path]
        elif path in rest and "." not in path:
            yield _placed(path, rest[path])
    for path in sorted(rest, key=lambda path: path.count(".")):  # what holds others comes before them
        if "." in path:
            yield _placed(path, rest[path])


def members_of(family: Family) -> list[str]:
    """The paths of its members from where it stands."""
    word = child(family.name)
    return [word + re.sub(r"\D", ".", each[len(family.name) : -1]) for each in family.members]


def reached(path: str, families: Sequence[Family] = ()) -> str:
    """How a module is reached from the one that holds it: members of families as those of lists."""
    word, *indices = path.split(".")
    axes = next((len(family.axes) for family in families if child(family.name) == word), 0)
    if len(indices) == axes and all(each.isdigit() for each in indices):
        path = word
    place = f"self.{path}" if _is_said(path) else f'self.get_submodule("{path}")'
    return place + "".join(f"[{each}]" for each in indices if path == word)


def _placed(path: str, code: Code) -> Code:
    return (f"self.{path} = ", *code) if _is_said(path) else (f'put(self, "{path}", ', *code, ")")


def _is_said(path: str) -> bool:
    """Whether it can be an attribute in the text of a class, which keeps names with two `_` in front to itself."""
    return "." not in path and not path.startswith("__")


def _nested(family: Family, codes: Sequence[Code], axes: int) -> Code:
    """A list for each coordinate but the last, and in these the modules."""
    for axis in range(axes - 1, -1, -1):
        size = family.axes[axis][1]
        name = family.axes[axis][0] or child(family.name)
        codes = [_list(name, codes[i : i + size]) for i in range(0, len(codes), size)]
    return codes[0]


def _list(name: str, codes: Sequence[Code]) -> Code:
    runs = [list(run) for _, run in groupby(codes, skeleton)]
    if len(runs) == 1 and _is_easy(codes):
        return ("nn.ModuleList(", *_all(name, codes), ")")
    short = [len(run) > FEW and _is_easy(run) for run in runs]
    items = [
        each
        for run, is_short in zip(runs, short, strict=True)
        for each in ([("*(", *_all(name, run), ")")] if is_short else run)
    ]
    return ("nn.ModuleList([", *joined(items), "])")


def _is_easy(codes: Sequence[Code]) -> bool:
    """Whether a comprehension is easier to read than the members one by one."""
    columns = [tuple(repr(each.value) for each in column) for column in _columns(codes)]
    return len(codes) > _LONG or len({column for column in columns if len(set(column)) > 1}) <= _EASY


def _columns(codes: Sequence[Code]) -> list[tuple[Literal, ...]]:
    return list(zip(*(literals(code) for code in codes), strict=True))


def _all(name: str, codes: Sequence[Code]) -> Code:
    """Codes that differ in literals alone, as a comprehension over those in which they do."""
    columns = _columns(codes)
    varying: dict[tuple[Literal, ...], str] = {}
    for column in columns:
        if len({repr(each.value) for each in column}) > 1 and column not in varying:
            varying[column] = free(column[0].hint, varying.values())
    filled = iter(columns)

    def said(part: object) -> object:
        if not isinstance(part, Literal):
            return part
        column = next(filled)
        return varying.get(column, part)

    made: Code = tuple(said(part) for part in codes[0])  # type: ignore[misc]
    lists: list[Code] = [
        (Literal(Row(each.value for each in column), f"{name}_{word}"),) for column, word in varying.items()
    ]
    if not lists:
        return (*made, " for _ in range(", Literal(len(codes), f"{name}_count"), ")")
    words = ", ".join(varying.values())
    over: Code = lists[0] if len(lists) == 1 else ("zip(", *joined(lists), ", strict=True)")
    return (*made, f" for {words} in ", *over)
