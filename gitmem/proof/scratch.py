"""A throw-away repository in which hooks may fire: nothing of the person's is in it or changed by it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.capture import capture
from gitmem.git import process, repository
from gitmem.git.claim import temporary_folder
from gitmem.git.repository import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitmem.git.repository import Repository

FLAG = "gitmem doctor made this flag in a throw-away repository"
COMMIT = "gitmem doctor: a chapter"
_PERSON = ("-c", "user.name=gitmem doctor", "-c", "user.email=doctor@localhost")
_NO_HOOKS = ("-c", "core.hooksPath=/dev/null", "-c", "init.templateDir=")


@contextmanager
def scratch(environ: Mapping[str, str], at: str) -> Iterator[Repository]:
    """A repository with one commit, gitmem's settings file, and one flag made at ``at``."""
    with temporary_folder() as name:
        top = Path(name).resolve() / "repository"
        top.mkdir()
        env = process.clean(environ)
        process.run(["init", "--quiet"], env=env, cwd=str(top), options=_NO_HOOKS)
        settings = top / SETTINGS
        settings.parent.mkdir()
        settings.write_text("version: 1\n", encoding="utf-8")
        repo = repository.discover(str(top), environ)
        repo.git("config", "user.name", "gitmem doctor")
        repo.git("config", "user.email", "doctor@localhost")
        repo.git("config", "core.hooksPath", "/dev/null")
        # What a person chose for their own repositories starts nothing here.
        for key, value in (("engine", "verbatim"), ("autoClose", "false")):
            repo.git("config", f"gitmem.{key}", value)
        repo.git("add", "--all")
        commit(repo)
        wish = capture.checked(capture.FlagDraft(FLAG), cwd=str(top), repo=repo)
        capture.keep(repo, [wish], session={}, at=at)
        yield repo


def commit(repo: Repository) -> None:
    """Make a commit, as an agent does."""
    repo.git(*_PERSON, "commit", "--quiet", "--allow-empty", "--no-verify", "--message", COMMIT)
