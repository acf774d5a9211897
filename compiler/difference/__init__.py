"""What distinguishes two networks: rules, layers, ports, what is measured, and whether weights still fit."""

from connc.compiler.difference.compare import difference
from connc.compiler.difference.data import Difference, Layer, Metric, Related, Rule, Value, Weights
from connc.compiler.difference.lines import lines
from connc.compiler.difference.metrics import metrics
from connc.compiler.difference.table import table

__all__ = [
    "Difference",
    "Layer",
    "Metric",
    "Related",
    "Rule",
    "Value",
    "Weights",
    "difference",
    "lines",
    "metrics",
    "table",
]
