"""The primitives as nodes of an fx graph: those with parameters call torch's modules, the others its functions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import fx, nn

from connc.backends.torch import kernels
from connc.backends.torch.connections import Connections, connections
from connc.backends.torch.junction import Junction, JunctionConv
from connc.backends.torch.names import Place, made_up, module_path, tensor_place
from connc.backends.torch.tree import Tensors, hold
from connc.compiler.ops.base import Shape
from connc.compiler.ops.window import Window
from connc.compiler.parameters import Parameter
from connc.compiler.relations.relation import Relation


@dataclass(frozen=True, slots=True)
class Value:
    """What a node of the graph makes, with the shape of a sample."""

    node: fx.Node
    shape: Shape


@dataclass(frozen=True, slots=True)
class Held:
    """A parameter or buffer. It gets a node of its own where no module computes with it."""

    place: Place
    shape: Shape
    learned: bool


Tensor = Value | Held
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm1d, 3: nn.BatchNorm2d, 4: nn.BatchNorm3d}


class FxPrims:
    """Writes a graph, and collects the modules that it calls."""

    def __init__(self) -> None:
        self.graph = fx.Graph()
        self.modules: dict[str, nn.Module] = {}
        self.layer = ""  # the module path of the layer that is being written
        self.meta: dict[str, str] = {}  # what its nodes carry
        self._made = 0
        self._fetched: dict[str, Value] = {}
        self._uses: dict[str, tuple[Any, ...]] = {}  # what the module at a path does with which tensors
        self._owning: set[str] = set()  # layers with tensors
        self._dropouts = 0  # of the layer so far

    # --- how nodes are made

    def input(self, name: str, shape: Shape) -> Value:
        return Value(self.graph.placeholder(name), shape)

    def finish(self, outputs: Mapping[str, Tensor]) -> None:
        """One output flows out as it is, several by their names."""
        nodes = {name: self._argument(value) for name, value in outputs.items()}
        self.graph.output(nodes if len(nodes) > 1 else next(iter(nodes.values())))

    def held(self, parameter: Parameter) -> Held:
        self._owning.add(module_path(parameter.layer))
        return Held(tensor_place(parameter.layer, parameter.key), parameter.shape, parameter.learned)

    def enter(self, layer: str, meta: dict[str, str]) -> None:
        """What follows belongs to a layer."""
        self.layer, self.meta, self._dropouts = module_path(layer), meta, 0

    def _node(self, kind: str, target: Any, arguments: tuple[Any, ...], shape: Shape) -> Value:
        node = self.graph.create_node(kind, target, arguments, {}, made_up(self._made))
        node.meta.update(self.meta)
        self._made += 1
        return Value(node, shape)

    def _call(self, function: Callable[..., Any], shape: Shape, *arguments: Any) -> Value:
        made = self._node("call_function", function, tuple(map(self._argument, arguments)), shape)
        if function.__module__ == kernels.__name__:
            made.node.meta["is_wrapped"] = True  # what fx looks for where it must not look further
        return made

    def _argument(self, argument: Any) -> Any:
        """Tensors as nodes; all else as it is."""
        if isinstance(argument, Held):
            return self._fetch(argument.place, argument).node
        return argument.node if isinstance(argument, Value) else argument

    def _sample(self, x: Tensor) -> Value:
        """Something whose axes are counted behind a batch: a parameter is one sample."""
        return self._call(torch.unsqueeze, x.shape, x, 0) if isinstance(x, Held) else x

    def _fetch(self, place: Place, held: Held | None = None) -> Value:
        """A tensor of a module as a value of the graph, once."""
        if place.key not in self._fetched:
            if held is not None:
                hold(self.modules.setdefault(place.module, Tensors()), place.attribute, held.shape, held.learned)
            self._fetched[place.key] = self._node("get_attr", place.key, (), held.shape if held else ())
        return self._fetched[place.key]

    def _table(self, rule: Relation, name: str) -> fx.Node:
        """A table of the pairs of the layer's rule."""
        path = f"{self.layer}.edges"
        if path not in self.modules:
            self.modules[path] = Connections(rule)
        return self._fetch(Place(path, name)).node

    def _home(self, use: tuple[Any, ...], **tensors: Tensor | None) -> str | None:
        """Where torch's own module for this use of tensors stands, if these are its own and it is used in no other way.

        Any tensors may be given to any primitive; those that are not of this kind go into a function of torch.
        """
        given = {name: tensor for name, tensor in tensors.items() if tensor is not None}
        paths = {each.place.module if isinstance(each, Held) else "" for each in given.values()}
        path = paths.pop()
        named = all(isinstance(each, Held) and each.place.attribute == name for name, each in given.items())
        if paths or not named:
            return None
        if path not in self.modules:
            self._uses[path] = (*use, *given)
        return path if self._uses.get(path) == (*use, *given) else None

    def _module(self, path: str, make: Callable[[], nn.Module], x: Tensor, shape: Shape) -> Value:
        if path not in self.modules:
            self.modules[path] = make()
        return self._node("call_module", path, (self._argument(x),), shape)

    def shape(self, x: Tensor) -> Shape:
        return x.shape

    # --- layers with weights

    def linear(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Value:
        units, size = weight.shape
        shape = (*x.shape[:-1], units)
        if path := self._home(("linear",), weight=weight, bias=bias):
            return self._module(path, bare(nn.Linear, size, units, bias is not None), x, shape)
        return self._call(F.linear, shape, x, weight, bias)

    def conv(self, x: Tensor, weight: Tensor, bias: Tensor | None, window: Window, groups: int) -> Value:
        channels, shares, *_ = weight.shape
        shape, steps = (channels, *window.places(*x.shape[1:])), (window.stride, window.padding, window.dilation)
        if path := self._home(("conv", window, groups), weight=weight, bias=bias):
            make = bare(nn.Conv2d, shares * groups, channels, window.kernel, *steps, groups, bias is not None)
            return self._module(path, make, x, shape)
        return self._call(F.conv2d, shape, x, weight, bias, *steps, groups)

    def junction(self, x: Tensor, weight: Tensor, bias: Tensor | None, rule: Relation) -> Value:
        shape = (*x.shape[:-1], prod(rule.targets))
        if path := self._home(("junction",), weight=weight, bias=bias):
            sizes = prod(rule.sources), prod(rule.targets)
            return self._module(path, bare(Junction, *sizes, connections(rule), bias is not None), x, shape)
        tables = self._table(rule, "sources"), self._table(rule, "starts")
        return self._call(kernels.junction, shape, x, weight, bias, *tables, x.shape[-1])

    def junction_conv(self, x: Tensor, weight: Tensor, bias: Tensor | None, window: Window, rule: Relation) -> Value:
        shape = (prod(rule.targets), *window.places(*x.shape[1:]))
        if path := self._home(("junction_conv", window), weight=weight, bias=bias):
            sizes, steps = (prod(rule.sources), prod(rule.targets)), (window.stride, window.padding, window.dilation)
            make = bare(JunctionConv, *sizes, window.kernel, *steps, connections(rule), bias is not None)
            return self._module(path, make, x, shape)
        tables = self._table(rule, "sources"), self._table(rule, "targets"), (x.shape[0], shape[0])
        steps = window.stride, window.padding, window.dilation
        return self._call(kernels.junction_conv, shape, x, weight, bias, *tables, *steps)

    def batch_norm(
        self,
        x: Tensor,
        running_mean: Tensor,
        running_var: Tensor,
        num_batches_tracked: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        eps: float,
        momentum: float,
    ) -> Value:
        running = {
            "running_mean": running_mean,
            "running_var": running_var,
            "num_batches_tracked": num_batches_tracked,
        }
        path = self._home(("batch_norm", eps, momentum), **running, weight=weight, bias=bias)
        if path is None:
            raise TypeError(f"`batch_norm` takes tensors of its layer alone, called {', '.join(running)}, weight, bias")
        make = bare(NORMS[len(x.shape)], x.shape[0], eps, momentum, weight is not None)
        return self._module(path, make, x, x.shape)

    def layer_norm(self, x: Tensor, axes: int, weight: Tensor | None, bias: Tensor | None, eps: float) -> Value:
        size = x.shape[-axes:]
        if weight and bias and (path := self._home(("layer_norm", eps), weight=weight, bias=bias)):
            return self._module(path, bare(nn.LayerNorm, size, eps), x, x.shape)
        return self._call(F.layer_norm, x.shape, x, size, weight, bias, eps)

    # --- what tokens read

    def attend(self, query: Tensor, key: Tensor, value: Tensor, rule: Relation | None) -> Value:
        shape = (*query.shape[:-1], value.shape[-1])
        if rule is None:
            return self._call(F.scaled_dot_product_attention, shape, query, key, value)
        tables = self._table(rule, "sources"), self._table(rule, "targets")
        return self._call(kernels.attend, shape, query, key, value, *tables)

    def matmul(self, x: Tensor, y: Tensor) -> Value:
        return self._call(torch.matmul, (*x.shape[:-1], y.shape[-1]), x, y)

    # --- point by point

    def add(self, x: Tensor | float, y: Tensor | float) -> Value:
        return self._call(operator.add, together(x, y), x, y)

    def sub(self, x: Tensor | float, y: Tensor | float) -> Value:
        return self._call(operator.sub, together(x, y), x, y)

    def mul(self, x: Tensor | float, y: Tensor | float) -> Value:
        return self._call(operator.mul, together(x, y), x, y)

    def div(self, x: Tensor | float, y: Tensor | float) -> Value:
        return self._call(operator.truediv, together(x, y), x, y)

    def maximum(self, x: Tensor, y: Tensor) -> Value:
        return self._call(torch.maximum, together(x, y), x, y)

    def at_least(self, x: Tensor, y: Tensor | float) -> Value:
        return self._call(kernels.at_least, together(x, y), x, y)

    def clamp(self, x: Tensor, least: float, most: float) -> Value:
        return self._call(torch.clamp, x.shape, x, least, most)

    def exp(self, x: Tensor) -> Value:
        return self._call(torch.exp, x.shape, x)

    def log(self, x: Tensor) -> Value:
        return self._call(torch.log, x.shape, x)

    def sqrt(self, x: Tensor) -> Value:
        return self._call(torch.sqrt, x.shape, x)

    def relu(self, x: Tensor) -> Value:
        return self._call(torch.relu, x.shape, x)

    def sigmoid(self, x: Tensor) -> Value:
        return self._call(torch.sigmoid, x.shape, x)

    def tanh(self, x: Tensor) -> Value:
        return self._call(torch.tanh, x.shape, x)

    def dropout(self, x: Tensor, share: float) -> Value:
        path = self.layer
        if self._dropouts or path in self._owning:
            path += f".dropout{self._dropouts}"
        self._dropouts += 1
        return self._module(path, lambda: nn.Dropout(share), x, x.shape)

    # --- along axes

    def softmax(self, x: Tensor, axis: int) -> Value:
        return self._call(torch.softmax, x.shape, self._sample(x), axis + 1)

    def sum(self, x: Tensor, axes: Sequence[int]) -> Value:
        return self._call(torch.sum, without(x.shape, axes), self._sample(x), behind(axes))

    def mean(self, x: Tensor, axes: Sequence[int]) -> Value:
        return self._call(torch.mean, without(x.shape, axes), self._sample(x), behind(axes))

    def max(self, x: Tensor, axes: Sequence[int]) -> Value:
        return self._call(torch.amax, without(x.shape, axes), self._sample(x), behind(axes))

    # --- of maps

    def max_pool(self, x: Tensor, window: Window) -> Value:
        return self._pool(torch.max_pool2d, x, window)

    def avg_pool(self, x: Tensor, window: Window) -> Value:
        return self._pool(F.avg_pool2d, x, window)

    def _pool(self, function: Callable[..., Any], x: Tensor, window: Window) -> Value:
        shape = (x.shape[0], *window.places(*x.shape[1:]))
        return self._call(function, shape, self._sample(x), window.kernel, window.stride, window.padding)

    def upsample(self, x: Tensor, scale: tuple[int, int], mode: str) -> Value:
        channels, height, width = x.shape
        corners = False if mode == "bilinear" else None
        factors = tuple(map(float, scale))
        shape = (channels, height * scale[0], width * scale[1])
        return self._call(F.interpolate, shape, self._sample(x), None, factors, mode, corners)

    def windows(self, x: Tensor, window: Window) -> Value:
        places = window.places(*x.shape[1:])
        steps = window.kernel, window.dilation, window.padding, window.stride, places
        return self._call(kernels.windows, (*places, x.shape[0], *window.kernel), self._sample(x), *steps)

    # --- laid out anew

    def reshape(self, x: Tensor, shape: Shape) -> Value:
        if isinstance(x, Value) and len(shape) == 1 < len(x.shape):
            return self._call(torch.flatten, tuple(shape), x, 1)
        return self._call(torch.reshape, tuple(shape), x, (-1, *shape))

    def permute(self, x: Tensor, axes: Sequence[int]) -> Value:
        return self._call(torch.permute, tuple(x.shape[axis] for axis in axes), self._sample(x), (0, *behind(axes)))

    def expand(self, x: Tensor, shape: Shape) -> Value:
        return self._node("call_method", "expand", (self._sample(x).node, -1, *shape), tuple(shape))

    def slice(self, x: Tensor, axis: int, start: int, size: int) -> Value:
        return self._call(torch.narrow, resized(x.shape, axis, size), self._sample(x), axis + 1, start, size)

    def concat(self, xs: Sequence[Tensor], axis: int) -> Value:
        shape = resized(xs[0].shape, axis, sum(x.shape[axis] for x in xs))
        return self._call(torch.cat, shape, [self._sample(x).node for x in xs], axis + 1)

    def pad(self, x: Tensor, before: Sequence[int], after: Sequence[int], value: float) -> Value:
        shape = tuple(map(sum, zip(before, x.shape, after, strict=True)))
        sides = [side for pair in zip(after, before, strict=True) for side in pair][::-1]
        return self._call(F.pad, shape, self._sample(x), sides, "constant", value)

    # --- along the pairs of a rule

    def gather(self, x: Tensor, rule: Relation, axis: int) -> Value:
        shape = resized(x.shape, axis, rule.count)
        return self._call(torch.index_select, shape, self._sample(x), axis + 1, self._table(rule, "sources"))

    def segment_sum(self, x: Tensor, rule: Relation, axis: int) -> Value:
        return self._segments(kernels.segment_sum, x, rule, axis)

    def segment_max(self, x: Tensor, rule: Relation, axis: int) -> Value:
        return self._segments(kernels.segment_max, x, rule, axis)

    def _segments(self, function: Callable[..., Any], x: Tensor, rule: Relation, axis: int) -> Value:
        size = prod(rule.targets)
        return self._call(
            function, resized(x.shape, axis, size), self._sample(x), self._table(rule, "targets"), size, axis + 1
        )


def bare(module: type[nn.Module], *arguments: Any) -> Callable[[], nn.Module]:
    """A module that draws no values of its own, and waits for those of the spec."""

    def make() -> nn.Module:
        made = module.__new__(module)
        vars(made)["reset_parameters"] = lambda: None  # what torch's layers draw by
        module.__init__(made, *arguments)
        del vars(made)["reset_parameters"]
        return made

    return make


def together(x: Tensor | float, y: Tensor | float) -> Shape:
    """The shape of what is computed point by point."""
    shapes = {each.shape for each in (x, y) if not isinstance(each, float | int)}
    return shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)


def behind(axes: Sequence[int]) -> list[int]:
    """Axes of a sample as those of a batch."""
    return [axis + 1 for axis in axes]


def without(shape: Shape, axes: Sequence[int]) -> Shape:
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def resized(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])
