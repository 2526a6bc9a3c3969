"""What is to be known of a repository where its `.git` does not tell (hot lane).

`GIT_DIR` without a `.git`, `core.worktree`, a bare repository, one of another user or that a group shares, a folder
that is gone: hardly any hook loads this.
"""

from __future__ import annotations

import os

from gitmem.core.errors import Distrusted, Gone, NoRepository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from gitmem.git.process import ProcessResult

    class Repository(Protocol):
        """What is asked of a `gitmem.git.repository.Repository`, which loads this module."""

        top: str
        git_dir: str
        options: tuple[str, ...]

        @property
        def environ(self) -> Mapping[str, str]:
            """The environment that gitmem was started with."""
            ...

        def git(self, *args: str, ok: Sequence[int] = ...) -> ProcessResult:
            """Run git in this work tree."""
            ...


_WORKTREE = b"worktree"
_GROUP = 0o070


def named(cwd: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return a folder and the git directory that GIT_DIR names there, when there is no `.git`. Raises NoRepository."""
    if not os.path.isdir(cwd):
        raise gone(cwd)
    git_dir = environ.get("GIT_DIR", "")
    client = _client(environ) if git_dir else ""
    if client:
        raise NoRepository(
            f"no repository is here but the one that GIT_DIR names, and this runs inside {client}, "
            "where a repository's settings can set it",
            hint="run gitmem in a work tree of its own, or in your own terminal",
        )
    if not git_dir:
        if _looks_bare(cwd):
            raise _bare()
        raise NoRepository(
            "not inside a git repository", hint="run gitmem in a work tree, or `git init` first"
        )
    folder = os.path.abspath(cwd)
    return folder, os.path.normpath(os.path.join(folder, git_dir))


def find_top(repository: Repository) -> None:
    """Ask git for the work tree of a git directory that GIT_DIR named, or GIT_WORK_TREE. Raises NoRepository."""
    git_dir = "--git-dir=" + repository.git_dir
    repository.options = (git_dir,)
    if "GIT_WORK_TREE" in repository.environ:
        top = os.path.normpath(os.path.join(repository.top, repository.environ["GIT_WORK_TREE"]))
        repository.options += ("--work-tree=" + top,)
    answer = repository.git("rev-parse", "--show-toplevel", ok=range(256))
    if answer.code:  # none at all, another user's, or a bare one
        raise NoRepository("GIT_DIR names no work tree: " + " ".join(answer.said.split()))
    repository.top = answer.text
    repository.options = (git_dir, "--work-tree=" + answer.text)


def ask_git(repository: Repository) -> None:
    """Let git judge: a repository of another user (safe.directory), or a bare one."""
    done = repository.git("rev-parse", "--is-bare-repository", ok=range(256))
    if done.code:
        raise _refusal(done.said)
    if done.text == "true":
        raise _bare()


def move_top(repository: Repository, config: bytes) -> None:
    """Move ``top`` where `core.worktree` says that the work tree is elsewhere.

    Submodules have the setting, too; there it names the folder of the `.git` file.
    """
    for line in config.splitlines():
        key, equals, named = line.partition(b"=")
        if not equals or key.strip().lower() != _WORKTREE:
            continue
        place = os.path.join(repository.git_dir, os.fsdecode(named.strip()))
        if os.path.realpath(place) != os.path.realpath(repository.top):
            _ask_for_top(repository)
            return


def share(common: str, folder: str) -> None:
    """Give the group of a shared repository the access to this process's new files that the git directory's mode gives it.

    That mode is git's own (git-config(1), core.sharedRepository). The group also gets what this user's
    gitmem made in ``folder`` before the repository was shared.
    """
    state = os.stat(common)
    group = state.st_mode & _GROUP
    os.umask(os.umask(0o077) & ~group)
    try:
        closed = group & ~os.stat(folder).st_mode
    except OSError:
        return  # there is none yet
    if closed:
        _open(folder, state)


def gone(cwd: str = "") -> Gone:
    """Return the error for a working folder that was deleted or moved."""
    return Gone(
        f"the working folder {cwd} is gone" if cwd else "the working folder is gone",
        hint="change to a folder that exists; this one was deleted or moved while the shell was in it",
    )


def _refusal(said: str) -> NoRepository:
    """Return git's refusal of a repository as one sentence, with git's own hint."""
    reason, *more = [line.strip() for line in said.strip().splitlines()] or ["it said nothing"]
    reason = reason.removeprefix("fatal: ")
    if "dubious ownership" not in reason:
        return NoRepository("git refuses this repository: " + " ".join([reason, *more]))
    told = [line for line in more if line.startswith("git config ")]
    return Distrusted(
        f"git refuses this repository: {reason} (it belongs to another user)",
        hint=f"if you trust it: {told[0]}" if told else "see safe.directory in git config --help",
    )


def _bare() -> NoRepository:
    return NoRepository(
        "this is a bare repository: it has no work tree to remember anything about",
        hint="run gitmem in a clone or a worktree of it",
    )


def _ask_for_top(repository: Repository) -> None:
    done = repository.git("rev-parse", "--show-toplevel", ok=range(256))
    if done.code:
        raise NoRepository(
            "core.worktree names no work tree: " + done.said.strip(),
            hint="`git config core.worktree` shows it",
        )
    if os.path.realpath(done.text) != os.path.realpath(repository.top):
        repository.top = done.text
        repository.options = ("--git-dir=" + repository.git_dir, "--work-tree=" + done.text)


def _client(environ: Mapping[str, str]) -> str:
    from gitmem.core import agent_clients as clients  # most repositories have a `.git`

    return clients.inside(environ)


def _looks_bare(cwd: str) -> bool:
    path = os.path.abspath(cwd)
    while path != "/":
        if all(os.path.exists(path + "/" + name) for name in ("HEAD", "objects", "refs")):
            return True
        path = os.path.dirname(path)
    return False


def _open(folder: str, shared: os.stat_result) -> None:
    """Give this user's files below a folder the git directory's group and group bits."""
    for path, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            _open_one(os.path.join(path, name), shared)


def _open_one(path: str, shared: os.stat_result) -> None:
    try:
        state = os.lstat(path)
        if state.st_uid != os.geteuid() or os.path.islink(path):
            return
        if state.st_gid != shared.st_gid:
            os.chown(path, -1, shared.st_gid)
        own = state.st_mode & 0o7700
        setgid = shared.st_mode & 0o2000 if os.path.isdir(path) else 0
        os.chmod(
            path, own | (state.st_mode & 0o007) | ((own >> 3) & shared.st_mode & _GROUP) | setgid
        )
    except OSError:
        return  # gone meanwhile, or of a group that this user is not in: who needs it says so
