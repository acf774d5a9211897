"""What formats without a layout of their own say of boxes, arrows and the picture."""

from __future__ import annotations

from collections.abc import Iterator

from connc.backends.drawing.picture import INPUT, OUTPUT, Arrow, Box, Picture, Scene, arrows_in, boxes_in, written


class Ends:
    """Between which boxes arrows are drawn: instead of an opened one stands the input or output in it."""

    def __init__(self, picture: Picture) -> None:
        self.inputs: dict[str, list[str]] = {}
        self.outputs: dict[str, list[str]] = {}
        for box, _ in boxes_in(picture.scene):
            if box.inside is not None:
                self.inputs[box.id] = [each.id for each in box.inside.boxes if each.kind == INPUT]
                self.outputs[box.id] = [each.id for each in box.inside.boxes if each.kind == OUTPUT]

    def of(self, arrow: Arrow) -> tuple[str, str]:
        outputs, inputs = self.outputs.get(arrow.source), self.inputs.get(arrow.target)
        source = outputs[arrow.port] if outputs else arrow.source
        return source, inputs[arrow.slot] if inputs else arrow.target


def arrows_and_lines(scene: Scene, is_outermost: bool = True) -> Iterator[tuple[Arrow, str]]:
    """All arrows, with what is written at each: shape, adapter, how many they are."""
    labels = {box.id: written(box, scene, is_outermost) for box in scene.boxes}
    for arrow in scene.arrows:
        shape = "" if arrow.candidate else labels[arrow.source][arrow.port]
        said = [shape, f"via {arrow.via}" if arrow.via else "", f"× {arrow.count:,}" if arrow.count > 1 else ""]
        yield arrow, "\n".join(filter(None, said))
    for box in scene.boxes:
        if box.inside is not None:
            yield from arrows_and_lines(box.inside, is_outermost=False)


def is_dot(box: Box, scene: Scene, is_outermost: bool) -> bool:
    """Whether it is the only input or output of an opened box, of which there is nothing to say."""
    ports = [each for each in scene.boxes if each.kind == box.kind]
    return not is_outermost and box.kind in (INPUT, OUTPUT) and len(ports) == 1


def box_lines(box: Box) -> str:
    """The lines in a box, one below the other."""
    times = f" × {box.count:,}" if box.count > 1 else ""
    shared = f"weights of {box.shared}" if box.shared else ""
    return "\n".join(filter(None, [box.join, box.title, box.label + times, shared]))


def notes(picture: Picture) -> Iterator[str]:
    """The rules that are seen, what else there is to say, and what is known of a relation."""
    used = {arrow.rule for arrow in arrows_in(picture.scene)}
    yield from (words for number, words in enumerate(picture.rules) if number in used)
    yield from picture.notes
    if picture.matrix is not None:
        yield from picture.matrix.words
