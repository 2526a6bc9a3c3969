"""Which remote the queue is exchanged with (standard library only: boot uses it too)."""

from __future__ import annotations

from gitmem.domain.errors import Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.store.repository import Repository

USUAL = "origin"


class NoRemote(Unreachable):
    """There is no remote, or it is not clear which one is meant."""


class NoneAtAll(NoRemote):
    """The repository has no remote, whatever one is meant."""


def name(repo: Repository) -> str:
    """The configured remote: `git config gitmem.remote`, else origin, else the only one there is.

    It may not exist; `configured` says so.
    """
    return _meant(*_look(repo))


def existing(repo: Repository) -> str:
    """The same where such a remote is configured; empty where none is, or which one is not clear."""
    named, known = _look(repo)
    meant = _meant(named, known)
    return meant if meant in known else ""


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
    if not named and USUAL not in known and len(known) > 1:
        raise NoRemote(
            f"there are several remotes ({', '.join(known)}), and none is called {USUAL}",
            hint="say which one shares the queue: git config gitmem.remote NAME",
        )
    return _meant(named, known)


def _meant(named: str, known: list[str]) -> str:
    return named or (USUAL if USUAL in known or len(known) != 1 else known[0])


def _look(repo: Repository) -> tuple[str, list[str]]:
    asked = r"^(gitmem\.remote|remote\..*\.url)$"
    rows = repo.git("config", "-z", "--get-regexp", asked, ok=(0, 1)).text.split("\0")
    named, known = "", dict[str, None]()
    for key, _, value in [row.partition("\n") for row in rows if row]:
        if key == "gitmem.remote":
            named = value.strip()  # the last one counts, as for git
        else:
            known[key.removeprefix("remote.").removesuffix(".url")] = None
    return named, list(known)
