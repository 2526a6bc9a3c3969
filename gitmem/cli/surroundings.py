"""The surroundings of a cold command: environment, working folder, time and agent client."""

from __future__ import annotations

import os
import time

from gitmem.bootstrap.workplace import Workplace, workplace
from gitmem.cli import folder, render
from gitmem.clients import registry
from gitmem.core import agent_clients
from gitmem.git import local
from gitmem.git.process import clean
from gitmem.git.repository import Repository, discover
from gitmem.queue import spool

_PATIENCE = 5.0  # seconds for another process that saves the spool
ENVIRON = dict(os.environ)
_repositories: list[Repository] = []


def seal() -> None:
    """Remove from this process's environment what git must not see (`gitmem.git.process.clean`).

    GitPython passes its whole environment to git, and starts git as soon as it is imported.
    """
    kept = clean(ENVIRON)
    for name in [name for name in os.environ if name not in kept]:
        del os.environ[name]
    os.environ.update({name: kept[name] for name in kept if name.startswith("GIT_")})


def here(*, looks_only: bool = False) -> Workplace:
    """Return the workplace of this command, with the spool saved unless the command ``looks_only``."""
    place = workplace(folder.working(), ENVIRON)
    _repositories.append(place.repo)
    if not looks_only:
        save_spooled(place.repo)
    return place


def save_spooled(repo: Repository) -> None:
    """Save what sandboxed commands left in the spool, and say what came of it."""
    if not any(local.changed(place.path) for place in spool.places(repo.folder)):
        return
    from gitmem.capture import spooled

    told = agent_clients.session(ENVIRON)
    done = spooled.save(repo, now=time.time(), session=told, wait=_PATIENCE)
    render.notes(done.sentences())


def repository() -> Repository:
    """Return the repository, for a command that needs no settings."""
    repo = discover(folder.working(), ENVIRON)
    _repositories.append(repo)
    return repo


def left_out() -> list[str]:
    """Return, as sentences, what was too large to read since the last call."""
    sentences = [sentence for repo in _repositories for sentence in repo.left_out]
    _repositories.clear()
    return sentences


def now() -> str:
    """Return the current time in the form of a flag."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def agent() -> str:
    """Return the agent client that this process runs in; empty when a person started it."""
    return registry.session(ENVIRON).get("client", "")
