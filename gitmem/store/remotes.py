"""Which remote the queue is exchanged with (standard library only: boot uses it too)."""

from __future__ import annotations

from gitmem.domain.errors import Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.store.repository import Repository

_USUAL = "origin"


class NoRemote(Unreachable):
    """There is no remote, or it is not clear which one is meant."""


class NoneAtAll(NoRemote):
    """The repository has no remote, whatever one is meant."""


def name(repo: Repository) -> str:
    """The configured remote: `git config gitmem.remote`, else origin, else the only one there is.

    It may not exist; `configured` says so.
    """
    return _meant(*_look(repo))


def configured(repo: Repository) -> str:
    """The same for a command that needs it. Raises NoRemote."""
    named, known = _look(repo)
    if named and named not in known:
        raise (NoRemote if known else NoneAtAll)(
            f"git config gitmem.remote names {named}, and there is no such remote",
            hint=f"there are: {', '.join(known)}" if known else "there is none: git remote add",
        )
    if not known:
        raise NoneAtAll(
            "this repository has no remote",
            hint="git remote add origin URL; until then the flags are safe in this clone",
        )
    if not named and _USUAL not in known and len(known) > 1:
        raise NoRemote(
            f"there are several remotes ({', '.join(known)}), and none is called {_USUAL}",
            hint="say which one shares the queue: git config gitmem.remote NAME",
        )
    return _meant(named, known)


def _meant(named: str, known: list[str]) -> str:
    return named or (_USUAL if _USUAL in known or len(known) != 1 else known[0])


def _look(repo: Repository) -> tuple[str, list[str]]:
    named = repo.git("config", "--get", "gitmem.remote", ok=(0, 1)).text.strip()
    urls = repo.git("config", "--name-only", "--get-regexp", r"^remote\..*\.url$", ok=(0, 1)).text
    keys = dict.fromkeys(urls.splitlines())
    return named, [key.removeprefix("remote.").removesuffix(".url") for key in keys]
