"""Data by a function of the user: the one place where connc runs Python that it is told the name of."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from connc.backends.data.checking import checked
from connc.backends.data.parts import Data, DataError
from connc.dsl.words import did_you_mean

_LONGEST = 200  # characters of what an error says


def from_function(source: str, others: Iterable[str]) -> Data:
    """What `module:function` gives; `others` are what may have been meant if there is no such module."""
    module, _, function = source.partition(":")
    with _current_folder():
        try:
            found = _function(module, function, others)()
        except DataError:
            raise
        except (Exception, SystemExit) as error:
            raise DataError(f"`{source}` failed{_place(error, module)}: {_said(error)}") from error
    return checked(found, source)


@contextmanager
def _current_folder() -> Iterator[None]:
    """Import from the current folder first, as Python itself does; commands do not."""
    sys.path.insert(0, "")
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove("")


def _function(module: str, name: str, others: Iterable[str]) -> Callable[[], object]:
    try:
        names = vars(import_module(module))
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):  # something that the module needs
            raise
        raise DataError(
            _sentence(f"there is no module `{module}` in this folder or on the path", module, others)
        ) from None
    if name not in names:
        raise DataError(_sentence(f"the module `{module}` has no function `{name}`", name, names))
    if not callable(found := names[name]):
        raise DataError(f"`{module}:{name}` is of type `{type(found).__name__}`, and a function was expected")
    return found  # type: ignore[no-any-return]


def _sentence(said: str, name: str, names: Iterable[str]) -> str:
    meant = did_you_mean(name, names)
    return f"{said}; {meant}" if meant else said


def _place(error: BaseException, module: str) -> str:
    """The line of their module where it began, or where some file cannot be read."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" at {_near(error.filename)}:{error.lineno}"
    ends = tuple(os.sep + module.replace(".", os.sep) + end for end in (".py", f"{os.sep}__init__.py"))
    frames = traceback.extract_tb(error.__traceback__)
    first = next((each for each in frames if each.filename.endswith(ends)), None)
    return f" at {_near(first.filename)}:{first.lineno}" if first else ""


def _near(file: str) -> str:
    """As one names it from the current folder, if it is below that."""
    path = Path(file)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _said(error: BaseException) -> str:
    text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    return f"{type(error).__name__}: {text}"[:_LONGEST] if text else type(error).__name__
