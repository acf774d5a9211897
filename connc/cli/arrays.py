"""What flows into a net and out of it, as files of NumPy. Files are foreign: what they say of themselves is checked."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connc.cli.options import plural
from connc.dsl.words import did_you_mean, is_name
from connc.files import replace_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from connc.compiler.network import Network

    Array = NDArray[np.float32]

MOST_SAMPLES = 1_000_000
_MAGIC = b"\x93NUMPY"


def arrays_of(network: Network, texts: Sequence[str], batch: int | None, seed: int) -> dict[str, Array]:
    """A batch for each input: what files hold, and random numbers for the others."""
    import numpy as np

    shapes = {node.name: node.shapes[0] for node in network.inputs}
    files = _files(texts, list(shapes))
    read = {name: _read(path, name, shapes[name]) for name, path in files.items()}
    samples = _samples({name: len(value) for name, value in read.items()}, batch)
    for i, (name, shape) in enumerate(shapes.items()):
        if name not in read:
            read[name] = np.random.default_rng([seed, i]).standard_normal((samples, *shape), dtype=np.float32)
    return {name: read[name] for name in shapes}


def _files(texts: Sequence[str], names: Sequence[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for text in texts:
        name, path = _parted(text, names)
        if name in files:
            raise click.UsageError(f"the input `{name}` is given twice, by {files[name]} and {path}; leave one out")
        files[name] = path
    return files


def _parted(text: str, names: Sequence[str]) -> tuple[str, Path]:
    """`image=a.npy`, or the file alone where there is no choice."""
    name, equals, path = text.partition("=")
    if equals and name in names:
        return name, Path(path)
    if equals and is_name(name) and not Path(text).exists():
        hint = did_you_mean(name, names) or f"it has {', '.join(names)}"
        raise click.UsageError(f"the net has no input `{name}`; {hint}")
    if len(names) != 1:
        raise click.UsageError(f"the net has the inputs {', '.join(names)}; say which: --input {names[0]}={text}")
    return names[0], Path(text)


def _samples(found: Mapping[str, int], batch: int | None) -> int:
    """How many samples there are."""
    counts = set(found.values()) | ({batch} if batch else set())
    if len(counts) > 1:
        said = [f"{name} holds {plural(count, 'sample')}" for name, count in found.items()]
        said += [f"--batch says {batch}"] if batch else []
        raise click.UsageError(f"{', '.join(said)}; all have to be as many")
    return counts.pop() if counts else 1


def _read(path: Path, name: str, shape: Sequence[int]) -> Array:
    """What a file holds, as numbers of the kind that a net computes with."""
    import numpy as np

    found = _mapped(path)
    if found.dtype.kind not in "biuf":
        raise click.UsageError(f"{path} holds {found.dtype}, which are no real numbers; `{name}` takes float32")
    if found.shape[1:] != tuple(shape) or found.ndim == 0:
        hint = "; a batch of one is missing in front, array[None]" if found.shape == tuple(shape) else ""
        wanted = ", ".join(["batch", *map(str, shape)])
        raise click.UsageError(f"{path} has the shape {list(found.shape)}, and `{name}` takes [{wanted}]{hint}")
    if not 0 < len(found) <= MOST_SAMPLES:
        raise click.UsageError(f"{path} holds {len(found):,} samples; 1 to {MOST_SAMPLES:,} can be run at once")
    with np.errstate(over="ignore", invalid="ignore"):
        made = np.array(found, dtype=np.float32, order="C")
    if (np.isinf(made) & np.isfinite(found)).any():
        raise click.UsageError(f"{path} holds numbers that float32 cannot hold, from 3.4e38 on; `{name}` takes float32")
    return made


def _mapped(path: Path) -> NDArray[Any]:
    """The array in a file, of which nothing is read but what it says that it is: one that claims more than the file
    holds is refused before any memory is taken."""
    import numpy as np

    if not path.is_file():
        raise click.UsageError(f"{path}: no such file; numpy.save writes one")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise click.UsageError(f"{path} is no .npy file; numpy.save writes one")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
    except Exception:  # whatever NumPy trips over
        said = "it is cut off, damaged, empty or holds Python objects"
        raise click.UsageError(f"cannot read {path}: {said}; numpy.save writes an array of numbers") from None


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write what `numpy.savez` does, whatever the arrays are called; alike arrays make alike files."""
    import numpy as np

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    replace_file(path, made.getvalue())
