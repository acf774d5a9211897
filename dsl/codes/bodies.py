"""E5: bodies of modules and nets, and what flows in them. W: warnings."""

from connc.dsl.codes.define import define

HEAD = define(
    "E501",
    "chain out of order",
    """
    A chain begins with a tensor: `in`, another input, a named value, the output of a labelled layer, or several
    of these in parentheses. Behind each arrow stands a layer, and an output port only at the end.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        conv(8, 3) -> relu -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        in -> conv(8, 3) -> relu -> out
    }
    """,
)

PORTS = define(
    "E502",
    "inputs do not fit",
    """
    As many tensors flow into a layer as it has inputs, in their order or by their names. A family feeds a layer
    all its outputs at once, which a layer with one input takes behind a join; two families are connected by a
    rule.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        layer[4]: conv(8, 3)
        in -> layer -> conv(8, 3) -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        layer[4]: conv(8, 3)
        in -> layer -> concat -> conv(8, 3) -> out
    }
    """,
)

FED_TWICE = define(
    "E503",
    "output fed twice",
    """
    Each output is fed by exactly one statement. What is to come together is joined first.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        in -> conv(8, 3) -> out
        in -> relu -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        a_path = in -> conv(8, 3)
        b_path = in -> relu
        (a_path, b_path) -> concat -> out
    }
    """,
)

NOT_FED = define(
    "E504",
    "output not fed",
    """
    Nothing reaches an output: no chain ends in it, nothing is assigned to it and no `connect` names it.
    """,
    wrong="""
    module m {
        out hint
        in -> relu -> out
    }
    """,
    right="""
    module m {
        out hint
        h = in -> relu
        h -> hint
        h -> out
    }
    """,
)

INPUT = define(
    "E505",
    "input without a size",
    """
    A net can be compiled, so it says how large its inputs are. What takes any input is a `module`.
    """,
    wrong="""
    net a {
        in -> relu -> out
    }
    """,
    right="""
    net a {
        in: [8]
        in -> relu -> out
    }
    """,
)

OPERAND = define(
    "E506",
    "cannot be connected",
    """
    `connect` lays tensors, layers with one input and families end to end, `in` first and `out` last where they
    take part. A grid is connected alone, by its coordinates.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        cell[d: 2, w: 2]: conv(3, 3)
        connect in, cell, out by (i -> i + 1)
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        cell[d: 2, w: 2]: conv(3, 3)
        in -> cell[0, *]
        connect cell by ((d, w) -> (d + 1, w))
        cell[-1, *] -> concat -> out
    }
    """,
)

JOIN = define(
    "E507",
    "not a join",
    """
    `using` says how several sources become one tensor: concat, sum, mean, max, or a module that takes as many as
    come, `in xs[]`.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        layer[4]: conv(3, 3)
        connect in, layer, out by (i -> j where i < j) using relu
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        layer[4]: conv(3, 3)
        connect in, layer, out by (i -> j where i < j) using concat
    }
    """,
)

ADAPTER = define(
    "E508",
    "not an adapter",
    """
    `via` names a module that makes a tensor of a given shape. It is told the shape by its parameter `to: shape`;
    its other parameters have values.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        layer[4]: conv(3, 3)
        connect in, layer, out by (i -> i + 1) via relu
    }
    """,
    right="""
    module resize(to: shape) {
        in -> conv(to[0], 1) -> out
    }

    net a {
        in: [3, 8, 8]
        layer[4]: conv(3, 3)
        connect in, layer, out by (i -> i + 1) via resize
    }
    """,
)

ALIAS = define(
    "E509",
    "not another net",
    """
    Behind `net name =` stands a net or a module with its parameters filled. What flows needs a body in braces.
    """,
    wrong="""
    net a = relu
    """,
    right="""
    net a {
        in: [8]
        in -> relu -> out
    }
    """,
)

DANGLING = define(
    "E511",
    "leads nowhere",
    """
    A layer or a tensor is made that nothing reads. Mostly a chain lacks its end, or another name was meant. What is
    not needed is left out.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        h = in -> conv(8, 3)
        in -> relu -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        h = in -> conv(8, 3)
        h -> relu -> out
    }
    """,
)

AMBIGUOUS = define(
    "E512",
    "which output is meant",
    """
    A labelled layer that is used twice shares its weights and makes two outputs. Its bare name could mean either; name
    each result instead.
    """,
    wrong="""
    net a {
        in: [8]
        shared: linear(8)
        in -> shared -> relu -> shared
        shared -> out
    }
    """,
    right="""
    net a {
        in: [8]
        shared: linear(8)
        h = in -> shared -> relu -> shared
        h -> out
    }
    """,
)

NOT_APPLIED = define(
    "E513",
    "nothing flows in",
    """
    The output of a labelled layer is read, and nothing is fed to it: no chain leads through it and no `connect`
    names it.
    """,
    wrong="""
    net a {
        in: [8]
        first: linear(8)
        in + first -> out
    }
    """,
    right="""
    net a {
        in: [8]
        first: linear(8)
        in -> first
        in + first -> out
    }
    """,
)

BROKEN = define(
    "E510",
    "contract does not hold",
    """
    What `require` states is not so. The text behind `else` says what it is for.
    """,
    wrong="""
    net a(width = 4) {
        in: [8]
        in -> linear(width) -> out
        require width >= 8
    }
    """,
    right="""
    net a(width = 8) {
        in: [8]
        in -> linear(width) -> out
        require width >= 8
    }
    """,
)

NOT_VERIFIED = define(
    "W601",
    "net not put together",
    """
    A parameter of a net has no value, so that shapes, rules and contracts of the net are not verified. `--set` gives it
    one.
    """,
    wrong="""
    net a(width: int) {
        in: [8]
        in -> linear(width) -> out
    }
    """,
    right="""
    net a(width = 16) {
        in: [8]
        in -> linear(width) -> out
    }
    """,
)

LEFT_OUT = define(
    "W602",
    "layer left out",
    """
    In a `connect` with `evolve within`, a layer has no source, or no way leads from it to an output. It is left out of
    the net until a search connects it.
    """,
    wrong="""
    net a(links: rule = i -> i + 2) {
        in: [8]
        cell[3]: linear(8)
        in -> cell[0]
        connect cell by links using sum
            evolve within (i -> j where i < j)
        cell[2] -> out
    }
    """,
    right="""
    net a(links: rule = i -> i + 1) {
        in: [8]
        cell[3]: linear(8)
        in -> cell[0]
        connect cell by links using sum
            evolve within (i -> j where i < j)
        cell[2] -> out
    }
    """,
)
