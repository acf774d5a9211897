"""The page around a report: it needs no other file and no script, and follows what a reader's system prefers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connc.backends.drawing.marks import escaped
from connc.backends.drawing.theme import COLORS, RULES

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2933; --soft: #5f6b7a; --paper: #fff; --ground: #f4f6f8;
  --line: #d5dde6; --mark: #0072b2; --pale: #cfe3f1; --shown: none }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9ee; --soft: #a3afbc; --paper: #1b2026; --ground: #12161a; --line: #36404a; --mark: #5ab4e6;
    --pale: #1f4259; --shown: invert(.9) hue-rotate(180deg) }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif }
header, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 16px }
header { padding-top: 28px }
h1 { margin: 0; font-size: 28px; line-height: 1.2; overflow-wrap: anywhere }
h2 { margin: 0 0 12px; font-size: 19px }
h3 { margin: 0 0 6px; font-size: 15px }
.doc { margin: 8px 0 0; max-width: 75ch; color: var(--soft); overflow-wrap: anywhere }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 14px 0 0; padding: 0; list-style: none }
a { color: var(--mark) }
section { margin: 20px 0; padding: 18px; background: var(--paper); border: 1px solid var(--line); border-radius: 8px }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; margin: 20px 0 0 }
.tiles div { padding: 10px 12px; background: var(--paper); border: 1px solid var(--line); border-radius: 8px }
.tiles dt { color: var(--soft); font-size: 13px }
.tiles dd { margin: 0; font-size: 18px; font-variant-numeric: tabular-nums }
.columns { columns: 3 330px; column-gap: 36px }
.part { break-inside: avoid; padding-bottom: 22px }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: 4px 12px 4px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
th { font-weight: 400 }
thead th { color: var(--soft); font-size: 13px; white-space: nowrap; vertical-align: bottom }
td.value { white-space: nowrap }
.facts th { width: 38% }
.columns ~ .part .facts { max-width: 560px }
.facts td { overflow-wrap: anywhere }
.facts small, .kind, .note { color: var(--soft); font-size: 13px }
.facts small { display: block }
.grid td, .grid th + th { text-align: right; white-space: nowrap; padding: 4px 0 4px 18px }
.grid tbody th { white-space: nowrap }
.grid tfoot th, .grid tfoot td { border-bottom: 0; font-weight: 600 }
.in1 { padding-left: 18px } .in2 { padding-left: 36px }
.bar { display: block; height: 4px; margin-top: 2px; min-width: 72px; background: var(--pale); border-radius: 2px }
.bar i { display: block; height: 100%; background: var(--mark); border-radius: 2px }
details { margin: 8px 0 0; padding: 0 0 0 12px; border-left: 2px solid var(--line) }
details > details { margin-left: 2px }
summary { cursor: pointer; padding: 3px 0; overflow-wrap: anywhere }
summary:hover { color: var(--mark) }
.drawing { overflow: auto; max-height: 85vh; margin: 6px 0 10px; border: 1px solid var(--line); border-radius: 6px;
  background: var(--paper) }
.drawing svg { display: block; filter: var(--shown) }
.drawing svg > rect { fill: none }
.matrices { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); gap: 8px 24px;
  align-items: start }
.matrices > * { min-width: 0 }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 20px 28px }
figure { margin: 0; min-width: 0 }
figcaption { font-size: 14px; overflow-wrap: anywhere }
.chart svg { display: block; width: 100%; max-width: 460px; font-size: 11px }
.chart rect { fill: var(--mark) }
.chart path { stroke: var(--soft) }
.chart text { fill: var(--ink); text-anchor: middle }
.windows { display: flex; flex-wrap: wrap; gap: 16px 28px; margin: 8px 0 18px }
.windows figcaption { max-width: 240px }
.windows img { display: block; margin-bottom: 4px; max-width: 100%; border: 1px solid var(--soft);
  image-rendering: pixelated; filter: var(--shown) }
.away { position: absolute; width: 0; height: 0 }
footer { padding-top: 4px; padding-bottom: 28px; color: var(--soft); font-size: 13px }
@media (max-width: 600px) { .grid th .kind { display: block } .in1 { padding-left: 10px } .in2 { padding-left: 20px } }
@media print { details > :not(summary) { break-inside: avoid } section { border: 0 } }
"""


def page(title: str, doc: str, tiles: Iterable[tuple[str, str]], body: Sequence[tuple[str, str, str]]) -> str:
    """`body`: the address, the heading and the content of each section."""
    links = "".join(f'<li><a href="#{key}">{escaped(heading)}</a></li>' for key, heading, _ in body)
    shown = "".join(f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>" for name, value in tiles)
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escaped(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
        _TIPS,
        f'<header>\n<h1>{escaped(title)}</h1>\n{_doc(doc)}<dl class="tiles">{shown}</dl>',
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n</header>\n<main>',
        *(_section(*each) for each in body),
        "</main>\n<footer>Written by connc analyze. Counts are for one sample.</footer>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _doc(doc: str) -> str:
    """A paragraph for each that an empty line ends."""
    found = "\n".join(line.strip() for line in doc.splitlines()).split("\n\n")
    return "".join(f'<p class="doc">{escaped(" ".join(each.split()))}</p>\n' for each in found if each.strip())


def _section(key: str, heading: str, content: str) -> str:
    head = f'<h2 id="{key}-name">{escaped(heading)}</h2>'
    return f'<section id="{key}" aria-labelledby="{key}-name">\n{head}\n{content}</section>'


def _tip(at: int, color: str) -> str:
    return (
        f'<marker id="tip{at}" viewBox="0 0 8 8" refX="7.2" refY="4" markerWidth="7" markerHeight="7" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 .8 7.6 4 0 7.2 1.6 4z" fill="{color}"/></marker>'
    )


_TIPS = (
    '<svg class="away" aria-hidden="true"><defs>'
    + "".join(_tip(at, color) for at, color in enumerate([COLORS["line"], *RULES]))
    + "</defs></svg>"
)
