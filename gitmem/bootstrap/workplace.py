"""The repository a command works in, with its shared and its personal settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitmem.bootstrap import kept_settings, settings
from gitmem.core.errors import UsageError
from gitmem.core.failures import NeedsPerson
from gitmem.git import personal, repository
from gitmem.records import target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.bootstrap.settings import SharedSettings
    from gitmem.forge.deliver import ForgeSettings
    from gitmem.git.repository import Repository

_ANY = range(-64, 256)
_UNSET = 5  # what `git config --unset-all` answers when there is nothing to unset


class Workplace(NamedTuple):
    """The repository a command works in, its shared settings, and whether `init` ran."""

    repo: Repository
    settings: SharedSettings
    wired: bool

    @property
    def configured(self) -> str:
        """Return the target's name in the settings; empty when they have none."""
        return self.settings.target or ""

    def personal(self, key: str) -> str:
        """Return a personal setting, `git config gitmem.<key>`; empty when unset.

        Raises Refused for a setting that does not count here: one from a file in the work tree, and,
        inside an agent client, one from outside the clone's own configuration.
        """
        return personal.read(self.repo, f"gitmem.{key}").heard()

    def counted_personal(self, key: str) -> str:
        """Return a personal setting; empty where `personal` refuses it."""
        return personal.read(self.repo, f"gitmem.{key}").value

    def own_yes(self, key: str) -> bool:
        """Return whether the clone's own configuration says yes; only that counts in a session."""
        return personal.yes(self.kept(key))

    def keep(self, key: str, value: str) -> None:
        """Set a personal setting in this clone. Raises NeedsPerson when git cannot write it."""
        done = self.repo.git("config", "--local", "--replace-all", f"gitmem.{key}", value, ok=_ANY)
        if done.code:
            raise NeedsPerson(f"git config gitmem.{key} could not be set: {done.said.strip()}")

    def kept(self, key: str) -> str:
        """Return a personal setting of this clone only; empty when unset."""
        return self.repo.git("config", "--local", "--get", f"gitmem.{key}", ok=(0, 1)).text

    def forget(self, key: str) -> None:
        """Unset a personal setting in this clone. Raises NeedsPerson when git cannot."""
        done = self.repo.git("config", "--local", "--unset-all", f"gitmem.{key}", ok=_ANY)
        if done.code not in (0, _UNSET):
            raise NeedsPerson(f"git config gitmem.{key} could not be unset: {done.said.strip()}")


def unsettled(repo: Repository) -> Workplace:
    """Return a workplace without shared settings, for a command that needs none."""
    return Workplace(repo=repo, settings=settings.SharedSettings(target=None), wired=False)


def workplace(cwd: str, environ: Mapping[str, str]) -> Workplace:
    """Find the repository and read its settings file from the work tree.

    Raises NoRepository, and NeedsPerson for an invalid settings file.
    """
    repo = repository.discover(cwd, environ)
    text = target.settings_text(repo).decode("utf-8", "surrogateescape")
    shared = kept_settings.read(repo.folder, text)
    return Workplace(repo=repo, settings=shared, wired=bool(text))


def chosen_settings(place: Workplace, given: str) -> SharedSettings:
    """Return the settings that `init` writes: the target given, else configured, else proposed."""
    name = given or place.configured or target.proposed(place.repo)
    if given and not target.exists(place.repo, given):
        raise UsageError(
            f"there is no branch {given} here or at origin", hint="create it first, or fetch it"
        )
    if not name:
        raise UsageError(
            "it is not clear which branch memory lives on",
            hint="name it: gitmem init --target NAME",
        )
    return place.settings._replace(target=name)


def forge_settings(place: Workplace, *, client: str) -> ForgeSettings:
    """Return how `close --pr` opens a pull request: git config gitmem.prCommand and gitmem.forge.

    They never come from a file of the repository or from the environment. Inside an agent client
    only this clone's own configuration names a command, because a repository's settings can choose
    the global configuration there. Raises UsageError for an unknown forge.
    """
    from gitmem.bootstrap import assets
    from gitmem.forge.deliver import Forge, ForgeSettings

    command = place.counted_personal("prCommand") if client else place.personal("prCommand")
    name = place.personal("forge").lower()
    forges = [forge.value for forge in Forge]
    if name and name not in forges:
        raise UsageError(f"git config gitmem.forge is {name!r}", hint="one of " + ", ".join(forges))
    return ForgeSettings(
        template=assets.read("templates/pr/body.md"),
        command=command.strip(),
        forge=Forge(name) if name else None,
    )
