"""How the sources of a target become one tensor: adapters for those that do not fit, and a join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connc.compiler.elaborate.draft import Draft, Joined
from connc.compiler.elaborate.values import Recipe, Tensor
from connc.compiler.names import output_name
from connc.compiler.network import Network, Source
from connc.compiler.ops.base import Shape
from connc.compiler.ops.joins import Concat, Max, Mean, Mul, Sum
from connc.compiler.ops.refuse import show
from connc.dsl import codes
from connc.dsl.diagnostic import Diagnostic, Refusal
from connc.dsl.evaluate import FREE
from connc.dsl.source import Span

Wanted = tuple[object, ...]  # a shape, some of it free


@dataclass(frozen=True, slots=True)
class Joint:
    """The clauses of a `connect`; `using` and `via` are None where they are not written."""

    draft: Draft
    using: Recipe | None
    via: Recipe | None
    span: Span

    def join(self, target: str, tensors: Sequence[Tensor], plain: Sequence[Source], declared: Wanted | None) -> Joined:
        """Bring tensors to the shape that a target wants, then together; `plain` are those that need no adapter."""
        wanted = self._wanted(tensors, declared)
        sources, shapes = list(plain), [each.shape for each in tensors]
        misfits = {shape for shape in set(shapes) if wanted is not None and not fits(shape, wanted)}
        for place, tensor in enumerate(tensors) if misfits else ():
            if wanted is not None and tensor.shape in misfits:
                body = self._adapter(target, tensor, wanted, tensors[-1])
                sources[place], shapes[place] = Source(tensor.ref, body), body.shapes[0]
        if len(tensors) == 1:
            return Joined(sources, shapes[0])
        return self.joined(target, sources, shapes)

    def joined(self, target: str, sources: list[Source], shapes: Sequence[Shape]) -> Joined:
        """Several sources that fit, and the join that they meet in."""
        assert self.using is not None
        join = self.draft.one(f"{target}.join", self.using, tuple(shapes), self.span)
        if isinstance(join, Network):
            return Joined(sources, join.shapes[0], join)
        return Joined(sources, self.draft.shapes(join, shapes, self.span, sources)[0], join)

    @property
    def folds(self) -> bool:
        """Whether sources may be joined piece by piece, as far as shapes go."""
        return self.using is not None and self.using.maker in (Concat, Max, Mean, Mul, Sum)

    def _wanted(self, tensors: Sequence[Tensor], declared: Wanted | None) -> Wanted | None:
        """The declared shape, else that of the source in the highest position; `concat` leaves its own axis free."""
        if len(tensors) == 1:
            return declared
        wanted = list(declared or tensors[-1].shape)
        if self.using is not None and self.using.maker is Concat:
            axis: int = dict(self.using.given).get("axis", 0)
            if -len(wanted) <= axis < len(wanted):
                wanted[axis] = FREE
        return tuple(wanted)

    def _adapter(self, target: str, tensor: Tensor, wanted: Wanted, last: Tensor) -> Network:
        if self.via is None:
            raise Refusal(self._does_not_fit(target, tensor, wanted, last))
        same_rank = len(wanted) == len(tensor.shape)
        to = tuple(s if w is FREE and same_rank else w for s, w in zip(tensor.shape, wanted, strict=False))
        recipe = replace(self.via, given=(*self.via.given, ("to", to if same_rank else wanted)))
        body = self.draft.one(f"{target}.via.{output_name(*tensor.ref)}", recipe, (tensor.shape,), self.span)
        if not isinstance(body, Network):
            message = f"`{self.via.kind}` cannot adapt: `via` takes a module with a parameter `to: shape`"
            raise Refusal(codes.ADAPTER.at(self.span, message))
        if not fits(body.shapes[0], wanted):
            made = f"`{self.via.kind}` makes {show(body.shapes[0])} of `{tensor.ref}`"
            message = f"{made}, and `{target}` wants {show(wanted)}"
            raise Refusal(codes.JOIN_SHAPES.at(self.span, message))
        return body

    def _does_not_fit(self, target: str, tensor: Tensor, wanted: Wanted, last: Tensor) -> Diagnostic:
        found = f"`{tensor.ref}` ({show(tensor.shape)})"
        if tensor is last or self.using is None:
            message = f"`{target}` takes {show(wanted)}, not {show(tensor.shape)}"
            label = f"`{target}` receives {found}"
        else:
            message = f"`{self.using.kind}` cannot join {show(tensor.shape)} with {show(last.shape)}"
            label = f"`{target}` receives {found} and `{last.ref}` ({show(last.shape)})"
        help_ = "add `via transfer` of std.blocks to resize sources that do not fit"
        if len(tensor.shape) != 3:
            help_ = "add `via fit`, with a `module fit(to: shape) { in -> linear(to[0]) -> out }` of your own"
        return codes.JOIN_SHAPES.at(self.span, message, label, help=help_)


def fits(shape: Shape, wanted: Sequence[object]) -> bool:
    """Whether a shape is the one that is wanted, where that is not free."""
    return len(shape) == len(wanted) and all(w is FREE or s == w for s, w in zip(shape, wanted, strict=True))
