"""Where a cold command stands: environment and working folder, read once."""

from __future__ import annotations

import os
import time

from gitmem.bootstrap.workplace import Workplace, workplace
from gitmem.cli import folder
from gitmem.clients import registry
from gitmem.git.process import clean
from gitmem.git.repository import Repository, discover

ENVIRON = dict(os.environ)
_found: list[Repository] = []


def seal() -> None:
    """Takes out of this process what git must not see, as `gitmem.git.process.clean` says.

    GitPython hands its whole environment to git, and starts one as soon as it is imported.
    """
    kept = clean(ENVIRON)
    for name in [name for name in os.environ if name not in kept]:
        del os.environ[name]
    os.environ.update({name: kept[name] for name in kept if name.startswith("GIT_")})


def here() -> Workplace:
    """The workplace of this command."""
    found = workplace(folder.working(), ENVIRON)
    _found.append(found.repo)
    return found


def repository() -> Repository:
    """The repository of this command, for one that needs no settings."""
    found = discover(folder.working(), ENVIRON)
    _found.append(found)
    return found


def left_out() -> list[str]:
    """What the command's reading left out because it is too much, since this was asked last."""
    said = [sentence for repo in _found for sentence in repo.left_out]
    _found.clear()
    return said


def now() -> str:
    """The time as a flag has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def agent() -> str:
    """The agent client this process runs in; empty when a person started it."""
    return registry.session(ENVIRON).get("client", "")
