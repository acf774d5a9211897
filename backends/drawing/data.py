"""A picture as JSON, for programs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from connc.backends.drawing.matrix import Matrix
from connc.backends.drawing.picture import Arrow, Box, Picture, arrows_in, boxes_in

FORMAT_VERSION = 1


def data(picture: Picture) -> str:
    """Keys are sorted; what has its default is left out of boxes and arrows."""
    found: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "title": picture.title,
        "nodes": [_box(box, inside) for box, inside in boxes_in(picture.scene) if box.inside is None],
        "groups": [_box(box, inside) for box, inside in boxes_in(picture.scene) if box.inside is not None],
        "edges": [_arrow(arrow) for arrow in arrows_in(picture.scene)],
        "rules": list(picture.rules),
        "notes": list(picture.notes),
    }
    if picture.matrix is not None:
        found["matrix"] = _matrix(picture.matrix)
    return "{\n" + ",\n".join(f'  "{key}": {_laid(found[key])}' for key in sorted(found)) + "\n}\n"


def _laid(value: Any) -> str:
    """A line for each box, arrow, and fact about a matrix."""
    if isinstance(value, dict):
        lines = [f"    {_line(key)}: {_line(each)}" for key, each in sorted(value.items())]
    else:
        lines = [f"    {_line(each)}" for each in value] if isinstance(value, list) else []
    around = "{}" if isinstance(value, dict) else "[]"
    return f"{around[0]}\n" + ",\n".join(lines) + f"\n  {around[1]}" if lines else _line(value)


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _box(box: Box, inside: Box | None) -> dict[str, Any]:
    found = {
        "id": box.id,
        "kind": box.kind,
        "name": box.title,
        "label": box.label,
        "join": box.join,
        "shares": box.shared,
        "family": box.family,
        "place": list(box.place or ()),
        "count": box.count if box.count > 1 else 0,
        "inputs": list(box.ins) if len(box.ins) > 1 else [],
        "outputs": [{"name": port.name, "shape": list(port.shape)} for port in box.outs],
        "group": inside.id if inside else "",
    }
    return {name: value for name, value in found.items() if value}


def _arrow(arrow: Arrow) -> dict[str, Any]:
    found = {
        "source": arrow.source,
        "target": arrow.target,
        "output": arrow.port,
        "input": arrow.slot,
        "shape": list(arrow.shape),
        "via": arrow.via,
        "candidate": arrow.candidate,
        "count": arrow.count if arrow.count > 1 else 0,
    }
    rule = {} if arrow.rule is None else {"rule": arrow.rule}
    return {name: value for name, value in found.items() if value} | rule


def _matrix(matrix: Matrix) -> dict[str, Any]:
    """The sources of each target where they are few enough to be seen, else how full each bin is."""
    found: dict[str, Any] = {
        "sources": list(matrix.sources),
        "targets": list(matrix.targets),
        "connections": matrix.count,
        "density": float(matrix.density),
        "fan_in": matrix.fan_in,
        "fan_out": matrix.fan_out,
        "names": list(matrix.names),
    }
    if matrix.is_whole:
        found["rows"] = [np.flatnonzero(row).tolist() for row in matrix.cells]
    else:
        found["bins"] = np.round(matrix.cells / np.maximum(matrix.room, 1), 4).tolist()
    if matrix.candidates is not None and matrix.is_whole:
        found["candidates"] = [np.flatnonzero(row).tolist() for row in matrix.candidates]
    return found
