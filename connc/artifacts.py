"""A module as files that others read, run and train without connc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from connc.files import replace_file, replaceable

if TYPE_CHECKING:
    from connc.backends.torch import Module

FORMS = {"py": ".py", "safetensors": ".safetensors", "pt2": ".pt2", "onnx": ".onnx", "fx": ".txt"}
TEXTS = ("py", "fx")
SPEC = ".conn"


class EmitError(Exception):
    """A module that cannot be written so."""


def emit(
    module: Module, path: str | os.PathLike[str], form: str = "", *, origin: str = "", weights: bool = True
) -> list[Path]:
    """Write a module to a file: as Python, safetensors, a program of torch, ONNX, or the text of its forward.

    `form` is one of `py`, `safetensors`, `pt2`, `onnx` and `fx`; without it the path says it. A file of Python gets
    another one of the same name beside it, in safetensors, where connections or, with `weights`, the module's weights
    do not fit into its lines. `origin` is what it says it was written from. Gives the files; raises `EmitError`.

    Programs and ONNX compute as in evaluation, for any batch; they are tried before they take the place of a file.
    """
    path = Path(path)
    form = form or form_of(path)
    for each in files_of(form, path):
        replaceable(each)
    files = emitted(module, form, path, origin=origin, weights=weights)
    _check_others_stay(form, list(files))
    for each, data in reversed(files.items()):  # what stands beside comes first
        replace_file(each, data)
    return list(files)


def _check_others_stay(form: str, files: list[Path]) -> None:
    """A file of Python and the one beside it belong together: neither takes that of something else."""
    path, *beside = files
    for each in beside:
        if each.exists() and not path.exists():
            raise EmitError(f"{each} would be replaced, and belongs to no {path.name}: remove it, or take another name")
    if form == "safetensors" and (other := path.with_suffix(FORMS["py"])).exists() and path.exists():
        raise EmitError(f"{other} may need what {path.name} holds now: take another name")


def files_of(form: str, path: Path) -> list[Path]:
    """All that may be written, the file itself first."""
    if form not in FORMS:
        raise EmitError(f"there is no form {form!r}; there are {', '.join(FORMS)}")
    if path.suffix.lower() in {SPEC, *FORMS.values()} - {FORMS[form]}:
        raise EmitError(f"{path} is no name for {form}: end it in {FORMS[form]}")
    if form != "py":
        return [path]
    return [path, path.with_suffix(FORMS["safetensors"])]


def form_of(path: Path) -> str:
    """What a path says."""
    for form, suffix in FORMS.items():
        if path.suffix.lower() == suffix:
            return form
    raise EmitError(f"{path} does not say a form; end it in {', '.join(FORMS.values())}, or name the form (--emit)")


def emitted(module: Module, form: str, path: Path, *, origin: str, weights: bool) -> dict[Path, bytes]:
    """What is written, the file itself first."""
    from connc.backends.python import python_of
    from connc.backends.torch import Module
    from connc.backends.torch.agreement import Disagreement
    from connc.backends.torch.folder import SaveError
    from connc.backends.torch.packing import packed
    from connc.backends.torch.program import program_of
    from connc.backends.torch.saving import check_unchanged

    if not isinstance(module, Module):
        raise TypeError(f"emit writes a module that `connc.compile` made, not a {type(module).__name__}")
    try:
        if form in ("py", "onnx"):  # which say what the network says
            check_unchanged(module, path)
        if form == "py":
            made = python_of(module, origin, weights=weights)
            _, beside = files_of(form, path)
            return {path: made.text.encode()} | ({beside: packed(made.tensors, beside)} if made.tensors else {})
        if form == "fx":
            return {path: (module.code.strip() + "\n").encode()}
        if form == "safetensors":
            return {path: packed(module.state_dict(), path)}
        return {path: program_of(module) if form == "pt2" else _onnx(module)}
    except (Disagreement, SaveError, ValueError) as error:
        raise EmitError(str(error)) from error


def _onnx(module: Module) -> bytes:
    try:
        from connc.backends.onnx.session import file_of
    except ImportError as error:
        raise EmitError(f"this needs {error.name}, which is not installed; pip install 'connc[onnx]'") from None
    return file_of(module)
