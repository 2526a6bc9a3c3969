"""The repository a command works in, with its shared and its personal settings."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem import settings
from gitmem.domain.errors import NeedsPerson, Refused, Usage
from gitmem.store import repository, target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.settings import SharedSettings
    from gitmem.store.repository import Repository

_ANY = range(-64, 256)
_UNSET = 5  # what `git config --unset-all` answers when there is nothing to unset


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """The repository a command works in, what everybody in it shares, and whether `init` ran."""

    repo: Repository
    settings: SharedSettings
    wired: bool

    @property
    def configured(self) -> str:
        """The target's name as the settings have it; empty when they have none."""
        return self.settings.target or ""

    def personal(self, key: str) -> str:
        """A personal setting, `git config gitmem.<key>`; empty when unset.

        Raises Refused for one from a file in the work tree: that is no person's, it came with a
        clone or may leave with the next commit.
        """
        said = self.repo.git("config", "-z", "--show-origin", "--get", f"gitmem.{key}", ok=(0, 1))
        origin, _, value = os.fsdecode(said.out).removesuffix("\0").partition("\0")
        file = os.path.normpath(Path(self.repo.top) / origin.removeprefix("file:"))
        if origin.startswith("file:") and self._shared(file):
            raise Refused(
                f"gitmem.{key} comes from {os.path.relpath(file, self.repo.top)}, a file in the "
                "work tree",
                hint=f"set it in this clone: git config --local gitmem.{key} VALUE",
            )
        return value

    def _shared(self, file: str) -> bool:
        """Whether a file lies in the work tree, and not in the git directory."""
        own = (self.repo.git_dir, self.repo.common)
        below = [os.path.commonpath([file, folder]) == folder for folder in (self.repo.top, *own)]
        return below[0] and not any(below[1:])

    def personal_yes(self, key: str) -> bool:
        """Whether a personal setting says yes, as git reads a boolean; no when unset or anything else."""
        done = self.repo.git("config", "--type=bool", "--get", f"gitmem.{key}", ok=_ANY)
        return done.text == "true"

    def keep(self, key: str, value: str) -> None:
        """Sets a personal setting in this clone. Raises NeedsPerson when git cannot write it."""
        done = self.repo.git("config", "--local", "--replace-all", f"gitmem.{key}", value, ok=_ANY)
        if done.code:
            raise NeedsPerson(f"git config gitmem.{key} could not be set: {done.said.strip()}")

    def kept(self, key: str) -> str:
        """A personal setting of this clone alone; empty when unset."""
        return self.repo.git("config", "--local", "--get", f"gitmem.{key}", ok=(0, 1)).text

    def forget(self, key: str) -> None:
        """Unsets a personal setting in this clone. Raises NeedsPerson when git cannot."""
        done = self.repo.git("config", "--local", "--unset-all", f"gitmem.{key}", ok=_ANY)
        if done.code not in (0, _UNSET):
            raise NeedsPerson(f"git config gitmem.{key} could not be unset: {done.said.strip()}")


def unsettled(repo: Repository) -> Workplace:
    """The workplace of a command that needs no shared settings, whatever state they are in."""
    return Workplace(repo=repo, settings=settings.SharedSettings(target=None), wired=False)


def workplace(cwd: str, environ: Mapping[str, str]) -> Workplace:
    """Finds the repository and reads its settings file from the work tree.

    Raises NoRepository, and NeedsPerson for a settings file that is not in order.
    """
    repo = repository.discover(cwd, environ)
    text = target.settings_text(repo).decode("utf-8", "surrogateescape")
    shared = settings.read_shared(text or None)
    return Workplace(repo=repo, settings=shared, wired=bool(text))


def chosen_settings(place: Workplace, asked: str) -> SharedSettings:
    """The settings `init` fixes: the target asked for, else configured, else found."""
    name = asked or place.configured or target.default_name(place.repo)
    if asked and not target.exists(place.repo, asked):
        raise Usage(
            f"there is no branch {asked} here or at origin", hint="make it first, or fetch it"
        )
    if not name:
        raise Usage("HEAD is detached", hint="name the branch that memory lives on: --target main")
    return replace(place.settings, target=name)
