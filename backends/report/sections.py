"""What is told of a network, in the order in which one wants to know it; of what a net has nothing, nothing is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connc.backends.report.distances import distances
from connc.backends.report.figures import decimal, share, size, some, spread, times, whole
from connc.backends.report.several import joined

Tables = Mapping[str, Any]
"""What `connc.analyze` returns: by the names of the analyses, in lists, names and numbers."""

_WITNESS, _VECTOR, _NAMES = 9, 14, 8  # of how many one reads each


@dataclass(frozen=True, slots=True)
class Fact:
    """A number with its name; `note` says what it counts."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A line for each of many parts. The first column is a name, the others are numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    facts: tuple[Fact, ...]
    grid: Grid | None = None


def sections(tables: Tables) -> list[Section]:
    """Those that there is something in."""
    every = (_size, _junctions, _links, _paths, _layers, _dead)
    found = (section(tables) for section in every)
    return [each for each in found if each.facts or each.grid]


# --- what it takes


def _size(tables: Tables) -> Section:
    memory = tables["memory"]
    facts = [
        Fact("parameters", whole(tables["params"]), f"{size(memory['parameters'])} in single precision"),
        Fact("multiply-accumulates", whole(tables["macs"]), "for one sample, as all that follows"),
        Fact("floating-point operations", whole(tables["flops"]), "2 a multiply-accumulate, 2 a normalised value"),
        Fact("by the usual convention", whole(tables["usual_flops"]), "2 a multiply-accumulate, nothing else"),
    ]
    if tables["dense_macs"] != tables["macs"]:
        more = f"multiply-accumulates{_ratio(tables['dense_macs'], tables['macs'])}"
        facts.append(Fact("if all were connected", whole(tables["dense_macs"]), more))
    facts.append(Fact("memory to compute", size(memory["inference"]), "the most that is held at once"))
    facts.append(Fact("memory to learn", size(memory["training"]), "all that layers make, which gradients may need"))
    return Section("Size", tuple(facts))


def _ratio(many: int, few: int) -> str:
    return f", {decimal(many / few)} times as many" if few else ""


# --- how it is connected


def _junctions(tables: Tables) -> Section:
    density, scatter = tables["density"] or {}, tables["scatter"] or {}
    facts = []
    if density.get("overall") is not None:
        facts.append(Fact("density", share(density["overall"]), "of all connections that junctions could have"))
    if scatter:
        facts.append(Fact("scatter", decimal(scatter["value"]), "the least of all junctions; 1 is most even"))
    if len(scatter.get("vector", ())) > 2:
        vector = some([decimal(each) for each in scatter["vector"]], _VECTOR)
        facts.append(Fact("scatter vector", vector, "the longest chain, forward and backward, last of all together"))
    return Section("Junctions", tuple(facts), _junction_grid(tables, density, scatter))


def _junction_grid(tables: Tables, density: Tables, scatter: Tables) -> Grid | None:
    """Where all connect all there is nothing to tell."""
    parts = density.get("junctions", {})
    if all(value == 1 for value in parts.values()):
        return None
    columns = ("junction", "density", "forward scatter", "backward scatter", "fan-in", "fan-out")
    both = scatter.get("junctions", {})
    ins, outs = ((tables[key] or {}).get("junctions", {}) for key in ("fan_in", "fan_out"))
    rows = [
        (name, _share_of(value), *_pair(both.get(name)), _short(ins.get(name)), _short(outs.get(name)))
        for name, value in parts.items()
    ]
    rows += [(name, "", *_pair(found), "", "") for name, found in scatter.get("equivalent", {}).items()]
    return Grid(columns, tuple(rows))


def _share_of(value: float | None) -> str:
    return "" if value is None else share(value)


def _pair(found: Tables | None) -> tuple[str, str]:
    return (decimal(found["forward"]), decimal(found["backward"])) if found else ("", "")


