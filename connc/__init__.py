"""A compiler for `.conn`, a small language for neural-network connectivity."""

from pathlib import Path

__version__ = "0.1.0"

# In a wheel dsl, compiler, backends and stdlib lie in this folder; in a clone they lie beside it.
_root = Path(__file__).resolve().parent.parent
if (_root / "pyproject.toml").is_file() and (_root / "dsl" / "__init__.py").is_file():
    __path__.append(str(_root))
