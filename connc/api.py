"""What the command line does, for Python: specs checked, put together and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from connc.budgets import with_budgets
from connc.compiler.analyze import ANALYSES, TABLES, Subject, Unmeasured
from connc.compiler.elaborate import check_nets, elaborate
from connc.compiler.elaborate import relate as relate_rule
from connc.compiler.network import VIEWS, Network
from connc.compiler.ops.base import Space
from connc.compiler.relations.relation import VIEWS as RELATION_VIEWS
from connc.compiler.relations.relation import Relation
from connc.compiler.text.parser import parse_ir as read_network
from connc.compiler.vocabulary import VOCABULARY
from connc.dsl import codes
from connc.dsl.check import Checked, World, check
from connc.dsl.diagnostic import Diagnostic, Refusal
from connc.dsl.library import Library
from connc.dsl.limits import Limits
from connc.dsl.tree import Argument, Net, Require, Rule
from connc.dsl.words import did_you_mean
from connc.report import render
from connc.specs import load_units, parse_settings
from connc.target import Target, net_of, target_of_text
from connc.target import TargetError as TargetError
from connc.target import target as target_of

if TYPE_CHECKING:
    from connc.backends.torch import Module
    from connc.compiler.difference import Difference

RULE = "relation"  # what a rule is called that is asked for without a file


class SpecError(ValueError):
    """A spec with mistakes; as text, all of them as `connc check` shows them."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(render(diagnostics))
        self.diagnostics = tuple(diagnostics)


def load(target: str, params: Mapping[str, object] | None = None, *, seed: int = 0) -> Network:
    """The network of a net, `std.sparsenet` or `net.conn:name`.

    `params` fill its parameters: numbers, truth values and lists as they are, strings as the language writes values,
    `"dense"` for a rule. All draws depend on `seed`. Raises `SpecError`, or `TargetError` where there is no such net.
    """
    return _loaded(target_of(target), params, seed)


def loads(text: str, params: Mapping[str, object] | None = None, *, net: str = "", seed: int = 0) -> Network:
    """The network of a net of a spec that is given as text; `net` says which where it has several.

    Such a text can use the standard library alone. `params` and `seed` are those of `load`. Raises `SpecError`.
    """
    return _loaded(target_of_text(text, net), params, seed)


def relate(
    rule: str, sources: int | Sequence[int], targets: int | Sequence[int] | None = None, *, seed: int = 0
) -> Relation:
    """The pairs of a rule, as it would stand behind `by`, `"exponential(2)"`, between spaces of these sizes.

    A space of several coordinates is a list of their sizes. Without `targets` both spaces are the same. Rules of
    `std.rules` are known by their names. Raises `SpecError`.
    """
    _checked_seed(seed)
    return relation_in(_with_std_rules(rule), _space(sources), _space(sources if targets is None else targets), seed)


def compile(target: str | Network, params: Mapping[str, object] | None = None, *, seed: int = 0) -> Module:
    """The module of torch that computes what a net says, ready to run and to train.

    `target`, `params` and `seed` are those of `load`, or `target` is a network. The first values of all parameters
    depend on `seed` and their own names alone. Raises `SpecError`.
    """
    from connc.backends.torch import compile_network

    _checked_seed(seed)
    if isinstance(target, Network) and params:
        raise TypeError("a network has no parameters left to fill; give `params` to `load`, which makes it")
    return compile_network(target if isinstance(target, Network) else load(target, params, seed=seed), seed)


def parse_ir(text: str) -> Network:
    """The network that a text describes, as `str(network)` prints it. Raises `SpecError`."""
    try:
        return read_network(text)
    except Refusal as refusal:
        raise SpecError([refusal.diagnostic]) from None


def analyze(network: Network, *names: str) -> dict[str, Any]:
    """What a network is measured by, or of that what is named; `load` makes a network of a target.

    What a network has nothing of is `None`. The manual says what each name stands for.
    """
    if not isinstance(network, Network):
        raise TypeError(f"analyze takes a network, not {network!r}; `connc.load` makes one")
    if unknown := [name for name in names if name not in TABLES]:
        if unknown[0] in ANALYSES:
            raise ValueError(
                f"{unknown[0]!r} is a number of a part or of the whole: `measure(network, {unknown[0]!r})`"
            )
        raise ValueError(f"there is no analysis {unknown[0]!r}; there are {', '.join(sorted(TABLES))}")
    subject = Subject(network)
    return {name: TABLES[name](subject) for name in names or sorted(TABLES)}


def measure(network: Network, name: str, **given: Any) -> int | Fraction | None:
    """One number, by the name and the parameters that it has in contracts: `measure(net, "path", end="layer[3]")`.

    A part is the name of a layer, a family, an input or an output, or a list of such names. It is exact, and `None`
    where the network has nothing that it is a number of.
    """
    if name not in ANALYSES:
        raise ValueError(f"there is no analysis {name!r}; there are {', '.join(ANALYSES)}")
    kind, subject = ANALYSES[name], Subject(network)
    parts = {slot.name for slot in kind.signature.slots if slot.type.name == "part"}
    values = {key: _part(subject, value) if key in parts else value for key, value in given.items()}
    try:
        return kind(**values).measure(subject)
    except Unmeasured:
        return None


def _part(subject: Subject, names: str | Sequence[str]) -> tuple[str, ...]:
    """The nodes and outputs that are meant."""
    network = subject.network
    families = {family.name: family.members for family in network.families}
    found: list[str] = []
    for name in [names] if isinstance(names, str) else names:
        if name not in families and name.partition(":")[0] not in network and name not in network.outputs:
            known = [*families, *(node.name for node in network), *network.outputs]
            raise ValueError(f"{network.kind} has no part {name!r}; {did_you_mean(name, known) or 'see its layers'}")
        found += families.get(name, [name])
    return subject.uses(found)


