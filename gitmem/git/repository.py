"""Find the repository without starting git (hot lane).

A bare repository is never used, neither around the working folder nor committed inside a work tree: it may
bring hooks and configuration of its own.
"""

from __future__ import annotations

import os

from gitmem.core.errors import NoRepository, NotSaved
from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

    from gitmem.git.process import ProcessResult

REVIEW = "refs/heads/gitmem/drain"

HERE = "refs/gitmem/here/"

SETTINGS = ".gitmem/config.yaml"
SETTINGS_LONGEST = 64_000  # bytes; `gitmem.bootstrap.settings` refuses a longer file

FOLDER = "gitmem"
_WORKTREE = b"worktree"
_HEAD_BYTES = 4096  # longer than the name of any ref
_PACKED_BYTES = 1 << 20  # of packed refs that are read without git; some 15,000 refs
# git commands that need an author.
_COMMITTING = frozenset(("commit", "commit-tree", "merge", "tag", "var"))
# The queue branch, and the ref that keeps what landed; what is in them: `gitmem.queue.branch`.
NAME = "gitmem/queue"
BRANCH = "refs/heads/" + NAME
ARCHIVE = "refs/gitmem/archive"
# The person's own memory, below the account's home: `gitmem.git.mine` looks at the way to it.
MINE = ".local/share/gitmem/mine"


class Repository:
    """One work tree and the repository behind it. Paths are absolute, undecodable bytes escaped.

    ``top`` is the work tree's root, ``git_dir`` this work tree's own git directory, ``common`` the
    one that all linked worktrees share. ``left_out`` are sentences about what a command did not read
    because it is too large; the command prints them at its end.
    """

    __slots__ = (
        "_asked", "_env", "_environ", "cache", "common", "git_dir", "left_out", "options", "top",
    )  # fmt: skip

    def __init__(self, top: str, git_dir: str, common: str, environ: Mapping[str, str]) -> None:
        self.top = top
        self.git_dir = git_dir
        self.common = common
        self.options: tuple[str, ...] = ()
        self.left_out: dict[str, None] = {}
        self._environ = environ
        self._env: dict[str, str] = {}
        self.cache: object = None  # what git answered; see `gitmem.git.objects.cache_of`
        self._asked = False  # who commits

    @property
    def env(self) -> dict[str, str]:
        """The environment of git children, cleaned."""
        if not self._env:
            from gitmem.git import process

            self._env = process.clean(self._environ)
        return self._env

    def _author(self, process: ModuleType) -> dict[str, str]:
        """Return the author as variables, where git children do not read the person's configuration."""
        if not process.withholds(self._environ):
            return {}
        told = process.as_told(self._environ)
        person = process.run(
            ["var", "GIT_AUTHOR_IDENT"],
            env=told,
            cwd=self.top,
            ok=process.ANY,
            options=self.options,
        ).text.rpartition(">")[0]
        name, bracket, address = person.rpartition(" <")
        if not bracket:
            return {}
        known = {"NAME": name, "EMAIL": address}
        names = [(f"GIT_{who}_{what}", what) for who in ("AUTHOR", "COMMITTER") for what in known]
        return {key: known[what] for key, what in names if key not in self.env}

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment that gitmem was started with."""
        return self._environ

    @property
    def folder(self) -> str:
        """gitmem's own folder in the common directory; it may not exist yet."""
        return self.common + "/" + FOLDER

    def git(  # noqa: PLR0913 - as `gitmem.git.process.run`, which it is the door to
        self,
        *args: str,
        stdin: bytes = b"",
        ok: Sequence[int] = (0,),
        env: Mapping[str, str] | None = None,
        keep: int = -1,
        hears: Callable[[bytes], None] | None = None,
        patience: float = 0.0,
        takes: Callable[[bytes], None] | None = None,
        most: int = 0,
    ) -> ProcessResult:
        """Run git in this work tree; see `gitmem.git.process.run` (``most`` 0: its default)."""
        from gitmem.git import process  # most hooks end without git

        if not self._asked and not _COMMITTING.isdisjoint(args):
            self._asked = True
            author = self._author(process)
            if author:
                self._env = {**self.env, **author}
        return process.run(
            args,
            env={**self.env, **env} if env else self.env,
            cwd=self.top,
            stdin=stdin,
            ok=ok,
            keep=keep,
            options=self.options,
            hears=hears,
            patience=patience,
            takes=takes,
            most=most or process.MOST,
        )


