"""Where numbers stop being numbers: the first NaN or infinity that a module makes, and its line of the spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx
from torch.utils._pytree import tree_leaves, tree_map

from connc.backends.torch import kernels
from connc.backends.torch.module import Module
from connc.backends.torch.places import place_of
from connc.backends.torch.trial import backward, loss, named

INPUT, WEIGHT, FORWARD, OUTPUT = "input", "weight", "forward", "output"
LOSS, BACKWARD = "loss", "backward"
NAN, INFINITY = "NaN", "infinity"
_SAYS = {
    INPUT: "the input `{name}` holds {kind}, {share}",
    WEIGHT: "the weight `{name}` holds {kind} before anything is computed, {share}",
    FORWARD: "{kind} is made of {source}, {share}:",
    OUTPUT: "the output `{name}` holds {kind}, {share}, from a target without sources:",
    LOSS: "the mean of the squares of all outputs is {kind}, and they are finite",
    BACKWARD: "the gradient of `{name}` holds {kind}, {share}, and what flows out is finite",
}
_HELP = {
    NAN: "NaN comes of infinity less infinity, of 0 / 0, and of a root or logarithm of less than 0",
    INFINITY: "numbers that float32 cannot hold, from 3.4e38 on, are infinite; a norm in front keeps them small",
    INPUT: "numpy.isfinite says where",
    OUTPUT: "the maximum over no sources is -inf; a rule that gives each target a source mends it",
}
_FINITE, _MEANT = "finite numbers", "finite numbers and the -inf of a target without sources"
_ON_PURPOSE = (kernels.segment_max,)  # -inf where a target has no source


class Anomaly(NamedTuple):
    """The first NaN or infinity: in which step, in what, how many of how many numbers, where in the spec, from what."""

    step: str
    name: str
    kind: str
    wrong: int
    size: int
    place: str = ""
    source: str = _FINITE

    def __str__(self) -> str:
        share = f"{self.wrong:,} of {self.size:,} numbers"
        said = _SAYS[self.step].format(name=self.name, kind=self.kind, share=share, source=self.source)
        place = [f"  {line}" for line in self.place.splitlines()]
        return "\n".join([said, *place, f"  = help: {_HELP.get(self.step, _HELP[self.kind])}"])


class Found(Exception):
    """Ends a run at its first anomaly."""

    def __init__(self, anomaly: Anomaly) -> None:
        super().__init__(str(anomaly))
        self.anomaly = anomaly


def anomaly_in(module: Module, inputs: Sequence[Tensor], *, train: bool = False, seed: int = 0) -> Anomaly | None:
    """The first NaN or infinity that a module makes of inputs, in training also of the gradients; or nothing."""
    torch.manual_seed(seed)
    module.train(train)
    module.zero_grad()
    try:
        for source, given in zip(module.network.inputs, inputs, strict=True):
            _look(INPUT, source.name, given)
        for name, tensor in module.state_dict().items():
            _look(WEIGHT, name, tensor, _reader(module, name))
        with torch.set_grad_enabled(train):
            outputs = Watched(module).run(*inputs)
        if train:
            _backward(module, outputs)
    except Found as found:
        return found.anomaly
    finally:
        module.zero_grad()
    return None


class Watched(fx.Interpreter):
    """Goes through a graph and looks at all that its nodes make.

    An infinity on purpose is none to report, nor is what is infinite by it alone: `lateral` compares with it. A NaN
    is, and so is what would be infinite with a finite number in its place, and what flows out.
    """

    def __init__(self, module: Module) -> None:
        super().__init__(module)
        self._net = module
        self._meant: set[fx.Node] = set()  # those that hold infinities on purpose

    def run_node(self, n: fx.Node) -> Any:
        made = super().run_node(n)
        if n.op.startswith("call"):
            self._look_at(n, made)
        elif n.op == "output":
            for name, node in named(self._net, n.args[0]).items():
                _look(OUTPUT, name, self.env[node], node)
        return made

    def _look_at(self, n: fx.Node, made: Any) -> None:
        off = [each for each in _tensors(made) if _is_off(each)]
        if not off:
            return
        reads_meant = not self._meant.isdisjoint(n.all_input_nodes)
        has_nan = any(bool(each.isnan().any()) for each in off)
        if not has_nan and (n.target in _ON_PURPOSE or (reads_meant and not self._is_off_anyway(n))):
            self._meant.add(n)
            return
        name = str(n.target) if n.op == "call_module" else n.name
        _look(FORWARD, name, made, n, _MEANT if reads_meant else _FINITE)

    def _is_off_anyway(self, n: fx.Node) -> bool:
        """Whether a node makes what is off even where 1 and -1 stand for all infinities that it reads."""
        arguments, options = self.fetch_args_kwargs_from_env(n)
        with torch.no_grad():
            made = getattr(self, n.op)(n.target, tree_map(_tamed, arguments), tree_map(_tamed, options))
        return any(map(_is_off, _tensors(made)))


def _tamed(value: Any) -> Any:
    if isinstance(value, Tensor) and value.is_floating_point():
        return torch.where(value.isinf(), value.sign(), value)
    return value


def _backward(module: Module, outputs: Any) -> None:
    """Gradients come from the outputs on; the first that is off is where it began."""
    value = loss(named(module, outputs).values())
    _look(LOSS, "loss", value)
    off: list[tuple[str, Tensor]] = []
    hooks = [_watch(name, each, off) for name, each in module.named_parameters() if each.requires_grad]
    try:
        backward(value)
    finally:
        for hook in hooks:
            hook.remove()
    for name, gradient in off[:1]:
        _look(BACKWARD, name, gradient, _reader(module, name))


def _watch(name: str, parameter: Tensor, off: list[tuple[str, Tensor]]) -> Any:
    def look(given: Tensor) -> None:
        if given.grad is not None and _is_off(given.grad):
            off.append((name, given.grad))

    return parameter.register_post_accumulate_grad_hook(look)  # type: ignore[no-untyped-call]


def _reader(module: Module, name: str) -> fx.Node | None:
    """The node that computes with a parameter; a node that only fetches it says nothing of where it is used."""
    nodes: Iterable[fx.Node] = module.graph.nodes
    for node in nodes:
        if node.op == "call_module" and name.startswith(f"{node.target}."):
            return node
        if node.op == "get_attr" and node.target == name:
            return next(iter(node.users), node)
    return None


def _look(step: str, name: str, made: Any, node: fx.Node | None = None, source: str = _FINITE) -> None:
    """Raise `Found` where some of what was made is no finite number."""
    for tensor in filter(_is_off, _tensors(made)):
        kind = NAN if tensor.isnan().any() else INFINITY
        wrong = int((~tensor.isfinite()).sum())
        place = "" if node is None else place_of(node) or f"`{name}`"
        raise Found(Anomaly(step, name, kind, wrong, tensor.numel(), place, source))


def _tensors(made: Any) -> Iterator[Tensor]:
    return (each for each in tree_leaves(made) if isinstance(each, Tensor))


def _is_off(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and not bool(tensor.detach().isfinite().all())
