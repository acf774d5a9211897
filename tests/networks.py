"""Networks for tests: one with a bit of everything, as text, and strategies of others."""

from hashlib import sha256

from hypothesis import strategies as st

from connc.compiler.make import make_op
from connc.compiler.network import ALL, WIRING, Network, Node, Ref, Source

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


def nested(body):
    """A body around a body, which it uses twice."""
    nodes = [
        Node("in", make_op("input", {"size": (4,)}), ((4,),)),
        Node("a", body, ((4,),)),
        Node("b", body, ((4,),), make_op("sum", {})),
    ]
    sources = {"a": [Source(Ref("in"))], "b": [Source(Ref("in")), Source(Ref("a"), body)]}
    return Network("nested", WIRING, nodes, sources, {"out": Ref("b")})


UNARY = [make_op("relu", {}), make_op("bn", {}), make_op("linear", {"units": 4}), make_op("dropout", {"p": 0})]
BODIES = [one("cell", "linear", units=4), one("cell", "tanh"), nested(one("cell", "linear", units=4, bias=False))]
JOINS = [make_op("sum", {}), make_op("mean", {}), make_op("max", {})]


@st.composite
def wirings(draw):
    """Layers on vectors of four: ops, modules, joins, adapters, bundles, shared layers, two outputs of one layer."""
    draft = Draft()
    for i in range(draw(st.integers(0, 8))):
        draw(st.sampled_from(KINDS))(draft, draw, f"layer[{i}]")
    last = draft.join("sum", make_op("sum", {}), [Source(ref) for ref in draft.tensors])
    return Network("drawn", WIRING, draft.nodes, draft.sources, {"out": last})


class Draft:
    """The nodes so far, and what they make: vectors of four."""

    def __init__(self):
        self.nodes = [Node(f"in{i}", make_op("input", {"size": (4,)}), ((4,),)) for i in range(2)]
        self.sources = {}
        self.tensors = [Ref("in0"), Ref("in1")]
        self.shared = []

    def add(self, name, what, sources, shapes=((4,),), join=None):
        self.nodes.append(Node(name, what, shapes, join))
        self.sources[name] = sources
        return Ref(name)

    def join(self, name, op, sources):
        return self.add(name, op, sources)

    def drawn(self, draw, least=1, most=3):
        """Some sources, adapted or not."""
        source = st.builds(Source, st.sampled_from(self.tensors), st.sampled_from([None, None, *BODIES]))
        return draw(st.lists(source, min_size=least, max_size=most))


def layer(draft, draw, name):
    draft.tensors.append(draft.add(name, draw(st.sampled_from(UNARY)), draft.drawn(draw, 1, 1)))


def module(draft, draw, name):
    sources = draft.drawn(draw)
    join = draw(st.sampled_from(JOINS)) if len(sources) > 1 else None
    draft.tensors.append(draft.add(name, draw(st.sampled_from(BODIES)), sources, join=join))


def joined(draft, draw, name):
    """A join that reads a bundle of a bundle."""
    inner = draft.add(f"{name}.run[0..1]", make_op("bundle", {}), draft.drawn(draw), ())
    outer = draft.add(f"{name}.run[0..2]", make_op("bundle", {}), [held(inner), *draft.drawn(draw)], ())
    draft.tensors.append(draft.join(name, draw(st.sampled_from(JOINS)), [held(outer), *draft.drawn(draw, 0)]))


def held(ref):
    return Source(ref._replace(port=ALL))


def halves(draft, draw, name):
    """A layer with two outputs, put together the other way round."""
    split = draft.add(name, make_op("split", {"count": 2}), draft.drawn(draw, 1, 1), ((2,), (2,))).node
    sources = [Source(Ref(split, "1")), Source(Ref(split, "0"))]
    draft.tensors.append(draft.join(f"{name}.turned", make_op("concat", {}), sources))


def twice(draft, draw, name):
    """A layer, and a second use of it."""
    what = draw(st.sampled_from([UNARY[2], *BODIES]))
    for use in (name, f"{name}@2"):
        draft.tensors.append(draft.add(use, what, draft.drawn(draw, 1, 1)))


KINDS = [layer, module, joined, halves, twice]


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