def discover(cwd: str, environ: Mapping[str, str]) -> Repository:
    """Return the repository whose work tree ``cwd`` is in.

    Walks up to the first `.git`, as git does. `GIT_DIR` counts only without one (a home directory kept in
    a repository without `.git`). Raises NoRepository.
    """
    repository = _above(cwd, environ)
    if repository is None:
        from gitmem.git import discovery  # where hardly any hook runs

        folder, git_dir = discovery.named(cwd, environ)
        repository = Repository(folder, git_dir, _common(git_dir), environ)
        discovery.find_top(repository)
        return repository
    config = _config(repository)
    words = config.lower()
    if not _ours(repository) or (config and b"bare = false" not in words):
        from gitmem.git import discovery

        discovery.ask_git(repository)
    if _WORKTREE in words:
        from gitmem.git import discovery

        discovery.move_top(repository, config)
    if b"sharedrepository" in words:
        from gitmem.git import discovery

        discovery.share(repository.common, repository.folder)
    return repository


def unasked(cwd: str, environ: Mapping[str, str]) -> Repository | None:
    """Return the repository without asking git, where gitmem has a folder already; for trouble with git."""
    try:
        repository = _above(cwd, environ)
    except (NoRepository, OSError):
        return None
    return (
        repository
        if repository and os.path.isdir(repository.folder) and _ours(repository)
        else None
    )


def _above(cwd: str, environ: Mapping[str, str]) -> Repository | None:
    top = os.path.abspath(cwd)
    while True:
        git_dir = _git_dir(_dot_git(top))
        if git_dir:
            return Repository(top, git_dir, _common(git_dir), environ)
        parent = os.path.dirname(top)
        if parent == top:
            return None
        top = parent


def _dot_git(top: str) -> str:
    return top + "/.git" if top != "/" else "/.git"


def _git_dir(dot_git: str) -> str:
    """Return the git directory of a `.git` folder or file; empty when there is none."""
    try:
        content = local.read_there(dot_git)
    except IsADirectoryError:
        return dot_git if _has_head(dot_git) else ""
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise NoRepository(
            f"{dot_git} cannot be read: {error.strerror}", hint="`git status` says the same"
        ) from error
    if not content.startswith(b"gitdir: "):
        return ""
    named = os.fsdecode(content[8:].rstrip(b"\r\n"))
    path = os.path.normpath(os.path.join(os.path.dirname(dot_git), named))
    if not _has_head(path):
        raise NoRepository(
            f"{dot_git} points at a repository that is not there",
            hint="`git worktree repair` mends a moved worktree",
        )
    return path


def _has_head(git_dir: str) -> bool:
    """Whether a folder is a git directory. Raises NoRepository when its HEAD names nothing.

    git does not take such a folder for one, and waits for ever at a HEAD that is a pipe.
    """
    head = git_dir + "/HEAD"
    content = local.read_plain(head, _HEAD_BYTES)
    if not content:
        if not os.path.lexists(head):
            return False
        if os.path.islink(head) and os.readlink(head).startswith("refs/"):
            return True  # as git wrote it long ago
    if content.startswith(b"ref:") or is_oid(content.strip().decode("ascii", "replace")):
        return True
    raise NoRepository(
        f"{head} is damaged: it names no branch and no commit",
        hint="it holds one line such as `ref: refs/heads/main`; `git status` fails, too",
    )


def _common(git_dir: str) -> str:
    try:
        named = os.fsdecode(local.read_there(git_dir + "/commondir").rstrip(b"\r\n"))
    except OSError:
        return git_dir
    return os.path.normpath(os.path.join(git_dir, named))


def _ours(repository: Repository) -> bool:
    """Whether all of it belongs to this user, as git's safe.directory rule asks."""
    user = os.geteuid()
    paths = (repository.top, _dot_git(repository.top), repository.git_dir)
    try:
        return {os.stat(path).st_uid for path in paths} == {user}
    except OSError:
        return False


def _config(repository: Repository) -> bytes:
    """Return the text of the clone's own configuration; empty for a linked work tree.

    `git init`, `git clone` and `git submodule` write out what gitmem looks for in it, so git is hardly ever
    asked.
    """
    if repository.git_dir != repository.common:
        return b""
    config = local.read(repository.common + "/config") or b"\n"
    if b"worktreeconfig" in config.lower():
        config += local.read(repository.common + "/config.worktree")
    return config


