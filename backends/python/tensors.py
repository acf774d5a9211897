"""The first values of tensors as Python: those of torch's own layers where a spec says the same, else as it says."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from connc.backends.python.code import Code, Literal
from connc.backends.python.layers import LAYER, Layer, edges_of
from connc.backends.torch.connections import Connections
from connc.backends.torch.junction import Junction, JunctionConv
from connc.backends.torch.names import tensor_place
from connc.backends.torch.tree import Tensors
from connc.compiler.parameters import Parameter
from connc.compiler.start import Between, Constant, FanIn, Signs, Start

_ONES = ("weight", "running_var")  # of a layer that normalises


def lines_of(layer: Layer, reach: str, path: str) -> Iterator[Code]:
    """What gives a layer's tensors their first values. `reach` is the layer from where the lines stand."""
    for each in layer.tensors:
        place = tensor_place(each.layer, each.key)
        module = layer.modules.get(place.module)
        holder = reach + place.module.removeprefix(LAYER)
        value = _made(each, f"{path}.{each.key}.edges")
        if not isinstance(module, Tensors):
            if module is not None and not _is_usual(module, place.attribute, each):
                yield (f"{holder}.{place.attribute}.data = ", *value)
        elif each.learned:
            yield (f"{holder}.{place.attribute} = nn.Parameter(", *value, ")")
        else:
            yield (f'{holder}.register_buffer("{place.attribute}", ', *value, ")")


def _is_usual(module: nn.Module, attribute: str, parameter: Parameter) -> bool:
    """Whether a module of torch, or a junction, starts so by itself."""
    start, shape = parameter.start, parameter.shape
    if isinstance(module, nn.Linear | nn.Conv2d | Junction | JunctionConv):
        ruled = isinstance(getattr(module, "edges", None), Connections)
        weights = module.weight[:1].numel()
        if isinstance(module, Junction | JunctionConv) and not ruled:
            weights *= module.sizes[0]
        return isinstance(start, FanIn) and _fan_in(start) == (weights, ruled)
    return start == Constant(1 if attribute in _ONES else 0) or not shape


def _fan_in(start: FanIn) -> tuple[int, bool]:
    """The weights of a neuron, or of each of its connections, if these are not all."""
    if start.rule is None:
        return start.weights, False
    degrees = set(start.rule.in_degrees().tolist())
    dense = degrees == {len(start.rule.out_degrees())}
    return (start.weights * degrees.pop(), False) if dense else (start.weights, True)


def _made(parameter: Parameter, path: str) -> Code:
    shape = ", ".join(map(str, parameter.shape))
    size: Code = (Literal(parameter.shape, "shape"),) if shape else ("()",)
    return _filled(parameter.start, size, len(parameter.shape), path)


def _filled(start: Start, size: Code, axes: int, path: str) -> Code:
    match start:
        case Constant(0 | 1):
            return (f"torch.{'ones' if start.value else 'zeros'}(", *size, ")")
        case Constant(value):
            return ("torch.full(", *size, ", ", Literal(float(value), "start"), ")")
        case Between(least, most):
            return ("torch.empty(", *size, f").uniform_({least!r}, {most!r})")
        case Signs(share):
            return ("torch.empty(", *size, f").bernoulli_({share!r}).mul_(2).sub_(1)")
        case FanIn(rule=None):
            weights = Literal(start.weights, "fan_in")
            return ("torch.empty(", *size, ").uniform_(-1, 1).mul_(", weights, "**-0.5)")
    assert isinstance(start, FanIn)
    assert start.rule is not None
    edges = edges_of(Connections(start.rule), path)
    reach: Code = (*edges, ".reach(", Literal(start.weights, "weights"), ")")
    if start.paired:
        reach = (*edges, ".spread(", *reach, ")")
    ones = ", 1" * (axes - 1)
    return ("torch.empty(", *size, ").uniform_(-1, 1).mul_(", *reach, f".reshape(-1{ones}))")
