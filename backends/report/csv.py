"""What each block and each layer costs, as comma-separated values."""

from __future__ import annotations

import csv as lines
import io

from connc.backends.report.sections import Tables
from connc.compiler.network import Network

COLUMNS = ("params", "macs", "dense_macs", "flops", "memory")


def csv(network: Network, tables: Tables) -> str:
    """A line each, a block before what is in it, as RFC 4180 says."""
    file = io.StringIO(newline="")
    writer = lines.writer(file)
    writer.writerow(("name", "kind", *COLUMNS))
    for name, cost in tables["costs"].items():
        writer.writerow((name, cost["kind"], *(cost[column] for column in COLUMNS)))
    return file.getvalue()
