"""A report as Markdown, with tables as most readers of it understand them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connc.backends.report.figures import part, size, times, whole
from connc.backends.report.rows import Row, rows
from connc.backends.report.sections import Grid, Section, Tables, sections
from connc.compiler.network import Network

ROWS, LINES = 60, 200
_SPECIAL = str.maketrans({letter: f"\\{letter}" for letter in "\\`*|~#"} | {"<": "&lt;", "&": "&amp;"})


def markdown(network: Network, tables: Tables) -> str:
    lines = [f"# {_safe(network.kind)}"]
    for each in sections(tables):
        lines += ["", *_section(each)]
    lines += _costs(tables)
    return "\n".join([*lines, ""])


def _safe(text: str) -> str:
    """Text that means nothing but itself."""
    return "".join(letter if letter.isprintable() else "?" for letter in text).translate(_SPECIAL).replace("](", "]\\(")


def _section(section: Section) -> Iterator[str]:
    yield f"## {section.title}"
    if section.facts:
        yield ""
        rows = [(fact.name, fact.value, fact.note) for fact in section.facts]
        yield from _table(("measure", "value", "what it is"), rows, "lrl")
    if section.grid is not None:
        yield ""
        yield from _grid(section.grid)


def _grid(grid: Grid) -> Iterator[str]:
    yield from _table(grid.columns, grid.rows[:LINES], "l" + "r" * (len(grid.columns) - 1))
    if len(grid.rows) > LINES:
        yield from ("", f"{len(grid.rows) - LINES:,} more are in JSON.")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], sides: str) -> Iterator[str]:
    yield _line(map(_safe, columns))
    yield _line("---:" if side == "r" else "---" for side in sides)
    for row in rows:
        yield _line(map(_safe, row))


def _line(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


# --- costs


def _costs(tables: Tables) -> Iterator[str]:
    found = rows(tables, ROWS, levels=3)
    if not found:
        return
    columns = ("block", "kind", "parameters", "share", "MACs", "share", "FLOPs", "memory")
    yield from ("", "## Cost", "")
    yield from _table(columns, [_cells(row, tables) for row in found], "ll" + "r" * 6)


def _cells(row: Row, tables: Tables) -> tuple[str, ...]:
    cells = [row.name, f"{row.kind}{times(row.count)}"]
    for column in ("params", "macs"):
        cells += [whole(row.sum(column)), part(row.sum(column), tables[column])]
    return (*cells, whole(row.sum("flops")), size(row.sum("memory")))
