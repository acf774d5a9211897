"""The files of Python that a module is written to, as modules beside it."""

import importlib.util
import itertools
import tempfile
from functools import lru_cache
from pathlib import Path

import torch

from connc.backends.python import python_of
from connc.backends.torch.names import class_name
from connc.backends.torch.packing import packed

_counts = itertools.count()


class Unlike(AssertionError):
    """A module and its file differ; as text, the file."""


def written(module, folder):
    """The file of a module, with what it needs beside it, imported."""
    path = Path(folder) / f"written{next(_counts)}.py"
    made = python_of(module)
    path.write_text(made.text, encoding="utf-8")
    if made.tensors:
        beside = path.with_suffix(".safetensors")
        beside.write_bytes(packed(made.tensors, beside))
    return imported(path)


def imported(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@lru_cache(maxsize=1)  # the oracles ask for one module several times
def twin(module):
    """The module that a file of this one makes, without its weights."""
    with tempfile.TemporaryDirectory() as folder:
        return getattr(written(module, folder), class_name(module.network.kind))()


def by_file(module):
    """The module of the file, held against the one that it is of, bit by bit, buffers included."""

    def call(*x):
        other = twin(module)
        mine = module.state_dict()
        theirs = other.state_dict()
        if {name: each.shape for name, each in mine.items()} != {name: each.shape for name, each in theirs.items()}:
            raise Unlike(python_of(module).text)
        other.load_state_dict({name: each.clone() for name, each in mine.items()}, assign=True)
        other.train(module.training)
        found, again = seeded(module, x), seeded(other, x)
        pairs = zip(found.values(), again.values(), strict=True) if isinstance(found, dict) else [(found, again)]
        if not all(map(same, *zip(*pairs, *kept(module, other), strict=True))):
            raise Unlike(python_of(module).text)
        return again

    return call


def seeded(module, x):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return module(*x)


def kept(module, other):
    theirs = other.state_dict()
    return [(each, theirs[name]) for name, each in module.state_dict().items()]


def same(one, other):
    return one.dtype == other.dtype and torch.equal(one.isnan(), other.isnan()) and torch.equal(*clean(one, other))


def clean(*tensors):
    return [each.nan_to_num() if each.is_floating_point() else each for each in tensors]
