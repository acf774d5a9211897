"""E7: rules, when the spaces that they relate are known."""

from connc.dsl.codes.define import define

RANK = define(
    "E701",
    "wrong number of coordinates",
    """
    A mapping has one name for each coordinate of the space it is used in: one for neurons, channels and a row of
    layers, two for a grid of two. The same goes for its target.
    """,
    wrong="""
    net a {
        in: [8]
        in -> linear(8) by ((d, w) -> (d + 1, w)) -> out
    }
    """,
    right="""
    net a {
        in: [8]
        in -> linear(8) by (i -> i) -> out
    }
    """,
)

ENDLESS = define(
    "E702",
    "range that never ends",
    """
    An open range, `0..`, ends at the first value whose targets have all left the space. Here some target is still
    inside after as many values as there are positions, so that it never ends.
    """,
    wrong="""
    rule exponential(base = 2) = i -> i + base ^ k for k in 0..

    net a {
        in: [8]
        in -> linear(16) by exponential(1) -> out
    }
    """,
    right="""
    rule exponential(base = 2) = i -> i + base ^ k for k in 0..

    net a {
        in: [8]
        in -> linear(16) by exponential(2) -> out
    }
    """,
)

DEGREES = define(
    "E703",
    "degrees that do not fit",
    """
    A rule with exact degrees makes as many connections at the sources as at the targets: sources times fan-out equals
    targets times fan-in, in whole numbers. No target has more sources than there are, and no source more targets.
    """,
    wrong="""
    net a {
        in: [64]
        in -> linear(10) by random(fan_in = 8) -> out
    }
    """,
    right="""
    net a {
        in: [64]
        in -> linear(16) by random(fan_in = 8) -> out
    }
    """,
)

TABLE = define(
    "E704",
    "table that does not fit",
    """
    A table of a rule has a row for each source and a column for each target, with 1 where the two are connected and 0
    where they are not. It is a list of rows or the name of a CSV or NPY file that lies beside the spec.
    """,
    wrong="""
    net a {
        in: [3]
        in -> linear(2) by matrix([[1, 0], [0, 1]]) -> out
    }
    """,
    right="""
    net a {
        in: [3]
        in -> linear(2) by matrix([[1, 0], [0, 1], [1, 1]]) -> out
    }
    """,
)

SPACES = define(
    "E705",
    "sizes that the rule cannot relate",
    """
    A rule cuts its space into equal parts, or leads from a space to itself, and the numbers of positions do not allow
    it: `blocks(4)` wants multiples of 4 on both sides, `butterfly`, `r @ s` and `scalefree` the same number on both.
    """,
    wrong="""
    net a {
        in: [64]
        in -> linear(64) by blocks(5) -> out
    }
    """,
    right="""
    net a {
        in: [64]
        in -> linear(64) by blocks(4) -> out
    }
    """,
)
