"""The module that a network becomes: an fx GraphModule that stays what it is under copy and pickle."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from types import TracebackType
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.fx.graph import PythonCode

from connc.backends.torch.code import Checked, node_at
from connc.backends.torch.connections import Connections
from connc.backends.torch.names import argument, class_name, tensor_place
from connc.backends.torch.places import place_of
from connc.backends.torch.tree import planted
from connc.compiler.network import Network
from connc.compiler.parameters import parameters

Record = tuple[str, str, Any, Any, Any, dict[str, Any]]


class Module(fx.GraphModule):
    """A network that runs and trains in torch. Its layers are modules below it, under the names of the spec.

    `network` is what it was made of, `seed` what its first values depend on.
    """

    def __init__(self, graph: fx.Graph, network: Network, seed: int) -> None:
        super().__init__(nn.Module(), fx.Graph(), class_name(network.kind))
        self.network, self.seed = network, seed
        graph.set_codegen(Checked())
        self.graph = graph

    def reset_parameters(self) -> None:
        """Let all parameters and buffers start anew: the same values for the same seed and names."""
        state = dict((*self.named_parameters(remove_duplicate=False), *self.named_buffers(remove_duplicate=False)))
        places = {tensor_place(each.layer, each.key).key: each for each in parameters(self.network)}
        if lacking := sorted(places.keys() - state.keys()):
            raise ValueError(f"the module has no `{lacking[0]}` any more, so it cannot start anew")
        with torch.no_grad():
            for key, each in places.items():
                if not state[key].is_meta:
                    state[key].copy_(torch.from_numpy(each.initial(self.seed)))

    def load_state_dict(self, *arguments: Any, **options: Any) -> Any:
        """As torch does; a module on the meta device becomes real with `assign=True`, its tables too."""
        found = super().load_state_dict(*arguments, **options)
        for each in self.modules():
            if isinstance(each, Connections) and each.sources.is_meta:
                each.fill(next(self.parameters()).device)
        return found

    # --- running

    def recompile(self) -> PythonCode:
        """As fx does; in place of its words about a failure, on standard error, ours go with the exception."""
        made, cls = super().recompile(), type(self)
        if "__call__" in vars(cls):
            del cls.__call__
        cls.forward = _guarded(cls.forward)
        return made

    def _check_inputs(self, given: Sequence[Any], named: Mapping[str, Any]) -> None:
        """What is no tensor is left to torch."""
        for i, node in enumerate(self.network.inputs):
            (shape,), x = node.shapes, given[i] if i < len(given) else named.get(argument(node.name))
            if isinstance(x, Tensor) and (x.dim() != len(shape) + 1 or tuple(x.shape[1:]) != shape):
                wanted = ", ".join(map(str, ("batch", *shape)))
                raise ValueError(f"`{node.name}` takes a tensor of the shape [{wanted}], not {list(x.shape)}")

    def _explain(self, error: Exception, line: int | None, given: Sequence[Any]) -> None:
        """Say which layer failed, and what may be why."""
        node = node_at(self, line) if line else None
        if node is not None and place_of(node):
            error.add_note(f"in {place_of(node)}")
        own = {each.dtype for each in self.parameters() if each.is_floating_point()}
        for source, x in zip(self.network.inputs, given, strict=False):
            if isinstance(x, Tensor) and len(own) == 1 and x.dtype not in own:
                (precision,) = own
                error.add_note(f"`{source.name}` holds {x.dtype}, and the module computes in {precision}")

    # --- copies

    def __reduce__(self) -> tuple[Any, ...]:
        state = {name: value for name, value in self.__dict__.items() if name != "_graph"}
        return _revived, (_records(self.graph), self.network, self.seed, type(self).__name__), state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __deepcopy__(self, memo: dict[int, Any]) -> Module:
        memo[id(self.network)] = self.network  # which never changes
        make, arguments, state = self.__reduce__()
        made = cast(Module, make(*arguments))
        memo[id(self)] = made
        made.__setstate__(copy.deepcopy(state, memo))
        return made

    def __copy__(self) -> Module:
        make, arguments, state = self.__reduce__()
        made = cast(Module, make(*arguments))
        made.__setstate__(state)
        return made


def module_of_graph(graph: fx.Graph, modules: dict[str, nn.Module], network: Network, seed: int) -> Module:
    """A graph and the modules that it calls as one, with its first values."""
    made = Module(graph, network, seed)
    planted(made, modules)
    made.reset_parameters()
    return made


def _guarded(generated: Callable[..., Any]) -> Callable[..., Any]:
    """Generated code that is given what it is made for, and whose failures say where."""

    @wraps(generated)
    def forward(self: Module, *given: Any, **named: Any) -> Any:
        self._check_inputs(given, named)
        try:
            return generated(self, *given, **named)
        except Exception as error:
            self._explain(error, _line_in(error.__traceback__, generated), given)
            raise

    return forward


def _line_in(trace: TracebackType | None, function: Callable[..., Any]) -> int | None:
    """The line of a function that an exception came through."""
    while trace is not None:
        if trace.tb_frame.f_code is function.__code__:
            return trace.tb_lineno
        trace = trace.tb_next
    return None


def _records(graph: fx.Graph) -> tuple[Record, ...]:
    """A graph as plain values; nodes stand as their names."""

    def plain(value: Any) -> Any:
        return fx.node.map_arg(value, lambda node: _Name(node.name))

    return tuple(
        (node.op, node.name, node.target, plain(node.args), plain(node.kwargs), dict(node.meta)) for node in graph.nodes
    )


class _Name(str):
    """The name of a node among the arguments of another."""

    __slots__ = ()


def _revived(records: Iterable[Record], network: Network, seed: int, name: str) -> Module:
    graph, nodes = fx.Graph(), dict[str, fx.Node]()

    def named(value: Any) -> Any:
        return fx.node.map_aggregate(value, lambda each: nodes[each] if isinstance(each, _Name) else each)

    for op, own, target, arguments, options, meta in records:
        nodes[own] = graph.create_node(op, target, named(arguments), named(options), own)
        nodes[own].meta.update(meta)
    made = Module(graph, network, seed)
    type(made).__name__ = name
    return made
