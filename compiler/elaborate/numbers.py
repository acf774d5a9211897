"""Names of layers that have no label: their kind, and from the second on a number, in the order of the text."""

from __future__ import annotations

from connc.compiler.elaborate.outline import Outline, Site
from connc.compiler.elaborate.reader import Reader
from connc.compiler.elaborate.values import Recipe
from connc.dsl import codes, tree
from connc.dsl.diagnostic import Refusal
from connc.dsl.tree import Expr


class Numbers:
    """Named as far as it was asked for: what stands behind may not be known yet."""

    def __init__(self, text: Outline, reader: Reader) -> None:
        self.text, self.reader = text, reader
        self._named: dict[tuple[int, int], list[str]] = {}
        self._taken = {port.name.text for port in text.inputs}
        self._counts: dict[str, int] = {}
        self._next = 0

    def of(self, expr: Expr) -> list[str]:
        """The names of the layers that an expression makes."""
        place = expr.span.start, expr.span.stop
        while place not in self._named:
            site = self.text.sites[self._next]
            kinds = site.kinds or (self.recipe(site.expr).kind,)
            self._next += 1
            self._named[site.expr.span.start, site.expr.span.stop] = [self._number(kind, site) for kind in kinds]
        return self._named[place]

    def _number(self, kind: str, site: Site) -> str:
        while True:
            count = self._counts[kind] = self._counts.get(kind, 0) + 1
            name = kind if count == 1 else f"{kind}{count}"
            if name not in self._taken:
                break
        self._taken.add(name)
        if name in self.text.labels:
            label = self.text.labels[name].name
            message = f"`{name}` is what `{site.expr.span.shown}` on line {site.expr.span.line} is called"
            raise Refusal(codes.NAME_TAKEN.at(label.span, message, help="choose another label"))
        return name

    def recipe(self, expr: Expr) -> Recipe:
        """What a layer is made of, without its arguments, which may not be known yet."""
        match expr:
            case tree.Call(callee=callee):
                return self.recipe(callee)
            case tree.Ruled(layer=layer):
                return self.recipe(layer)
            case tree.Choice(cases=cases, otherwise=otherwise):
                return self.recipe(next((c.value for c in cases if self.reader(c.condition)), otherwise))
        recipe = self.reader(expr)
        assert isinstance(recipe, Recipe)
        return recipe
