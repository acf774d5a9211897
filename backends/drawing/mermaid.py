"""A picture as a Mermaid flowchart: what is opened is a subgraph."""

from __future__ import annotations

from collections.abc import Iterator

from connc.backends.drawing.picture import INPUT, JOIN, OUTPUT, Arrow, Box, Picture, Scene, boxes_in, has_grid
from connc.backends.drawing.says import Ends, arrows_and_lines, box_lines, is_dot, notes
from connc.backends.drawing.theme import FILLS, RULES, style_of

_PLAIN = frozenset(" .,:-+/()_[]×→…")


def mermaid(picture: Picture) -> str:
    """The whole of it."""
    ends = Ends(picture)
    names = {box.id: f"n{at}" for at, (box, _) in enumerate(boxes_in(picture.scene))}
    arrows = [*arrows_and_lines(picture.scene)]
    lines = [
        f"flowchart {'LR' if has_grid(picture.scene) else 'TB'}",
        *(f"  %% {escaped(note)}" for note in [picture.title, *notes(picture)]),
        *_scene(picture.scene, names, "  "),
        *(f"  {_arrow(arrow, said, ends, names)}" for arrow, said in arrows),
        *_classes(picture, names),
        *_colors([arrow for arrow, _ in arrows]),
    ]
    return "\n".join([*lines, ""])


def _scene(scene: Scene, names: dict[str, str], indent: str, is_outermost: bool = True) -> Iterator[str]:
    for box in scene.boxes:
        if box.inside is None:
            small = is_dot(box, scene, is_outermost)
            left, right = ("((", "))") if small else _brackets(box)
            yield f"{indent}{names[box.id]}{left}{_label(' ' if small else box_lines(box))}{right}"
            continue
        yield f"{indent}subgraph {names[box.id]}[{_label(box_lines(box))}]"
        yield from _scene(box.inside, names, indent + "  ", is_outermost=False)
        yield f"{indent}end"


def _brackets(box: Box) -> tuple[str, str]:
    return ("([", "])") if box.kind in (INPUT, OUTPUT, JOIN) else ("[", "]")


def _arrow(arrow: Arrow, said: str, ends: Ends, names: dict[str, str]) -> str:
    source, target = (names[end] for end in ends.of(arrow))
    line = "-.->" if arrow.candidate else "-->"
    label = f"|{_label(said)}|" if said else ""
    return f"{source} {line}{label} {target}"


def _classes(picture: Picture, names: dict[str, str]) -> Iterator[str]:
    """The colours of boxes."""
    used: dict[str, list[str]] = {}
    for box, _ in boxes_in(picture.scene):
        used.setdefault("frame" if box.inside else style_of(box), []).append(names[box.id])
    for style, members in sorted(used.items()):
        fill, edge = FILLS[style]
        ink = "#ffffff" if style == "port" else "#1f2933"
        yield f"  classDef {style} fill:{fill},stroke:{edge},color:{ink}"
        yield f"  class {','.join(members)} {style}"


def _colors(arrows: list[Arrow]) -> Iterator[str]:
    """The colours of the arrows of each `connect`; arrows are told by number."""
    for rule in sorted({arrow.rule for arrow in arrows if arrow.rule is not None}):
        numbers = ",".join(str(at) for at, arrow in enumerate(arrows) if arrow.rule == rule)
        yield f"  linkStyle {numbers} stroke:{RULES[rule % len(RULES)]}"


def _label(text: str) -> str:
    return '"' + "<br>".join(map(escaped, text.split("\n"))) + '"'


def escaped(text: str) -> str:
    """Letters, digits and a few signs; all else by number, as neither Mermaid nor HTML reads it then."""
    return "".join(_letter(letter) for letter in text)


def _letter(letter: str) -> str:
    if letter.isalnum() or letter in _PLAIN:
        return letter
    return f"#{ord(letter)};" if letter.isprintable() else "?"
