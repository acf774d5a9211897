"""Layers in which tokens read each other."""

from connc.compiler.fields import Count
from connc.compiler.ops.base import Op, op


@op("attention", relates="tokens")
class Attention(Op):
    """Lets each token read every token, itself included, or those that the rule behind `by` relates to it.

    What comes in has two axes, tokens and features. `heads`: how many readers share the features; they must divide
    them. `bias`: whether the four projections add a number to each feature.
    """

    heads: Count
    bias: bool = True
