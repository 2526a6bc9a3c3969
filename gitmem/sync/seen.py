"""What this clone knows of the queue at a remote, and whether that queue was rewritten since.

`refs/gitmem/synced/<remote>` is the last tip that a sync took or gave. A remote-tracking ref alone
would not do: the person's own `git fetch` moves it, also to a rewritten tip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.errors import NeedsPerson
from gitmem.git import damage, refs
from gitmem.git.claim import Claim
from gitmem.git.network import fetch
from gitmem.git.process import ANY
from gitmem.git.repository import BRANCH, NAME

if TYPE_CHECKING:
    from gitmem.git.network import Talk
    from gitmem.git.repository import Repository
    from gitmem.records.target import Target

INCOMING = "refs/gitmem/incoming"
BACKUP = "refs/gitmem/backup/"
_SYNCED = "refs/gitmem/synced/"


class Rewritten(NeedsPerson):
    """The queue at the remote is not a continuation of what this clone has seen there."""


class Exchange(Claim):
    """The right to sync: one gitmem of this clone at a time talks to the remote about the queue.

    ``remote`` is its name. Holding it, lock files that a killed sync left are taken away.
    """

    name = "sync"
    work = "sync"
    longest = 3600  # a first fetch over a slow line

    __slots__ = ("remote",)

    def __init__(self, repo: Repository, remote: str, *, wait: float | None = None) -> None:
        super().__init__(repo, wait=wait)
        self.remote = remote

    def sweep(self) -> None:
        """Removes locks of the refs that only a sync moves."""
        names = (INCOMING, *_places(self.remote))
        self.clear(*[f"{self._repo.common}/{name}.lock" for name in names])

    def fetched(self, talk: Talk, target: str = "", into: str = "") -> tuple[str, str]:
        """The tips at the remote of the queue and of the target (empty: it has none).

        ``target`` is the target's full name there (empty: none is asked for), ``into`` the
        remote-tracking ref that is brought up to date in the same talk. Raises
        `gitmem.git.network.NotReached`, and NeedsPerson for a queue that is no commit.
        """
        wanted = {BRANCH: f"+{BRANCH}:{INCOMING}"}
        if target:
            wanted[target] = f"+{target}:{into}"
        while wanted:
            absent = fetch(self._repo, self.remote, list(wanted.values()), talk)
            if not absent:
                break
            if absent not in wanted:
                raise NeedsPerson(f"{self.remote} says that it lacks {absent}, which nobody wants")
            del wanted[absent]
        tip = refs.resolve(self._repo, INCOMING) if BRANCH in wanted else ""
        if BRANCH in wanted and not tip:
            raise NeedsPerson(
                f"what {self.remote} calls {NAME} is no commit, so it is no queue",
                hint=f"ask who pushed it; that ref must be taken away at {self.remote} by a person",
            )
        return tip, refs.resolve(self._repo, into) if target in wanted else ""

    def note(self, tip: str) -> None:
        """Remembers the remote's tip after an exchange (empty: it has no queue)."""
        places = _places(self.remote)
        known = refs.listed(self._repo, INCOMING, *places)
        if INCOMING in known:
            refs.delete(self._repo, INCOMING, known[INCOMING], "gitmem: sync")
        for ref in places:
            old = known.get(ref, "")
            if tip and old != tip:
                refs.update(self._repo, ref, tip, old, "gitmem: sync")
            elif old and not tip:
                refs.delete(self._repo, ref, old, "gitmem: sync")


def seen(repo: Repository, remote: str) -> list[str]:
    """Tips of a remote's queue that this clone has seen, the last sync's first."""
    places = _places(remote)
    known = refs.listed(repo, *places)
    return list(dict.fromkeys(known[ref] for ref in places if ref in known))


def looked(repo: Repository, remote: str) -> bool:
    """Whether this clone knows what the queue at a remote is, or that there was none.

    A sync has seen it, or the person's own `git fetch` brings it.
    """
    if seen(repo, remote):
        return True
    rows = repo.git("config", "--get-all", f"remote.{remote}.fetch", ok=ANY).text.splitlines()
    return any(_covers(row.removeprefix("+").partition(":")[0]) for row in rows)


def _covers(source: str) -> bool:
    """Whether the left side of a refspec names the queue."""
    start, star, end = source.partition("*")
    return BRANCH.startswith(start) and BRANCH.endswith(end) if star else source == BRANCH


def _places(remote: str) -> tuple[str, str]:
    """The refs that keep what was seen: of the last sync, and git's own remote-tracking ref."""
    return _SYNCED + remote, f"refs/remotes/{remote}/{NAME}"


def continues(repo: Repository, tip: str, seen: str) -> bool:
    """Whether a commit descends from another; False, too, when that cannot be seen here."""
    return repo.git("merge-base", "--is-ancestor", seen, tip, ok=ANY).code == 0


def back_up(repo: Repository, tips: list[str]) -> list[str]:
    """Keeps commits reachable under `refs/gitmem/backup/`; the refs, one for each commit."""
    known = {oid: ref for ref, oid in refs.listed(repo, BACKUP).items()}
    for number, tip in enumerate(tip for tip in dict.fromkeys(tips) if tip not in known):
        ref = f"{BACKUP}{damage.stamp()}-{number}"
        refs.update(repo, ref, tip, "", "gitmem: the remote queue was rewritten")
        known[tip] = ref
    return [known[tip] for tip in dict.fromkeys(tips)]


def unseen(repo: Repository, where: Target) -> str:
    """What to say where nothing is known of the queue at the remote; empty where something is.

    A clone of one branch, as `git clone --depth` makes it, and a bare one with work trees fetch no
    other branch, so that they hold no queue says nothing about the one at the remote.
    """
    if not where.remote or looked(repo, where.remote):
        return ""
    return (
        f"this clone does not fetch the queue of {where.remote}, so what waits there is not known: "
        "gitmem check asks, gitmem sync brings it"
    )
