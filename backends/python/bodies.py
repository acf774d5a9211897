"""Bodies as Python: what an instance of a module holds, and how it computes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from torch import fx, nn

from connc.backends.python.code import Code, Forward, Statement, Var, Vars, call, used
from connc.backends.python.families import members_of, reached
from connc.backends.python.layers import LAYER, Layer, fold_of, is_infix, layer_of, made_by, step_code
from connc.backends.python.tensors import lines_of
from connc.backends.torch.names import argument, module_path
from connc.backends.torch.tree import Tensors
from connc.compiler.expand import Frame, laid_out
from connc.compiler.names import owner
from connc.compiler.network import ALL, Network, Node, Ref
from connc.compiler.ops.base import Op
from connc.compiler.ops.structure import Bundle
from connc.compiler.places import Family

INPUT = "x"  # what the only input of a body is called that a spec calls `in`


@dataclass(frozen=True, slots=True)
class Made:
    """An instance: its class, what it is given, and of each use the method and the inputs that this takes."""

    code: Code
    methods: Sequence[tuple[str, Sequence[int]]]


@dataclass(eq=False)
class Unit:
    """What becomes an instance of a class: a body, or a layer with tensors of its own; with all its uses."""

    path: str
    kind: str
    doc: str
    uses: list[Frame | Node] = field(default_factory=list)
    children: dict[str, Unit] = field(default_factory=dict)  # by their paths
    families: tuple[Family, ...] = ()  # those of which all members are modules

    @cached_property
    def height(self) -> int:
        return 1 + max((each.height for each in self.children.values()), default=0)


@dataclass
class Draft:
    """The code of a unit: its modules by their paths from here, and how it computes, each use by itself."""

    unit: Unit
    modules: dict[str, Code] = field(default_factory=dict)
    lines: list[Code] = field(default_factory=list)  # what follows when its modules are made
    forwards: list[Forward] = field(default_factory=list)


class Bodies:
    """All units of a network, and their drafts."""

    def __init__(self, network: Network) -> None:
        self.kernel, frame = laid_out(network)
        self.layers = lru_cache(maxsize=None)(self._layer)
        self.top = self._unit("", [frame])
        self.top.kind = network.kind

    def units(self) -> Iterator[Unit]:
        waiting = [self.top]
        for unit in waiting:
            yield unit
            waiting += unit.children.values()

    def _unit(self, path: str, frames: list[Frame]) -> Unit:
        network = frames[0].network
        unit = Unit(path, network.kind, network.doc, [*frames])
        within: dict[str, list[Frame | Node]] = {}
        held: set[str] = set()  # the paths of modules, from the top
        for frame in frames:
            for item in self.live(frame):
                if isinstance(item, Frame) or not self.layers(item.name).is_plain:
                    within.setdefault(module_path(item.name), []).append(item)
                elif self.layers(item.name).modules:
                    held.add(module_path(item.name))
        held |= within.keys()
        above = f"{path}." if path else ""
        unit.families = tuple(
            each for each in network.families if all(above + member in held for member in members_of(each))
        )
        for below, items in within.items():
            inner = [each for each in items if isinstance(each, Frame)]
            unit.children[below] = self._unit(below, inner) if inner else _layer_unit(below, items)
        return unit

    def live(self, frame: Frame) -> Iterator[Frame | Node]:
        """What of a body leads to an output of the network, and computes something."""
        for item in frame.items:
            if isinstance(item, str):
                if item in self.kernel:
                    yield self.kernel[item]
            elif next(self.live(item), None) is not None:
                yield item

    def _layer(self, name: str) -> Layer:
        node = self.kernel[name]
        assert isinstance(node.what, Op)
        return layer_of(node.what, [self.kernel.shape(source) for source in self.sources(name)])

    def sources(self, name: str) -> Iterator[Ref]:
        """What a layer reads, that of bundles one by one."""
        for source in self.kernel.sources(name):
            if source.ref.port == ALL:
                yield from self.sources(source.ref.node)
            else:
                yield source.ref

    def draft(self, unit: Unit, made: dict[Unit, Made]) -> Draft:
        """The code of a unit whose children are known."""
        draft = Draft(unit)
        counts = dict.fromkeys(unit.children, 0)  # of the uses so far
        for use in unit.uses:
            if isinstance(use, Frame):
                draft.forwards.append(_Body(self, draft, made, counts).of_frame(use))
            else:
                draft.forwards.append(_of_layer(draft, self.layers(use.name)))
        return draft


def _word(name: str) -> str:
    """The name of a layer as one that Python takes."""
    return argument(name.replace("[", "_").replace(",", "_").replace("]", "").replace(".", "_"))


def _layer_unit(path: str, nodes: Sequence[Frame | Node]) -> Unit:
    what = nodes[0].what if isinstance(nodes[0], Node) else None
    assert isinstance(what, Op)
    return Unit(path, what.name, what.signature.doc, list(nodes))


class _Body:
    """How a body computes in one of its uses."""

    def __init__(self, bodies: Bodies, draft: Draft, made: dict[Unit, Made], counts: dict[str, int]) -> None:
        self.bodies, self.draft, self.made, self.counts = bodies, draft, made, counts
        self.unit, self.forward = draft.unit, Forward()
        self.numbers: dict[Ref, int] = {}

    def of_frame(self, frame: Frame) -> Forward:
        inputs = frame.network.inputs
        for node, ref in zip(inputs, frame.inputs, strict=True):
            name = INPUT if len(inputs) == 1 and node.name == "in" else _word(node.name)
            number = self.forward.value(name)
            self.forward.inputs[number] = name
            self.numbers.setdefault(ref, number)
        for item in self.bodies.live(frame):
            if isinstance(item, Frame):
                self._call(item.name, item.inputs, self._results(item))
            elif not isinstance(item.what, Bundle):
                self._layer(item)
        self.forward.shapes = [node.shapes[0] for node in inputs] if not frame.name else []
        outputs = frame.outputs if not frame.name else dict(enumerate(self._results(frame)))
        self.forward.outputs = {str(port): self.numbers[ref] for port, ref in outputs.items()}
        self._forget_unread()
        return self.forward

    def _results(self, frame: Frame) -> list[Ref]:
        """What a body makes, once each, as far as it leads to an output of the network."""
        found = dict.fromkeys(frame.outputs.values())
        return [ref for ref in found if ref.node in self.bodies.kernel and ref not in frame.inputs]

    def _local(self, name: str) -> str:
        """A name as it is here."""
        above = owner(name)
        return above.removeprefix(f"{self._frame_name}.") if self._frame_name else above

    @property
    def _frame_name(self) -> str:
        first = self.unit.uses[0]
        return owner(first.name)

    def _call(self, name: str, inputs: Sequence[Ref], outputs: Sequence[Ref]) -> None:
        """Statements that call a child."""
        path = module_path(name)
        unit = self.unit.children[path]
        made, local = self.made[unit], self._path(path)
        self.draft.modules.setdefault(local, made.code)
        method, positions = made.methods[self.counts[path]]
        self.counts[path] += 1
        given: list[Code] = [(Var(self.numbers[inputs[i]]),) for i in positions]
        targets = []
        for ref in outputs:
            targets.append(self.forward.value(self._name(name, ref.port if len(outputs) > 1 else "")))
            self.numbers[ref] = targets[-1]
        code = call(self.reach(local) + method, given)
        module = local if not method and len(targets) == 1 else ""
        local = self._local(name)
        self.forward.statements.append(
            Statement(tuple(targets), code, layer=local, named="[" in local, module=module, calls=True)
        )

    def _name(self, name: str, port: str = "") -> str:
        """What a value is called: its layer's name in words that Python takes."""
        return _word(f"{self._local(name)}_{port}" if port else self._local(name))

    def _path(self, path: str) -> str:
        return path.removeprefix(f"{self.unit.path}.") if self.unit.path else path

    def _layer(self, node: Node) -> None:
        layer, refs = self.bodies.layers(node.name), list(self.bodies.sources(node.name))
        if not layer.is_plain:
            self._call(node.name, refs, [Ref(node.name, port) for port in node.ports])
            return
        path = self._path(module_path(node.name))
        if LAYER in layer.modules and path not in self.draft.modules:
            self.draft.modules[path] = made_by(layer.modules[LAYER], module_path(node.name))
            self.draft.lines += lines_of(layer, self.reach(path), module_path(node.name))
        numbers = {given: self.numbers[ref] for given, ref in zip(layer.inputs, refs, strict=True)}
        name, more = self._name(node.name), {"layer": self._local(node.name), "named": "[" in self._local(node.name)}
        if fold := fold_of(layer):
            code: Code = (f"reduce({fold}, ", Vars(tuple(numbers.values())), ")")
            numbers[layer.outputs[0]] = self.forward.say(name, code, **more)
        for step in () if fold else layer.steps:
            code = step_code(step, numbers, lambda _: self.reach(path))
            module = path if step.op == "call_module" else ""
            numbers[step] = self.forward.say(
                name, code, infix=is_infix(step), module=module, calls=bool(module), **more
            )
        for port, output in zip(node.ports, layer.outputs, strict=True):
            self.numbers[Ref(node.name, port)] = numbers[output]

    def _forget_unread(self) -> None:
        """Leave out values of functions that nobody reads, one of the pieces of a `split`."""
        read = set(self.forward.outputs.values())
        kept = []
        for statement in reversed(self.forward.statements):
            if statement.calls or read & set(statement.targets):
                kept.append(statement)
                read.update(used(statement.code))
        self.forward.statements = kept[::-1]

    def reach(self, path: str) -> str:
        """A module below this one."""
        return reached(path, self.unit.families)


# --- layers with tensors of their own


def _of_layer(draft: Draft, layer: Layer) -> Forward:
    """How such a layer computes: its modules and tensors stand in it."""
    forward, numbers = Forward(), dict[fx.Node, int]()
    for i, node in enumerate(layer.inputs):
        name = INPUT if len(layer.inputs) == 1 else f"{INPUT}{i}"
        numbers[node] = forward.value(name)
        forward.inputs[numbers[node]] = name
    if not draft.modules and not draft.lines:
        for path, module in layer.modules.items():
            if path != LAYER:
                draft.modules[path.removeprefix(f"{LAYER}.")] = _module(
                    module, draft.unit.path + path.removeprefix(LAYER)
                )
        draft.lines += lines_of(layer, "self", draft.unit.path)
    for step in layer.steps:
        code = step_code(step, numbers, lambda path: "self." + path.removeprefix(f"{LAYER}."))
        numbers[step] = forward.say("y", code, infix=is_infix(step))
    outputs = [numbers[node] for node in layer.outputs]
    forward.outputs = {str(i): number for i, number in enumerate(outputs)}
    return forward


def _module(module: nn.Module, path: str) -> Code:
    return ("nn.Module()",) if isinstance(module, Tensors) else made_by(module, path)
