"""The target: which branch memory lives on, and which ref decides what is drained (docs/data-model.md)."""

from __future__ import annotations

from gitmem.core.failures import Unreachable
from gitmem.git import refs, remotes
from gitmem.git.process import TooMuch
from gitmem.git.repository import HERE, REVIEW, SETTINGS, SETTINGS_LONGEST
from gitmem.records import plain_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository


class CannotTell(Unreachable):
    """The target is not in this clone, so what is drained cannot be known."""


class Target:
    """The target branch. An empty commit means that the ref is not there.

    ``local`` and ``upstream`` are commits. ``upstream_ref`` is the ref that the branch follows, or the
    branch's ref at the queue's remote when it follows none; empty when that is not in this clone.
    ``remote`` is the remote that shares the queue (empty: none), ``there`` the target's full name
    there, ``shared_ref`` its remote-tracking ref and ``shared`` the commit of that. ``follows``: the
    branch is configured to follow ``upstream_ref``, the branch ``followed`` (remote, full name).
    ``looked_at`` are the refs that decided, also those that are not there.
    """

    __slots__ = (
        "followed", "follows", "local", "looked_at", "name", "remote", "shared", "shared_ref", "there",
        "upstream", "upstream_ref",
    )  # fmt: skip

    def __init__(self, name: str, local: str, upstream_ref: str, upstream: str) -> None:
        self.name = name
        self.local = local
        self.upstream_ref = upstream_ref
        self.upstream = upstream
        self.follows = False
        self.followed = ("", "")
        self.remote = ""
        self.there = self.ref
        self.shared_ref = ""
        self.shared = ""
        self.looked_at: tuple[str, ...] = ()

    @property
    def ref(self) -> str:
        """The local branch's full name."""
        return "refs/heads/" + self.name

    @property
    def deciding(self) -> str:
        """The commit that new work builds on; empty on an unborn target."""
        return self.upstream or self.local

    @property
    def deciding_ref(self) -> str:
        """The full name of the ref at `deciding`."""
        return self.upstream_ref if self.upstream else self.ref


def find(repo: Repository, configured: str) -> Target:
    """Return the target: the configured branch, else that of the remote's HEAD, else the current one.

    Raises CannotTell when no local or remote-tracking branch of that name is here, unless it is the
    unborn branch of a repository without commits; and when the branch it follows was renamed or
    deleted at the remote, because then the local branch decides nothing.
    """
    remote = remotes.existing(repo)
    name = configured or _default_name(repo, remote)
    if not name:
        raise CannotTell(
            "HEAD is detached and no target branch is set",
            hint="run `gitmem init` on the branch where memory lives",
        )
    branch, followed = refs.branch(repo, name)
    target = Target(name, branch, followed.ref, "")
    target.remote = remote
    if remote:
        own = followed.remote == remote and followed.remote_ref != ""
        target.there = followed.remote_ref if own else target.ref
        branch_there = target.there.removeprefix("refs/heads/")
        mine = followed.ref if own else ""
        target.shared_ref = mine or f"refs/remotes/{remote}/{branch_there}"
        target.shared = refs.resolve(repo, target.shared_ref)
    if followed.ref:
        target.upstream_ref = followed.ref
        same = followed.ref == target.shared_ref
        target.upstream = target.shared if same else refs.resolve(repo, followed.ref)
    elif remote:
        target.upstream_ref, target.upstream = target.shared_ref, target.shared
    elif not branch:
        target.upstream_ref = f"refs/remotes/{remotes.USUAL}/{name}"
        target.upstream = refs.resolve(repo, target.upstream_ref)
    refs_there = (target.upstream_ref, f"refs/remotes/{remote or remotes.USUAL}/{name}")
    target.looked_at = tuple(dict.fromkeys(ref for ref in (target.ref, *refs_there) if ref))
    if not branch and not target.upstream and not _unborn(repo, name):
        raise CannotTell(
            f"the target branch {name} is not in this clone",
            hint="fetch it, or change the target: gitmem init --target NAME",
        )
    if branch and followed.ref and not target.upstream:
        _refuse_gone(repo, name, followed.ref)
    if not target.upstream:
        target.upstream_ref = ""
    target.follows = bool(followed.ref and target.upstream)
    target.followed = (followed.remote, followed.remote_ref)
    return target


def leading_commit(repo: Repository, where: Target) -> tuple[str, bool]:
    """Return the target or its upstream, whichever contains the other, and whether they diverged.

    When they diverged it is the upstream. Empty on an unborn target.
    """
    if not where.upstream or not where.local or where.local == where.upstream:
        return where.upstream or where.local, False
    if refs.contains(repo, where.local, where.upstream):
        return where.local, False
    return where.upstream, not refs.contains(repo, where.upstream, where.local)


def _refuse_gone(repo: Repository, name: str, upstream_ref: str) -> None:
    """Raise CannotTell for an upstream that was there once; a branch that was never pushed is fine.

    This clone's copy of the remote's HEAD tells: it dangles, or names another branch.
    """
    remote = upstream_ref.removeprefix("refs/remotes/").removesuffix("/" + name)
    head = f"refs/remotes/{remote}/HEAD"
    leads = repo.git("symbolic-ref", "-q", head, ok=(0, 1, 128)).text
    now = leads.removeprefix(f"refs/remotes/{remote}/")
    if not leads or (leads != upstream_ref and not refs.resolve(repo, leads)):
        return
    other = f"; its HEAD is {now}" if leads != upstream_ref else ""
    raise CannotTell(
        f"the target branch {name} is not at {remote} any more{other}",
        hint="if it was renamed: name the new branch as `target:` in .gitmem/config.yaml, and "
        f"git remote set-head {remote} --auto",
    )


