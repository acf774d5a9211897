"""Loops over families: members that are called one after the other, each on what those before it have made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from connc.backends.python.code import Code, Forward, Literal, Part, Statement, Var, Vars, joined, mapped, used
from connc.backends.python.families import reached
from connc.backends.torch import kernels
from connc.backends.torch.names import argument, child
from connc.compiler.places import Family

REDUCE, CAT, CONCAT = "reduce(", "torch.cat(", "concat("
_OPERATORS = {"torch.add": "+", "torch.sub": "-", "torch.mul": "*", "torch.div": "/"}
_TERMS = 4  # that stand in one line of arithmetic
_SAID = {
    "x",
    "d",
    "i",
    "each",
    "nn",
    "reads",
    "reduce",
    "concat",
    "seen",
    *vars(kernels),
}  # what stands in loops, and beside them


class Step(NamedTuple):
    """A member's turn: which statements it takes, what it reads, and how that is joined, if it is."""

    statements: range
    sources: tuple[int, ...]
    join: Code | None
    target: int


def roll(forward: Forward, families: Sequence[Family]) -> None:
    """Put loops where members take turns."""
    for family in families:
        if len(family.axes) == 1 and (steps := _steps(forward, family)):
            _chain(forward, family, steps) or _side_by_side(forward, family, steps) or _aggregation(
                forward, family, steps
            )
    for statement in forward.statements:
        _simplify(statement)
    _renumber(forward)


def _renumber(forward: Forward) -> None:
    """Count the values that are left in their order, so that bodies of any number of members read alike."""
    left = [*forward.inputs, *(each for statement in forward.statements for each in statement.targets)]
    new = {number: i for i, number in enumerate(left)}

    def moved(part: Part) -> Code:
        if isinstance(part, Vars):
            return (Vars(tuple(new[number] for number in part.numbers)),)
        return (Var(new[part.number]),) if isinstance(part, Var) else (part,)

    for statement in forward.statements:
        statement.head, statement.code = mapped(statement.head, moved), mapped(statement.code, moved)
        statement.targets = tuple(new[number] for number in statement.targets)
    forward.inputs = {new[number]: name for number, name in forward.inputs.items()}
    forward.outputs = {port: new[number] for port, number in forward.outputs.items()}
    forward.names = [forward.names[number] for number in left]


def _steps(forward: Forward, family: Family) -> list[Step]:
    """The turns of all members, if they follow each other; else none."""
    where = {statement.module: i for i, statement in enumerate(forward.statements)}
    counts, members = Counter(each.module for each in forward.statements), family.members
    calls = [f"{child(family.name)}.{i}" for i in range(family.size)]
    if any(counts[each] != 1 for each in calls):
        return []
    uses, found = _uses(forward), list[Step]()
    for member, call in zip(members, calls, strict=True):
        at = where[call]
        statement = forward.statements[at]
        if found and at not in (found[-1].statements.stop, found[-1].statements.stop + 1):
            return []
        match statement.code:
            case (str(), Var(source), ")") if len(statement.targets) == 1:
                before = forward.statements[at - 1] if at else None
                joining = found[-1].statements.stop < at if found else True
                is_join = (
                    before is not None and before.targets == (source,) and before.layer.startswith(f"{member}.join")
                )
                pattern = _pattern(before.code) if before and is_join and joining else None
                if pattern is not None and uses[source] == 1:
                    found.append(Step(range(at - 1, at + 1), *pattern, statement.targets[0]))
                elif found and joining:
                    return []
                else:
                    found.append(Step(range(at, at + 1), (source,), None, statement.targets[0]))
            case _:
                return []
    return found


def _uses(forward: Forward) -> Counter[int]:
    found = Counter(forward.outputs.values())
    for statement in forward.statements:
        found.update(used((*statement.head, *statement.code)))
    return found


def _pattern(code: Code) -> tuple[tuple[int, ...], Code] | None:
    """What a join reads, and how it looks with those left open."""
    lists = [part for part in code if isinstance(part, Vars)]
    if len(lists) != 1 or any(isinstance(part, Var) for part in code):
        return None
    return lists[0].numbers, tuple(Vars(()) if isinstance(part, Vars) else part for part in code)


# --- one after the other


def _chain(forward: Forward, family: Family, steps: Sequence[Step]) -> bool:
    """Each reads the one before it, and nobody else does."""
    uses = _uses(forward)
    inner = [step.target for step in steps[:-1]]
    lone = all(step.join is None for step in steps) and [step.sources[0] for step in steps[1:]] == inner
    if not lone or any(uses[target] != 1 for target in inner) or (len(steps) == 1 and _joined_later(forward, steps[0])):
        return False
    word, first = _member(family), steps[0]
    head: Code = (f"for {word} in {reached(child(family.name))}:",)
    loop = Statement((steps[-1].target,), (f"{word}(", Var(first.sources[0]), ")"), head)
    forward.names[steps[-1].target] = word
    forward.statements[first.statements.start : steps[-1].statements.stop] = [loop]
    return True


def _member(family: Family) -> str:
    """What a member is called while it takes its turn."""
    word = argument(family.name)
    return f"{word}_" if word.rstrip("_") in _SAID else word


def _joined_later(forward: Forward, step: Step) -> bool:
    """Whether a lone member is one of several that are joined, and so what it reads."""
    for statement in forward.statements[step.statements.stop :]:
        found = _pattern(statement.code)
        if found and step.target in found[0] and step.sources[0] in found[0]:
            return True
    return False


