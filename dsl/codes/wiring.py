"""E8: what is found when a net is put together, layer by layer, and how large it may become."""

from connc.dsl.codes.define import define

SELF = define(
    "E801",
    "feeds itself",
    """
    A rule between layers relates a position to itself. A layer cannot read its own output; `where i != j` keeps such
    pairs out.
    """,
    wrong="""
    net a {
        in: [8]
        layer[3]: linear(8)
        connect in, layer, out by (i -> j where i <= j) using sum
    }
    """,
    right="""
    net a {
        in: [8]
        layer[3]: linear(8)
        connect in, layer, out by (i -> j where i < j) using sum
    }
    """,
)

CIRCLE = define(
    "E802",
    "layers in a circle",
    """
    What flows comes back to where it came from, so that no layer of the circle can be computed first. The message shows
    the whole circle.
    """,
    wrong="""
    net a {
        in: [8]
        layer[3]: linear(8)
        connect in, layer, out by (i -> i + 1) | (i -> 2 where i == 3) using sum
    }
    """,
    right="""
    net a {
        in: [8]
        layer[3]: linear(8)
        connect in, layer, out by (i -> i + 1) using sum
    }
    """,
)

NO_SOURCE = define(
    "E803",
    "nothing flows in",
    """
    A layer of a family, or an output, gets no tensor: the rule leads no pair to it, and no chain feeds it.
    """,
    wrong="""
    net a {
        in: [8]
        layer[3]: linear(8)
        connect in, layer, out by (i -> i + 1 where i != 1)
    }
    """,
    right="""
    net a {
        in: [8]
        layer[3]: linear(8)
        connect in, layer, out by (i -> i + 1)
    }
    """,
)

UNREAD = define(
    "E804",
    "leads nowhere",
    """
    No way leads from a layer or an input to an output: the rule gives it no target, and no chain reads it. In a
    `connect` with `evolve within` such layers are left out with a warning instead.
    """,
    wrong="""
    net a {
        in: [8]
        layer[3]: linear(8)
        connect in, layer, out by (i -> i + 1 where i < 2) | (i -> 4 where i == 2)
        in -> layer[2]
    }
    """,
    right="""
    net a {
        in: [8]
        layer[3]: linear(8)
        connect in, layer, out by (i -> i + 1)
    }
    """,
)

FED_TWICE_MEMBER = define(
    "E805",
    "layer fed twice",
    """
    Two statements feed one layer. A port is fed by one statement: join the two before it, or take the layer out of one
    of them.
    """,
    wrong="""
    net a {
        in: [8]
        layer[3]: linear(8)
        in -> layer[1]
        connect in, layer, out by (i -> i + 1)
    }
    """,
    right="""
    net a {
        in: [8]
        layer[3]: linear(8)
        connect in, layer, out by (i -> i + 1)
    }
    """,
)

NAME_TAKEN = define(
    "E806",
    "label taken",
    """
    A label is the name that a layer without one gets: the first `relu` of a body is called `relu`, the second `relu2`.
    """,
    wrong="""
    net a {
        in: [8]
        in -> relu -> relu2: linear(4) -> relu -> out
    }
    """,
    right="""
    net a {
        in: [8]
        in -> relu -> last: linear(4) -> relu -> out
    }
    """,
)

DEPTH = define(
    "E807",
    "modules nested too deeply",
    """
    Modules that are made of modules go deeper than the limit; `--max-depth` sets another.
    """,
    wrong="""
    module a(k: int) {
        in -> linear(k) -> out
    }

    module b(k: int) {
        in -> a(k) -> out
    }

    net c {
        in: [8]
        in -> b(4) -> out
    }
    """,
    right="""
    module a(k: int) {
        in -> linear(k) -> out
    }

    net c {
        in: [8]
        in -> a(4) -> out
    }
    """,
    flags=("--max-depth", "2"),
)

LAYERS = define(
    "E808",
    "too many layers",
    """
    The net would have more layers than the limit. Families multiply: a hundred modules of a hundred layers are ten
    thousand. The number is computed before anything is put together; `--max-layers` sets another limit.
    """,
    wrong="""
    module many(n: int) {
        layer[n]: linear(8)
        connect in, layer, out by (i -> i + 1)
    }

    net a(n = 1K) {
        in: [8]
        part[n]: many(n)
        connect in, part, out by (i -> i + 1)
    }
    """,
    right="""
    module many(n: int) {
        layer[n]: linear(8)
        connect in, layer, out by (i -> i + 1)
    }

    net a(n = 10) {
        in: [8]
        part[n]: many(n)
        connect in, part, out by (i -> i + 1)
    }
    """,
)

PAIRS = define(
    "E809",
    "too many pairs",
    """
    Rules have more pairs than the limit, or look at more to find those that they keep; `--max-pairs` sets another.
    """,
    wrong="""
    net a(width = 100) {
        in: [100]
        in -> linear(width) by (i -> i - s for s in 0..2) -> out
    }
    """,
    right="""
    net a(width = 20) {
        in: [20]
        in -> linear(width) by (i -> i - s for s in 0..2) -> out
    }
    """,
    flags=("--max-pairs", "200"),
)
