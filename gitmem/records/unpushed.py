"""Flags that are accepted and not pushed: which branches lack them, and the push that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitmem.git import refs
from gitmem.records import forgetting, record_files, target
from gitmem.records.states import ACCEPTED

if TYPE_CHECKING:
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot
    from gitmem.records.target import Target


class Unpushed(NamedTuple):
    """The flags that wait for a push, and those whose forgetting waits for one.

    ``lacks`` are the short names of the branches without them; ``run`` holds the commands that help.
    """

    flags: tuple[Flag, ...]
    forgotten: tuple[Flag, ...]
    lacks: tuple[str, ...]
    run: str

    def __bool__(self) -> bool:
        """Whether anything waits for a push."""
        return bool(self.flags or self.forgotten)


def unpushed(repo: Repository, seen: Snapshot) -> Unpushed:
    """Return what is on the local target or its upstream, and not yet on every ref that decides."""
    where = seen.target
    flags = tuple(seen.state.by_state[ACCEPTED])
    forgotten = tuple(forgetting.forgotten_here(repo, where))
    if not (flags or forgotten):
        return Unpushed(flags=(), forgotten=(), lacks=(), run="")
    ids = {flag.id for flag in flags}
    lacks: list[str] = []
    steps: list[str] = []
    bare = refs.push_ref(repo, where.name)
    for ref, commit, push in _deciding(where, bare):
        gone = forgetting.newly_forgotten(repo, (commit,), where.local)
        if not ids.issubset(record_files.ids(repo, commit)) or gone:
            lacks.append(ref.removeprefix("refs/remotes/").removeprefix("refs/heads/"))
            steps.append(push)
    if where.local and where.upstream and target.leading_commit(repo, where)[1]:
        steps.insert(0, "git pull")
    if where.remote and not where.shared:
        steps.append("gitmem sync")  # it alone may bring that branch into this clone
    return Unpushed(flags=flags, forgotten=forgotten, lacks=tuple(lacks), run=", then ".join(steps))


def _deciding(where: Target, bare: str) -> list[tuple[str, str, str]]:
    """Return the deciding refs besides the local branch: name, commit, and the push that moves it.

    ``bare`` is the ref that a plain `git push` moves here.
    """
    rows = []
    if where.upstream and (where.follows or not where.remote):
        full = _push(where.name, *where.followed) if where.follows else ""
        push = "git push" if bare == where.upstream_ref or not full else full
        rows.append((where.upstream_ref, where.upstream, push))
    if where.remote and not (where.follows and where.upstream_ref == where.shared_ref):
        push = _push(where.name, where.remote, where.there)
        rows.append((where.shared_ref, where.shared, push))
    return rows


def _push(name: str, remote: str, there: str) -> str:
    """Return the push of the local branch ``name`` to the branch ``there`` of a remote."""
    short = there.removeprefix("refs/heads/")
    return f"git push {remote} {name if short == name else f'{name}:{short}'}"
