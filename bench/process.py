"""`connc check std.sparsenet` as a whole process, against the import of the libraries it stands on."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from bench.goals import goal

ROUNDS = 9
# Lark checks terminals for collisions where interegular is installed, which the tests need and users do not have.
_AS_INSTALLED = "import sys; sys.modules['interegular'] = None; "
_CHECK = "sys.argv[1:] = ['check', '-q', 'std.sparsenet']; from connc.cli import main; sys.exit(main())"
COMMANDS = {
    "python alone": [sys.executable, "-c", "pass"],
    "imports": [sys.executable, "-c", _AS_INSTALLED + "import lark, click, numpy"],
    "connc check": [sys.executable, "-c", _AS_INSTALLED + _CHECK],
}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def run() -> bool:
    print("A whole process (median seconds of interleaved rounds; the limit is Python's own start)\n")
    for command in COMMANDS.values():
        seconds(command)
    rounds = [{name: seconds(command) for name, command in COMMANDS.items()} for _ in range(ROUNDS)]
    for name in COMMANDS:
        print(f"  {name:<14} {statistics.median(r[name] for r in rounds):.3f}")
    print()
    met = goal("connc check to imports", statistics.median(r["connc check"] / r["imports"] for r in rounds), 3)
    print()
    return met
