"""Parse and check against a bare Lark parse with positions of the same text, from 1,000 to 300,000 lines.

Each size runs in a process of its own, so that no tree of one stands in the memory of the next. The limit is the lexer
alone, which every parser of this grammar has to run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

from bench.goals import goal

SIZES = (1_000, 10_000, 30_000, 100_000, 300_000)
ROUNDS = {1_000: 7, 10_000: 3}
LINES = """\
## A block of `n` layers and what leads to it.
module m{i}(k: int, n = 4, reach: rule = dense) {{
    h = in -> first: conv(4 * k, 1) -> bn -> relu  # a comment
    layer[n]: bottleneck(2 * k + n)

    connect h, layer, out by reach using concat
}}

"""


def text(lines: int) -> str:
    """A spec of about that many lines."""
    head = "use std.blocks (bottleneck)\nuse std.rules (dense)\n\n"
    return head + "".join(LINES.format(i=i) for i in range((lines - 3) // LINES.count("\n")))


def measure(lines: int) -> dict[str, float]:
    """Seconds of each contender on one text; each of them is run in each round, the least counts."""
    from lark import Lark

    from connc.compiler.vocabulary import VOCABULARY
    from connc.dsl.check import World, check
    from connc.dsl.library import Library, Roots
    from connc.dsl.parser import GRAMMAR, lex
    from connc.dsl.source import Source
    from connc.target import STDLIB

    spec = text(lines)
    options = {"parser": "lalr", "propagate_positions": True, "maybe_placeholders": False, "start": ["file", "damage"]}
    bare = Lark(GRAMMAR.read_text(encoding="utf-8"), **options)  # type: ignore[arg-type]

    def run_bare() -> None:
        bare.parse(spec, start="file")

    def run_lexer() -> None:
        for _ in lex(Source("bench", spec)):
            pass

    def run_connc() -> None:
        library = Library(Roots(STDLIB))
        found = check(library.load(Source("bench", spec), "bench"), World(VOCABULARY))
        assert not found.diagnostics, found.diagnostics[0]
        assert len(found.entry.file.declarations) == spec.count("module ")

    contenders = {"lexer": run_lexer, "bare": run_bare, "connc": run_connc}
    run_connc()
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(ROUNDS.get(lines, 1)):
        for name, contender in contenders.items():
            start = time.perf_counter()
            contender()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def run() -> bool:
    print("Parse and check (seconds)\n")
    print(f"  {'lines':>8} {'lexer':>12} {'bare Lark':>10} {'connc':>8} {'connc / bare':>13} {'connc / lexer':>14}")
    taken: dict[int, dict[str, float]] = {}
    for lines in SIZES:
        command = [sys.executable, "-c", f"import json, bench.frontend as f; print(json.dumps(f.measure({lines})))"]
        taken[lines] = t = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        ratios = f"{t['connc'] / t['bare']:>13.2f} {t['connc'] / t['lexer']:>14.2f}"
        print(f"  {lines:>8,} {t['lexer']:>12.3f} {t['bare']:>10.3f} {t['connc']:>8.3f} {ratios}", flush=True)
    print()
    worst = max(t["connc"] / t["bare"] for t in taken.values())
    tens = [(small, 10 * small) for small in SIZES if 10 * small in SIZES]
    growth = [goal(f"{b:,} lines to {a:,}", taken[b]["connc"] / taken[a]["connc"], 11) for a, b in tens]
    met = goal("connc to bare Lark, at worst", worst, 3)
    print()
    return met and all(growth)
