"""Filters of single pixels, one for each of the colours that images are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from connc.backends.data.parts import Inputs

_SAMPLE, _ROUNDS = 20_000, 100


def color_filters(images: Inputs, count: int, seed: int = 0) -> NDArray[np.float32]:
    """Weights `[count, channels]`, so that each pixel of images `[n, channels, height, width]` has its largest product
    with the filter of the colour that it is next to.

    Colours are told by their direction, so that light and dark ones of a kind are one; of values between 0 and 1
    products lie between 0 and 1 too. Raises `ValueError` where there are fewer colours than filters.
    """
    images = np.asarray(images)
    if images.ndim != 4 or count < 1:
        raise ValueError("color_filters takes images `[n, channels, height, width]`, and at least one filter")
    draws = np.random.default_rng(seed)
    pixels = np.moveaxis(images, 1, -1).reshape(-1, images.shape[1]).astype(np.float64)
    pixels = pixels[draws.permutation(len(pixels))[:_SAMPLE]]
    lengths = np.linalg.norm(pixels, axis=1)
    colors = pixels[lengths > 0] / lengths[lengths > 0, None]
    centers = _spread(colors, count)
    for _ in range(_ROUNDS):
        nearest = (colors @ centers.T).argmax(1)
        sums = np.stack([colors[nearest == i].sum(0) for i in range(count)])
        moved = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        if np.array_equal(moved, centers):
            break
        centers = moved
    filters: NDArray[np.float32] = (centers / np.sqrt(images.shape[1])).astype(np.float32)
    return filters


def _spread(colors: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """So many colours of which each is the farthest from those before it."""
    chosen = colors[:1]
    while len(chosen) < count:
        likeness = (colors @ chosen.T).max(1, initial=-1.0)
        if not len(colors) or likeness.min() > 1 - 1e-9:
            raise ValueError(f"there are {len(chosen)} colours for {count} filters")
        chosen = np.concatenate([chosen, colors[likeness.argmin()][None]])
    return chosen
