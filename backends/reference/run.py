"""Goes through a network, at the level at which it is, and computes one node behind the other.

Bodies, joins and adapters are gone through where they stand, so that what `expand` makes can be judged too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from connc.backends.reference.formula import Formula, Params
from connc.backends.reference.formulas import FORMULAS
from connc.backends.reference.needs import Needs, Ports, wanted_of
from connc.backends.reference.numbers import Array, as_numbers
from connc.compiler.naming import Naming
from connc.compiler.network import ALL, Network, Node, Ref, Source, owner
from connc.compiler.ops.base import Op, Shape
from connc.compiler.ops.structure import Bundle, Input

Arrays = Mapping[str, NDArray[Any]]
T = TypeVar("T")


class Result(NamedTuple):
    """What flows out, by the names of the outputs, and after training the buffers that have changed, by their names."""

    outputs: dict[str, Array]
    buffers: dict[str, Array]


class Disagreement(AssertionError):
    """A formula makes something else than the network says."""


def run(network: Network, weights: Arrays, inputs: Arrays, *, training: bool = False) -> Result:
    """What a network computes of a batch; exactly, where all numbers that it is given are whole.

    `weights` hold each parameter and buffer by its name, `inputs` an array with a batch for each input.
    """
    state, given = as_given(network, weights, inputs, training)
    return Result(walk(network, given, Values(state)), state.buffers)


def as_given(network: Network, weights: Arrays, inputs: Arrays, training: bool) -> tuple[State, list[Array]]:
    """What a network is run with, as numbers of one kind."""
    exact = all(_is_whole(value) for value in (*weights.values(), *inputs.values()))
    state = State({name: as_numbers(value, exact=exact) for name, value in weights.items()}, training)
    return state, [as_numbers(value, exact=exact) for value in fed(network, inputs)]


def _is_whole(values: NDArray[Any]) -> bool:
    return np.asarray(values).dtype.kind in "biuO"


def fed(network: Network, inputs: Arrays) -> list[NDArray[Any]]:
    """The inputs in order, each as large as it is declared, all with one batch."""
    names = [node.name for node in network.inputs]
    if set(names) != set(inputs):
        raise ValueError(f"the inputs are {', '.join(names)}, not {', '.join(inputs) or 'nothing'}")
    found = [np.asarray(inputs[name]) for name in names]
    for node, value in zip(network.inputs, found, strict=True):
        if value.ndim == 0 or value.shape[1:] != node.shapes[0] or len(value) != len(found[0]):
            wanted = ["batch", *node.shapes[0]]
            raise ValueError(f"`{node.name}` has the shape [{', '.join(map(str, wanted))}], not {list(value.shape)}")
    return found


class State:
    """The numbers that belong to layers, and what training makes of them."""

    def __init__(self, weights: Mapping[str, Array], training: bool) -> None:
        self.weights, self.training = weights, training
        self.buffers: dict[str, Array] = {}

    def params(self, op: Op, name: str, x: Sequence[Shape]) -> Params:
        """Those of a layer, by what its op calls them; a buffer that an earlier use has changed as it is now."""
        wanted = {**op.params(*x), **op.buffers(*x)} if op.signature.inputs else {}
        return {key: self._param(self.name(name, key), shape) for key, shape in wanted.items()}

    def name(self, layer: str, key: str) -> str:
        """What a tensor of a layer is called: a later use of a layer has those of the first."""
        return f"{owner(layer)}.{key}"

    def _param(self, name: str, shape: Shape) -> Array:
        if name not in self.weights:
            raise ValueError(f"there are no weights called {name}")
        found = self.buffers.get(name, self.weights[name])
        if found.shape != shape:
            raise ValueError(f"{name} is {list(shape)}, not {list(found.shape)}")
        return found

    def keep(self, name: str, buffers: Mapping[str, Array]) -> None:
        self.buffers.update((self.name(name, key), value) for key, value in buffers.items())


class Computing(Protocol[T]):
    """What is computed at each op."""

    def __call__(self, op: Op, name: str, x: Sequence[T]) -> tuple[T, ...]: ...

    def shape(self, value: T) -> Shape: ...


class Values:
    """The values themselves."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __call__(self, op: Op, name: str, x: Sequence[Array]) -> tuple[Array, ...]:
        params = self.state.params(op, name, [self.shape(each) for each in x])
        made, buffers = formula_of(op).values(op, x, params, self.state.training)
        self.state.keep(name, buffers)
        return made

    def shape(self, value: Array) -> Shape:
        return value.shape[1:]


