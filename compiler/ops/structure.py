"""What a network needs at its borders and no spec writes. Not among the layers of the language."""

from connc.compiler import fields
from connc.compiler.ops.base import Op, Prims, Shape, T, op
from connc.compiler.registry import Registry

STRUCTURE: Registry[Op] = Registry("structure")


@op("input", inputs=(), registry=STRUCTURE)
class Input(Op):
    """Stands for a tensor that comes from outside.

    `size`: its shape.
    """

    size: fields.Shape

    def shape(self) -> Shape:
        return self.size


@op("bundle", inputs=None, outputs=None, registry=STRUCTURE)
class Bundle(Op):
    """Hands on as many tensors as come, side by side."""

    is_pointwise = True
    is_view = True

    def shapes(self, *x: Shape) -> tuple[Shape, ...]:
        return x

    def body(self, p: Prims[T], *x: T) -> tuple[T, ...]:
        return x
