"""Make commits again on another base, file by file, for a review whose target moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.failures import NeedsPerson
from gitmem.git import local, objects, refs
from gitmem.git.process import ANY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.git.claim import Claim
    from gitmem.git.repository import Repository

_HINT = (
    "gitmem discard and gitmem close make the review again on the target; or rebase the branch "
    "gitmem/drain by hand, then accept"
)
_AUTHOR = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE")


class Conflict(NeedsPerson):
    """The review and the target change the same place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file's content before and after a commit; None: no file."""

    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A commit to make again: its message, its GIT_AUTHOR_* variables, and its changes by path."""

    message: str
    author: Mapping[str, str]
    changes: Mapping[str, Change]


def originals(repo: Repository, known: Sequence[str], tip: str) -> list[Original]:
    """Return the commits of ``tip`` that none of the ``known`` commits has, oldest first.

    A review with merges counts as one commit with all its changes. Raises Conflict.
    """
    span = [tip, *["^" + commit for commit in known]]
    rows = repo.git("rev-list", "--reverse", "--topo-order", "--parents", *span).text
    commits = [row.split(" ") for row in rows.splitlines()]
    if all(len(commit) <= 2 for commit in commits):  # noqa: PLR2004 - itself and one parent
        return [_original(repo, oid, *parents) for oid, *parents in commits]
    start = _latest(repo, known, tip)
    own = [_original(repo, oid, *parents) for oid, *parents in commits if len(parents) < 2]  # noqa: PLR2004 - as above
    if not own:
        return []
    return [
        Original(
            message="\n".join(one.message for one in own),
            author=own[0].author,
            changes=_changes(repo, start, tip),
        )
    ]


def merges(repo: Repository, one: str, other: str) -> bool:
    """Whether git merges two commits without a conflict. No work tree and no ref changes.

    git before 2.38 cannot tell; then two commits merge when no file is changed on both sides.
    """
    done = repo.git("merge-tree", "--write-tree", "--no-messages", one, other, ok=ANY)
    if done.code in (0, 1):
        return done.code == 0
    base = refs.merge_base(repo, one, other)
    if not base:
        return False
    mine, yours = (
        set(
            repo.git("diff-tree", "-r", "--name-only", "--no-renames", "-z", base, tip).out.split(
                b"\0"
            )
        )
        for tip in (one, other)
    )
    return not (mine & yours) - {b""}


def _latest(repo: Repository, known: Sequence[str], tip: str) -> str:
    """Return the latest commit that ``tip`` has in common with a known one; empty without one."""
    latest = ""
    for commit in known:
        common = refs.merge_base(repo, commit, tip)
        if common and (not latest or refs.contains(repo, common, latest)):
            latest = common
    return latest


def _original(repo: Repository, oid: str, parent: str = "") -> Original:
    shown = repo.git(
        "log", "-1", "--no-show-signature", "--encoding=UTF-8", "--date=raw",
        "--format=%an%x00%ae%x00@%ad%x00%B", oid,
    ).out  # fmt: skip
    name, email, date, message = shown.decode("utf-8", "surrogateescape").split("\0", 3)
    author = dict(zip(_AUTHOR, (name, email, date), strict=True))
    return Original(message=message, author=author, changes=_changes(repo, parent, oid))


def _changes(repo: Repository, old: str, new: str) -> dict[str, Change]:
    start = old or repo.git("hash-object", "-t", "tree", "--stdin").text
    raw = repo.git("diff-tree", "-r", "-z", "--no-renames", start, new).out
    fields = raw.decode("utf-8", "surrogateescape").split("\0")
    changes = {}
    for meta, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, before, after, _ = meta.split(" ")
        if mode not in {"100644", "000000"}:
            raise Conflict(
                f"the review makes {path} something other than a plain file, and the target moved",
                hint=_HINT,
            )
        changes[path] = Change(before=_blob(repo, before), after=_blob(repo, after))
    return changes


def _blob(repo: Repository, oid: str) -> bytes | None:
    return objects.blobs(repo, [oid])[0] if oid.strip("0") else None


def merged(
    repo: Repository, claim: Claim, path: str, *, ours: bytes | None, change: Change
) -> bytes | None:
    """Return a file's content with the change on top of ``ours``; None: deleted. Raises Conflict."""
    if ours in (change.before, change.after):
        return change.after
    if ours is None or change.after is None:
        raise Conflict(f"{path} was deleted on one side and changed on the other", hint=_HINT)
    names = [f"{claim.folder}/{side}" for side in ("ours", "base", "theirs")]
    contents = (ours, change.before or b"", change.after)
    for name, content in zip(names, contents, strict=True):
        local.write_whole(name, content)
    done = repo.git("merge-file", "-p", "--quiet", *names, ok=range(256))
    if done.code:
        raise Conflict(
            f"{path} changed on the target and in the review at the same place", hint=_HINT
        )
    return done.out
