"""Rules made from rules."""

from connc.compiler.fields import Rule
from connc.compiler.relations.generators.base import Generator, generator


@generator("transpose")
class Transpose(Generator):
    """Turns every arrow of a rule around.

    `r`: the rule.
    """

    r: Rule


@generator("kron")
class Kron(Generator):
    """Replaces every pair of `a` by a copy of `b`: the Kronecker product.

    `a`: the rule between blocks. `b`: the rule within each pair of blocks.
    """

    a: Rule
    b: Rule


@generator("between")
class Between(Generator):
    """Ties what a rule leaves loose: positions without a source to the first one, those without a target to the last.

    `r`: the rule.
    """

    r: Rule
