"""The catalogue of mistakes.

E1 is text and syntax, E2 shapes, E3 names and files, E4 values and calls, E5 bodies, W warnings. A code is one `Code`
in one of these files; `connc explain`, `docs/errors.md` and the tests read them from here.
"""

from connc.dsl.codes import bodies, names, text, values
from connc.dsl.codes.bodies import *  # noqa: F403  the codes are one namespace, in files by kind
from connc.dsl.codes.names import *  # noqa: F403
from connc.dsl.codes.text import *  # noqa: F403
from connc.dsl.codes.values import *  # noqa: F403
from connc.dsl.diagnostic import Code


def _catalogue() -> dict[str, Code]:
    found: dict[str, Code] = {}
    for module in (text, names, values, bodies):
        for code in vars(module).values():
            if isinstance(code, Code) and found.setdefault(code.id, code) is not code:
                raise ValueError(f"two codes are called {code.id}")
    return dict(sorted(found.items()))


CATALOGUE = _catalogue()
