"""Resolve refs, and move them by compare-and-swap only."""

from __future__ import annotations

from gitmem.core.failures import NeedsPerson
from gitmem.git import objects, remotes
from gitmem.git.process import ANY
from gitmem.git.repository import is_oid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository


_IN_THE_WAY = "exists; cannot create"
_RENAME = "rename it: git branch -m OLD NEW"


class Moved(NeedsPerson):
    """The ref no longer holds the value that the caller started from."""


def resolve(repo: Repository, ref: str) -> str:
    """Return the commit of a full ref name or object name; empty without one, or when it cannot be read."""
    return repo.git(
        "rev-parse", "--verify", "-q", "--end-of-options", ref + "^{commit}", ok=(0, 1, 128)
    ).text


def listed(repo: Repository, *patterns: str) -> dict[str, str]:
    """Return ref name and object name of every ref that matches; broken refs are left out."""
    done = repo.git("for-each-ref", "--format=%(objectname) %(refname)", *patterns)
    pairs = [line.split(" ", 1) for line in done.text.splitlines()]
    return {ref: oid for oid, ref in pairs}


def containing(repo: Repository, commit: str, pattern: str) -> dict[str, str]:
    """Return the refs whose history has ``commit``, as `listed`; none where the commit does not exist."""
    options = ("--contains", commit, "--format=%(objectname) %(refname)", pattern)
    done = repo.git("for-each-ref", *options, ok=ANY)
    pairs = [line.split(" ", 1) for line in done.text.splitlines()] if not done.code else []
    return {ref: oid for oid, ref in pairs}


def update(repo: Repository, ref: str, new: str, old: str, reason: str, *, keep: int = -1) -> None:
    """Move a ref from ``old`` (empty: it must not exist) to ``new``. Raises Moved otherwise.

    ``keep`` is the descriptor of a lock that git inherits.
    """
    expected = old or "0" * len(new)
    done = repo.git("update-ref", "-m", reason, ref, new, expected, ok=ANY, keep=keep)
    if done.code:
        other = in_the_way(done.said)
        if other:
            raise Moved(f"{other} is in the way of {ref.removeprefix('refs/heads/')}", hint=_RENAME)
        raise Moved(f"{ref} was not moved: {done.said.strip()}")


def in_the_way(said: str) -> str:
    """Return the branch whose name keeps git from making the ref, from git's message; empty for none."""
    before, found, _ = said.partition("' " + _IN_THE_WAY)
    name = before.rpartition("'")[2] if found else ""
    return f"the branch {name.removeprefix('refs/heads/')}" if name else ""


def delete(repo: Repository, ref: str, old: str, reason: str, *, keep: int = -1) -> None:
    """Delete a ref that still holds ``old``. Raises Moved otherwise.

    ``keep`` is the descriptor of a lock that git inherits.
    """
    done = repo.git("update-ref", "-m", reason, "-d", ref, old, ok=ANY, keep=keep)
    if done.code:
        raise Moved(f"{ref} was not deleted: {done.said.strip()}")


def contains(repo: Repository, commit: str, ancestor: str) -> bool:
    """Whether ``ancestor`` is reachable from ``commit``."""
    question = ("contains", commit, ancestor)
    known: bool | None = objects.cache_of(repo).get(question)
    if known is None:
        known = repo.git("merge-base", "--is-ancestor", ancestor, commit, ok=(0, 1)).code == 0
        _keep(repo, question, known)
    return known


def merge_base(repo: Repository, one: str, other: str) -> str:
    """Return the best common ancestor of two commits; empty when their histories have none."""
    question = ("merge-base", one, other)
    known: str | None = objects.cache_of(repo).get(question)
    if known is None:
        known = repo.git("merge-base", one, other, ok=(0, 1)).text
        _keep(repo, question, known)
    return known


def _keep(repo: Repository, question: tuple[str, str, str], answer: bool | str) -> None:  # noqa: FBT001 - the answer itself
    """Keep an answer about two commits when both are given by object name."""
    if is_oid(question[1]) and is_oid(question[2]):
        objects.cache_of(repo).keep(question, answer, 128)


class Upstream:
    """The branch that a local branch is configured to follow; all fields are empty without one.

    ``ref`` is the remote-tracking ref, ``remote`` the remote's name (``.`` for this repository),
    ``remote_ref`` the full name of the branch there.
    """

    __slots__ = ("ref", "remote", "remote_ref")

    def __init__(self, ref: str = "", remote: str = "", remote_ref: str = "") -> None:
        self.ref = ref
        self.remote = remote
        self.remote_ref = remote_ref


def upstream(repo: Repository, branch: str) -> Upstream:
    """Return what a local branch follows, as its configuration says."""
    fields = _branch_fields(
        repo, branch, "%(upstream) %(upstream:remotename) %(upstream:remoteref)"
    )
    return Upstream(*fields) if len(fields) == 3 else Upstream()  # noqa: PLR2004 - the three question for


def branch(repo: Repository, name: str) -> tuple[str, Upstream]:
    """Return the commit of a local branch (empty: none, or unreadable) and what it follows."""
    shape = "%(objecttype) %(objectname) %(upstream) %(upstream:remotename) %(upstream:remoteref)"
    kind, commit, *rest = _branch_fields(repo, name, shape) or ("", "", "")
    if kind == "commit" and len(rest) == 3:  # noqa: PLR2004 - as above
        return commit, Upstream(*rest)
    return resolve(repo, "refs/heads/" + name), upstream(repo, name)


def _branch_fields(repo: Repository, branch: str, shape: str) -> list[str]:
    """Return the fields of ``shape`` for a local branch; none without a branch, or when git cannot tell."""
    ref = "refs/heads/" + branch
    done = repo.git("for-each-ref", "--format=%(refname) " + shape, ref, ok=(0, 1, 128))
    rows = [line.split(" ") for line in done.text.splitlines()]
    return next((row[1:] for row in rows if row[0] == ref), [])


def push_ref(repo: Repository, branch: str) -> str:
    """Return the remote-tracking ref that a bare `git push` moves for the branch; empty for none.

    There is none where another branch is checked out, or where `push.default` refuses the push.
    """
    shape = "%(refname) %(HEAD) %(push)"
    done = repo.git("for-each-ref", "--format=" + shape, "refs/heads/" + branch, ok=(0, 1, 128))
    rows = [line.split(" ") for line in done.text.splitlines()]
    pushed = [row[2] for row in rows if row[:2] == ["refs/heads/" + branch, "*"]]
    return pushed[0] if pushed else ""


def tracking_ref(repo: Repository, branch: str, remote: str = "") -> str:
    """Return the remote-tracking ref of a branch at ``remote`` (empty: the configured remote).

    What another remote (a fork) holds does not count here; see `gitmem.git.remotes`.
    """
    return f"refs/remotes/{remote or remotes.name(repo)}/{branch}"


def tracking_tips(repo: Repository, branch: str) -> dict[str, str]:
    """Return that ref at the configured remote with its commit; empty without one."""
    return listed(repo, tracking_ref(repo, branch))
