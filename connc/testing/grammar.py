"""Texts that can be read: all that the grammar knows, built from words, then laid out the way no person would.

A text is a list of words first. `laid_out` puts blanks, line ends and comments wherever the language allows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import TypeAlias

from hypothesis import strategies as st

from connc.testing.values import Draw

Words: TypeAlias = st.SearchStrategy[list[str]]
Nested: TypeAlias = "Iterable[str | Nested]"

OPENING, CLOSING = {"(", "["}, {")", "]"}
CONTINUING = {"->", "by", "using", "via", "evolve", "for", "where", "else"}
END = "\n"  # the word that ends a statement


def flat(parts: Nested) -> list[str]:
    """The words of lists in lists, in their order."""
    return [word for part in parts for word in ([part] if isinstance(part, str) else flat(part))]


def words(*parts: str | Words) -> Words:
    """A list of words from fixed ones and from strategies of such lists."""
    return st.tuples(*(part if isinstance(part, st.SearchStrategy) else st.just(part) for part in parts)).map(flat)


def one(*alternatives: str) -> Words:
    """One of these words."""
    return st.sampled_from(alternatives).map(lambda word: [word])


def maybe(*parts: str | Words) -> Words:
    return st.one_of(st.just([]), words(*parts))


def some(part: Words, least: int = 0, most: int = 3) -> Words:
    return st.lists(part, min_size=least, max_size=most).map(flat)


def listed(part: Words, least: int = 0, most: int = 3) -> Words:
    """Parts with commas between them, and now and then one behind the last."""
    parts = st.lists(part, min_size=least, max_size=most)
    return st.tuples(parts, st.booleans()).map(lambda drawn: comma_separated(*drawn))


def comma_separated(parts: Sequence[list[str]], trailing: bool) -> list[str]:
    joined = flat([part, ","] for part in parts)
    return joined if trailing or not joined else joined[:-1]


names = one("a", "x1", "growth", "by_far", "in_", "forward", "_", "E", "a_rather_long_name_that_fills_its_line_soon")
numbers = one("0", "3", "64", "0.5", "1e-3", "2E5", "50%", "4.51M", "1024")
strings = one('""', '"best.csv"', '"# no comment"', r'"a \" quote, \\ and \n"', '"' + "long " * 25 + '"')
literals = numbers | strings | one("true", "false")
atoms = names | literals | one("in", "out")


def arithmetic_of(operand: Words) -> Words:
    signed = words(maybe("-"), operand)
    return words(signed, some(words(one("+", "-", "*", "/", "^", "|", "&", "@"), signed), most=2))


def logic_of(arithmetic: Words) -> Words:
    compared = words(arithmetic, some(words(one("<", "<=", ">", ">=", "==", "!="), arithmetic), least=1, most=2))
    negated = words("not", arithmetic)
    return words(compared | negated, some(words(one("and", "or"), compared | negated | arithmetic), most=2))


def choice_of(condition: Words) -> Words:
    case = words("if", condition, "then", condition, "else")
    return words(some(case, least=1, most=2), condition)


def loops_of(arithmetic: Words, least: int = 0) -> Words:
    interval = words(arithmetic, "..", maybe(arithmetic))
    return some(words("for", names, "in", interval | arithmetic), least=least, most=2)


def mapping_of(arithmetic: Words, condition: Words) -> Words:
    left = names | words("(", names, ",", names, ")")
    return words(left, "->", arithmetic, loops_of(arithmetic), maybe("where", condition))


def larger(operand: Words) -> Words:
    """Operands made of smaller ones."""
    arithmetic = arithmetic_of(operand)
    condition = arithmetic | logic_of(arithmetic)
    expression = condition | choice_of(condition)
    argument = expression | mapping_of(arithmetic, condition)
    arguments = argument | words(names, "=", argument)
    item = arithmetic | words(arithmetic, "..", maybe(arithmetic)) | one("*") | words(names, ":", arithmetic)
    call = words("(", listed(arguments), ")")
    suffix = call | words("[", listed(item, least=1), "]") | words(".", names)
    return st.one_of(
        words(operand, some(suffix, least=1, most=2)),
        words("[", listed(expression), "]"),
        words("[", listed(numbers, least=1, most=60), "]"),
        words("[", expression, loops_of(arithmetic, least=1), maybe("where", condition), "]"),
        words("(", listed(arguments, least=1), ")"),
    ).filter(lambda found: found[:2] != ["(", ")"])


operands = st.recursive(atoms, larger, max_leaves=6)
arithmetic = arithmetic_of(operands)
conditions = arithmetic | logic_of(arithmetic)
expressions = conditions | choice_of(conditions)
arguments = expressions | mapping_of(arithmetic, conditions)

families = words(names, "[", listed(arithmetic | words(names, ":", arithmetic), least=1, most=2), "]")
labelled = words(names | families, ":", arithmetic, maybe("by", arithmetic))
links = arithmetic | labelled | words(arithmetic, "by", arithmetic)
chains = words(links, some(words("->", links), least=1, most=5))
values = st.one_of(expressions, chains, labelled)


@st.composite
def connects(draw: Draw) -> list[str]:
    clauses = {"by": ["by"], "using": ["using"], "via": ["via"], "evolve": ["evolve", "within"]}
    chosen = ["by", *draw(st.lists(st.sampled_from(sorted(clauses.keys() - {"by"})), unique=True))]
    order = draw(st.permutations(chosen))
    operands = comma_separated(draw(st.lists(arithmetic, min_size=1, max_size=4)), trailing=False)
    return ["connect", *operands, *flat([clauses[keyword], draw(arithmetic)] for keyword in order)]


ports = words(one("in", "out"), names, maybe("[", "]"), maybe(":", expressions)) | words("in", ":", arithmetic)
bindings = words(names, "=", values)
requires = words("require", expressions, maybe("else", strings))
statements = st.one_of(ports, bindings, chains, labelled, connects(), requires)

kinds = words(names | one("rule", "module"), maybe("[", maybe(expressions), "]"))
parameters = words("(", listed(words(names, maybe(":", kinds), maybe("=", arguments))), ")")
bodies = words("{", some(words(statements, END), most=4), "}")
uses = words("use", names, some(words(".", names)), "(", listed(words(names, maybe("as", names)), least=1), ")")
rules = words("rule", names, maybe(parameters), "=", arguments)
modules = words(one("module", "net"), names, maybe(parameters), bodies)
aliases = words("net", names, maybe(parameters), "=", values)
declarations = st.one_of(uses, rules, modules, aliases, bindings)
files = some(words(declarations, END), least=1, most=5)

# --- layout

COMMENTS = (
    "#",
    "# a comment",
    "#glued",
    "##",
    "## a doc",
    "##glued doc  ",
    "### a title",
    '# "half a string',
    "# é ->\t",
)
BLANKS = ("", "", "", " ", " ", "  ", "\t")


def laid_out(parts: Sequence[str], random: Random) -> str:
    """The text of a list of words, with blanks, line ends and comments where `random` likes them."""
    text, depth = [margin(random)], 0
    for i, word in enumerate(parts):
        following = parts[i + 1] if i + 1 < len(parts) else END
        depth += (word in OPENING) - (word in CLOSING)
        text.append(statement_end(random, following) if word == END else word + gap(random, word, following, depth))
    return "".join(text) + random.choice(("", "", "# the end", "## the end\n", "\n\n"))


def margin(random: Random) -> str:
    """Blank lines, and comments on lines of their own."""
    lines = (random.choice(BLANKS) + random.choice(("", "", *COMMENTS)) for _ in range(random.choice((0, 0, 0, 1, 2))))
    return "".join(line + "\n" for line in lines) + random.choice(BLANKS)


def line_end(random: Random) -> str:
    return random.choice(BLANKS) + random.choice(("", "", "", *COMMENTS)) + "\n" + margin(random)


def statement_end(random: Random, following: str) -> str:
    return random.choice(BLANKS) if following == "}" and random.random() < 0.3 else line_end(random)


def gap(random: Random, word: str, following: str, depth: int) -> str:
    """What stands between two words of a statement."""
    inside = following != END and (depth or following in CONTINUING) and random.random() < 0.15
    if inside or (word == "{" and random.random() < 0.7):
        return line_end(random)
    glued = word_like(word[-1]) and word_like(following[0])
    return random.choice(BLANKS) or " " * glued


def word_like(character: str) -> bool:
    return character.isalnum() or character in "_%"


@st.composite
def texts(draw: Draw) -> str:
    """The text of a file that can be read, whatever it means."""
    return laid_out(draw(files), Random(draw(st.integers(0, 2**32))))
