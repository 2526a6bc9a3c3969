"""Where a cold command stands: environment and working folder, read once."""

from __future__ import annotations

import os
import time
from pathlib import Path

from gitmem.bootstrap.workplace import Workplace, workplace
from gitmem.harness import registry
from gitmem.store.process import LOCAL_VARIABLES
from gitmem.store.repository import Repository, discover

ENVIRON = dict(os.environ)


def seal() -> None:
    """Takes the variables that point git at another repository out of this process.

    GitPython hands its whole environment to git; see `gitmem.store.process` for why they go.
    """
    for name in LOCAL_VARIABLES:
        os.environ.pop(name, None)


def here() -> Workplace:
    """The workplace of this command."""
    return workplace(str(Path.cwd()), ENVIRON)


def repository() -> Repository:
    """The repository of this command, for one that needs no settings."""
    return discover(str(Path.cwd()), ENVIRON)


def now() -> str:
    """The time as a flag has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def agent() -> str:
    """The agent client this process runs in; empty when a person started it."""
    return registry.session(ENVIRON).get("client", "")