# --- side by side


def _side_by_side(forward: Forward, family: Family, steps: Sequence[Step]) -> bool:
    """All read the same; what they make stands in a list."""
    sources = {step.sources for step in steps}
    if len(steps) < 2 or len(sources) > 1 or any(step.join is not None for step in steps):
        return False
    made, members = forward.value(_member(family)), tuple(step.target for step in steps)
    start, stop = steps[0].statements.start, steps[-1].statements.stop
    code: Code = ("[each(", Var(steps[0].sources[0]), f") for each in {reached(child(family.name))}]")
    forward.statements[start:stop] = [Statement((made,), code, named=True, calls=True)]
    for statement in forward.statements[start + 1 :]:
        statement.code = tuple(Var(made) if part == Vars(members) else part for part in statement.code)
    _fetch(forward, start + 1, made, {number: i for i, number in enumerate(members)}, len(members))
    return True


# --- each on several of those before


def _aggregation(forward: Forward, family: Family, steps: Sequence[Step]) -> bool:
    """Collects what the members make in a list, of which each reads some."""
    joins = {repr(step.join) for step in steps if step.join is not None}
    members = [step.target for step in steps]
    outer = sorted({each for step in steps for each in step.sources} - set(members))
    start, stop = steps[0].statements.start, steps[-1].statements.stop
    tail = _pattern(forward.statements[stop].code) if stop < len(forward.statements) else None
    if tail and not (set(tail[0]) <= {*outer, *members} and joins <= {repr(tail[1])}):
        tail = None
    join = next((step.join for step in steps if step.join is not None), tail[1] if tail else None)
    if join is None or len(joins) > 1:
        return False
    places = {number: i for i, number in enumerate((*outer, *members))}
    rows = [tuple(places[each] for each in step.sources) for step in steps]
    end = tuple(places[each] for each in tail[0]) if tail else None
    seen = forward.value("seen")
    word = _member(family)
    head, read, last = _reading(seen, rows, end, len(outer), reached(child(family.name)), word)
    if any(len(row) == 1 for row in rows) and join[0] == CAT:
        join = (CONCAT, *join[1:])  # a layer that reads one alone gets it in the layout that it has
    body: Code = (Var(seen), f".append({word}(", *_filled(join, read), "))")
    made = [Statement((seen,), (Vars(tuple(outer)),), named=True), Statement((), body, head)]
    if tail and last:
        closing = forward.statements[stop]
        closing.code = _filled(tail[1], last)
        stop += 1
        made.append(closing)
    forward.statements[start:stop] = made
    _fetch(forward, start + len(made), seen, {number: places[number] for number in members}, len(places))
    return True


def _filled(join: Code, read: Code) -> Code:
    return tuple(part for each in join for part in (read if isinstance(each, Vars) else (each,)))


def _reading(
    seen: int, rows: Sequence[tuple[int, ...]], end: tuple[int, ...] | None, first: int, family: str, word: str
) -> tuple[Code, Code, Code | None]:
    """The head of the loop, what a member reads, and what is read at the end, if it is said alike."""
    head: Code = (f"for {word} in {family}:",)
    counts = [first + i for i in range(len(rows))]
    both = [*zip(counts, rows, strict=True)] + ([(first + len(rows), end)] if end is not None else [])
    if all(row == tuple(range(count)) for count, row in both):
        return head, (Var(seen),), (Var(seen),)
    offsets = sorted({count - place for count, row in both for place in row}, reverse=True)
    if all(row == tuple(count - each for each in offsets if each <= count) for count, row in both):
        back: Code = ("[", Var(seen), "[-d] for d in ", Literal(tuple(offsets), "offsets"))
        read: Code = (*back, " if d <= len(", Var(seen), ")]")
        return head, read, read
    table = Literal(tuple(rows), f"{word}_reads")
    head = (f"for {word}, reads in zip({family}, ", table, ", strict=True):")
    last: Code | None = None
    if end is not None:
        last = ("[", Var(seen), "[i] for i in ", Literal(end, "last_reads"), "]")
    return head, ("[", Var(seen), "[i] for i in reads]"), last


def _fetch(forward: Forward, at: int, seen: int, places: dict[int, int], count: int) -> None:
    """Take out of the list what is still spoken of behind the loop."""
    later = {number for statement in forward.statements[at:] for number in used((*statement.head, *statement.code))}
    for number in sorted(places.keys() & (later | set(forward.outputs.values())), reverse=True):
        place: Part = "-1" if places[number] == count - 1 else Literal(places[number], "place")
        forward.statements.insert(at, Statement((number,), (Var(seen), "[", place, "]")))


def _simplify(statement: Statement) -> None:
    """A few values are joined by signs, two by a function that takes two."""
    match statement.code:
        case (str(start), Vars(numbers), ")") if start.startswith(REDUCE):
            function = start.removeprefix(REDUCE).removesuffix(", ")
            terms: list[Code] = [(Var(number),) for number in numbers]
            if (sign := _OPERATORS.get(function)) and len(numbers) <= _TERMS:
                statement.code, statement.infix = joined(terms, f" {sign} "), True
            elif len(numbers) == 2:
                statement.code = (f"{function}(", *joined(terms), ")")
