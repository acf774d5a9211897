"""Specs that are right, as text, and the networks that they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from fractions import Fraction

from hypothesis import note
from hypothesis import strategies as st

from connc.api import loads
from connc.compiler.expand import expand
from connc.compiler.network import KERNEL, WIRING, Network
from connc.compiler.ops import OPS
from connc.compiler.ops.base import Shape
from connc.compiler.vocabulary import VOCABULARY
from connc.dsl.words import did_you_mean
from connc.testing.arrays import Arrays, Make, inputs_of, positive, real, small, weights_of, zeros
from connc.testing.bodies import HINTS, SINGLE, Body, File, Kind, Tensor, join
from connc.testing.families import JOINED, KEEPING
from connc.testing.layers import Bounded
from connc.testing.rules import Bounds
from connc.testing.values import Draw

NAME = "drawn"
DEPTH = 2  # of modules in modules
SHAPES: tuple[Shape, ...] = ((2,), (4,), (6,), (2, 4, 4), (4, 6, 6), (3, 4), (2, 3, 2, 2))


# The first spec takes as long as a hundred others, which Hypothesis would hold against the first test that draws one.
loads(f"net {NAME} {{\n    in: [1]\n    in -> out\n}}\n")


def specs(
    *,
    layers: int = 8,
    ops: Collection[str] | None = None,
    joins: Collection[str] | None = None,
    densities: Bounds = (0, 1),
) -> st.SearchStrategy[str]:
    """The text of a spec with one net, `drawn`, that can be put together.

    `layers` bounds how many layers it has, roughly; `ops` and `joins` name those that it may have, all unless given;
    `densities` bounds the share of connections that rules behind layers keep.
    """
    return _specs(_bounded(layers, ops, joins, densities))


def nets(
    *,
    layers: int = 8,
    ops: Collection[str] | None = None,
    joins: Collection[str] | None = None,
    densities: Bounds = (0, 1),
    level: str = WIRING,
) -> st.SearchStrategy[Network]:
    """The network of a spec of `specs`, which a failing test prints. `level` is `wiring` or `kernel`."""
    if level not in (WIRING, KERNEL):
        raise ValueError(f"level is {WIRING!r} or {KERNEL!r}, not {level!r}")
    return _nets(_bounded(layers, ops, joins, densities), level)


def _bounded(layers: int, ops: Collection[str] | None, joins: Collection[str] | None, densities: Bounds) -> Bounded:
    """What was asked for; all joins among the ops unless some are named."""
    if isinstance(ops, str) or isinstance(joins, str):
        raise ValueError("ops and joins are lists of names")
    if ops is not None and not ops:
        raise ValueError("without any layer there is nothing to draw")
    if layers < 1:
        raise ValueError(f"layers is at least 1, not {layers}")
    if not 0 <= densities[0] <= densities[1] <= 1:
        raise ValueError(f"densities are two shares, the smaller first, not {densities}")
    chosen = set(OPS if ops is None else ops)
    among = [join for join in VOCABULARY.joins if join in (chosen if joins is None else joins)]
    _known("layer", ops or (), OPS)
    _known("join", joins or (), VOCABULARY.joins)
    return Bounded(layers, frozenset(chosen), tuple(among), (Fraction(densities[0]), Fraction(densities[1])))


def _known(noun: str, names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(
                f"there is no {noun} {name}; {did_you_mean(name, known) or 'there are ' + ', '.join(known)}"
            )


@st.composite
def _specs(draw: Draw, bounded: Bounded) -> str:
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=2))
    names = ["in"] if len(shapes) == 1 else [f"in{k}" for k in range(len(shapes))]
    body = Body(draw, bounded, File(bounded.layers), DEPTH, list(map(Tensor, names, shapes)), _kinds(bounded))
    body.fill()
    lines = body.lines(body.outputs(HINTS))
    ports = [f"{'in' if each.name == 'in' else f'in {each.name}'}: {list(each.shape)}" for each in body.inputs]
    return body.file.text(f"net {NAME}", [*ports, *lines])


def _kinds(bounded: Bounded) -> Sequence[Kind]:
    """The statements that the joins at hand allow."""
    if not bounded.joins:
        return SINGLE
    return (*SINGLE, join, *JOINED) if set(bounded.joins) == {"concat"} else (*SINGLE, join, *JOINED, *KEEPING)


@st.composite
def _nets(draw: Draw, bounded: Bounded, level: str) -> Network:
    text = draw(_specs(bounded))
    note(text)
    network = loads(text)
    return expand(network) if level == KERNEL else network


def inputs(network: Network, *, batch: int = 3, whole: bool = False) -> st.SearchStrategy[Arrays]:
    """A batch for each input of a network, by its name; `whole` numbers, of which the reference computes exactly."""
    return _arrays(lambda make, seed: inputs_of(network, make, seed, batch), whole)


def weights(network: Network, *, whole: bool = False) -> st.SearchStrategy[Arrays]:
    """Values for each parameter and each buffer of a network, by its name; `whole` numbers, or any."""
    return _arrays(lambda make, seed: weights_of(network, make, seed), whole)


def _arrays(made: Callable[[Make, int], Arrays], whole: bool) -> st.SearchStrategy[Arrays]:
    kinds = st.sampled_from([zeros, positive, small] if whole else [zeros, positive, small, real])
    found = st.builds(made, kinds, st.integers(0, 2**16))
    return found if whole else found.map(lambda arrays: {name: value.astype(float) for name, value in arrays.items()})
