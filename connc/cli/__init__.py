"""The command line: one file a verb, in this folder, each a function named as its verb."""

from __future__ import annotations

import sys

from connc.cli.app import run


def main() -> int:
    """The exit status: 0 fine, 1 findings, 2 wrong use or failure, 130 interrupted."""
    return run(sys.argv[1:])
