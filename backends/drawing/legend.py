"""What the colours and signs mean, and what is not shown, below a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connc.backends.drawing.lines import SMALL, Line, line
from connc.backends.drawing.marks import attributes, number, text
from connc.backends.drawing.picture import Arrow, Picture
from connc.backends.drawing.theme import COLORS, RULES

ROW, SIGN = 17.0, 30.0
MOST, ENTRIES = 760.0, 12


def legend(picture: Picture, arrows: Sequence[Arrow], top: float) -> tuple[list[str], float, float]:
    """The marks, and how much room they take."""
    entries = [*_entries(picture, arrows)]
    marks = []
    for at, (sign, said) in enumerate(entries):
        y = top + ROW * (at + 0.5)
        marks += [sign.format(y=number(y)), text(SIGN if sign else 0.0, y + 3.5, said)]
    width = max((said.width + (SIGN if sign else 0.0) for sign, said in entries), default=0.0)
    return marks, width, ROW * len(entries) + 14 if entries else 0.0


def _entries(picture: Picture, arrows: Sequence[Arrow]) -> Iterator[tuple[str, Line]]:
    used = {arrow.rule for arrow in arrows}
    rules = [(at, words) for at, words in enumerate(picture.rules) if at in used]
    for at, words in rules[:ENTRIES]:
        yield _sample(RULES[at % len(RULES)]), line(words, SMALL, shade="soft", most=MOST)
    if len(rules) > ENTRIES:
        yield "", line(f"and {len(rules) - ENTRIES:,} more", SMALL, shade="soft")
    if any(arrow.candidate for arrow in arrows):
        yield _sample(COLORS["line"], dashed=True), line("a search may add it", SMALL, shade="soft")
    for via in sorted({arrow.via for arrow in arrows} - {""}):
        sign = f'<path d="M8 {{y}}l4-4 4 4-4 4z" fill="#ffffff" stroke="{COLORS["line"]}" stroke-width="1.3"/>'
        yield sign, line(f"through the adapter {via}", SMALL, shade="soft", most=MOST)
    for note in picture.notes:
        yield "", line(note, SMALL, shade="soft", most=MOST)


def _sample(color: str, dashed: bool = False) -> str:
    style = attributes(stroke=color, stroke_width=1.6, **({"stroke_dasharray": "3 4"} if dashed else {}))
    return f'<path d="M0 {{y}}h24" {style}/>'
