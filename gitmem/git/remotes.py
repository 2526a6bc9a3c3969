"""The remote that the queue is exchanged with."""

from __future__ import annotations

from gitmem.core.failures import Unreachable
from gitmem.git import local, objects, personal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository

USUAL = "origin"
_SETTING = "gitmem.remote"


class NoRemote(Unreachable):
    """There is no remote, or it is not clear which one counts."""


class NoneAtAll(NoRemote):
    """The repository has no remote at all."""


def name(repo: Repository) -> str:
    """Return the configured remote: `git config gitmem.remote`, else origin, else the only remote.

    It may not exist; `configured` raises then.
    """
    setting, known = _look(repo)
    return _meant(setting.value.strip(), known)


def existing(repo: Repository) -> str:
    """Return that remote when it exists; else empty, also when it is not clear which one counts."""
    setting, known = _look(repo)
    meant = _meant(setting.value.strip(), known)
    return meant if meant in known else ""


def configured(repo: Repository) -> str:
    """Return that remote for a command that needs it.

    Raises NoRemote, and Refused where the file that names it does not count.
    """
    setting, known = _look(repo)
    named = setting.heard().strip()
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


def _look(repo: Repository) -> tuple[personal.Setting, list[str]]:
    """Return the setting that names a remote, and all remotes."""
    named, others = _configured(repo)
    return personal.judged(repo, _SETTING, named), _names(others)


def _configured(repo: Repository) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return file and value of each place that sets the setting, and file and key of each remote's URL.

    git is asked once for a state of the clone's own configuration, by one process where one suffices. Every look at
    the target, the queue and a review needs the answer.
    """
    question = ("remotes", *map(local.state_of, personal.own_files(repo)))
    kept: tuple[list[tuple[str, str]], list[tuple[str, str]]] | None
    kept = objects.cache_of(repo).get(question)
    if kept is None:
        kept = _asked(repo)
        objects.cache_of(repo).keep(question, kept, 256 * (1 + len(kept[0]) + len(kept[1])))
    return kept


def _asked(repo: Repository) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    from gitmem.git import process

    urls = r"remote\..*\.url"
    if process.is_led(repo.environ):  # the setting is also read where git is kept from
        answer = repo.git("config", "-z", "--show-origin", "--get-regexp", f"^{urls}$", ok=(0, 1))
        return personal.rows(repo, _SETTING), personal.pairs(repo, answer.out)
    keys = rf"^(gitmem\.remote|{urls})$"
    answer = repo.git("config", "-z", "--show-origin", "--get-regexp", keys, ok=(0, 1))
    rows = [(file, *text.partition("\n")[::2]) for file, text in personal.pairs(repo, answer.out)]
    named = [(file, value) for file, key, value in rows if key == _SETTING]
    others = [(file, key) for file, key, _ in rows if key != _SETTING]
    return named, others


def _names(rows: list[tuple[str, str]]) -> list[str]:
    keys = dict.fromkeys([text.partition("\n")[0] for _, text in rows])
    return [key.removeprefix("remote.").removesuffix(".url") for key in keys]
