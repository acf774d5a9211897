"""The closed vocabulary in which every op is written; a backend is one implementation of it.

`T` is whatever a backend computes with. Tensors have a batch in front, which shapes and axes leave out: axis 0 is the
first one behind it. Parameters have no batch. Where shapes differ, arithmetic lines them up at the last axis and
repeats axes of size 1. A `rule` orders its pairs by target, then by source, and positions row by row; `pairs` is their
number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from connc.compiler.ops.window import Window

if TYPE_CHECKING:
    from connc.compiler.relations.relation import Relation

T = TypeVar("T")
Shape = tuple[int, ...]  # the batch left out


class Prims(Protocol[T]):
    def shape(self, x: T) -> Shape:
        """The shape of a tensor without its batch, known before anything runs."""

    # Layers with weights: in torch the module of that name.

    def linear(self, x: T, weight: T, bias: T | None) -> T:
        """x weightᵀ + bias over the last axis; weight is [out, in]."""

    def conv(self, x: T, weight: T, bias: T | None, window: Window, groups: int) -> T:
        """Correlation of a map with zeros around it; weight is [out, in / groups, height, width]."""

    def junction(self, x: T, weight: T, bias: T | None, rule: Relation) -> T:
        """`linear` whose weights are those of the rule's pairs, in their order, and 0 elsewhere; weight is [pairs]."""

    def junction_conv(self, x: T, weight: T, bias: T | None, window: Window, rule: Relation) -> T:
        """`conv` of the pairs of channels in the rule alone; weight is [pairs, height, width]."""

    def batch_norm(
        self,
        x: T,
        running_mean: T,
        running_var: T,
        num_batches_tracked: T,
        weight: T | None,
        bias: T | None,
        eps: float,
        momentum: float,
    ) -> T:
        """(x - mean) / sqrt(var + eps) * weight + bias, channel by channel along axis 0.

        In training mean and var are the batch's own; the running ones then take over the share `momentum` of them, of
        var the unbiased one, and the batches are counted. Otherwise they are the running ones.
        """

    def layer_norm(self, x: T, axes: int, weight: T | None, bias: T | None, eps: float) -> T:
        """(x - mean) / sqrt(var + eps) * weight + bias, mean and var being those of the last `axes` axes."""

    # What tokens read: [..., tokens, size] each.

    def attend(self, query: T, key: T, value: T, rule: Relation | None) -> T:
        """softmax(query keyᵀ / sqrt(size)) value; with a rule, a token (target) reads its sources alone."""

    def matmul(self, x: T, y: T) -> T:
        """The product of matrices over the last two axes; axes in front of them agree."""

    # Point by point.

    def add(self, x: T | float, y: T | float) -> T:
        """x + y."""

    def sub(self, x: T | float, y: T | float) -> T:
        """x - y."""

    def mul(self, x: T | float, y: T | float) -> T:
        """x * y."""

    def div(self, x: T | float, y: T | float) -> T:
        """x / y."""

    def maximum(self, x: T, y: T) -> T:
        """The greater of both; NaN if one is."""

    def at_least(self, x: T, y: T | float) -> T:
        """1 where x >= y, else 0, NaN included."""

    def clamp(self, x: T, least: float, most: float) -> T:
        """min(max(x, least), most)."""

    def exp(self, x: T) -> T:
        """e to the power of x."""

    def log(self, x: T) -> T:
        """The natural logarithm."""

    def sqrt(self, x: T) -> T:
        """The square root."""

    def relu(self, x: T) -> T:
        """max(x, 0)."""

    def sigmoid(self, x: T) -> T:
        """1 / (1 + exp(-x))."""

    def tanh(self, x: T) -> T:
        """The hyperbolic tangent."""

    def dropout(self, x: T, share: float) -> T:
        """In training each value is 0 with probability `share`, else x / (1 - share); otherwise x."""

    # Along axes, which drop out unless the shape stays.

    def softmax(self, x: T, axis: int) -> T:
        """exp(x) over its sum along the axis; the shape stays."""

    def sum(self, x: T, axes: Sequence[int]) -> T:
        """The sum over the axes."""

    def mean(self, x: T, axes: Sequence[int]) -> T:
        """The mean over the axes."""

    def max(self, x: T, axes: Sequence[int]) -> T:
        """The greatest value over the axes."""

    # Of maps.

    def max_pool(self, x: T, window: Window) -> T:
        """The greatest value of each window; what is added around the map never is."""

    def avg_pool(self, x: T, window: Window) -> T:
        """The mean of each window; zeros added around the map count."""

    def upsample(self, x: T, scale: tuple[int, int], mode: str) -> T:
        """Point i is read at (i + 0.5) / scale - 0.5, kept inside: "nearest" rounds that, "bilinear" blends."""

    def windows(self, x: T, window: Window) -> T:
        """[height, width, channels, kernel height, kernel width]: the points of each window, zeros around the map."""

    # Laid out anew.

    def reshape(self, x: T, shape: Shape) -> T:
        """The same values in the same order."""

    def permute(self, x: T, axes: Sequence[int]) -> T:
        """Axis i of the result is axis `axes[i]` of x."""

    def expand(self, x: T, shape: Shape) -> T:
        """Axes of size 1 repeated until the shape is filled."""

    def slice(self, x: T, axis: int, start: int, size: int) -> T:
        """The positions start to start + size - 1 of an axis."""

    def concat(self, xs: Sequence[T], axis: int) -> T:
        """One behind the other along an axis."""

    def pad(self, x: T, before: Sequence[int], after: Sequence[int], value: float) -> T:
        """As many of `value` in front of and behind each axis."""

    # Along the pairs of a rule.

    def gather(self, x: T, rule: Relation, axis: int) -> T:
        """The axis holds sources; in the result it holds pairs, each with the value of its source."""

    def segment_sum(self, x: T, rule: Relation, axis: int) -> T:
        """The axis holds pairs; in the result it holds targets, each with the sum of its pairs, 0 without one."""

    def segment_max(self, x: T, rule: Relation, axis: int) -> T:
        """The axis holds pairs; in the result it holds targets, each with its greatest, -inf without one."""
