"""Which branch memory lives on, and which ref decides what is drained (DESIGN 3.4; stdlib only)."""

from __future__ import annotations

from gitmem.domain.errors import Unreachable
from gitmem.store import local, refs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.store.repository import Repository

REVIEW = "refs/heads/gitmem/drain"
HERE = "refs/gitmem/here/"


class CannotTell(Unreachable):
    """The target is not in this clone, so nothing can be said about what is drained."""


class Target:
    """The target branch. Empty oids mean: not there.

    ``local`` and ``upstream`` are commits; ``upstream_ref`` is the remote-tracking ref, empty
    when the branch follows none.
    """

    __slots__ = ("local", "name", "upstream", "upstream_ref")

    def __init__(self, name: str, local: str, upstream_ref: str, upstream: str) -> None:
        self.name = name
        self.local = local
        self.upstream_ref = upstream_ref
        self.upstream = upstream

    @property
    def ref(self) -> str:
        """The local branch's full name."""
        return "refs/heads/" + self.name

    @property
    def deciding(self) -> str:
        """The commit whose tree says what is drained; empty on an unborn target."""
        return self.upstream or self.local

    @property
    def deciding_ref(self) -> str:
        """The full name of the ref that decides."""
        return self.upstream_ref if self.upstream else self.ref


def find(repo: Repository, configured: str) -> Target:
    """The target: the configured name, else `origin/HEAD`'s branch, else the current branch.

    Raises CannotTell when neither a local nor a remote-tracking branch of that name is here,
    unless it is the unborn branch of a repository without commits.
    """
    name = configured or default_name(repo)
    if not name:
        raise CannotTell(
            "HEAD is detached and no target branch is set",
            hint="run `gitmem init` on the branch that memory shall live on",
        )
    branch = refs.resolve(repo, "refs/heads/" + name)
    upstream_ref = refs.upstream(repo, name) if branch else "refs/remotes/origin/" + name
    upstream = refs.resolve(repo, upstream_ref) if upstream_ref else ""
    if not branch and not upstream and not _unborn(repo, name):
        raise CannotTell(
            f"the target branch {name} is not in this clone",
            hint=f"fetch it, or set `target:` in .gitmem/config.yaml (now {name})",
        )
    return Target(name, branch, upstream_ref if upstream else "", upstream)


def default_name(repo: Repository) -> str:
    """`origin/HEAD`'s branch, else the branch checked out, else empty (detached)."""
    remote = repo.git("symbolic-ref", "-q", "refs/remotes/origin/HEAD", ok=(0, 1, 128)).text
    if remote:
        return remote.removeprefix("refs/remotes/origin/")
    return repo.git("symbolic-ref", "-q", "HEAD", ok=(0, 1, 128)).text.removeprefix("refs/heads/")


def configured_name(repo: Repository) -> str:
    """The `target:` of .gitmem/config.yaml by a plain look, for the hot lane; empty when unset.

    The cold lane reads and validates the file as YAML (`gitmem.settings`).
    """
    for line in local.read(repo.top + "/.gitmem/config.yaml")[:65536].splitlines():
        if line.startswith(b"target:"):
            value = line[7:].split(b" #", 1)[0].strip().strip(b"'\"")
            return value.decode("utf-8", "replace")
    return ""


def review_tips(repo: Repository) -> list[str]:
    """Commits under review: the review branch, and branches that `close --here` committed to."""
    known = refs.listed(repo, REVIEW, HERE)
    tips = [known[REVIEW]] if REVIEW in known else []
    for ref in known:
        if ref.startswith(HERE):
            tip = refs.resolve(repo, "refs/heads/" + ref.removeprefix(HERE))
            if tip:
                tips.append(tip)
    return tips


def _unborn(repo: Repository, name: str) -> bool:
    current = repo.git("symbolic-ref", "-q", "HEAD", ok=(0, 1, 128)).text
    return current == "refs/heads/" + name and not refs.resolve(repo, "HEAD")
