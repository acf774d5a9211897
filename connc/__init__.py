"""A compiler for `.conn`, a small language for neural-network connectivity."""

from pathlib import Path
from typing import TYPE_CHECKING

from connc.version import __version__

if TYPE_CHECKING:
    from connc.api import SpecError, analyze, load, loads, parse_ir, relate

__all__ = ["SpecError", "__version__", "analyze", "load", "loads", "parse_ir", "relate"]

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
    from connc import api

    return getattr(api, name)
