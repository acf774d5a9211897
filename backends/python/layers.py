"""Layers as Python: what the torch backend makes of an op, one statement a step, with the modules that it calls."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn
from torch.fx.node import _get_qualified_name

from connc.backends.python.code import Code, Literal, Var, Vars, call, written
from connc.backends.torch import kernels
from connc.backends.torch.connections import Connections
from connc.backends.torch.junction import Junction, JunctionConv
from connc.backends.torch.prims import FxPrims, Value
from connc.compiler.ops.base import Op, Shape
from connc.compiler.parameters import Parameter, tensors_of
from connc.compiler.relations.relation import Relation

LAYER = "layer"  # what a layer is called while nobody knows its name
_SIGNS: dict[object, str] = {operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/"}
_NAMES: dict[object, str] = {
    operator.add: "torch.add",
    operator.sub: "torch.sub",
    operator.mul: "torch.mul",
    operator.truediv: "torch.div",
}
_POOLS = (torch.max_pool2d, F.avg_pool2d)
_OF_MAPS = ("kernel_size", "stride", "padding", "dilation")  # one number stands for height and width
_HINTS = {"num_features": "channels", "in_channels": "channels", "normalized_shape": "features"}


@dataclass(frozen=True, slots=True)
class Layer:
    """The graph of an op by itself, what it is called with, what it makes, its modules and tensors."""

    graph: fx.Graph
    inputs: list[fx.Node]
    outputs: list[fx.Node]
    modules: dict[str, nn.Module]
    tensors: list[Parameter]

    @property
    def steps(self) -> list[fx.Node]:
        return [node for node in self.graph.nodes if node.op != "placeholder"]

    @property
    def is_plain(self) -> bool:
        """Whether it needs no class of its own: it calls functions and at most one module, which is the layer."""
        return self.modules.keys() <= {LAYER} and all(node.op != "get_attr" for node in self.steps)


def layer_of(op: Op, shapes: Sequence[Shape]) -> Layer:
    prims = FxPrims()
    x = [prims.input(f"x{i}", shape) for i, shape in enumerate(shapes)]
    prims.enter(LAYER, {})
    tensors = list(tensors_of(op, LAYER, shapes))
    made = op.body(prims, *x, **{each.key: prims.held(each) for each in tensors})
    outputs: tuple[Value, ...] = made if isinstance(made, tuple) else (made,)
    return Layer(prims.graph, [each.node for each in x], [each.node for each in outputs], prims.modules, tensors)


# --- steps


def step_code(node: fx.Node, numbers: dict[fx.Node, int], module: Callable[[str], str]) -> Code:
    """What a node computes; `module` says how a module or a tensor is reached from where the code stands."""
    if node.op == "get_attr":
        return (module(str(node.target)),)
    arguments = [_argument(each, numbers, "size") for each in node.args]
    if node.op == "call_module":
        return call(module(str(node.target)), arguments)
    if node.op == "call_method":
        first, *rest = arguments
        return (*first, *call(f".{node.target}", rest))
    if sign := _SIGNS.get(node.target):
        return (*arguments[0], f" {sign} ", *arguments[1])
    name = _name_of(node.target)
    if node.target in _POOLS:
        return call(name, _pooled(arguments[0], *node.args[1:]))
    return call(name, arguments)


def is_infix(node: fx.Node) -> bool:
    return node.op == "call_function" and node.target in _SIGNS


def fold_of(layer: Layer) -> str | None:
    """What joins any number of values one after the other, if that is all that the layer does."""
    steps, inputs = layer.steps, layer.inputs
    if not steps or len(steps) != len(inputs) - 1 or layer.outputs != steps[-1:]:
        return None
    before = inputs[0]
    for node, value in zip(steps, inputs[1:], strict=True):
        if node.op != "call_function" or node.target != steps[0].target or node.args != (before, value):
            return None
        before = node
    target = steps[0].target
    return _NAMES.get(target) or _name_of(target)


def _name_of(function: Any) -> str:
    name = str(function.__name__)
    if function.__module__ == kernels.__name__:
        return name
    return f"nn.functional.{name}" if getattr(F, name, None) is function else _get_qualified_name(function)


def _argument(value: Any, numbers: dict[fx.Node, int], hint: str) -> Code:
    if isinstance(value, fx.Node):
        return (Var(numbers[value]),)
    if isinstance(value, list | tuple) and value and all(isinstance(each, fx.Node) for each in value):
        return (Vars(tuple(numbers[each] for each in value)),)
    if value is None:
        return ("None",)
    if isinstance(value, str):
        return (written(value),)
    return (Literal(_settled(value), hint),)


def _settled(value: Any) -> object:
    return tuple(map(_settled, value)) if isinstance(value, list | tuple) else value


def _pooled(x: Code, kernel: Any, stride: Any, padding: Any) -> Iterator[Code]:
    yield x
    yield (Literal(_short(kernel), "kernel"),)
    if stride != kernel:
        yield ("stride=", Literal(_short(stride), "stride"))
    if any(padding):
        yield ("padding=", Literal(_short(padding), "padding"))


def _plain(name: str, value: Any) -> object:
    return _short(value) if name in _OF_MAPS else _settled(value)


def _short(value: Any) -> object:
    """One number for several equal ones."""
    found = _settled(value)
    return found[0] if isinstance(found, tuple) and len(found) > 1 and len(set(found)) == 1 else found


# --- modules


def made_by(module: nn.Module, path: str) -> Code:
    """The call that makes a module, as short as its defaults allow; `path` is that of the module, at the top."""
    if isinstance(module, Junction | JunctionConv):
        return call(type(module).__name__, _junction(module, path))
    if isinstance(module, Connections):
        return edges_of(module, path)
    return call(f"nn.{type(module).__name__}", _options(module))


def _junction(module: Junction | JunctionConv, path: str) -> Iterator[Code]:
    sources, targets = module.sizes
    yield (Literal(sources, "features"),)
    yield (Literal(targets, "units"),)
    if isinstance(module, JunctionConv):
        yield (Literal(tuple(module.weight.shape[1:]), "kernel"),)
        for name, value in zip(("stride", "padding", "dilation"), module.window, strict=True):
            yield (Literal(value, name),)
    if isinstance(module.edges, Connections):
        yield edges_of(module.edges, f"{path}.edges")
    if module.bias is None:
        yield ("bias=", Literal(False, "bias"))


class Stored(str):
    """What a table is called that stands beside the file: its path, and which connections it is of."""

    relation: Relation

    def __new__(cls, path: str, relation: Relation) -> Stored:
        made = super().__new__(cls, f"{path}.{relation.digest()[:_MARK]}")
        made.relation = relation
        return made


_MARK = 8  # digits of a digest, by which a table of another file is not taken for this one's
INLINE = 64  # connections that are written down where they are used; more stand beside the file


def edges_of(edges: Connections, path: str) -> Code:
    """A table of connections: the sources of each target, or where they are stored."""
    if edges.relation.count > INLINE:
        return call("stored", [(Literal(Stored(path, edges.relation), "connections"),)])
    starts, sources = edges.relation.starts.tolist(), edges.relation.pairs()[0].tolist()
    rows = tuple(tuple(sources[i:j]) for i, j in pairwise(starts))
    return call("edges", [(Literal(rows, "connections"),)])


def _options(module: nn.Module) -> Iterator[Code]:
    for name, slot in inspect.signature(type(module).__init__).parameters.items():
        if name == "self" or not hasattr(module, name):
            continue
        value = getattr(module, name)
        value = (value is not None) if isinstance(value, nn.Parameter) or name == "bias" else _plain(name, value)
        hint = _HINTS.get(name, name)
        if slot.default is inspect.Parameter.empty or (name == "kernel_size" and value == 1):
            yield (Literal(value, hint),)
        elif value != slot.default:
            yield (f"{name}=", Literal(value, hint))
