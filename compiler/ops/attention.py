"""Layers in which tokens read each other."""

from connc.compiler.fields import Count
from connc.compiler.ops.base import Op, Prims, Shape, ShapeError, Space, T, op
from connc.compiler.ops.refuse import divides, related, show
from connc.compiler.start import Start, of_neurons

PARTS = ("query", "key", "value", "out")


@op("attention", relates="tokens")
class Attention(Op):
    """Lets each token read every token, itself included, or those that the rule behind `by` relates to it.

    What comes in has two axes, tokens and features. `heads`: how many readers share the features; they must divide
    them. `bias`: whether the four projections add a number to each feature.
    """

    heads: Count
    bias: bool = True

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"`attention` takes tokens and features, not {show(x)}", "`reshape` or `permute` it")
        divides(self, self.heads, "`heads`", x[1])
        related(self, x)
        self._all_read()
        return x

    def _all_read(self) -> None:
        """A mean of nothing would be no number."""
        degrees = [1] if self.rule is None else self.rule.in_degrees().tolist()
        if 0 in degrees:
            idle = degrees.index(0)
            raise ShapeError(f"behind `attention` the rule lets token {idle} read nothing", "add `| (i -> i)` to it")

    def spaces(self, x: Shape) -> tuple[Space, Space]:
        return x[:1], x[:1]

    def params(self, x: Shape) -> dict[str, Shape]:
        size = x[1]
        weights: dict[str, Shape] = {f"{part}_weight": (size, size) for part in PARTS}
        return weights | ({f"{part}_bias": (size,) for part in PARTS} if self.bias else {})

    def starts(self, x: Shape) -> dict[str, Start]:
        start = of_neurons(x[1])
        return {f"{part}_{key}": value for part in PARTS for key, value in start.items()}

    def macs(self, x: Shape) -> int:
        tokens, size = x
        pairs = tokens * tokens if self.rule is None else self.rule.count
        return len(PARTS) * tokens * size * size + 2 * pairs * size

    def body(self, p: Prims[T], x: T, **params: T) -> T:
        tokens, size = p.shape(x)

        def project(part: str, x: T) -> T:
            return p.linear(x, params[f"{part}_weight"], params.get(f"{part}_bias"))

        def shared(part: str) -> T:
            split = p.reshape(project(part, x), (tokens, self.heads, size // self.heads))
            return p.permute(split, (1, 0, 2))

        read = p.attend(shared("query"), shared("key"), shared("value"), self.rule)
        return project("out", p.reshape(p.permute(read, (1, 0, 2)), (tokens, size)))
