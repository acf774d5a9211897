"""The graph of a network as drawings that open: each module's own layers, and the modules in it."""

from __future__ import annotations

from connc.backends.drawing.marks import escaped
from connc.backends.drawing.picture import by_size
from connc.backends.drawing.summary import picture_of
from connc.backends.drawing.svg import svg
from connc.backends.report.figures import times, whole
from connc.backends.report.parts import Part, parts
from connc.backends.report.sections import Tables
from connc.compiler.network import Network

MOST = 2_000_000  # letters of all drawings
LEAST = 0.8  # of its size, for a drawing that is wider than the page
_SPACE = ' xmlns="http://www.w3.org/2000/svg"'


def graph(network: Network, costs: Tables) -> str:
    """The network's own layers, open, and behind them its modules."""
    return _Details(costs).whole(network)


def inline(drawing: str, said: str) -> str:
    """A drawing as a part of a page, which has the tips of arrows already. It shrinks while it can still be read."""
    head, _, rest = drawing.partition("<defs>")
    least = float(head.partition(' width="')[2].partition('"')[0]) * LEAST
    head = head.replace("max-width:100%", f"max-width:max(100%,{least:.0f}px)", 1).replace(_SPACE, "", 1)
    body = head + rest.partition("</defs>\n")[2]
    return f'<div class="drawing" role="region" tabindex="0" aria-label="{escaped(said)}">\n{body}</div>\n'


class _Details:
    """The drawings so far: their places in the page, and how many letters they have taken."""

    def __init__(self, costs: Tables) -> None:
        self.costs = costs
        self.letters = 0
        self.places: dict[str, int] = {}
        self.drawn: dict[str, str] = {}  # whose layers a drawing shows

    def whole(self, network: Network) -> str:
        inner = "".join(self._part(each) for each in parts(network))
        return f"{self._drawing(network, network.kind)}{inner}"

    def _part(self, part: Part) -> str:
        return (
            f"<details{self._place(part)}><summary>{self._summary(part)}</summary>\n{self._content(part)}</details>\n"
        )

    def _place(self, part: Part) -> str:
        if part.like:
            return ""
        self.places[part.path] = len(self.places)
        return f' id="part{self.places[part.path]}"'

    def _summary(self, part: Part) -> str:
        kind = escaped(f"{part.body.kind}{times(len(part.names))}")
        params, macs = (whole(self._sum(part, column)) for column in ("params", "macs"))
        said = f"{_shapes(part)}, {params} parameters, {macs} multiply-accumulates"
        return f'<b>{escaped(part.title)}</b> {kind} <span class="kind">{said}</span>'

    def _sum(self, part: Part, column: str) -> int:
        """What leads to no output costs nothing."""
        return sum(self.costs[name][column] for name in part.names if name in self.costs)

    def _content(self, part: Part) -> str:
        if part.like:
            word = "The same as" if part.is_same else "Built like"
            rest = "." if part.is_same else ", with other numbers."
            return f'<p class="note">{word} {self._link(part.like)}{rest}</p>\n'
        note = "" if part.is_same else '<p class="note">All are built so; they differ in their numbers.</p>\n'
        inner = "".join(self._part(each) for each in part.inner)
        return f"{note}{self._drawing(part.body, part.path)}{inner}"

    def _drawing(self, body: Network, name: str) -> str:
        if self.letters > MOST:
            return '<p class="note">Not drawn here, where much is drawn already: connc graph --module draws it.</p>\n'
        drawn = svg(picture_of(body, 1))
        if (first := self.drawn.setdefault(drawn, name)) != name:
            return f'<p class="note">Its own layers look like those of {self._link(first)}.</p>\n'
        self.letters += len(drawn)
        return inline(drawn, f"The layers of {name}")

    def _link(self, path: str) -> str:
        """To what is drawn; the whole is at the top."""
        address = f"part{self.places[path]}" if path in self.places else "graph"
        return f'<a href="#{address}">{escaped(path)}</a>'


def _shapes(part: Part) -> str:
    """What the first takes and gives."""
    ins = " and ".join(by_size(node.shapes[0]) for node in part.body.inputs)
    outs = " and ".join(by_size(shape) for shape in part.body.shapes)
    return escaped(f"{ins} → {outs}")
