"""The catalogue of mistakes.

E1 is text and syntax, E2 shapes, E3 names and files, E4 values and calls, E5 bodies, E7 rules, E8 wiring, E9 networks
as text, W warnings.
A code is one `Code` in one of these files; `connc explain`, `docs/errors.md` and the tests read them from here.
"""

from connc.dsl.codes import bodies, names, networks, rules, shapes, text, values, wiring
from connc.dsl.codes.bodies import *  # noqa: F403  the codes are one namespace, in files by kind
from connc.dsl.codes.names import *  # noqa: F403
from connc.dsl.codes.networks import *  # noqa: F403
from connc.dsl.codes.rules import *  # noqa: F403
from connc.dsl.codes.shapes import *  # noqa: F403
from connc.dsl.codes.text import *  # noqa: F403
from connc.dsl.codes.values import *  # noqa: F403
from connc.dsl.codes.wiring import *  # noqa: F403
from connc.dsl.diagnostic import Code


def _catalogue() -> dict[str, Code]:
    found: dict[str, Code] = {}
    for module in (text, shapes, names, values, bodies, rules, wiring, networks):
        for code in vars(module).values():
            if isinstance(code, Code) and found.setdefault(code.id, code) is not code:
                raise ValueError(f"two codes are called {code.id}")
    return dict(sorted(found.items()))


CATALOGUE = _catalogue()
