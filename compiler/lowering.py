"""One walk over a flat network by the primitives of a backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from connc.compiler.network import ALL, Network, Node, Ref
from connc.compiler.ops.base import Op
from connc.compiler.ops.prims import Prims
from connc.compiler.ops.structure import Bundle, Input
from connc.compiler.parameters import Parameter, tensors_of

T = TypeVar("T")


def lowered(
    kernel: Network,
    prims: Prims[T],
    given: Callable[[Node], T],
    enter: Callable[[Node], None],
    held: Callable[[Parameter], T],
) -> dict[str, T]:
    """What flows out, by name. `given` makes an input, `enter` is told of each layer, `held` makes its tensors."""
    made: dict[Ref, list[T]] = {Ref(node.name): [given(node)] for node in kernel.inputs}
    for node in kernel:
        if isinstance(node.what, Input):
            continue
        x = [value for source in kernel.sources(node.name) for value in made[source.ref]]
        if isinstance(node.what, Bundle):
            made[Ref(node.name, ALL)] = x
            continue
        enter(node)
        op = cast(Op, node.what)
        tensors = {each.key: held(each) for each in tensors_of(op, node.owner, list(map(prims.shape, x)))}
        found = op.body(prims, *x, **tensors)
        outputs: tuple[T, ...] = found if isinstance(found, tuple) else (found,)
        made.update((Ref(node.name, port), [each]) for port, each in zip(node.ports, outputs, strict=True))
    return {port: made[ref][0] for port, ref in kernel.outputs.items()}
