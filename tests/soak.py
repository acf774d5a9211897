"""`make soak`: the modules of SOAK_NETS (10,000) generated nets against the reference, on all cores.

Seeds differ from run to run; SOAK_SEED runs one again. The first failure ends it, with the least spec that fails so.
"""

import multiprocessing
import os
import sys
import time
from random import SystemRandom

import torch
from hypothesis import HealthCheck, Phase, given, seed, settings

from connc.testing import nets
from tests.test_torch import agrees, by_both

CHUNK = 50  # nets of one seed
PHASES = Phase.generate, Phase.shrink


def main(count, first):
    print(f"SOAK_SEED={first}, {count:,} nets")
    chunks = [(first + i, min(CHUNK, count - i)) for i in range(0, count, CHUNK)]
    done, start = 0, time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for size, failure in pool.imap_unordered(agreeing, chunks):
            if failure:
                print(f"\n\n{failure}", file=sys.stderr)
                return 1
            done += size
            print(f"\r{done:,} agree, {done / (time.perf_counter() - start):.1f} a second", end="", flush=True)
    print()
    return 0


def agreeing(chunk):
    """How many nets of a seed were tried, and what went wrong, in words; nothing if all agree."""
    own, count = chunk
    tried = []

    def each(net):
        tried.append(net)
        agrees(net, way=by_both)

    options = settings(
        max_examples=count, deadline=None, database=None, phases=PHASES, suppress_health_check=list(HealthCheck)
    )
    try:
        seed(own)(options(given(nets(layers=12))(each)))()
    except Exception as error:
        said = "\n".join(getattr(error, "__notes__", ()))
        return len(tried), f"seed {own}\n{said}\n{type(error).__name__}: {error}"
    return len(tried), None


if __name__ == "__main__":
    chosen = os.environ.get("SOAK_SEED") or SystemRandom().randrange(2**32)
    sys.exit(main(int(os.environ.get("SOAK_NETS") or 10_000), int(chosen)))
