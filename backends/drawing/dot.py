"""A picture as Graphviz text: what is opened is a cluster."""

from __future__ import annotations

from collections.abc import Iterator

from connc.backends.drawing.picture import INPUT, JOIN, OUTPUT, Arrow, Box, Picture, Scene, has_grid
from connc.backends.drawing.says import Ends, arrows_and_lines, box_lines, is_dot, notes
from connc.backends.drawing.theme import COLORS, FILLS, RULES, style_of


def dot(picture: Picture) -> str:
    """The whole of it."""
    ends = Ends(picture)
    heading = "\n".join([picture.title, *notes(picture)])
    way = "LR" if has_grid(picture.scene) else "TB"
    lines = [
        f"digraph {quoted(picture.title)} {{",
        f"  graph [{_values(label=heading, labelloc='t', fontname='Helvetica', rankdir=way)}]",
        f"  node [{_values(shape='box', style='rounded,filled', fontname='Helvetica', fontsize='11')}]",
        f"  edge [{_values(fontname='Helvetica', fontsize='9', color=COLORS['line'])}]",
        *_scene(picture.scene, "  "),
        *(f"  {_arrow(arrow, said, ends)}" for arrow, said in arrows_and_lines(picture.scene)),
    ]
    return "\n".join([*lines, "}", ""])


def _scene(scene: Scene, indent: str, is_outermost: bool = True) -> Iterator[str]:
    for box in scene.boxes:
        if box.inside is None:
            yield f"{indent}{quoted(box.id)} [{_values(**_style(box, is_dot(box, scene, is_outermost)))}]"
            continue
        yield f"{indent}subgraph {quoted(f'cluster_{box.id}')} {{"
        yield f"{indent}  graph [{_values(label=box_lines(box), style='rounded', tooltip=box.tip)}]"
        yield from _scene(box.inside, indent + "  ", is_outermost=False)
        yield f"{indent}}}"


def _style(box: Box, small: bool) -> dict[str, str]:
    fill, edge = FILLS[style_of(box)]
    found = {"label": box_lines(box), "fillcolor": fill, "color": edge, "tooltip": box.tip}
    if box.kind in (INPUT, OUTPUT):
        return found | ({"label": "", "shape": "point"} if small else {"fontcolor": COLORS["paper"]})
    if box.kind == JOIN:
        found["shape"] = "ellipse"
    return found


def _arrow(arrow: Arrow, said: str, ends: Ends) -> str:
    style = {"label": said} if said else {}
    if arrow.rule is not None:
        style["color"] = RULES[arrow.rule % len(RULES)]
    if arrow.candidate:
        style |= {"style": "dashed", "constraint": "false"}
    source, target = ends.of(arrow)
    return f"{quoted(source)} -> {quoted(target)}{f' [{_values(**style)}]' if style else ''}"


def _values(**values: str) -> str:
    return " ".join(f"{name}={quoted(value)}" for name, value in values.items())


def quoted(text: str) -> str:
    """A string of dot; a backslash would start one of its escapes."""
    plain = "".join(letter if letter == "\n" or letter.isprintable() else "?" for letter in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
