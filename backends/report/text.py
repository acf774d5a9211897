"""A report for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from connc.backends.report.figures import part, size, times, whole
from connc.backends.report.rows import Row, rows
from connc.backends.report.sections import Fact, Grid, Section, Tables, sections
from connc.compiler.network import Network

WIDTH, ROWS, FEW = 100, 18, 6
_LABEL = 28


def text(network: Network, tables: Tables) -> str:
    """No line is longer than WIDTH."""
    lines = [network.kind, *(line for each in sections(tables) for line in _section(each))]
    lines += _costs(tables)
    return "".join(f"{_plain(line)[:WIDTH].rstrip()}\n" for line in lines)


def _plain(line: str) -> str:
    """Without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _section(section: Section) -> Iterator[str]:
    yield ""
    yield section.title
    for fact in section.facts:
        yield from _fact(fact)
    if section.grid is not None:
        yield from _grid(section.grid)


def _fact(fact: Fact) -> list[str]:
    said = f"{fact.value}  ({fact.note})" if fact.note else fact.value
    label = f"  {fact.name}"
    first = label.ljust(_LABEL) if len(label) < _LABEL else f"{label}  "
    return wrap(f"{first}{said}", WIDTH, subsequent_indent=" " * _LABEL, drop_whitespace=True) if said else [first]


def _grid(grid: Grid) -> Iterator[str]:
    """The first few rows."""
    few = grid.rows if len(grid.rows) <= FEW + 1 else grid.rows[:FEW]
    yield from _columns([grid.columns, *few])
    if len(few) < len(grid.rows):
        yield f"  … {len(grid.rows) - len(few):,} more"


def _columns(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Numbers to the right; of what is too long the first column loses its middle."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    over = sum(widths) + 2 * len(widths) - WIDTH
    if over > 0:
        widths[0] = max(12, widths[0] - over)
    for first, *others in table:
        cells = (f"  {cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True))
        yield f"  {_cut(first, widths[0]):<{widths[0]}}{''.join(cells)}"


def _cut(name: str, width: int) -> str:
    """Without its middle where it is too long."""
    if len(name) <= width:
        return name
    behind = width // 2
    return f"{name[: width - behind - 1]}…{name[len(name) - behind :]}"


# --- costs


def _costs(tables: Tables) -> Iterator[str]:
    found = rows(tables, ROWS)
    if not found:
        return
    heads = ("cost", "parameters", "", "MACs", "", "FLOPs", "memory")
    total = ("all", whole(tables["params"]), "", whole(tables["macs"]), "", whole(tables["flops"]), "")
    yield ""
    yield from _columns([heads, *(_cells(row, tables) for row in found), total])


def _cells(row: Row, tables: Tables) -> tuple[str, ...]:
    name = f"{'  ' * row.level}{row.local}{times(row.count)}"
    cells = [name]
    for column in ("params", "macs"):
        cells += [whole(row.sum(column)), part(row.sum(column), tables[column])]
    return (*cells, whole(row.sum("flops")), size(row.sum("memory")))
