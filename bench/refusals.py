"""How long it takes to refuse, or to read, what was made to take long. The limit is one pass of a regex over it."""

from __future__ import annotations

import re
import time

from bench.goals import goal

MIB = 2**20
TEXTS = {
    "4 MiB of (": "x = " + "(" * 4 * MIB,
    "4 MiB of -": "x = " + "-" * 4 * MIB,
    "a million terms": "x = " + " + ".join(["1"] * 10**6),
    "calls of calls": "x = f" + "()" * 10**6,
    "a power of powers": "x = " + "^".join(["2"] * 9_999),
    "a tower of lists": "x = len([1 for a in 1..1000 for b in 1..1000 for c in 1..1000])",
    "4 MiB of line ends": "\n" * 4 * MIB,
    "4 MiB of comments": "## a\n" * (4 * MIB // 5),
}


def run() -> bool:
    from connc.compiler.vocabulary import VOCABULARY
    from connc.dsl.check import World, check
    from connc.dsl.library import Library, Roots
    from connc.dsl.source import Source
    from connc.target import STDLIB

    check(Library(Roots(STDLIB)).load(Source("warm", ""), "warm"), World(VOCABULARY))
    print("Refusals (seconds)\n")
    slowest = 0.0
    for name, text in TEXTS.items():
        start = time.perf_counter()
        found = check(Library(Roots(STDLIB)).load(Source("bench", text), "bench"), World(VOCABULARY)).diagnostics
        taken = time.perf_counter() - start
        start = time.perf_counter()
        sum(1 for _ in re.finditer(r"\w+|\s+|.", text))
        floor = time.perf_counter() - start
        said = f"{found[0].code.id}: {found[0].message}" if found else "read"
        print(f"  {name:<20} {taken:>7.3f}  one regex pass {floor:>6.3f}  {said}")
        slowest = max(slowest, taken)
    print()
    met = goal("the slowest, in seconds", slowest, 1)
    print()
    return met
