"""Families in a body: layers side by side, in a row that a rule joins, on a grid."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from connc.compiler.make import make_op
from connc.compiler.ops.base import Shape
from connc.testing.bodies import Body, Kind, Tensor
from connc.testing.layers import shapes_of
from connc.testing.rules import rules

ADAPTERS = {1: ("fit", "linear", "linear(to[0])"), 3: ("fit_map", "conv", "conv(to[0], 1)")}
WIDE = 66  # layers in a row, from which on runs of sources become bundles
UPWARDS = "(i -> j where i < j)"
REACHES = ("(i -> i + 1)", UPWARDS, "(i -> i + 2 ^ k for k in 0..)")
LANES = "((d, w) -> (d + 1, w))"
FORWARD = "((d, _) -> (e, _) where d < e)"
SKIPPING = "((d, v) -> (e, w) where d < e and mod(v + w, 2) == 1)"


def branches(body: Body) -> None:
    """Layers side by side, joined."""
    start, join, count = body.one(), body.join_name(), body.draw(st.integers(2, 3))
    made = body.unit(start.shape)
    shapes = shapes_of(make_op(join, {}), [made[1]] * count) if made else None
    if made and shapes:
        label = body.file.fresh("branch")
        body.say(f"{start.name} -> {label}[{count}]: {made[0]} -> {join}", shapes[0], start)


def kept(body: Body, shape: Shape) -> str:
    """A layer that keeps a shape, or a module of two such."""
    found = [body.layer(shape, keeps=True) for _ in range(body.draw(st.integers(1, 2)))]
    texts = [each.text for each in found if each is not None]
    if len(texts) < 2:
        return "".join(texts)
    return body.file.module(body.file.fresh("unit"), "", [f"in -> {' -> '.join(texts)} -> out"])


# --- rows


def row(body: Body) -> None:
    """Layers that keep the shape, joined by a rule, where they are."""
    start, count = body.one(), body.draw(st.integers(1, 4))
    member, last = kept(body, start.shape), kept(body, start.shape)
    if member and last:
        name, end = body.file.fresh("step"), body.file.fresh("end")
        wires = f"connect {start.name}, {name}, {end} by {_reach(body, count)} using {_mixed(body, start.shape)}"
        body.state(end, _several(f"{name}[{count}]: {member}", f"{end}: {last}", wires), start)
        body.tensors.append(Tensor(end, start.shape))


def wide(body: Body) -> None:
    """So many layers that runs of them are bundled."""
    start, join = body.one(), body.join_name()
    member = kept(body, start.shape)
    if member and join != "concat" and body.file.left > WIDE:
        lines = [f"step[{WIDE}]: {member}", f"connect in, step, out by {UPWARDS} using {join}"]
        _put(body, "wide", lines, start, start.shape)
        body.file.left -= WIDE


def block(body: Body) -> None:
    """Layers that make a shape of their own, joined by a rule: by `concat`, or with adapters."""
    start, join = body.one(), body.join_name()
    adapter, op, fit = ADAPTERS.get(len(start.shape), ("", "", ""))
    if op not in body.bounded.ops:
        return
    count, size = body.draw(st.integers(1, 4)), body.draw(st.integers(1, 3))
    member = f"{op}({size})" if op == "linear" else f"{op}({size}, 3)"
    via = "" if join == "concat" else f" via {body.file.module(adapter, '(to: shape)', [f'in -> {fit} -> out'])}"
    behind = f" -> {fit.replace('to[0]', str(size))}" if join == "concat" else ""
    lines = [f"step[{count}]: {member}", f"connect in, step, out by {_reach(body, count)} using {join}{via}"]
    _put(body, "block", lines, start, (size, *start.shape[1:]), behind)
    body.file.left -= count


def _put(body: Body, what: str, lines: Sequence[str], start: Tensor, shape: Shape, behind: str = "") -> None:
    """Write a module and use it."""
    name = body.file.module(body.file.fresh(what), "", lines)
    body.say(f"{start.name} -> {name}{behind}", shape, start)


def _several(*lines: str) -> str:
    return "\n    ".join(lines)


def _mixed(body: Body, shape: Shape) -> str:
    """A join of tensors of one shape, or a module that joins and computes."""
    join = body.draw(st.sampled_from([name for name in body.bounded.joins if name != "concat"]))
    layer = body.layer(shape, keeps=True) if body.draw(st.booleans()) else None
    if layer is None:
        return join
    return body.file.module(body.file.fresh("mix"), "", ["in xs[]", f"xs -> {join} -> {layer.text} -> out"])


def _reach(body: Body, count: int) -> str:
    """A rule that leaves none of so many layers loose and none in a circle."""
    if body.draw(st.booleans()):
        return body.draw(st.sampled_from(REACHES))
    return f"between({body.draw(rules(count + 2))} & {UPWARDS})"


# --- grids


def grid(body: Body) -> None:
    """Cells with two coordinates, perhaps such as a search may rewire."""
    start, deep, across = body.one(), body.draw(st.integers(1, 3)), body.draw(st.integers(1, 2))
    member, join = kept(body, start.shape), _mixed(body, start.shape)
    links = LANES + body.draw(st.sampled_from(["", f" | {FORWARD}", f" | {SKIPPING}"]))
    bound = body.draw(st.sampled_from(["", f" evolve within {FORWARD}"]))
    if member:
        lines = [
            f"cell[d: {deep}, w: {across}]: {member}",
            "in -> cell[0, *]",
            f"connect cell by {links} using {join}{bound}",
            f"cell[-1, *] -> {join} -> out",
        ]
        _put(body, "grid", lines, start, start.shape)
        body.file.left -= deep * across


JOINED: tuple[Kind, ...] = (branches, block)
KEEPING: tuple[Kind, ...] = (row, grid, wide)  # by a join that keeps the shape
