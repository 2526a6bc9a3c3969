# ruff: noqa: I002 - the folder goes first: that import too would look into it
"""`python -m gitmem`: the same as the console script.

Hooks and CI call the console script, which never looks into the working folder for a library.
"""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # `-m` puts the working folder first, where a file could stand in for a library (sys.path).
    del sys.path[0]

from gitmem.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
