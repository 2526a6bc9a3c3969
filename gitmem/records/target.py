"""Which branch memory lives on, and which ref decides what is drained (docs/data-model.md; stdlib only)."""

from __future__ import annotations

from gitmem.core.errors import Unreachable
from gitmem.git import local, refs, remotes
from gitmem.git.process import TooMuch
from gitmem.git.repository import HERE, REVIEW, SETTINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository

LONGEST = 65_536  # bytes of a settings file; `gitmem.bootstrap.settings` refuses a longer one


class CannotTell(Unreachable):
    """The target is not in this clone, so nothing can be said about what is drained."""


class Target:
    """The target branch. Empty oids mean: not there.

    ``local`` and ``upstream`` are commits; ``upstream_ref`` is the ref that the branch follows, or
    the one at the queue's remote where it follows none; empty when that is not here. ``remote`` is
    the remote whose queue is shared (empty: there is none), ``there`` the target's full name at it,
    ``shared_ref`` the remote-tracking ref of that and ``shared`` its commit. ``follows``: the branch
    is configured to follow ``upstream_ref``, which is the branch ``followed`` (remote, full name).
    """

    __slots__ = (
        "followed", "follows", "local", "name", "remote", "shared", "shared_ref", "there", "upstream",
        "upstream_ref",
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

    @property
    def ref(self) -> str:
        """The local branch's full name."""
        return "refs/heads/" + self.name

    @property
    def deciding(self) -> str:
        """The commit that new work builds on and history is read from; empty on an unborn target."""
        return self.upstream or self.local

    @property
    def deciding_ref(self) -> str:
        """The full name of that ref."""
        return self.upstream_ref if self.upstream else self.ref


def find(repo: Repository, configured: str) -> Target:
    """The target: the configured name, else the branch that the remote's HEAD names, else the current.

    Raises CannotTell when neither a local nor a remote-tracking branch of that name is here,
    unless it is the unborn branch of a repository without commits; and when the branch it follows
    was renamed or deleted at the remote, because the local one is then nobody's word any more.
    """
    remote = remotes.existing(repo)
    name = configured or _default_name(repo, remote)
    if not name:
        raise CannotTell(
            "HEAD is detached and no target branch is set",
            hint="run `gitmem init` on the branch that memory shall live on",
        )
    branch, followed = refs.branch(repo, name)
    found = Target(name, branch, followed.ref, "")
    found.remote = remote
    if remote:
        own = followed.remote == remote and followed.there != ""
        found.there = followed.there if own else found.ref
        branch_there = found.there.removeprefix("refs/heads/")
        mine = followed.ref if own else ""
        found.shared_ref = mine or f"refs/remotes/{remote}/{branch_there}"
        found.shared = refs.resolve(repo, found.shared_ref)
    if followed.ref:
        found.upstream_ref = followed.ref
        same = followed.ref == found.shared_ref
        found.upstream = found.shared if same else refs.resolve(repo, followed.ref)
    elif remote:
        found.upstream_ref, found.upstream = found.shared_ref, found.shared
    elif not branch:
        found.upstream_ref = f"refs/remotes/{remotes.USUAL}/{name}"
        found.upstream = refs.resolve(repo, found.upstream_ref)
    if not branch and not found.upstream and not _unborn(repo, name):
        raise CannotTell(
            f"the target branch {name} is not in this clone",
            hint="fetch it, or change the target: gitmem init --target NAME",
        )
    if branch and followed.ref and not found.upstream:
        _refuse_gone(repo, name, followed.ref)
    if not found.upstream:
        found.upstream_ref = ""
    found.follows = bool(followed.ref and found.upstream)
    found.followed = (followed.remote, followed.there)
    return found


def _refuse_gone(repo: Repository, name: str, upstream_ref: str) -> None:
    """Raises CannotTell for an upstream that was there once; one that was never pushed is fine.

    That it was there is told by the remote's HEAD as this clone has it: it dangles, or leads to
    another branch.
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
    """The branch of the remote's HEAD, else the branch checked out, else empty (detached)."""
    return _default_name(repo, remotes.existing(repo))


def proposed(repo: Repository) -> str:
    """The branch that memory should live on: the remote's HEAD, else the main one that is here.

    That is the branch named by ``init.defaultBranch``, main or master, where it exists, whatever is
    checked out; else the branch checked out, if it is the only one. Empty when a person has to say.
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
    """The shared settings: the work tree's file, else the one on the target; empty without any.

    A branch that was forked before `gitmem init` has no such file, and its target is the same all
    the same. Reads at most 64 KiB of a plain file: a clone can bring a link to anything.
    """
    here = local.read_plain(f"{repo.top}/{SETTINGS}", LONGEST)
    if here:
        return here
    named = repo.git("config", "--get", "gitmem.target", ok=(0, 1)).text.strip()
    remote = remotes.name(repo)
    places = [f"refs/heads/{named}", f"refs/remotes/{remote}/{named}"] if named else []
    for place in (*places, f"refs/remotes/{remote}/HEAD", "refs/heads/main", "refs/heads/master"):
        try:
            done = repo.git("cat-file", "blob", f"{place}:{SETTINGS}", ok=(0, 128), most=LONGEST)
        except TooMuch as error:
            return error.out[: LONGEST + 1]
        if done.code == 0:
            return done.out
    return f"target: {named}\n".encode() if named else b""


def configured_name(repo: Repository) -> str:
    """The `target:` of the settings by a plain look, for the hot lane; empty when unset.

    The cold lane reads and validates them as YAML (`gitmem.bootstrap.settings`).
    """
    return _plain(settings_text(repo), b"target:")


def memory_folder(repo: Repository) -> str:
    """The `memory:` of the work tree's settings by a plain look; the default when unset."""
    found = _plain(local.read_plain(f"{repo.top}/{SETTINGS}", LONGEST), b"memory:")
    return found.strip("/") if found and ".." not in found else "memory"


def _plain(settings: bytes, key: bytes) -> str:
    for line in settings.splitlines():
        if line.startswith(key):
            value = line[len(key) :].split(b" #", 1)[0].strip().strip(b"'\"")
            return "" if value in (b"null", b"~") else value.decode("utf-8", "replace")
    return ""


def review_tips(repo: Repository) -> list[str]:
    """Commits under review: the review branch, and branches that `close --here` committed to."""
    review, carried = in_review(repo)
    return [review, *carried] if review else carried


def in_review(repo: Repository) -> tuple[str, list[str]]:
    """The review branch's tip (empty: there is none), and those that `close --here` committed to."""
    known = refs.listed(repo, REVIEW, HERE)
    review = known.pop(REVIEW, "")
    tips = dict.fromkeys(carrier(repo, *one)[1] for one in known.items())
    return review, [tip for tip in tips if tip]


def carrier(repo: Repository, mark: str, commit: str) -> tuple[str, str]:
    """Name and tip of the branch that a mark of `close --here` is about; empty: it is gone.

    ``mark`` names the branch and holds the ``commit``. A branch that was renamed is found by that.
    """
    name = mark.removeprefix(HERE)
    tip = refs.resolve(repo, "refs/heads/" + name)
    if tip:
        return name, tip
    found = refs.containing(repo, commit, "refs/heads/")
    own = {ref.removeprefix("refs/heads/"): oid for ref, oid in found.items()}
    return next((one for one in own.items() if not one[0].startswith("gitmem/")), ("", ""))


def carriers(repo: Repository) -> list[str]:
    """Short names of the feature branches that `close --here` committed to and that are still here."""
    found = [carrier(repo, *one)[0] for one in refs.listed(repo, HERE).items()]
    return [name for name in dict.fromkeys(found) if name]


def _unborn(repo: Repository, name: str) -> bool:
    current = repo.git("symbolic-ref", "-q", "HEAD", ok=(0, 1, 128)).text
    return current == "refs/heads/" + name and not refs.resolve(repo, "HEAD")
