"""Classes in print."""

from __future__ import annotations

import builtins
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from connc.backends.python.classes import Class, codes_of
from connc.backends.python.code import Code, Forward, Literal, Statement, Var, Vars, free, used, written
from connc.backends.python.layout import WIDTH, laid_out

_INLINED = 72  # the longest line that an expression may grow to
_BUSY = {"self", "torch", "nn", "reduce", "d", "i", "each", "reads"} | set(dir(builtins))


def printed(cls: Class, helpers: Iterable[str]) -> Iterator[str]:
    """The lines of a class."""
    names = iter(cls.names)
    lines = [_settled(line, names) for line in cls.lines]
    forwards = [_named(forward, names) for forward in cls.forwards]
    yield f"class {cls.name}(nn.Module):"
    if cls.doc:
        yield from docstring(cls.doc, 4)
        yield ""
    kept = sorted({part for forward in forwards for code in codes_of(forward) for part in _kept(code)})
    if lines or kept:
        yield from _init(cls, lines, kept)
        yield ""
    for i, forward in enumerate(forwards):
        if i:
            yield ""
        yield from _forward(forward, cls.methods[i], cls.top, {*_BUSY, *helpers})


def docstring(text: str, indent: int) -> Iterator[str]:
    space = " " * indent
    first, _, rest = text.strip().expandtabs().partition("\n")
    parts = f"{first}\n{textwrap.dedent(rest)}".strip().split("\n\n")
    lines = [line.rstrip() for part in parts for line in (*_wrapped(part, WIDTH - indent - 3), "")][:-1]
    if len(lines) == 1 and indent + 6 + len(_safe(lines[0])) > WIDTH:
        lines = _wrapped(lines[0], WIDTH - indent - 6)
    first, *rest_of_it = _safe("\n".join(lines)).split("\n")
    if first.startswith('"'):
        first = f" {first}"
    if not rest_of_it:
        yield f'{space}"""{first}"""'
        return
    yield f'{space}"""{first}'
    yield from (f"{space}{line}".rstrip() for line in rest_of_it)
    yield f'{space}"""'


def _safe(text: str) -> str:
    """Text as it stands between quotes."""
    quoted = re.compile(r'"{3,}|"+\Z')
    return quoted.sub(lambda found: '\\"' * len(found[0]), text.replace("\\", "\\\\"))


def _wrapped(paragraph: str, width: int) -> list[str]:
    """Lines anew where one is too long; those that are indented stay as they are."""
    lines = paragraph.split("\n")
    if all(len(line) <= width for line in lines) or any(line.startswith((" ", "-")) for line in lines):
        return lines
    return textwrap.wrap(paragraph, width, break_long_words=False)


def _settled(code: Code, names: Iterator[str | None]) -> Code:
    """Literals that vary as the parameters that they are."""
    return tuple((next(names) or part) if isinstance(part, Literal) else part for part in code)


def _named(forward: Forward, names: Iterator[str | None]) -> Forward:
    def of_self(code: Code) -> Code:
        return tuple(
            part if not isinstance(part, Literal) else _Kept(name) if (name := next(names)) else part for part in code
        )

    made = []
    for statement in forward.statements:
        head = of_self(statement.head)
        made.append(replace(statement, head=head, code=of_self(statement.code)))
    return replace(forward, statements=made)


class _Kept(str):
    """A parameter that is kept for `forward`."""

    __slots__ = ()


def _kept(code: Code) -> Iterator[str]:
    return (part for part in code if isinstance(part, _Kept))


# --- __init__


def _init(cls: Class, lines: Sequence[Code], kept: Sequence[str]) -> Iterator[str]:
    given = [f"{name}: {_type(values)}" for name, values in cls.parameters.items()]
    yield from laid_out(f"def __init__({', '.join(['self', *given])}) -> None:", 4)
    yield "        super().__init__()"
    yield from (f"        self.{name} = {name}" for name in kept)
    for line in lines:
        yield from laid_out(_text(line), 8)


def _type(values: Sequence[object]) -> str:
    found = sorted({_type_of(value) for value in values})
    return found[0] if len(found) == 1 else "float" if found == ["float", "int"] else " | ".join(found)


def _type_of(value: object) -> str:
    if not isinstance(value, tuple):
        return "str" if isinstance(value, str) else type(value).__name__
    return f"Sequence[{_type(value) if value else 'int'}]"


def _text(code: Code, names: Sequence[str] = ()) -> str:
    def said(part: object) -> str:
        match part:
            case Literal(value):
                return written(value)
            case Var(number):
                return names[number] if names else ""
            case Vars(numbers):
                return f"[{', '.join(names[number] for number in numbers)}]"
            case _Kept():
                return f"self.{part}"
        return str(part)

    return "".join(map(said, code))


# --- forward


