"""The names that every spec knows without `use`."""

from __future__ import annotations

from connc.compiler.analyze import ANALYSES
from connc.compiler.ops import OPS
from connc.compiler.relations.generators import GENERATORS
from connc.dsl.vocabulary import Vocabulary

VOCABULARY = Vocabulary(OPS.signatures, GENERATORS.signatures, ANALYSES.signatures)
