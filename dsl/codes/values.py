"""E4: values, types and calls."""

from connc.dsl.codes.define import define

TYPE = define(
    "E401",
    "wrong kind of value",
    """
    A value is of another kind than its place asks for: a layer takes numbers, `by` a rule, a chain tensors and
    layers. The types of parameters are int, float, bool, str, shape, rule, module and lists of them.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        in -> conv("8", 3) -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        in -> conv(8, 3) -> out
    }
    """,
)

PARAMETER = define(
    "E402",
    "unknown parameter",
    """
    An argument is given by a name that the layer, module, rule or net does not have.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        in -> conv(8, 3, strid = 2) -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        in -> conv(8, 3, stride = 2) -> out
    }
    """,
)

TOO_MANY = define(
    "E403",
    "too many arguments",
    """
    More arguments are given by position than there are parameters left to fill, or a function gets another number
    of arguments than it takes.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        in -> relu(3) -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        in -> relu -> out
    }
    """,
)

MISSING = define(
    "E404",
    "missing argument",
    """
    Calls may leave parameters open, to be filled later; where a layer is put into a net or a rule is applied,
    those without a default must have a value.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        in -> conv -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        in -> conv(8, 3) -> out
    }
    """,
)

TWICE = define(
    "E405",
    "argument given twice",
    """
    A parameter gets two values: twice by name, by position and by name, or in a call of what a call has filled
    before.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        in -> conv(8, 3, channels = 4) -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        in -> conv(8, 3) -> out
    }
    """,
)

NOT_CALLABLE = define(
    "E406",
    "not callable",
    """
    Parentheses fill the parameters of layers, modules, nets, rules and functions; nothing else has any.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        k = 8
        in -> conv(k(2), 3) -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        k = 8
        in -> conv(k * 2, 3) -> out
    }
    """,
)

WHOLE = define(
    "E407",
    "not a whole number",
    """
    Numbers are exact: 8 / 2 is the whole number 4, 9 / 2 is none. Where an int is due (a width, a count, an
    index), say which way to round.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        in -> conv(9 / 2, 3) -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        in -> conv(floor(9 / 2), 3) -> out
    }
    """,
)

ZERO = define(
    "E408",
    "division by zero",
    """
    A number is divided by zero, with `/`, `mod` or a negative power.
    """,
    wrong="""
    width = 8 / (2 - 2)
    """,
    right="""
    width = 8 / 2
    """,
)

TOO_LARGE = define(
    "E409",
    "number too large",
    """
    A result has more than 4096 bits. No network needs such a number, and computing on with it could take for
    ever.
    """,
    wrong="""
    width = 2 ^ 10000
    """,
    right="""
    width = 2 ^ 10
    """,
)

INDEX = define(
    "E410",
    "index out of range",
    """
    A list is asked for an element that it does not have. Elements are counted from 0; -1 is the last.
    """,
    wrong="""
    widths = [16, 32]
    last = widths[2]
    """,
    right="""
    widths = [16, 32]
    last = widths[-1]
    """,
)

STEPS = define(
    "E411",
    "evaluation too long",
    """
    Evaluating the expressions of a target takes more steps than the limit: its lists are too long, or made too often.
    `--max-steps` sets another.
    """,
    wrong="""
    widths = [k for k in 1..1000]
    """,
    right="""
    widths = [k for k in 1..10]
    """,
    flags=("--max-steps", "100"),
)

LENGTH = define(
    "E412",
    "wrong length",
    """
    A list has another length than its type says. For `int[3]` one number stands for three; a list must have
    three.
    """,
    wrong="""
    module m(widths: int[3]) {
        in -> linear(widths[0]) -> out
    }

    net a {
        in: [3, 8, 8]
        in -> m([8, 16]) -> out
    }
    """,
    right="""
    module m(widths: int[3]) {
        in -> linear(widths[0]) -> out
    }

    net a {
        in: [3, 8, 8]
        in -> m([8, 16, 32]) -> out
    }
    """,
)

RANGE = define(
    "E413",
    "value out of range",
    """
    A number lies outside of what its parameter allows: a layer of no neurons, a density above 100%, a dimension
    beyond 2^31 - 1, or a word that is none of those to choose from.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        in -> conv(0, 3) -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        in -> conv(8, 3) -> out
    }
    """,
)

EMPTY = define(
    "E414",
    "nothing to choose from",
    """
    The largest, smallest or mean of no numbers does not exist.
    """,
    wrong="""
    widths = [4]
    widest = max([w for w in widths where w > 8])
    """,
    right="""
    widths = [4]
    widest = max(0, sum([w for w in widths where w > 8]))
    """,
)

OPEN = define(
    "E415",
    "range without an end",
    """
    A range without an end, `0..`, ends where a rule's targets leave the space, or with the list that it slices.
    Anywhere else nothing would end it.
    """,
    wrong="""
    widths = [2 ^ k for k in 0..]
    """,
    right="""
    widths = [2 ^ k for k in 0..5]
    """,
)

ALTERNATIVES = define(
    "E416",
    "one of several arguments",
    """
    Some generators are told in one of several ways: `random` by `fan_in`, by `fan_out` or by `density`. Exactly
    one is to be given.
    """,
    wrong="""
    rule drawn = random(fan_in = 8, density = 5%)
    """,
    right="""
    rule drawn = random(fan_in = 8)
    """,
)
