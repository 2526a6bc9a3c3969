"""`gitmem demo`: the whole loop in a throw-away repository."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gitmem.bootstrap import assets
from gitmem.cli import surroundings
from gitmem.git import process


def demo() -> None:
    r"""Show the whole loop in a throw-away repository.

    \b
    Examples: gitmem demo
              gitmem demo | less
    """
    script = assets.path("templates/demo/demo.sh")
    # The demo shows the gitmem that was called, whatever PATH says.
    folder = Path(sys.argv[0]).absolute().parent
    environ = surroundings.ENVIRON
    env = {**process.clean(environ), "PATH": f"{folder}:{environ.get('PATH', os.defpath)}"}
    sys.stdout.flush()
    process.become(["sh", str(script), str(script.parent)], env)
