"""`python -m gitmem`: the same as the console script.

Hooks and CI call the console script: with `-m`, a file in the working folder could stand in for a
library that gitmem imports.
"""

from __future__ import annotations

import sys

from gitmem.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
