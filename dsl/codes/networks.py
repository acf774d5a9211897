"""E9: networks that are read as text. The examples are such texts, and no specs."""

from connc.dsl.codes.define import define

IR_SYNTAX = define(
    "E901",
    "not the text of a network",
    """
    A network was to be read from its text, and this is not what `connc` prints. The message says what could have stood
    here.
    """,
    wrong="""
    net a, level kernel
      %in = input [4]
      return %in
    """,
    right="""
    net a, level kernel
      %in = input : [4]
      return %in
    """,
)

IR_OP = define(
    "E902",
    "not a layer",
    """
    In the text of a network, a layer is of a kind that does not exist, has a parameter that it cannot have, or lacks
    one that it must have.
    """,
    wrong="""
    net a, level kernel
      %in = input : [4]
      %linear = linear{width=3} %in : [3]
      return %linear
    """,
    right="""
    net a, level kernel
      %in = input : [4]
      %linear = linear{units=3} %in : [3]
      return %linear
    """,
)

IR_NAME = define(
    "E903",
    "unknown name in a network",
    """
    The text of a network names a node, an output of a node, a body or a relation that it does not have. Bodies and
    relations stand in front of what uses them.
    """,
    wrong="""
    net a, level kernel
      %in = input : [4]
      %relu = relu %input : [4]
      return %relu
    """,
    right="""
    net a, level kernel
      %in = input : [4]
      %relu = relu %in : [4]
      return %relu
    """,
)

IR_TWICE = define(
    "E904",
    "defined twice in a network",
    """
    In the text of a network, two nodes, bodies, relations, outputs or parameters of a layer have one name.
    """,
    wrong="""
    net a, level kernel
      %in = input : [4]
      %relu = relu %in : [4]
      %relu = tanh %in : [4]
      return %relu
    """,
    right="""
    net a, level kernel
      %in = input : [4]
      %relu = relu %in : [4]
      %tanh = tanh %relu : [4]
      return %tanh
    """,
)

IR_SHAPE = define(
    "E905",
    "wrong shape in a network",
    """
    A node in the text of a network has another shape than its layer makes of what flows in, or its layer cannot take
    what flows in.
    """,
    wrong="""
    net a, level kernel
      %in = input : [4]
      %linear = linear{units=3} %in : [4]
      return %linear
    """,
    right="""
    net a, level kernel
      %in = input : [4]
      %linear = linear{units=3} %in : [3]
      return %linear
    """,
)

IR_CIRCLE = define(
    "E906",
    "circle in a network",
    """
    In the text of a network, nodes read one another in a circle, so that none of them can be computed first.
    """,
    wrong="""
    net a, level kernel
      %in = input : [4]
      %sum = sum %in, %relu : [4]
      %relu = relu %sum : [4]
      return %relu
    """,
    right="""
    net a, level kernel
      %in = input : [4]
      %sum = sum %in, %in : [4]
      %relu = relu %sum : [4]
      return %relu
    """,
)

IR_LAW = define(
    "E907",
    "against a law of networks",
    """
    The text of a network can be read, and breaks a law that all networks keep: a node leads to no output, a layer of
    one input has two, a family lacks a member, an edge is not what its rule says, or the like.
    """,
    wrong="""
    net a, level kernel
      %in = input : [4]
      %relu = relu %in : [4]
      %tanh = tanh %in : [4]
      return %relu
    """,
    right="""
    net a, level kernel
      %in = input : [4]
      %relu = relu %in : [4]
      return %relu
    """,
)
