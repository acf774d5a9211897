"""From a network to a module: one walk over the flat network, which writes one graph."""

from __future__ import annotations

from connc.backends.torch.module import Module, module_of_graph
from connc.backends.torch.names import argument
from connc.backends.torch.places import Places
from connc.backends.torch.prims import FxPrims, Tensor
from connc.compiler.expand import expand
from connc.compiler.lowering import lowered
from connc.compiler.network import Network
from connc.compiler.verify import verify
from connc.dsl.parser import uncollected


@uncollected()
def compile_network(network: Network, seed: int = 0) -> Module:
    """The module that computes what a network says; its first values depend on the seed and their names alone."""
    verify(network)
    kernel, prims, places = expand(network), FxPrims(), Places(network)
    outputs: dict[str, Tensor] = lowered(
        kernel,
        prims,
        given=lambda node: prims.input(argument(node.name), node.shapes[0]),
        enter=lambda node: prims.enter(node.owner, places.meta(node)),
        held=prims.held,
    )
    prims.finish(outputs)
    return module_of_graph(prims.graph, prims.modules, network, seed)
