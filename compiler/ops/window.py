"""How a window goes over a map, for convolutions and pools alike."""

from __future__ import annotations

from dataclasses import dataclass

Sizes = tuple[int, int]  # height and width


@dataclass(frozen=True, slots=True)
class Window:
    """`kernel` points, `dilation` apart, in steps of `stride`, with `padding` points added on each side."""

    kernel: Sizes
    stride: Sizes
    padding: Sizes
    dilation: Sizes = (1, 1)

    @property
    def spans(self) -> Sizes:
        """How many points of the map it reaches over."""
        (h, w), (a, b) = self.kernel, self.dilation
        return a * (h - 1) + 1, b * (w - 1) + 1

    def room(self, height: int, width: int) -> Sizes:
        """The size of the map with its padding."""
        return height + 2 * self.padding[0], width + 2 * self.padding[1]

    def places(self, height: int, width: int) -> Sizes:
        """How many windows there are; at least one in each direction, if it is not larger than the room."""
        (rows, columns), (h, w), (a, b) = self.room(height, width), self.spans, self.stride
        return (rows - h) // a + 1, (columns - w) // b + 1


def keeping(kernel: Sizes, dilation: Sizes) -> Sizes:
    """The padding that keeps the size of a map for odd kernels and steps of 1."""
    return dilation[0] * (kernel[0] - 1) // 2, dilation[1] * (kernel[1] - 1) // 2