def _short(found: Tables | None) -> str:
    """`3`, `1–12`"""
    if not found:
        return ""
    least, most = decimal(found["least"]), decimal(found["most"])
    return least if least == most else f"{least}–{most}"


def _links(tables: Tables) -> Section:
    """Of neighbours with the same numbers one line tells."""
    columns = ("connect", "links", "of possible", "density", "distances")
    found: list[tuple[list[str], tuple[str, ...]]] = []
    for name, each in (tables["density"] or {}).get("links", {}).items():
        counts = whole(each["count"]), whole(each["possible"]), _share_of(each["value"]), distances(each["distances"])
        if not found or found[-1][1] != counts:
            found.append(([], counts))
        found[-1][0].append(name)
    rows = tuple((f"{joined(names)}{times(len(names))}", *counts) for names, counts in found)
    return Section("Links between layers", (), Grid(columns, rows) if rows else None)


def _paths(tables: Tables) -> Section:
    found = tables["path_length"]
    if found is None:
        return Section("Paths", ())
    ways = f"2^{decimal(found['log2_paths'])}" if found["paths"] is None else whole(found["paths"])
    facts = [
        Fact("paths", ways, f"from an input to an output, through {whole(found['layers'])} layers"),
        Fact("shortest", whole(found["shortest"]), some(found["witness"], _WITNESS, " → ")),
        Fact("longest", whole(found["longest"])),
        Fact("mean", decimal(found["mean"]), "connections on a path, of all paths"),
    ]
    steps = (("from the input", "from_input"), ("to the output", "to_output"), ("between two layers", "between"))
    for name, key in steps:
        if found[key] is not None:
            said = f"{decimal(found[key]['mean'])} on average, {whole(found[key]['most'])} at most"
            facts.append(Fact(name, said, "connections, the shortest way"))
    return Section("Paths", tuple(facts))


def _layers(tables: Tables) -> Section:
    return Section("Layers", tuple(_layer_facts(tables)))


def _layer_facts(tables: Tables) -> Iterator[Fact]:
    fans = (("fan-in", "fan_in", "layers that a layer reads"), ("fan-out", "fan_out", "layers that read a layer"))
    for name, key, note in fans:
        if tables[key] is not None and tables[key]["layers"] is not None:
            yield Fact(name, spread(tables[key]["layers"]), note)
    if tables["features"] is not None:
        yield Fact("features", spread(tables["features"]), "channels that meet in a layer")
    if tables["receptive_field"] is not None:
        high, wide = tables["receptive_field"]["height"], tables["receptive_field"]["width"]
        note = f"points of an input map that {tables['receptive_field']['layer']} sees, the most before all is seen"
        yield Fact("receptive field", f"{whole(high)} × {whole(wide)}", note)
    graph = tables["graph"]
    yield Fact("graph", f"{whole(graph['nodes'])} nodes, {whole(graph['edges'])} edges", "with inputs and outputs")
    if graph["degree"] is not None:
        yield Fact("degree", spread(graph["degree"]), "connections of a node")
    if graph["clustering"] is not None:
        yield Fact("clustering", decimal(graph["clustering"]), "the share of a node's neighbours that are neighbours")
    if graph["spectral_gap"] is not None:
        yield Fact("spectral gap", decimal(graph["spectral_gap"]), "0 if the graph falls apart")


def _dead(tables: Tables) -> Section:
    dead = tables["dead"]
    columns = ("junction", "dead neurons on its left", "unreachable on its right")
    rows = tuple(
        (name, whole(each["dead"]), whole(each["unreachable"]))
        for name, each in dead["neurons"].items()
        if each["dead"] or each["unreachable"]
    )
    words = (("layers that lead to no output", dead["layers"]), ("left out", dead["left_out"]))
    facts = tuple(Fact(word, whole(len(names)), some(names, _NAMES)) for word, names in words if names)
    return Section("Without effect", facts, Grid(columns, rows) if rows else None)
