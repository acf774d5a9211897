"""E2: shapes, which are inferred forwards when a net is put together."""

from connc.dsl.codes.define import define

SHAPE = define(
    "E201",
    "shape does not suit the layer",
    """
    A layer takes tensors of certain shapes: `conv` wants channels, height and width, a window is no larger than the
    map, `reshape` keeps the number of values. Shapes leave the batch out.
    """,
    wrong="""
    net a {
        in: [64]
        in -> conv(8, 3) -> out
    }
    """,
    right="""
    net a {
        in: [64]
        in -> linear(8) -> out
    }
    """,
)

PORT_SHAPE = define(
    "E202",
    "not the declared shape",
    """
    An input or output says what shape it has, `in: [3, 32, 32]`, and another arrives. `_` in a declared shape is free.
    """,
    wrong="""
    module head(classes: int) {
        in: [64]
        in -> linear(classes) -> out
    }

    net a {
        in: [32]
        in -> head(10) -> out
    }
    """,
    right="""
    module head(classes: int) {
        in: [_]
        in -> linear(classes) -> out
    }

    net a {
        in: [32]
        in -> head(10) -> out
    }
    """,
)

JOIN_SHAPES = define(
    "E203",
    "sources do not fit together",
    """
    Several tensors are joined whose shapes do not go together: `concat` wants all axes equal but the first, all other
    joins and arithmetic want one shape. In a `connect`, `via` names a module that makes a source fit.
    """,
    wrong="""
    net a {
        in: [3, 32, 32]
        part[2]: conv(8, 3, stride = 2)
        connect in, part, out by (i -> j where i < j) using concat
    }
    """,
    right="""
    net a {
        in: [3, 32, 32]
        part[2]: conv(8, 3)
        connect in, part, out by (i -> j where i < j) using concat
    }
    """,
)

NO_JOIN = define(
    "E204",
    "several sources and no join",
    """
    A rule gives a target several sources, and the `connect` does not say how they become one tensor: `using concat`,
    `sum`, `mean`, `max`, `mul`, or a module with an input `in xs[]`.
    """,
    wrong="""
    net a {
        in: [8]
        layer[3]: linear(8)
        connect in, layer, out by (i -> j where i < j)
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

SHARED_SHAPES = define(
    "E205",
    "shared layer sees two shapes",
    """
    A labelled layer that is applied more than once shares its weights, so all its uses see the same shapes.
    """,
    wrong="""
    net a {
        in left: [8]
        in right: [16]
        tower: linear(4)
        one = left -> tower
        other = right -> tower
        one + other -> out
    }
    """,
    right="""
    net a {
        in left: [8]
        in right: [8]
        tower: linear(4)
        one = left -> tower
        other = right -> tower
        one + other -> out
    }
    """,
)

OWN_SHAPE = define(
    "E206",
    "needs itself",
    """
    A value depends on the shape of a tensor that depends on the value, so that neither is known first.
    """,
    wrong="""
    net a {
        in: [8]
        wide: linear(last.features)
        last: linear(4)
        in -> wide -> last -> out
        require last.features == 4
    }
    """,
    right="""
    net a {
        in: [8]
        wide: linear(in.features)
        last: linear(4)
        in -> wide -> last -> out
        require last.features == 4
    }
    """,
)
