"""The queue at a remote as this clone knows it: fetched, remembered, backed up.

`refs/gitmem/synced/<remote>` is the last tip that a sync fetched or pushed. A remote-tracking ref alone
is not enough: the person's own `git fetch` moves it, also to a rewritten tip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.failures import NeedsPerson
from gitmem.git import refs
from gitmem.git.claim import Claim
from gitmem.git.network import fetch
from gitmem.git.process import ANY
from gitmem.git.repository import BRANCH, NAME
from gitmem.queue import damage

if TYPE_CHECKING:
    from gitmem.git.network import Talk
    from gitmem.git.repository import Repository
    from gitmem.records.target import Target

INCOMING = "refs/gitmem/incoming"
BACKUP = "refs/gitmem/backup/"
_SYNCED = "refs/gitmem/synced/"


class Rewritten(NeedsPerson):
    """The queue at the remote does not continue what this clone has seen there."""


class Exchange(Claim):
    """The right to sync: one gitmem of this clone at a time exchanges the queue with the remote.

    ``remote`` is the remote's name.
    """

    name = "sync"
    work = "sync"
    longest = 3600  # a first fetch over a slow line

    __slots__ = ("remote",)

    def __init__(self, repo: Repository, remote: str, *, wait: float | None = None) -> None:
        super().__init__(repo, wait=wait)
        self.remote = remote

    def sweep(self) -> None:
        """Remove the locks that a killed sync left on the refs that only a sync moves."""
        names = (INCOMING, *_refs_of(self.remote))
        self.clear(*[f"{self._repo.common}/{name}.lock" for name in names])

    def fetch_tips(self, talk: Talk, target: str = "", into: str = "") -> tuple[str, str]:
        """Fetch the queue and the target; return the tips of both at the remote (empty: it has none).

        ``target`` is the target's full name there (empty: do not fetch it), ``into`` the
        remote-tracking ref that the same connection updates. Raises
        `gitmem.git.network.NotReached`, and NeedsPerson for a queue that is not a commit.
        """
        refspecs = {BRANCH: f"+{BRANCH}:{INCOMING}"}
        if target:
            refspecs[target] = f"+{target}:{into}"
        while refspecs:
            absent = fetch(self._repo, self.remote, list(refspecs.values()), talk)
            if not absent:
                break
            if absent not in refspecs:
                raise NeedsPerson(
                    f"{self.remote} says that it lacks {absent}, which was not asked for"
                )
            del refspecs[absent]
        tip = refs.resolve(self._repo, INCOMING) if BRANCH in refspecs else ""
        if BRANCH in refspecs and not tip:
            raise NeedsPerson(
                f"what {self.remote} calls {NAME} is not a commit, so it is not a queue",
                hint=f"ask who pushed it; a person must remove that ref at {self.remote}",
            )
        return tip, refs.resolve(self._repo, into) if target in refspecs else ""

    def note(self, tip: str) -> None:
        """Remember the remote's tip after an exchange (empty: it has no queue)."""
        names = _refs_of(self.remote)
        known = refs.listed(self._repo, INCOMING, *names)
        if INCOMING in known:
            refs.delete(self._repo, INCOMING, known[INCOMING], "gitmem: sync")
        for ref in names:
            old = known.get(ref, "")
            if tip and old != tip:
                refs.update(self._repo, ref, tip, old, "gitmem: sync")
            elif old and not tip:
                refs.delete(self._repo, ref, old, "gitmem: sync")


def seen_tips(repo: Repository, remote: str) -> list[str]:
    """Return the tips of a remote's queue that this clone has seen, the last sync's first."""
    names = _refs_of(remote)
    known = refs.listed(repo, *names)
    return list(dict.fromkeys(known[ref] for ref in names if ref in known))


def _is_known(repo: Repository, remote: str) -> bool:
    """Whether this clone knows the queue at a remote: from a sync, or from the person's own `git fetch`."""
    if seen_tips(repo, remote):
        return True
    rows = repo.git("config", "--get-all", f"remote.{remote}.fetch", ok=ANY).text.splitlines()
    return any(_covers(row.removeprefix("+").partition(":")[0]) for row in rows)


def _covers(source: str) -> bool:
    """Whether the left side of a refspec matches the queue branch."""
    start, star, end = source.partition("*")
    return BRANCH.startswith(start) and BRANCH.endswith(end) if star else source == BRANCH


def _refs_of(remote: str) -> tuple[str, str]:
    """Return the refs that hold what was seen: that of the last sync, and git's remote-tracking ref."""
    return _SYNCED + remote, f"refs/remotes/{remote}/{NAME}"


def continues(repo: Repository, tip: str, seen: str) -> bool:
    """Whether a commit descends from another; also False when this clone cannot tell."""
    return repo.git("merge-base", "--is-ancestor", seen, tip, ok=ANY).code == 0


def back_up(repo: Repository, tips: list[str]) -> list[str]:
    """Keep commits reachable under `refs/gitmem/backup/`; return the refs, one for each commit."""
    known = {oid: ref for ref, oid in refs.listed(repo, BACKUP).items()}
    for number, tip in enumerate(tip for tip in dict.fromkeys(tips) if tip not in known):
        ref = f"{BACKUP}{damage.stamp()}-{number}"
        refs.update(repo, ref, tip, "", "gitmem: the remote queue was rewritten")
        known[tip] = ref
    return [known[tip] for tip in dict.fromkeys(tips)]


def unknown_queue(repo: Repository, target: Target) -> str:
    """Return a sentence when this clone does not know the queue at the remote; else an empty one.

    A clone of one branch (`git clone --depth`) and a bare one with work trees fetch no other branch.
    Having no queue, they cannot say that the remote has none.
    """
    if not target.remote or _is_known(repo, target.remote):
        return ""
    return (
        f"this clone does not fetch the queue of {target.remote}, so what waits there is not known: "
        "gitmem check asks, gitmem sync brings it"
    )