def refused(cwd: str, environ: Mapping[str, str]) -> str:
    """Return the top of the work tree of ``cwd`` where gitmem is wired; empty without one.

    For a repository that git refuses: gitmem looks for its files and trusts nothing in them.
    """
    try:
        repository = _above(cwd, environ)
    except (NoRepository, OSError):
        return ""
    wired = repository and (
        os.path.exists(repository.top + "/.gitmem/config.yaml") or os.path.isdir(repository.folder)
    )
    return repository.top if repository and wired else ""


def head(repository: Repository) -> tuple[str, str]:
    """Return branch and commit checked out: ("main", oid), ("", oid) detached, ("main", "") unborn.

    Reads HEAD and a loose or packed ref; only very many packed refs or another ref format cost a git process.
    """
    try:
        content = os.fsdecode(local.read_there(repository.git_dir + "/HEAD")).strip()
    except OSError as error:
        raise NotSaved(f"HEAD cannot be read: {error.strerror}") from error
    ref = content.removeprefix("ref:").lstrip()
    if ref == content:
        return "", content if is_oid(content) else ""
    if ref == "refs/heads/.invalid":  # reftable keeps HEAD elsewhere
        ref = _told(repository, "symbolic-ref", "-q", "HEAD")
    oid = (loose(repository, ref) or _packed(repository, ref)) if ref else ""
    if not oid:
        oid = _told(repository, "rev-parse", "--verify", "-q", "HEAD^{commit}")
    return ref.removeprefix("refs/heads/"), oid if is_oid(oid) else ""


def _told(repository: Repository, *args: str) -> str:
    """Return git's answer; empty, as a rule, when it fails."""
    from gitmem.git.process import ANY  # as in `Repository.git`

    return repository.git(*args, ok=ANY).text


def loose(repository: Repository, ref: str) -> str:
    """Return the object name in a loose ref file; empty without one, or for a symbolic ref."""
    try:
        oid = local.read_there(repository.common + "/" + ref).strip().decode("ascii", "replace")
    except OSError:
        return ""
    return oid if is_oid(oid) else ""


def _packed(repository: Repository, ref: str) -> str:
    """Return the object name of a ref that is packed; empty without one, and where very many are packed.

    To be asked after `loose`: git packs a ref before it removes the file, and the file counts.
    """
    if os.path.lexists(repository.common + "/" + ref):
        return ""  # a symbolic ref, or a damaged one
    data = local.read_plain(repository.common + "/packed-refs", _PACKED_BYTES)
    place = data.find(b" " + os.fsencode(ref) + b"\n")
    if place < 0 or len(data) > _PACKED_BYTES:
        return ""
    oid = data[data.rfind(b"\n", 0, place) + 1 : place].decode("ascii", "replace")
    return oid if is_oid(oid) else ""


def is_mine(repository: Repository) -> bool:
    """Return whether the repository is the person's own memory; one that only looks like it is taken for it."""
    return repository.common.endswith(f"/{MINE}/.git")


def is_oid(value: str) -> bool:
    """Whether the value is a full SHA-1 or SHA-256 object name."""
    return len(value) in (40, 64) and not value.strip("0123456789abcdef")


def in_use(repository: Repository) -> str:
    """Return why the queue branch must not move: a work tree has it checked out; else empty.

    A commit in that work tree would take back what the branch gained meanwhile. Reads the HEAD of each work
    tree; only another ref format costs a git process.
    """
    heads = [(repository.common + "/HEAD", os.path.dirname(repository.common))]
    folder = repository.common + "/worktrees"
    try:
        names = os.listdir(folder)
    except OSError:
        names = []
    for name in names:
        dot_git = os.fsdecode(local.read(f"{folder}/{name}/gitdir")).strip()
        heads.append((f"{folder}/{name}/HEAD", os.path.dirname(dot_git)))
    ours = b"ref: " + BRANCH.encode()
    for file, top in heads:
        head = local.read(file).strip()
        if head == ours and os.path.isdir(top):
            return f"{NAME} is checked out in {top}"
        if head == b"ref: refs/heads/.invalid":
            place = _told(repository, "for-each-ref", "--format=%(worktreepath)", BRANCH)
            return f"{NAME} is checked out in {place}" if place else ""
    return ""
