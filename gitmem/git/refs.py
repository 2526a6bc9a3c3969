"""Resolve refs, and move them by compare-and-swap only (standard library only)."""

from __future__ import annotations

from gitmem.core.errors import NeedsPerson
from gitmem.git import objects, remotes
from gitmem.git.process import ANY
from gitmem.git.repository import is_oid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository


_IN_THE_WAY = "exists; cannot create"
_RENAME = "rename it: git branch -m OLD NEW"


class Moved(NeedsPerson):
    """The ref no longer holds the value the caller computed from."""


def resolve(repo: Repository, ref: str) -> str:
    """The commit a full ref name or oid leads to; empty when there is none or it cannot be read."""
    return repo.git(
        "rev-parse", "--verify", "-q", "--end-of-options", ref + "^{commit}", ok=(0, 1, 128)
    ).text


def listed(repo: Repository, *patterns: str) -> dict[str, str]:
    """Ref name to object name of every ref below the patterns; broken refs are left out."""
    done = repo.git("for-each-ref", "--format=%(objectname) %(refname)", *patterns)
    pairs = [line.split(" ", 1) for line in done.text.splitlines()]
    return {ref: oid for oid, ref in pairs}


def containing(repo: Repository, commit: str, pattern: str) -> dict[str, str]:
    """The same of those refs whose history has ``commit``; none where that is not there."""
    wanted = ("--contains", commit, "--format=%(objectname) %(refname)", pattern)
    done = repo.git("for-each-ref", *wanted, ok=ANY)
    pairs = [line.split(" ", 1) for line in done.text.splitlines()] if not done.code else []
    return {ref: oid for oid, ref in pairs}


def update(repo: Repository, ref: str, new: str, old: str, reason: str, *, keep: int = -1) -> None:
    """Moves a ref from ``old`` (empty: it must not exist) to ``new``; raises Moved otherwise.

    ``keep`` is the descriptor of a held lock for git to inherit.
    """
    expected = old or "0" * len(new)
    done = repo.git("update-ref", "-m", reason, ref, new, expected, ok=ANY, keep=keep)
    if done.code:
        other = in_the_way(done.said)
        if other:
            raise Moved(f"{other} is in the way of {ref.removeprefix('refs/heads/')}", hint=_RENAME)
        raise Moved(f"{ref} was not moved: {done.said.strip()}")


def in_the_way(said: str) -> str:
    """The branch or ref that keeps git from making another one below or above it; empty for none."""
    before, found, _ = said.partition("' " + _IN_THE_WAY)
    name = before.rpartition("'")[2] if found else ""
    return f"the branch {name.removeprefix('refs/heads/')}" if name else ""


def delete(repo: Repository, ref: str, old: str, reason: str, *, keep: int = -1) -> None:
    """Deletes a ref that still holds ``old``; raises Moved otherwise.

    ``keep`` is the descriptor of a held lock for git to inherit.
    """
    done = repo.git("update-ref", "-m", reason, "-d", ref, old, ok=ANY, keep=keep)
    if done.code:
        raise Moved(f"{ref} was not deleted: {done.said.strip()}")


def contains(repo: Repository, commit: str, ancestor: str) -> bool:
    """Whether ``ancestor`` is reachable from ``commit``."""
    asked = ("contains", commit, ancestor)
    known: bool | None = objects.cache_of(repo).get(asked)
    if known is None:
        known = repo.git("merge-base", "--is-ancestor", ancestor, commit, ok=(0, 1)).code == 0
        _keep(repo, asked, known)
    return known


def merge_base(repo: Repository, one: str, other: str) -> str:
    """The best common ancestor of two commits; empty when their histories have none."""
    asked = ("merge-base", one, other)
    known: str | None = objects.cache_of(repo).get(asked)
    if known is None:
        known = repo.git("merge-base", one, other, ok=(0, 1)).text
        _keep(repo, asked, known)
    return known


def _keep(repo: Repository, asked: tuple[str, str, str], answer: bool | str) -> None:  # noqa: FBT001 - the answer itself
    """Keeps what is true of two commits, each given by its object name."""
    if is_oid(asked[1]) and is_oid(asked[2]):
        objects.cache_of(repo).keep(asked, answer, 128)


class Followed:
    """What a local branch is configured to follow; all empty without one.

    ``ref`` is the remote-tracking ref, ``remote`` the remote's name (``.`` for this repository),
    ``there`` the branch's full name at it.
    """

    __slots__ = ("ref", "remote", "there")

    def __init__(self, ref: str = "", remote: str = "", there: str = "") -> None:
        self.ref = ref
        self.remote = remote
        self.there = there


def followed(repo: Repository, branch: str) -> Followed:
    """Return what a local branch follows, as its configuration says."""
    fields = _branch_fields(
        repo, branch, "%(upstream) %(upstream:remotename) %(upstream:remoteref)"
    )
    return Followed(*fields) if len(fields) == 3 else Followed()  # noqa: PLR2004 - the three asked for


def branch(repo: Repository, name: str) -> tuple[str, Followed]:
    """Return the commit of a local branch (empty: none, or unreadable) and what it follows."""
    shape = "%(objecttype) %(objectname) %(upstream) %(upstream:remotename) %(upstream:remoteref)"
    kind, commit, *rest = _branch_fields(repo, name, shape) or ("", "", "")
    if kind == "commit" and len(rest) == 3:  # noqa: PLR2004 - as above
        return commit, Followed(*rest)
    return resolve(repo, "refs/heads/" + name), followed(repo, name)


def _branch_fields(repo: Repository, branch: str, shape: str) -> list[str]:
    """Return the fields of ``shape`` for a local branch; none without a branch, or when git cannot tell."""
    ref = "refs/heads/" + branch
    done = repo.git("for-each-ref", "--format=%(refname) " + shape, ref, ok=(0, 1, 128))
    rows = [line.split(" ") for line in done.text.splitlines()]
    return next((row[1:] for row in rows if row[0] == ref), [])


def pushes(repo: Repository, branch: str) -> str:
    """The remote-tracking ref that a bare `git push` of the branch moves; empty when it is no such push.

    It is none where another branch is checked out, or where `push.default` refuses it.
    """
    shape = "%(refname) %(HEAD) %(push)"
    done = repo.git("for-each-ref", "--format=" + shape, "refs/heads/" + branch, ok=(0, 1, 128))
    rows = [line.split(" ") for line in done.text.splitlines()]
    found = [row[2] for row in rows if row[:2] == ["refs/heads/" + branch, "*"]]
    return found[0] if found else ""


def tracked(repo: Repository, branch: str, remote: str = "") -> str:
    """The name of the remote-tracking ref of a branch at the configured remote.

    What another remote (a fork) holds is nobody's word here; see `gitmem.git.remotes`.
    """
    return f"refs/remotes/{remote or remotes.name(repo)}/{branch}"


def tracking(repo: Repository, branch: str) -> dict[str, str]:
    """The same ref's name to its commit; empty when there is none."""
    return listed(repo, tracked(repo, branch))
