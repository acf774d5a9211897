"""From a network to a module: one walk over the flat network, which writes one graph."""

from __future__ import annotations

from typing import cast

from connc.backends.torch.module import Module, module_of_graph
from connc.backends.torch.names import argument
from connc.backends.torch.places import Places
from connc.backends.torch.prims import FxPrims, Value
from connc.compiler.expand import expand
from connc.compiler.network import ALL, Network, Node, Ref
from connc.compiler.ops.base import Op
from connc.compiler.ops.structure import Bundle, Input
from connc.compiler.parameters import tensors_of
from connc.compiler.verify import verify
from connc.dsl.parser import uncollected


@uncollected()
def compile_network(network: Network, seed: int = 0) -> Module:
    """The module that computes what a network says; its first values depend on the seed and their names alone."""
    verify(network)
    kernel, prims, places = expand(network), FxPrims(), Places(network)
    made: dict[Ref, list[Value]] = {}
    for node in kernel.inputs:
        made[Ref(node.name)] = [prims.input(argument(node.name), node.shapes[0])]
    for node in kernel:
        if not isinstance(node.what, Input):
            x = [value for source in kernel.sources(node.name) for value in made[source.ref]]
            if isinstance(node.what, Bundle):
                made[Ref(node.name, ALL)] = x
            else:
                prims.enter(node.owner, places.meta(node))
                made.update(zip((Ref(node.name, port) for port in node.ports), _outputs(prims, node, x), strict=True))
    prims.finish({port: made[ref][0] for port, ref in kernel.outputs.items()})
    return module_of_graph(prims.graph, prims.modules, network, seed)


def _outputs(prims: FxPrims, node: Node, x: list[Value]) -> list[list[Value]]:
    """What a layer makes, one value an output."""
    op = cast(Op, node.what)
    tensors = tensors_of(op, node.owner, [value.shape for value in x])
    made = op.body(prims, *x, **{each.key: prims.held(each) for each in tensors})
    return [[each] for each in (made if isinstance(made, tuple) else (made,))]
