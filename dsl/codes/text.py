"""E1: what is wrong with the text itself, before it means anything."""

from connc.dsl.codes.define import define

SYNTAX = define(
    "E101",
    "syntax error",
    """
    The text is not what the grammar allows here. The message names what could have stood in this place. The rest
    of the statement is left out and reading goes on behind it, so that one run shows all mistakes of a file.
    """,
    wrong="""
    net a {
        in: [8]
        in -> linear(4) relu -> out
    }
    """,
    right="""
    net a {
        in: [8]
        in -> linear(4) -> relu -> out
    }
    """,
)

CHARACTER = define(
    "E102",
    "unknown character",
    """
    This character begins no word of the language. Often it comes from another language's habits (`;`, `'`) or
    from a word processor (`→`, curly quotes).
    """,
    wrong="""
    net a {
        in: [8];
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

UNCLOSED = define(
    "E103",
    "unclosed bracket",
    """
    A bracket is still open where something stands that cannot be inside it, or where the file ends.
    """,
    wrong="""
    net a {
        in: [8]
        in -> linear(4 -> relu
        require true
        in -> out
    }
    """,
    right="""
    net a {
        in: [8]
        in -> linear(4) -> relu -> out
        require true
    }
    """,
)

TEXT = define(
    "E104",
    "broken string",
    """
    A string stands between double quotes on one line. Within it `\\"`, `\\\\`, `\\n` and `\\t` stand for a quote, a
    backslash, a line end and a tab; no other escapes exist.
    """,
    wrong="""
    rule links = matrix("best.csv)
    """,
    right="""
    rule links = matrix("best.csv")
    """,
)

NUMBER = define(
    "E105",
    "broken number",
    """
    Numbers are written 3, 0.5, 1e-3, with a percent sign (50%) or a decimal scale (4.51M: K, M, G, T). They are
    exact. What has more than 400 characters or an exponent beyond 308 is refused.
    """,
    wrong="""
    width = 12abc
    """,
    right="""
    width = 12
    """,
)

NESTING = define(
    "E106",
    "nested too deeply",
    """
    Brackets stand in brackets beyond the limit. It keeps every later step from running out of stack; people never
    reach it. `--max-nesting` sets another.
    """,
    wrong="""
    width = (((1)))
    """,
    right="""
    width = 1
    """,
    flags=("--max-nesting", "2"),
)

TERMS = define(
    "E107",
    "statement too long",
    """
    A statement holds more names and literals than the limit. Large tables belong into a file, which `matrix`
    reads. `--max-terms` sets another limit.
    """,
    wrong="""
    width = 1 + 2 + 3
    """,
    right="""
    width = 1 + 2
    """,
    flags=("--max-terms", "3"),
)

SIZE = define(
    "E108",
    "file too large",
    """
    A file is larger than the limit and is not read at all. `--max-size` sets another.
    """,
    wrong="""
    # This line makes the file too large.
    width = 1
    """,
    right="""
    width = 1
    """,
    flags=("--max-size", "20"),
)

ENCODING = define(
    "E109",
    "not UTF-8",
    """
    A `.conn` file is UTF-8 text; a byte order mark at its start is allowed and ignored. The message names the
    byte.
    """,
    wrong="""
    # caf\udce9
    width = 1
    """,
    right="""
    # café
    width = 1
    """,
)

CONTROL = define(
    "E110",
    "invisible character",
    """
    Control characters, characters without width and characters that change the direction of text are refused, in
    comments and strings too: with them a text can look like another one than it is. A carriage return may only
    stand in front of a line feed.
    """,
    wrong="""
    width = 1 # \u202e 2 = htdiw
    """,
    right="""
    width = 1
    """,
)

ASCII = define(
    "E111",
    "letter outside a to z",
    """
    Names are made of the letters a to z, in both cases, digits and `_`, and do not start with a digit. Two names
    that look alike are therefore the same name.
    """,
    wrong="""
    größe = 1
    """,
    right="""
    size = 1
    """,
)

RESERVED = define(
    "E112",
    "reserved word",
    """
    The words of the grammar cannot be names: use as rule module net in out connect by using via evolve within
    require else if then for where and or not true false. All others can, `forward`, `class` and `to` included.
    """,
    wrong="""
    where = 1
    """,
    right="""
    place = 1
    """,
)

POSITION = define(
    "E113",
    "position is not a name",
    """
    The left side of a mapping names the position that a connection comes from: `i`, `(d, w)`, `_` for what does
    not matter. What is computed stands on the right.
    """,
    wrong="""
    rule back = i + 1 -> i
    """,
    right="""
    rule back = i -> i - 1
    """,
)

LABEL = define(
    "E114",
    "not a label",
    """
    In front of `:` stands the name of a layer, `stem: conv(64, 7)`, or of a family with how many there are,
    `layer[n]: …`, `cell[d: 4, w: 3]: …`. In front of `=` stands the name of a value.
    """,
    wrong="""
    net a {
        in: [8]
        in -> conv(8, 3): linear(4) -> out
    }
    """,
    right="""
    net a {
        in: [8]
        in -> first: linear(4) -> out
    }
    """,
)

CLAUSE = define(
    "E115",
    "clause missing or doubled",
    """
    `connect` lists what it connects and then, once each, `by` the rule, `using` the join, `via` the adapter and
    `evolve within` the rule that bounds a search. Only `by` is necessary.
    """,
    wrong="""
    net a {
        in: [8]
        layer[4]: linear(8)
        connect in, layer, out
    }
    """,
    right="""
    net a {
        in: [8]
        layer[4]: linear(8)
        connect in, layer, out by (i -> i + 1)
    }
    """,
)

STATEMENT = define(
    "E116",
    "statement without effect",
    """
    A value that stands alone does nothing. Layers act when something flows through them.
    """,
    wrong="""
    net a {
        in: [8]
        relu
        in -> out
    }
    """,
    right="""
    net a {
        in: [8]
        in -> relu -> out
    }
    """,
)
