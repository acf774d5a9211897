"""`python -m bench [NAME ...]` runs the benchmarks, or those that are named."""

import platform
import sys
from datetime import UTC, datetime

from bench import analysis, frontend, junction, process, refusals, torch, wiring

BENCHES = {
    "frontend": frontend.run,
    "process": process.run,
    "refusals": refusals.run,
    "wiring": wiring.run,
    "analysis": analysis.run,
    "junction": junction.run,
    "torch": torch.run,
}


def main(names: list[str]) -> int:
    """The exit status: 0 if all goals are met."""
    if unknown := set(names) - set(BENCHES):
        print(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {platform.machine()}\n")
    met = [BENCHES[name]() for name in names or BENCHES]
    return 0 if all(met) else 1


sys.exit(main(sys.argv[1:]))
