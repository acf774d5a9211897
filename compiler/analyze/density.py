"""Density: the share of all possible connections that there are, between neurons and between layers."""

from fractions import Fraction

from connc.compiler.analyze.base import Analysis, Number, analysis, plain, table
from connc.compiler.analyze.junctions import Junction
from connc.compiler.analyze.links import Links, among
from connc.compiler.analyze.subject import Subject
from connc.compiler.fields import Part


@analysis("density")
class Density(Analysis):
    """The share of all possible connections that there are.

    Of a part whose layers a `connect` joins it counts the pairs of these layers, against `evolve within` or else all
    that the `connect` could join. Of another part, and of a whole net, it counts the weights of junctions; biases and
    convolutions do not count. Of a single layer with a rule between channels or tokens it is that of the rule.
    """

    of: Part | None = None

    def measure(self, subject: Subject) -> Number:
        if self.of is not None and (found := among(subject.network, self.of)):
            return _share([(each.count, each.possible) for each in found])
        junctions = subject.junctions(self.of)
        if self.of is not None and not junctions:
            junctions = subject.ruled(self.of)
        return _share([(each.count, each.possible) for each in junctions])

    def witness(self, subject: Subject) -> str:
        if self.of is not None and among(subject.network, self.of):
            return ""
        parts = subject.junctions(self.of)
        return ", ".join(f"{each.name} {float(each.density):.4g}" for each in parts[:4]) if len(parts) > 1 else ""


@table("density")
def _density(subject: Subject) -> object:
    junctions = subject.junctions()
    connects = subject.positions.connects
    links = {name: _links(Links.of(connect)) for name, (_, connect) in connects.items()}
    if not junctions and not links:
        return None
    overall = _share([(each.count, each.possible) for each in junctions])
    return {"overall": plain(overall), "junctions": _densities(junctions), "links": links}


def _densities(junctions: list[Junction]) -> dict[str, object]:
    return {each.name: plain(each.density) for each in junctions}


def _share(counts: list[tuple[int, int]]) -> Fraction | None:
    """Of several, as much of all that could be."""
    possible = sum(most for _, most in counts)
    return Fraction(sum(count for count, _ in counts), possible) if possible else None


def _links(links: Links) -> dict[str, object]:
    distances = {str(distance): _counted(count, most) for distance, count, most in links.distances()}
    return _counted(links.count, links.possible) | {"distances": distances}


def _counted(count: int, possible: int) -> dict[str, object]:
    return {"count": count, "possible": possible, "value": plain(_share([(count, possible)]))}
