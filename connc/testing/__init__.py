"""Strategies of Hypothesis that draw rules, relations, specs and networks, and oracles to hold a backend to."""

try:
    import hypothesis as hypothesis
except ImportError as error:
    raise ImportError("connc.testing needs Hypothesis: pip install hypothesis") from error

from connc.backends.reference import Disagreement, Inexact, Judged, Measured, Result, Undecided, formula, judge, run
from connc.testing.arrays import inputs_of, one_hot, weights_of
from connc.testing.grammar import texts
from connc.testing.nets import inputs, nets, specs, weights
from connc.testing.oracles import (
    Backend,
    assert_agrees,
    assert_close,
    assert_exact,
    assert_wired,
    assert_within,
    connections,
)
from connc.testing.rules import relations, rules

__all__ = [
    "Backend",
    "Disagreement",
    "Inexact",
    "Judged",
    "Measured",
    "Result",
    "Undecided",
    "assert_agrees",
    "assert_close",
    "assert_exact",
    "assert_wired",
    "assert_within",
    "connections",
    "formula",
    "inputs",
    "inputs_of",
    "judge",
    "nets",
    "one_hot",
    "relations",
    "rules",
    "run",
    "specs",
    "texts",
    "weights",
    "weights_of",
]
