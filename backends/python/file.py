"""The file: its classes, and of what they need beside torch what they use."""

from __future__ import annotations

import inspect
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from connc.backends.python import runtime
from connc.backends.python.classes import Class, classes_of
from connc.backends.python.layers import Stored
from connc.backends.python.printing import docstring, printed
from connc.backends.torch import junction, kernels
from connc.backends.torch.agreement import Disagreement
from connc.backends.torch.connections import CONNECTIONS
from connc.backends.torch.module import Module
from connc.backends.torch.names import class_name
from connc.compiler.network import Network
from connc.compiler.relations.relation import Relation

_NAMES = ("Path", "Sequence", "Sizes", "TYPES", "Tensor", "_")  # that no module's class may have
_DOC = r'"""(?:[^"\\]|\\.|"(?!""))*"""'
_CALLED, _NAMED = r"\(", r"\b"  # how a function is spoken of, and a class
_IMPORTS = {
    "import json": r"(?<![.\w])json\.",
    "import math": r"(?<![.\w])math\.",
    "from collections.abc import Sequence": r"(?<![.\w])Sequence\[",
    "from functools import cache": r"@cache\b",
    "from functools import reduce": r"(?<![.\w])reduce\(",
    "from pathlib import Path": r"(?<![.\w])Path\(",
    "from typing import Any": r"\bAny\b",
}
_TRAINED = '''
def trained() -> {name}:
    """The module with the weights that stand beside this file."""
    module, (tensors, _) = {name}(), read()
    weights = {{key: tensors[key].clone() for key in module.state_dict()}}
    module.load_state_dict(weights, assign=True)
    return module
'''


class Written(NamedTuple):
    """A file of Python, and the tensors that it needs beside it."""

    text: str
    tensors: dict[str, Tensor]


def python_of(module: Module, origin: str = "", *, weights: bool = False) -> Written:
    """A module as Python. With `weights` these will stand beside it, and a function loads them."""
    _check(module)
    network = module.network
    helpers = dict(_helpers())
    classes = classes_of(network, {*helpers, *_NAMES})
    body = "\n\n\n".join("\n".join(printed(cls, helpers)) for cls in classes)
    if weights:
        body += "\n\n" + _TRAINED.format(name=classes[-1].name).rstrip()
    needed = _needed(body, helpers)
    body = "\n\n\n".join([*(helpers[name] for name in needed), body])
    doc = "\n".join(docstring(_about(network, origin), 0))
    imports = "\n".join(_imports(body))
    constants = "\n\n".join(_constants(body))
    text = "\n\n".join(part for part in (doc, imports, constants) if part) + f"\n\n\n{body}\n"
    if classes[-1].name != class_name(network.kind):
        text = _exchanged(text, class_name(network.kind), classes[-1].name)
    return Written(text, _beside(classes, module.state_dict() if weights else {}))


def _check(module: Module) -> None:
    """Raises `Disagreement` where a module does what neither its network nor its weights say."""
    for name, each in module.named_modules():
        if each._forward_hooks or each._forward_pre_hooks:
            raise Disagreement(f"`{name or module.network.kind}` has hooks, which are not written: remove them first")
    names = [name for name, _ in module.named_parameters(remove_duplicate=False)]
    if tied := set(names) - {name for name, _ in module.named_parameters()}:
        raise Disagreement(f"`{min(tied)}` is another parameter too, and would be one by itself: share it in the spec")


def _about(network: Network, origin: str) -> str:
    return f"The net `{network.kind}`, written by connc{f' from {origin}' if origin else ''}. It needs torch alone."


def _helpers() -> Iterator[tuple[str, str]]:
    for module in (kernels, junction, runtime):
        for name, value in vars(module).items():
            if getattr(value, "__module__", "") == module.__name__ and callable(value):
                yield name, _source(value)


def _source(value: object) -> str:
    text = inspect.getsource(inspect.unwrap(value)) if callable(value) else ""
    return text.replace("@fx.wrap\n", "").replace("kernels.", "").rstrip()


def _needed(body: str, helpers: dict[str, str]) -> list[str]:
    """Those that are called, and those that they call, in their order."""
    found: set[str] = set()
    waiting = [_undocumented(body)]
    for text in waiting:
        for name in helpers.keys() - found:
            if re.search(rf"(?<![.\w]){name}{_CALLED if name.islower() else _NAMED}", text):
                found.add(name)
                waiting.append(helpers[name])
    return [name for name in helpers if name in found]


def _undocumented(text: str) -> str:
    return re.sub(_DOC, "", text)


def _exchanged(text: str, name: str, other: str) -> str:
    """The net is called as something else in the file: that gets another name, the one that the net has so far."""
    names = {name: other, other: name}
    text = re.sub(rf'{_DOC}|(?<![.\w"]){name}_?\b', lambda found: names.get(found[0], found[0]), text)
    imported = rf"^(from \S+ import ){other}(?:, (.+))?$"

    def renamed(found: re.Match[str]) -> str:
        line = f"{found[1]}{name} as {other}"
        return f"{line}\n{found[1]}{found[2]}" if found[2] else line

    return re.sub(imported, renamed, text, flags=re.MULTILINE)


def _imports(body: str) -> Iterator[str]:
    body = _undocumented(body)
    yield "from __future__ import annotations\n"
    if own := [line for line, sign in _IMPORTS.items() if re.search(sign, body)]:
        yield "\n".join(_merged(own)) + "\n"
    if "torch." in body:
        yield "import torch"
    yield "from torch import Tensor, nn"


def _merged(lines: list[str]) -> Iterator[str]:
    functools = [line.rpartition(" ")[2] for line in lines if line.startswith("from functools")]
    for line in lines:
        if not line.startswith("from functools"):
            yield line
        elif functools:
            yield f"from functools import {', '.join(functools)}"
            functools = []


def _constants(body: str) -> Iterator[str]:
    body = _undocumented(body)
    if "Sizes" in body:
        yield "Sizes = tuple[int, int]"
    if "TYPES[" in body:
        rows = "".join(f'    "{name}": {kind},\n' for name, kind in runtime.TYPES.items())
        yield f"TYPES = {{\n{rows}}}"


def _beside(classes: list[Class], state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tables of connections, and weights; torch's way to say whose connections these are."""
    found = OrderedDict(state)
    about: dict[str, dict[str, str]] = {}
    for value in (value for cls in classes for values in cls.literals for value in values):
        for each in _stored(value):
            found |= _table(each, each.relation)
            about[each] = {CONNECTIONS: each.relation.digest()}
    found._metadata = about  # type: ignore[attr-defined]
    return found


def _stored(value: object) -> Iterator[Stored]:
    if isinstance(value, Stored):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _stored(each)


def _table(path: str, relation: Relation) -> dict[str, Tensor]:
    sources, counts = relation.pairs()[0], relation.in_degrees()
    return {
        f"{path}.sources": torch.tensor(sources, dtype=torch.int32),
        f"{path}.counts": torch.tensor(counts, dtype=torch.int64),
    }
