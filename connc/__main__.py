"""`python -m connc` is the `connc` command."""

import sys

from connc.cli import main

if __name__ == "__main__":
    sys.exit(main())
