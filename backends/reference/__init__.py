"""The judge: what a network computes, by the manual alone, slowly and plainly."""

from connc.backends.reference.bounds import Judged, Measured, judge
from connc.backends.reference.formula import Formula, Undecided, formula
from connc.backends.reference.numbers import Inexact
from connc.backends.reference.run import Disagreement, Result, run

__all__ = [
    "Disagreement",
    "Formula",
    "Inexact",
    "Judged",
    "Measured",
    "Result",
    "Undecided",
    "formula",
    "judge",
    "run",
]
