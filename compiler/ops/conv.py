"""Convolutions of a map: channels, height, width."""

from math import prod

from connc.compiler.fields import Count, Margin, Pair
from connc.compiler.ops.base import Op, Prims, Shape, ShapeError, Space, T, op
from connc.compiler.ops.refuse import a_map, divides, fits, related, windows
from connc.compiler.ops.window import Window, keeping
from connc.compiler.start import Start, of_neurons


@op("conv", relates="channels")
class Conv(Op):
    """Convolves a map to `channels` channels; height and width stay, unless `stride` or `padding` says otherwise.

    `channels`: channels of the result. `kernel`: height and width of the window, one value for both. `stride`: the step
    of the window. `padding`: zeros added on each side; without it floor(dilation * (kernel - 1) / 2), which keeps the
    map for odd kernels. `dilation`: the step between the points of the window. `groups`: how many parts the channels
    fall into, each connected to its own. `bias`: whether a number is added to each channel.
    """

    channels: Count
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Margin | None = None
    dilation: Pair = (1, 1)
    groups: Count = 1
    bias: bool = False

    @property
    def window(self) -> Window:
        padding = keeping(self.kernel, self.dilation) if self.padding is None else self.padding
        return Window(self.kernel, self.stride, padding, self.dilation)

    def shape(self, x: Shape) -> Shape:
        channels, *_ = a_map(self, x)
        divides(self, self.groups, "`groups`", channels, self.channels)
        if self.rule is not None and self.groups > 1:
            raise ShapeError("`conv` has both `groups` and a rule behind `by`", "the rule alone says what is connected")
        related(self, x)
        return fits(self, (self.channels, *windows(self, self.window, x)))

    def spaces(self, x: Shape) -> tuple[Space, Space]:
        return x[:1], (self.channels,)

    def params(self, x: Shape) -> dict[str, Shape]:
        pairs = (self.channels, x[0] // self.groups) if self.rule is None else (self.rule.count,)
        return {"weight": (*pairs, *self.kernel)} | ({"bias": (self.channels,)} if self.bias else {})

    def starts(self, x: Shape) -> dict[str, Start]:
        return of_neurons(x[0] // self.groups, self.rule, prod(self.kernel))

    def macs(self, x: Shape) -> int:
        return prod(self.params(x)["weight"]) * prod(self.shape(x)[1:])

    def body(self, p: Prims[T], x: T, *, weight: T, bias: T | None = None) -> T:
        if self.rule is None:
            return p.conv(x, weight, bias, self.window, self.groups)
        return p.junction_conv(x, weight, bias, self.window, self.rule)


@op("sepconv")
class SepConv(Op):
    """Convolves each channel by itself, then connects the channels point by point: a separable convolution.

    Its parameters are those of `conv`: `kernel`, `stride`, `padding` and `dilation` of the first step, `channels` and
    `bias` of the second.
    """

    channels: Count
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Margin | None = None
    dilation: Pair = (1, 1)
    bias: bool = False

    @property
    def window(self) -> Window:
        padding = keeping(self.kernel, self.dilation) if self.padding is None else self.padding
        return Window(self.kernel, self.stride, padding, self.dilation)

    def shape(self, x: Shape) -> Shape:
        a_map(self, x)
        return fits(self, (self.channels, *windows(self, self.window, x)))

    def params(self, x: Shape) -> dict[str, Shape]:
        weights = {"depth_weight": (x[0], 1, *self.kernel), "point_weight": (self.channels, x[0], 1, 1)}
        return weights | ({"point_bias": (self.channels,)} if self.bias else {})

    def starts(self, x: Shape) -> dict[str, Start]:
        point = of_neurons(x[0])
        depth = of_neurons(1, area=prod(self.kernel))
        return {"depth_weight": depth["weight"], "point_weight": point["weight"], "point_bias": point["bias"]}

    def macs(self, x: Shape) -> int:
        per_point = x[0] * prod(self.kernel) + self.channels * x[0]
        return per_point * prod(self.shape(x)[1:])

    def body(self, p: Prims[T], x: T, *, depth_weight: T, point_weight: T, point_bias: T | None = None) -> T:
        deep = p.conv(x, depth_weight, None, self.window, p.shape(x)[0])
        return p.conv(deep, point_weight, point_bias, Window((1, 1), (1, 1), (0, 0)), 1)
