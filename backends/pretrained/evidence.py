"""What the names of two layers say of whether they are the same: words that both have, whatever each calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_WORD, _NUMBER = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])"), re.compile(r"[0-9]+")
_LAST = 2  # as much as two words, the last word of a path tells of a layer

# One word of several that mean the same.
_MEANING = {
    "batchnorm": "norm",
    "bn": "norm",
    "classifier": "head",
    "convolution": "conv",
    "dense": "linear",
    "downsample": "shortcut",
    "fc": "linear",
    "k": "key",
    "layernorm": "norm",
    "lin": "linear",
    "ln": "norm",
    "o": "out",
    "output": "out",
    "proj": "out",
    "projection": "out",
    "q": "query",
    "skip": "shortcut",
    "v": "value",
}


class Alike(NamedTuple):
    """How much two layers are alike by name: a table between the different names on both sides."""

    our_words: list[int]
    their_words: list[int]
    table: NDArray[np.int64]

    @property
    def most(self) -> int:
        return int(self.table.max(initial=0))

    def row(self, ours: int) -> NDArray[np.int64]:
        """Of one of ours to all of theirs."""
        found: NDArray[np.int64] = self.table[self.our_words[ours], self.their_words]
        return found


def alike(ours: Sequence[str], theirs: Sequence[str]) -> Alike:
    """Numbers in names make no difference: who is first is for the order to say."""
    mine, others = [list(map(words, paths)) for paths in (ours, theirs)]
    distinct = [list(dict.fromkeys(side)) for side in (mine, others)]
    known = {word: i for i, word in enumerate(sorted({word for side in distinct for path in side for word in path}))}
    tables = [_table(side, known) for side in distinct]
    lasts = [_table([path[-1:] for path in side], known) for side in distinct]
    table = tables[0] @ tables[1].T + _LAST * (lasts[0] @ lasts[1].T)
    places = [{path: i for i, path in enumerate(side)} for side in distinct]
    return Alike([places[0][path] for path in mine], [places[1][path] for path in others], table.astype(np.int64))


def words(path: str) -> tuple[str, ...]:
    """`features.denseLayers1.norm2` is features, dense, layer, norm."""
    return tuple(_meant(each.lower()) for each in _WORD.findall(path))


def _meant(word: str) -> str:
    word = word[:-1] if word.endswith("s") and len(word) > 3 and not word.endswith("ss") else word
    return _MEANING.get(word, word)


def _table(paths: Sequence[tuple[str, ...]], known: dict[str, int]) -> NDArray[np.float32]:
    found = np.zeros((len(paths), len(known)), np.float32)
    for i, path in enumerate(paths):
        found[i, [known[word] for word in path]] = 1
    return found


def without_numbers(path: str) -> str:
    return _NUMBER.sub("", path)


def numbers(path: str) -> list[int]:
    """By which names that differ in numbers alone are counted."""
    return list(map(int, _NUMBER.findall(path)))