def diff(before: Network, after: Network) -> Difference:
    """What distinguishes a network from another: connections, layers, what is measured, and whether weights fit."""
    from connc.compiler.difference import difference

    same = before == after
    return difference(before, after, ({}, {}) if same else (analyze(before), analyze(after)))


def _loaded(target: Target, params: Mapping[str, object] | None, seed: int) -> Network:
    _checked_seed(seed)
    settings, found = settings_of(params or {})
    network = None
    if not found:
        network, found = load_network(target, settings, seed=seed)
    if network is None:
        raise SpecError(found)
    return network


def settings_of(params: Mapping[str, object]) -> tuple[list[Argument], list[Diagnostic]]:
    """Parameters of Python as settings of a net, and what is wrong with them."""
    return parse_settings((f"{name}={_written(value)}" for name, value in params.items()), origin="params")


def _checked_seed(seed: int) -> None:
    if type(seed) is not int or seed < 0:
        raise ValueError(f"seed is a whole number from 0 on, not {seed!r}")


def _space(sizes: int | Sequence[int]) -> tuple[int, ...]:
    space = tuple(sizes) if isinstance(sizes, Sequence) else (sizes,)
    if not space or any(type(size) is not int or size < 1 for size in space):
        raise ValueError(f"a space has one or more sizes from 1 on, not {sizes!r}")
    return space


def _with_std_rules(rule: str) -> str:
    """A file that declares a rule and knows those of the standard library."""
    units, _ = load_units(target_of("std.rules"))
    known = ", ".join(each.name.text for each in units[-1].file.declarations if isinstance(each, Rule))
    return f"rule {RULE} = {rule}\nuse std.rules ({known})\n"


def _written(value: object) -> str:
    """A value of Python as the language writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return "[" + ", ".join(map(_written, value)) + "]"
    return str(value)


# --- for notebooks, which ask a network and a relation for a picture


def _svg(network: Network) -> str:
    from connc.backends.drawing import draw

    return draw(network)


def _html(network: Network) -> str:
    from connc.backends.drawing.notebook import html

    return html(network)


def _matrix(relation: Relation) -> str:
    from connc.backends.drawing import svg_of_relation

    return svg_of_relation(relation)


VIEWS |= {"svg": _svg, "html": _html}
RELATION_VIEWS["svg"] = _matrix


# --- for the command line, which reports what it finds


def load_network(
    target: Target,
    settings: Sequence[Argument] = (),
    limits: Limits = Limits(),
    seed: int = 0,
    budgets: Sequence[Require] = (),
) -> tuple[Network | None, list[Diagnostic]]:
    """The network of the net that a target means, unless there are mistakes; and what was found.

    `budgets` are held like contracts of the net itself.
    """
    checked = _checked(target, settings, limits, budgets)
    if not _can_be_put_together(checked):
        return None, list(checked.diagnostics)
    made = elaborate(checked, net_of(checked.entry.file, target), settings, limits, seed)
    return made.network, _once([*checked.diagnostics, *made.diagnostics])


def parameters_of(target: Target, limits: Limits = Limits()) -> set[str]:
    """The names of the parameters of the net that a target means; none where it has mistakes."""
    checked = _checked(target, (), limits)
    if not _can_be_put_together(checked):
        return set()
    net = checked.names[checked.entry.name][net_of(checked.entry.file, target)]
    return {slot.name for slot in net.signature.slots} if net.signature else set()


def relation_in(text: str, sources: Space, targets: Space, seed: int = 0) -> Relation:
    """The pairs of the rule that a text declares as `RULE`."""
    checked = _checked(target_of_text(text), (), Limits())
    relation, found = None, checked.diagnostics
    if _can_be_put_together(checked):
        relation, found = relate_rule(checked, RULE, sources, targets, seed=seed)
    if relation is None:
        raise SpecError(found)
    return relation


def check_target(
    target: Target, settings: Sequence[Argument] = (), limits: Limits = Limits(), seed: int = 0
) -> list[Diagnostic]:
    """What is wrong with a file and all that it uses, and with its nets; `settings` are for the net that it means."""
    checked = _checked(target, settings, limits)
    found = list(checked.diagnostics)
    if not _can_be_put_together(checked):
        return found
    chosen = net_of(checked.entry.file, target) if settings or target.net else ""
    nets = [each.name.text for each in checked.entry.file.declarations if isinstance(each, Net)]
    given = {net: settings if net == chosen else () for net in nets if target.net in ("", net)}
    return _once([*found, *check_nets(checked, given, limits, seed)])


def _can_be_put_together(checked: Checked) -> bool:
    """Whether nothing is wrong but contracts that the text alone breaks."""
    return not any(each.is_error and each.code is not codes.BROKEN for each in checked.diagnostics)


def _once(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Each mistake as it was told first."""
    return list({(each.code.id, each.span): each for each in reversed(found)}.values())[::-1]


def _checked(target: Target, settings: Sequence[Argument], limits: Limits, budgets: Sequence[Require] = ()) -> Checked:
    library = Library(target.roots, limits, settings)
    try:
        units = target.load(library)
    except Refusal as refusal:
        return Checked((), (refusal.diagnostic,))
    net = net_of(units[-1].file, target) if settings or budgets or target.net else ""
    units = with_budgets(units, net, budgets)
    return check(units, World(VOCABULARY, limits, library.in_std), net=net, settings=settings)
