"""Layers that sum up the windows of a map: channels, height, width."""

from dataclasses import dataclass

from connc.compiler.fields import Margin, Pair
from connc.compiler.ops.base import Op, Prims, Shape, ShapeError, T, op
from connc.compiler.ops.refuse import a_map, fits, windows
from connc.compiler.ops.window import Window


@dataclass(frozen=True)
class Pool(Op):
    """What pools have in common. More padding than half a kernel would make windows of nothing but padding."""

    kernel: Pair
    stride: Pair | None = None
    padding: Margin = (0, 0)

    @property
    def window(self) -> Window:
        return Window(self.kernel, self.stride or self.kernel, self.padding)

    def shape(self, x: Shape) -> Shape:
        channels, *_ = a_map(self, x)
        most = self.kernel[0] // 2, self.kernel[1] // 2
        if self.padding[0] > most[0] or self.padding[1] > most[1]:
            raise ShapeError(
                f"the padding of `{self.name}`, {self.padding}, is more than half its kernel, {self.kernel}",
                f"`padding` is at most {most}",
            )
        return fits(self, (channels, *windows(self, self.window, x)))


@op("maxpool")
class MaxPool(Pool):
    """Keeps the greatest value of each window of a map.

    `kernel`: height and width of the window, one value for both. `stride`: the step of the window; without it the
    kernel, so that windows do not overlap. `padding`: points added on each side, which are never the greatest.
    """

    def body(self, p: Prims[T], x: T) -> T:
        return p.max_pool(x, self.window)


@op("avgpool")
class AvgPool(Pool):
    """Takes the mean of each window of a map.

    `kernel`: height and width of the window, one value for both. `stride`: the step of the window; without it the
    kernel, so that windows do not overlap. `padding`: zeros added on each side, which count.
    """

    def body(self, p: Prims[T], x: T) -> T:
        return p.avg_pool(x, self.window)


@op("globalpool")
class GlobalPool(Op):
    """Takes the mean of each channel over the whole map: a vector of one value a channel."""

    def shape(self, x: Shape) -> Shape:
        return a_map(self, x)[:1]

    def body(self, p: Prims[T], x: T) -> T:
        return p.mean(x, (1, 2))
