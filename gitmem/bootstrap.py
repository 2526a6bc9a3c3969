"""The composition root: the only place that puts settings, shipped files and engines together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem import assets, settings
from gitmem.domain.errors import Usage
from gitmem.engine.install import Shipped
from gitmem.engine.verbatim import Verbatim
from gitmem.store import local, repository, target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.engine.ports import Engine
    from gitmem.settings import SharedSettings
    from gitmem.store.repository import Repository

ENGINES = ("verbatim",)


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
        """A personal setting, `git config gitmem.<key>`; empty when unset."""
        return self.repo.git("config", "--get", f"gitmem.{key}", ok=(0, 1)).text


def workplace(cwd: str, environ: Mapping[str, str]) -> Workplace:
    """Finds the repository and reads its settings file from the work tree.

    Raises NoRepository, and NeedsPerson for a settings file that is not in order.
    """
    repo = repository.discover(cwd, environ)
    text = target.settings_text(repo).decode("utf-8", "surrogateescape")
    shared = settings.read_shared(text or None)
    return Workplace(repo=repo, settings=shared, wired=bool(text))


def choose_engine(place: Workplace, asked: str, environ: Mapping[str, str]) -> tuple[Engine, str]:
    """The engine, and why it is that one: asked for, from the environment, from git config, default.

    Never from a file of the repository: a clone must not choose who reads the flags.
    """
    ways = (
        (asked, "--engine"),
        (environ.get("GITMEM_ENGINE", ""), "GITMEM_ENGINE"),
        (place.personal("engine"), "git config gitmem.engine"),
        ("verbatim", "no model is configured"),
    )
    name, why = next(way for way in ways if way[0])
    if name not in ENGINES:
        raise Usage(f"unknown engine {name!r} ({why})", hint="one of " + ", ".join(ENGINES))
    return Verbatim(), why


def shipped(place: Workplace, chosen: SharedSettings) -> Shipped:
    """The texts `init` installs; the settings file keeps what a person wrote into it."""
    here = local.read_plain(f"{place.repo.top}/{target.SETTINGS}", target.LONGEST)
    return Shipped(
        hooks=assets.read("hooks/claude-code/hooks.json"),
        config=settings.render_shared(
            here.decode() or None, chosen, assets.read("templates/config.yaml")
        ),
        gitattributes=attributes(),
    )


def attributes() -> str:
    """The attributes that `init` gives to drain records and `uninstall` takes away."""
    return assets.read("templates/drains.gitattributes")


def chosen_settings(place: Workplace, asked: str) -> SharedSettings:
    """The settings `init` fixes: the target asked for, else configured, else found."""
    name = asked or place.configured or target.default_name(place.repo)
    if asked and not target.exists(place.repo, asked):
        raise Usage(
            f"there is no branch {asked} here or at origin", hint="make it first, or fetch it"
        )
    if not name:
        raise Usage("HEAD is detached", hint="name the branch that memory lives on: --target main")
    return settings.SharedSettings(target=name, folder=place.settings.folder)