def _forward(forward: Forward, name: str, top: bool, busy: set[str]) -> Iterator[str]:
    statements = _inlined(forward)
    busy = busy | {_text(each.head).split()[1].rstrip(",") for each in statements if each.head}
    names = _names(forward, statements, busy)
    arguments = [f"{names[number]}: Tensor" for number in forward.inputs]
    outputs = [(port, names[number]) for port, number in forward.outputs.items()]
    kind = "Tensor" if len(outputs) == 1 else "dict[str, Tensor]" if top else "tuple[Tensor, ...]"
    yield from laid_out(f"def {name}({', '.join(['self', *arguments])}) -> {kind}:", 4)
    for number, shape in zip(forward.inputs, forward.shapes, strict=False):
        yield from _shape_check(names[number], shape)
    for i, statement in enumerate(statements):
        is_result = i == len(statements) - 1 and not statement.head and len(outputs) == 1
        if is_result and statement.targets == tuple(forward.outputs.values()):
            yield from laid_out(f"return {_text(statement.code, names)}", 8)
            return
        yield from _lines(statement, names)
    if len(outputs) == 1:
        yield f"        return {outputs[0][1]}"
    elif top:
        pairs = ", ".join(f"{written(port)}: {value}" for port, value in outputs)
        yield from laid_out(f"return {{{pairs}}}", 8)
    else:
        yield from laid_out(f"return {', '.join(value for _, value in outputs)}", 8)


def _shape_check(name: str, shape: tuple[int, ...]) -> Iterator[str]:
    """What would else go wrong later, or not be noticed."""
    yield from laid_out(f"if {name}.shape[1:] != {shape}:", 8)
    said = f"{name} is a batch of {list(shape)}, not {{list({name}.shape)}}"
    yield from laid_out(f'raise ValueError(f"{said}")', 12)


def _lines(statement: Statement, names: Sequence[str]) -> Iterator[str]:
    targets = ", ".join(names[each] for each in statement.targets)
    text = _text(statement.code, names)
    if not statement.head:
        yield from laid_out(f"{targets} = {text}" if targets else text, 8)
        return
    if targets:
        (source,) = used(statement.code)
        if names[source] != targets:
            yield f"        {targets} = {names[source]}"
            text = text.replace(f"({names[source]})", f"({targets})")
        text = f"{targets} = {text}"
    yield from laid_out(_text(statement.head, names), 8)
    yield from laid_out(text, 12)


def _inlined(forward: Forward) -> list[Statement]:
    """What is used once, by the next statement, stands there, while that stays short."""
    counts: dict[int, int] = {}
    for number in [*forward.outputs.values(), *(n for code in codes_of(forward) for n in used(code))]:
        counts[number] = counts.get(number, 0) + 1
    made: list[Statement] = []
    for statement in forward.statements:
        if made and not statement.head and (code := _with(statement, made[-1], counts, forward.names)):
            made[-1] = replace(statement, code=code)
        else:
            made.append(statement)
    return made


def _with(statement: Statement, before: Statement, counts: dict[int, int], names: Sequence[str]) -> Code | None:
    """A statement's code with that of the one before in it."""
    if before.head or len(before.targets) != 1 or counts.get(before.targets[0]) != 1:
        return None
    at = [i for i, part in enumerate(statement.code) if part == Var(before.targets[0])]
    if not at or any(isinstance(part, str) and " for " in part for part in statement.code):
        return None  # what stands in a comprehension is computed each time
    inner = ("(", *before.code, ")") if before.infix and (statement.infix or at[0] == 0) else before.code
    code = (*statement.code[: at[0]], *inner, *statement.code[at[0] + 1 :])
    return code if len(_text(code, names)) <= _INLINED else None


def _names(forward: Forward, statements: Sequence[Statement], busy: set[str]) -> list[str]:
    """What values are called: `x` as long as nothing else is, else after their layers."""
    last: dict[int, int] = {number: len(statements) for number in forward.outputs.values()}
    for i, statement in enumerate(statements):
        for number in used((*statement.head, *statement.code)):
            last[number] = max(last.get(number, 0), i)
    names, live = list(forward.names), dict[str, int]()
    for number in forward.inputs:
        names[number] = free(names[number], busy | live.keys(), "_")
        live[names[number]] = number
    for i, statement in enumerate(statements):
        dying = [number for number in used((*statement.head, *statement.code)) if last[number] == i]
        live = {name: number for name, number in live.items() if last.get(number, -1) > i}
        for number in statement.targets:
            if number not in last and len(statement.targets) > 1:
                names[number] = "_"
                continue
            follows = len(statement.targets) == 1 and dying and not statement.named and "x" not in live
            names[number] = "x" if follows else free(names[number], busy | live.keys(), "_")
            live[names[number]] = number
    return names
