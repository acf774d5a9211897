"""Whether weights fit, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor

from connc.compiler.difference.alike import frame, together
from connc.compiler.difference.data import ALL, PART, Weights
from connc.compiler.ops.base import Shape


def about_weights(found: Weights, few: int | None) -> Iterator[str]:
    yield _verdict(found)
    kinds = {
        "of another shape": {name: f" {_shape(a)} -> {_shape(b)}" for name, (a, b) in found.reshaped.items()},
        "of other connections": dict.fromkeys(found.rewired, ""),
        "under another name": dict.fromkeys(found.renamed, ""),
        "new": {name: f" {_shape(shape)}" for name, shape in found.new.items()},
        "gone": {name: f" {_shape(shape)}" for name, shape in found.gone.items()},
    }
    for kind, texts in kinds.items():
        if texts:
            yield f"  {len(texts):,} {kind}: {_listed(texts, found.renamed, few)}"


def _verdict(found: Weights) -> str:
    if not found.count:
        return "weights fit: there are none to fill"
    if found.verdict == ALL:
        return f"weights fit: all {found.count:,} tensors" if found.count > 1 else "weights fit: the one tensor"
    if found.verdict == PART:
        of = f"{len(found.fits):,} of {found.count:,} tensors"
        share = floor(1000 * found.share) / 10
        return f"weights fit in part: {of} ({f'{share:g}' if share else 'less than 0.1'}% of the numbers)"
    return f"weights do not fit: none of {found.count:,} tensor{'s' * (found.count != 1)}"


def _shape(shape: Shape) -> str:
    return str(list(shape))


def _listed(texts: Mapping[str, str], renamed: Mapping[str, str], few: int | None) -> str:
    """What is said of tensors, of alike ones together; of the first few, and how many others there are."""
    groups: dict[object, list[str]] = {}
    for name, text in texts.items():
        key = (frame(name), text, frame(renamed.get(name, ""))) if few is not None else name
        groups.setdefault(key, []).append(name)
    shown = list(groups.values())[:few]
    more = len(texts) - sum(map(len, shown))
    said = ", ".join(f"{together(names)}{texts[names[0]]}{_was(names, renamed)}" for names in shown)
    return f"{said} and {more:,} more" if more else said


def _was(names: Sequence[str], renamed: Mapping[str, str]) -> str:
    return f", was {together([renamed[name] for name in names])}" if names[0] in renamed else ""
