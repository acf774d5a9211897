"""A compiler for `.conn`, a small language for neural-network connectivity."""

from pathlib import Path
from typing import TYPE_CHECKING

from connc.version import __version__

if TYPE_CHECKING:
    from connc.api import SpecError, TargetError, analyze, compile, diff, load, loads, measure, parse_ir, relate
    from connc.artifacts import EmitError, emit
    from connc.backends.data import DataError, color_filters, load_data
    from connc.backends.pretrained import MatchError, adopt
    from connc.backends.torch.saving import SaveError, restore, save
    from connc.backends.torch.training import BoundedRule, PlanError, active
    from connc.training import TrainError, train

__all__ = [
    "BoundedRule",
    "DataError",
    "EmitError",
    "MatchError",
    "PlanError",
    "SaveError",
    "SpecError",
    "TargetError",
    "TrainError",
    "__version__",
    "active",
    "adopt",
    "analyze",
    "color_filters",
    "compile",
    "diff",
    "emit",
    "load",
    "load_data",
    "loads",
    "measure",
    "parse_ir",
    "relate",
    "restore",
    "save",
    "train",
]

# In a wheel dsl, compiler, backends and stdlib lie in this folder; in a clone they lie beside it.
_root = Path(__file__).resolve().parent.parent
if (_root / "pyproject.toml").is_file() and (_root / "dsl" / "__init__.py").is_file():
    __path__.append(str(_root))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    """The public functions, imported when they are first used: the parts of connc import this file too."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("SaveError", "restore", "save"):
        from connc.backends.torch import saving

        return getattr(saving, name)
    if name in ("MatchError", "adopt"):
        from connc.backends import pretrained

        return getattr(pretrained, name)
    if name in ("BoundedRule", "PlanError", "active"):
        from connc.backends.torch import training as learning

        return getattr(learning, name)
    if name in ("DataError", "color_filters", "load_data"):
        from connc.backends import data

        return getattr(data, name)
    if name in ("TrainError", "train"):
        from connc import training

        return getattr(training, name)
    if name in ("EmitError", "emit"):
        from connc import artifacts

        return getattr(artifacts, name)
    from connc import api

    return getattr(api, name)