def exists(repo: Repository, name: str) -> bool:
    """Whether a branch of that name is here, at the remote, or checked out and unborn."""
    places = (f"refs/heads/{name}", f"refs/remotes/{remotes.name(repo)}/{name}")
    return any(refs.resolve(repo, place) for place in places) or _unborn(repo, name)


def default_name(repo: Repository) -> str:
    """Return the branch of the remote's HEAD, else the branch checked out, else empty (detached)."""
    return _default_name(repo, remotes.existing(repo))


def proposed(repo: Repository) -> str:
    """Return the branch to propose as target; empty when a person has to choose.

    It is the branch of the remote's HEAD; else main, master or the branch that ``init.defaultBranch``
    names, whatever is checked out; else the branch checked out when there is no other.
    """
    remote = remotes.existing(repo)
    place = f"refs/remotes/{remote or remotes.USUAL}/"
    if repo.git("symbolic-ref", "-q", place + "HEAD", ok=(0, 1, 128)).text:
        return _default_name(repo, remote)
    usual = repo.git("config", "--get", "init.defaultBranch", ok=(0, 1)).text.strip()
    listed = repo.git("for-each-ref", "--format=%(refname)", "refs/heads/", place).text.split()
    names = [ref.removeprefix("refs/heads/").removeprefix(place) for ref in listed]
    for name in ("main", "master", usual):
        if name in names:
            return name
    current = _default_name(repo, remote)
    others = {name for name in names if not name.startswith("gitmem/")} - {current}
    return "" if others else current


def _default_name(repo: Repository, remote: str) -> str:
    place = f"refs/remotes/{remote or remotes.USUAL}/"
    head = repo.git("symbolic-ref", "-q", place + "HEAD", ok=(0, 1, 128)).text
    if head:
        return head.removeprefix(place)
    return repo.git("symbolic-ref", "-q", "HEAD", ok=(0, 1, 128)).text.removeprefix("refs/heads/")


def settings_text(repo: Repository) -> bytes:
    """Return the shared settings: the work tree's file, else the target's; empty without one.

    A branch that was forked before `gitmem init` has no such file but the same target. Reads at most
    `SETTINGS_LONGEST` bytes of a plain file: a clone can bring a link to anything.
    """
    here = plain_settings.in_work_tree(repo)
    if here:
        return here
    named = repo.git("config", "--get", "gitmem.target", ok=(0, 1)).text.strip()
    remote = remotes.name(repo)
    places = [f"refs/heads/{named}", f"refs/remotes/{remote}/{named}"] if named else []
    places += [f"refs/remotes/{remote}/HEAD", "refs/heads/main", "refs/heads/master"]
    for place in _with_settings(repo, places):
        try:
            done = repo.git("cat-file", "blob", place, ok=(0, 128), most=SETTINGS_LONGEST)
        except TooMuch as error:
            return error.out[: SETTINGS_LONGEST + 1]
        if done.code == 0:
            return done.out
    return f"target: {named}\n".encode() if named else b""


def _with_settings(repo: Repository, places: Sequence[str]) -> list[str]:
    """Return where the settings are in these refs, as git names it: mostly nowhere, as one process tells."""
    files = [f"{place}:{SETTINGS}" for place in places if "\n" not in place]
    asked = "".join([file + "\n" for file in files]).encode("utf-8", "surrogateescape")
    told = repo.git("cat-file", "--batch-check=%(objecttype)", stdin=asked, ok=(0, 128))
    kinds = told.out.split(b"\n")[:-1]
    kinds += [b"blob"] * (len(files) - len(kinds))  # git stopped early: it may be there
    return [file for file, kind in zip(files, kinds, strict=False) if kind == b"blob"]


def configured_name(repo: Repository) -> str:
    """Return the `target:` of the settings without a YAML reader, for the hot lane; empty when unset.

    The cold lane reads and validates the settings as YAML (`gitmem.bootstrap.settings`).
    """
    return plain_settings.value(settings_text(repo), b"target:")


def review_tips(repo: Repository) -> list[str]:
    """Return the commits under review: the review branch, and branches that `close --here` committed to."""
    review, carried = in_review(repo)
    return [review, *carried] if review else carried


def in_review(repo: Repository) -> tuple[str, list[str]]:
    """Return the review branch's tip (empty: none), and the tips that `close --here` committed to."""
    known = refs.listed(repo, REVIEW, HERE)
    review = known.pop(REVIEW, "")
    tips = dict.fromkeys(carrier(repo, *one)[1] for one in known.items())
    return review, [tip for tip in tips if tip]


def carrier(repo: Repository, mark: str, commit: str) -> tuple[str, str]:
    """Return name and tip of the branch that a mark of `close --here` is about; empty when it is gone.

    ``mark`` names the branch and points at ``commit``, which finds a branch that was renamed.
    """
    name = mark.removeprefix(HERE)
    tip = refs.resolve(repo, "refs/heads/" + name)
    if tip:
        return name, tip
    branches = refs.containing(repo, commit, "refs/heads/")
    own = {ref.removeprefix("refs/heads/"): oid for ref, oid in branches.items()}
    return next((one for one in own.items() if not one[0].startswith("gitmem/")), ("", ""))


def carriers(repo: Repository) -> list[str]:
    """Return the short names of the branches here that `close --here` committed to."""
    names = [carrier(repo, *one)[0] for one in refs.listed(repo, HERE).items()]
    return [name for name in dict.fromkeys(names) if name]


def _unborn(repo: Repository, name: str) -> bool:
    current = repo.git("symbolic-ref", "-q", "HEAD", ok=(0, 1, 128)).text
    return current == "refs/heads/" + name and not refs.resolve(repo, "HEAD")
