"""A report as a page: a summary, costs, drawings that open, matrices and distributions."""

from __future__ import annotations

from collections.abc import Iterator

from connc.backends.drawing.marks import escaped
from connc.backends.report.bars import histogram
from connc.backends.report.details import graph
from connc.backends.report.figures import decimal, part, share, size, times, whole
from connc.backends.report.matrices import matrices
from connc.backends.report.page import page
from connc.backends.report.rows import Row, rows
from connc.backends.report.sections import Fact, Grid, Section, Tables, sections
from connc.compiler.network import Network

ROWS, LINES = 80, 200
_FANS = (
    ("fan_in", "Layers by fan-in", "layers that a layer reads"),
    ("fan_out", "Layers by fan-out", "layers that read a layer"),
)
_WAYS = (
    ("from_input", "Layers by their distance from the input"),
    ("to_output", "Layers by their distance to the output"),
    ("between", "Shortest ways between two layers"),
)


def html(network: Network, tables: Tables) -> str:
    """One file that needs nothing else, the same bytes for the same network."""
    body = [
        ("summary", "Summary", _summary(tables)),
        ("cost", "Cost of blocks", _costs(tables)),
        ("graph", "Graph", graph(network, tables["costs"])),
        ("matrices", "Matrices", matrices(network)),
        ("distributions", "Distributions", _distributions(tables)),
    ]
    return page(network.kind, network.doc, _tiles(tables), [each for each in body if each[2]])


def _tiles(tables: Tables) -> Iterator[tuple[str, str]]:
    """What one looks for first."""
    yield "parameters", whole(tables["params"])
    yield "multiply-accumulates", whole(tables["macs"])
    yield "memory to compute", size(tables["memory"]["inference"])
    density = tables["density"] and tables["density"]["overall"]
    if density is not None and density < 1:
        yield "density of junctions", share(density)
        yield "least scatter", decimal(tables["scatter"]["value"])
    if tables["path_length"] is not None:
        least, most = tables["path_length"]["shortest"], tables["path_length"]["longest"]
        yield "length of paths", whole(least) if least == most else f"{whole(least)} – {whole(most)}"


# --- the summary


def _summary(tables: Tables) -> str:
    """What has a grid is as wide as the page."""
    told = [(section.grid is not None, _section(section)) for section in sections(tables)]
    narrow, wide = ("".join(each for is_wide, each in told if is_wide is side) for side in (False, True))
    return f'<div class="columns">\n{narrow}</div>\n{wide}'


def _section(section: Section) -> str:
    facts = "".join(map(_fact, section.facts))
    table = f'<table class="facts"><tbody>{facts}</tbody></table>' if facts else ""
    grid = _grid(section.grid) if section.grid is not None else ""
    return f'<div class="part">\n<h3>{escaped(section.title)}</h3>\n{table}{grid}\n</div>\n'


def _fact(fact: Fact) -> str:
    note = f"<small>{escaped(fact.note)}</small>" if fact.note else ""
    return f'<tr><th scope="row">{escaped(fact.name)}</th><td>{escaped(fact.value)}{note}</td></tr>\n'


def _grid(grid: Grid) -> str:
    lines = "".join(_line(row[0], row[1:]) for row in grid.rows[:LINES])
    left = len(grid.rows) - LINES
    more = f'<p class="note">{left:,} more are in JSON.</p>' if left > 0 else ""
    return f'<div class="scroll"><table class="grid">{_head(grid.columns)}<tbody>{lines}</tbody></table></div>{more}'


def _head(columns: tuple[str, ...]) -> str:
    cells = "".join(f'<th scope="col">{escaped(each)}</th>' for each in columns)
    return f"<thead><tr>{cells}</tr></thead>\n"


def _line(name: str, cells: tuple[str, ...]) -> str:
    told = "".join(f"<td>{escaped(each)}</td>" for each in cells)
    return f'<tr><th scope="row">{escaped(name)}</th>{told}</tr>\n'


# --- costs


def _costs(tables: Tables) -> str:
    found = rows(tables, ROWS, levels=3)
    if not found:
        return ""
    head = _head(("block", "parameters", "multiply-accumulates", "FLOPs", "memory"))
    lines = "".join(_cost(row, tables) for row in found)
    total = "".join(f"<td>{whole(tables[column])}</td>" for column in ("params", "macs", "flops"))
    foot = f'<tfoot><tr><th scope="row">all</th>{total}<td></td></tr></tfoot>'
    note = '<p class="note">Blocks that are alike are one line, with what they cost together.</p>\n'
    return f'{note}<div class="scroll"><table class="grid">{head}<tbody>{lines}</tbody>{foot}</table></div>\n'


def _cost(row: Row, tables: Tables) -> str:
    name = f'<span title="{escaped(row.name)}">{escaped(row.local)}</span>'
    kind = f' <span class="kind">{escaped(row.kind + times(row.count))}</span>'
    bars = "".join(_bar(row.sum(column), tables[column]) for column in ("params", "macs"))
    rest = f"<td>{whole(row.sum('flops'))}</td><td>{size(row.sum('memory'))}</td>"
    return f'<tr><th scope="row" class="in{row.level}">{name}{kind}</th>{bars}{rest}</tr>\n'


def _bar(value: int, total: int) -> str:
    said = f' <span class="kind">{escaped(part(value, total))}</span>' if total else ""
    width = 100 * value / total if total else 0.0
    return f'<td>{whole(value)}{said}<span class="bar"><i style="width:{width:.1f}%"></i></span></td>'


# --- distributions


def _distributions(tables: Tables) -> str:
    found = "".join(histogram(*each) for each in _histograms(tables))
    return f'<div class="charts">\n{found}</div>\n' if found else ""


def _histograms(tables: Tables) -> Iterator[tuple[str, str, dict[str, float]]]:
    paths = tables["path_length"]
    if paths is not None:
        yield "Paths from an input to an output, by length", "connections on the path", paths["distribution"] or {}
        for key, title in _WAYS:
            if paths[key] is not None:
                yield title, "connections", paths[key]["histogram"]
    for key, title, axis in _FANS:
        if tables[key] is not None and tables[key]["layers"] is not None:
            yield title, axis, tables[key]["layers"]["histogram"]
