"""What the papers count, measured on networks: each quantity as a number and as `docs/seeds.md` writes it."""

from fractions import Fraction
from math import prod

from connc import analyze
from connc.compiler.analyze.costs import costs
from connc.compiler.expand import expand


def junctions(network):
    """The relations of all layers of neurons."""
    return [n.what.rule for n in expand(network) if n.what.signature.name == "linear" and n.what.rule is not None]


def possible(relation):
    return prod(relation.sources) * prod(relation.targets)


def connections(network):
    return sum(each.count for each in junctions(network))


def all_connections(network):
    return sum(map(possible, junctions(network)))


def convolutions(network):
    """The costs of all convolutions, and how many numbers they make."""
    flat = expand(network)
    table = costs(flat)
    names = [node.name for node in flat if node.what.signature.name == "conv"]
    biases = sum(prod(flat[name].shapes[0]) for name in names if flat[name].what.bias)
    return sum(table[name].params for name in names), sum(table[name].macs for name in names) + biases


def saved(network, convolved):
    """The share of what there is without sparsity that sparsity saves."""
    return share(all_connections(network) - connections(network), convolved + all_connections(network))


def left(network):
    """The share of all weights, those of convolutions too, that sparsity leaves."""
    return 100 - saved(network, convolutions(network)[0])


def density(network):
    """As `connc analyze` has it."""
    return analyze(network, "density")["density"]


def links(network):
    """Those of the grid."""
    (connect,) = network.connects
    return density(network)["links"][connect.name]


def share(part, whole):
    return Fraction(100 * part, whole)


def percent(value):
    return f"{float(value):.4f}%"


def percents(values):
    return ", ".join(map(percent, values))


def giga(count):
    return f"{count / 1e9:.4f}G"


QUANTITIES = {  # by the name in the table: how it is measured, how it is written
    "parameters": (lambda network: analyze(network, "params")["params"], "{:,}".format),
    "FLOPs": (lambda network: analyze(network, "flops")["flops"], giga),
    "connections": (connections, "{:,}".format),
    "possible connections": (all_connections, "{:,}".format),
    "density": (lambda network: 100 * density(network)["overall"], percent),
    "densities": (lambda network: [100 * each for each in density(network)["junctions"].values()], percents),
    "parameters of the convolutions": (lambda network: convolutions(network)[0], "{:,}".format),
    "operations of the convolutions": (lambda network: convolutions(network)[1], giga),
    "parameters saved": (lambda network: saved(network, convolutions(network)[0]), percent),
    "operations saved": (lambda network: saved(network, convolutions(network)[1]), percent),
    "weights of all layers": (lambda network: convolutions(network)[0] + connections(network), "{:,}".format),
    "left of all weights": (left, percent),
    "links": (lambda network: links(network)["count"], "{:,}".format),
    "density of the links": (lambda network: 100 * links(network)["value"], percent),
}