def formula_of(op: Op) -> Formula:
    if op.name not in FORMULAS:
        raise NotImplementedError(f'the reference has no formula for `{op.name}`: write one with @formula("{op.name}")')
    return FORMULAS[op.name]


def walk(network: Network, inputs: Sequence[T], compute: Computing[T]) -> dict[str, T]:
    """What flows out of a network, by the names of its outputs."""
    found = _Walk(Naming(network), compute).body(network, "", inputs, frozenset(network.outputs))
    return {port: found[port] for port in network.outputs}


class _Walk:
    """Recurses over the nesting of modules alone. What leads to no output is not computed, and has no value."""

    def __init__(self, naming: Naming, compute: Computing[Any]) -> None:
        self.naming, self.compute = naming, compute
        self.needs = Needs()

    def body(self, network: Network, prefix: str, inputs: Sequence[Any], ports: Ports) -> dict[str, Any]:
        """What flows out of a body at some of its outputs."""
        needed = self.needs.of(network, ports)
        made: dict[Ref, list[Any]] = {
            Ref(node.name): [value] for node, value in zip(network.inputs, inputs, strict=True)
        }
        for node in network:
            if not isinstance(node.what, Input) and (wanted := wanted_of(node, needed)):
                x = self.given(node, network.sources(node.name), prefix, made)
                found = self.node(node, x, prefix, wanted)
                made.update((Ref(node.name, port), value) for port, value in found.items())
        return {port: made[network.outputs[port]][0] for port in ports}

    def given(self, node: Node, sources: Sequence[Source], prefix: str, made: Mapping[Ref, list[Any]]) -> list[Any]:
        """What flows into a node, adapted and joined; of what it does not need nothing."""
        x = [value for source in sources for value in self.adapted(source, node, prefix, made.get(source.ref, [None]))]
        if node.join is None or (len(sources) == 1 and sources[0].ref.port != ALL):
            return x
        return list(self.apply(node.join, self.naming.join(prefix, node.name, node.join), x).values())

    def adapted(self, source: Source, node: Node, prefix: str, values: list[Any]) -> list[Any]:
        if source.via is None:
            return values
        return list(
            self.apply(source.via, self.naming.adapter(prefix, node.name, source.ref, source.via), values).values()
        )

    def node(self, node: Node, x: list[Any], prefix: str, wanted: Ports) -> dict[str, list[Any]]:
        """What a node makes; a bundle all that it holds at one output."""
        if isinstance(node.what, Bundle):
            return {ALL: x}
        found = self.apply(node.what, prefix + node.name, x, wanted, node.ports)
        for port, shape in zip(node.ports, node.shapes, strict=True):
            if port in found and self.compute.shape(found[port]) != shape:
                raise Disagreement(
                    f"{prefix}{node.name} makes {self.compute.shape(found[port])}, and the network says {shape}"
                )
        return {port: [value] for port, value in found.items()}

    def apply(
        self,
        what: Op | Network,
        name: str,
        x: Sequence[Any],
        wanted: Ports = frozenset({"out"}),
        ports: Sequence[str] = ("out",),
    ) -> dict[str, Any]:
        if isinstance(what, Network):
            return self.body(what, f"{name}.", x, wanted)
        return dict(zip(ports, self.compute(what, name, x), strict=True))
