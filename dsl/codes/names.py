"""E3: names and files."""

from connc.dsl.codes.define import define

UNKNOWN_NAME = define(
    "E301",
    "unknown name",
    """
    A name stands for nothing here: it is neither declared in this file, nor imported, nor a parameter, label or
    value of this body, nor a name of the language.
    """,
    wrong="""
    net a {
        in: [8]
        in -> rellu -> out
    }
    """,
    right="""
    net a {
        in: [8]
        in -> relu -> out
    }
    """,
)

DUPLICATE = define(
    "E302",
    "name given twice",
    """
    Two things of one file, of one body or of one list of parameters have the same name. Both places are shown.
    """,
    wrong="""
    width = 8
    width = 16
    """,
    right="""
    width = 8
    wider = 16
    """,
)

HIDES = define(
    "E303",
    "name hides another",
    """
    A parameter, label, value or position has the name of something that its file declares or imports. Nothing
    hides a name of its file, so that a name means one thing all over a file. Names of the language may be used
    anew.
    """,
    wrong="""
    width = 8

    module m(width = 16) {
        in -> linear(width) -> out
    }
    """,
    right="""
    width = 8

    module m(units = 16) {
        in -> linear(units) -> out
    }
    """,
)

NO_FILE = define(
    "E304",
    "file cannot be used",
    """
    `use` names a file below the project's root (the nearest folder upwards with connc.toml or pyproject.toml,
    else the file's own), with dots for folders; what starts with `std` is the standard library. The file is not
    there, is not a regular file, or is a link out of the project.
    """,
    wrong="""
    use std.ruless (dense)
    """,
    right="""
    use std.rules (dense)
    """,
)

NOT_IN_FILE = define(
    "E305",
    "file declares no such name",
    """
    The file is there, but declares no rule, module, net or value of this name.
    """,
    wrong="""
    use std.rules (exponentiall)
    """,
    right="""
    use std.rules (exponential)
    """,
)

IMPORT_CYCLE = define(
    "E306",
    "files use one another in a circle",
    """
    A file uses, directly or over others, itself. The message shows the whole circle.
    """,
    wrong="""
    use example (width)
    height = 8
    """,
    right="""
    height = 8
    """,
)

CYCLE = define(
    "E307",
    "circular definition",
    """
    Something is defined by itself: a module contains itself, a value depends on itself. There is no recursion: a
    fractal or a U is a module that takes its inner one as a parameter.
    """,
    wrong="""
    module m {
        in -> m -> out
    }
    """,
    right="""
    module m(inner: module) {
        in -> inner -> out
    }
    """,
)

ATTRIBUTE = define(
    "E308",
    "unknown attribute",
    """
    A tensor has `shape`, `channels`, `features`, `height` and `width`, and the outputs of the module that made
    it. Nothing else has attributes.
    """,
    wrong="""
    net a {
        in: [3, 8, 8]
        in -> conv(in.chanels, 3) -> out
    }
    """,
    right="""
    net a {
        in: [3, 8, 8]
        in -> conv(in.channels, 3) -> out
    }
    """,
)

TYPE_NAME = define(
    "E309",
    "unknown type",
    """
    Parameters are of type int, float, bool, str, shape, rule or module, or lists of them: `int[]`, `int[3]`,
    `int[n]`.
    """,
    wrong="""
    module m(k: integer) {
        in -> linear(k) -> out
    }
    """,
    right="""
    module m(k: int) {
        in -> linear(k) -> out
    }
    """,
)
