"""Networks for tests: one with a bit of everything, as text, one of a layer, and others made of those that are."""

from hashlib import sha256

from connc.compiler.make import make_op
from connc.compiler.network import WIRING, Network, Node, Ref, Source

EVERYTHING = """\
body two(1)
  %a = input : [4]
  %b = input : [4]
  %sum = sum %a, %b : [4]
  return %sum

body fit(1)
  %in = input : [2]
  %linear = linear{units=4} %in : [4]
  return %linear

body cell(1)
  %in = input : [4]
  %linear = linear{units=4} %in : [4]
  return %linear

relation #1: [4] -> [4] = affine 1 [0, 1]

relation #2: [5] -> [5]
  2: 0
  3: 0..2
  4: 1, 3

net everything, level wiring
  %in = input : [4]
  %small = input : [2]
  %both = two(1) %in, %small via fit(1) : [4]
  %layer[0] = cell(1) %in : [4]
  %run[0..1] = bundle %in, %both
  %layer[1] = cell(1) using sum %run[0..1]:*, %layer[0] : [4]
  %out.join = sum %both, %layer[1] : [4]
  %tower = linear{units=2} %in : [2]
  %tower@2 = linear{units=2} %both : [2]
  %concat = concat %tower, %tower@2 : [4]
  %linear = linear{units=4} by #1 %concat : [4]
  family layer[2]
  connect layer[0].connect: %in, %both, %layer[*], return by #2 using sum
  return %out.join, hint = %linear
"""


def one(kind, name, **values):
    """A body with one layer on a vector of four."""
    op = make_op(name, values)
    nodes = [Node("in", make_op("input", {"size": (4,)}), ((4,),)), Node(name, op, op.shapes((4,)))]
    return Network(kind, WIRING, nodes, {name: [Source(Ref("in"))]}, {"out": Ref(name)})


def renamed(net):
    """The same kernel network with names that say nothing and sort otherwise; uses of one layer stay together."""

    def new(name):
        owner, _, use = name.partition("@")
        return f"n{sha256(net[name].owner.encode()).hexdigest()[:8]}" + (
            "" if name == owner else f"@{use.split('.')[0]}"
        )

    names = {node.name: node.name if node in net.inputs else new(node.name) for node in net}
    if len(set(names.values())) < len(names):
        return net
    return rebuilt(net, names)


def rebuilt(net, names):
    """A network whose nodes are called otherwise, or that lacks some."""
    nodes = [Node(names[n.name], n.what, n.shapes, n.join) for n in net]
    sources = {
        names[n.name]: [Source(Ref(names[s.ref.node], s.ref.port), s.via) for s in net.sources(n.name)] for n in net
    }
    outputs = {port: Ref(names[ref.node], ref.port) for port, ref in net.outputs.items()}
    return Network(net.kind, net.level, nodes, sources, outputs)
